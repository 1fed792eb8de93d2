package richmediatest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tencent-connect/botgo/dto"
)

// Event types that botgo has no constant for.
const (
	eventGroupMessage  dto.EventType = "GROUP_MESSAGE_CREATE"
	eventGroupAddRobot dto.EventType = "GROUP_ADD_ROBOT"
	eventGroupDelRobot dto.EventType = "GROUP_DEL_ROBOT"
	eventGroupReceive  dto.EventType = "GROUP_MSG_RECEIVE"
	eventGroupReject   dto.EventType = "GROUP_MSG_REJECT"
	eventC2CReceive    dto.EventType = "C2C_MSG_RECEIVE"
	eventC2CReject     dto.EventType = "C2C_MSG_REJECT"
)

// Event is something that happened in a chat and that the platform pushes to the bot.
type Event struct {
	p             *Platform
	chat          *Chat
	typ           dto.EventType
	id            string // outer id
	msgID         string
	interactionID string
	interaction   int // its type
	at            time.Time
	data          json.RawMessage // d
	body          []byte

	// guarded by p.mu
	line   *Message            // of a message event, to be quoted
	used   map[uint32]struct{} // msg_seq of the replies
	pushes []Push
	pushed time.Time // the last push began
}

// Type is the event's type, the envelope's t.
func (e *Event) Type() dto.EventType { return e.typ }

// ID is the outermost id with its TYPE: prefix, the event_id of a reply to an event that can be answered by it.
func (e *Event) ID() string { return e.id }

// MsgID is d.id of a message event, the msg_id of a reply; "" for other events.
func (e *Event) MsgID() string { return e.msgID }

// InteractionID is d.id of an INTERACTION_CREATE, for the ACK alone; "" for other events.
func (e *Event) InteractionID() string { return e.interactionID }

// Body is the JSON as a webhook gets it: without s, which only a websocket adds.
func (e *Event) Body() []byte { return bytes.Clone(e.body) }

// Payload returns the event as a handler of botgo gets it, a new value at every call, for code under test without a transport.
func (e *Event) Payload() *dto.WSPayload {
	payload := &dto.WSPayload{}
	if err := json.Unmarshal(e.body, payload); err != nil {
		panic(fmt.Sprintf("richmediatest: decode an own event: %v", err))
	}
	payload.RawMessage = e.Body()
	payload.Session = &dto.Session{AppID: e.p.cfg.appID}
	return payload
}

// Redeliver pushes the same event again, with the same ids, over the current transport.
func (e *Event) Redeliver() { e.p.deliver(e) }

// LagEventIDs makes the platform refuse an event_id with 40034025 for d after each push of its event, a redelivery included: 0.7 s
// were seen (6 of 7 webhook events, remilia 2026-09), which a bot bridges by repeating the reply after 1.5 s. 0, the default,
// ends it. The clock is the platform's, see [Platform.Advance]. msg_id is not affected.
func (p *Platform) LagEventIDs(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.eventLag = d
}

// answerable reports whether the outer id is an event_id. docs 2026-08 name these types, and for
// GROUP_MEMBER_ADD it was seen.
func (e *Event) answerable() bool {
	switch e.typ {
	case dto.EventInteractionCreate, dto.EventC2CFriendAdd, eventC2CReceive, eventGroupAddRobot, eventGroupReceive, eventMemberAdd:
		return true
	}
	return false
}

// intent is what an identify must have asked for to get the event.
func (e *Event) intent() dto.Intent {
	switch e.typ {
	case dto.EventInteractionCreate:
		return dto.IntentInteraction
	case dto.EventAtMessageCreate:
		return dto.IntentGuildAtMessage
	case dto.EventMessageCreate:
		return dto.IntentGuildMessages
	case dto.EventDirectMessageCreate:
		return dto.IntentDirectMessages
	case eventMemberAdd, eventMemberRemove:
		return intentGroupMember
	case dto.EventMessageAuditPass, dto.EventMessageAuditReject:
		return dto.IntentAudit
	}
	return dto.IntentGroupMessages
}

// happen creates an event from what build returns, adds line, if not nil, to the chat, and pushes. build runs with p.mu held.
func (c *Chat) happen(typ dto.EventType, line *Message, build func(e *Event) map[string]any) *Event {
	p := c.p
	e := &Event{p: p, chat: c, typ: typ, at: p.now(), used: make(map[uint32]struct{})}
	p.mu.Lock()
	e.id = p.eventID(string(typ))
	e.data = encode(build(e))
	if line != nil && line.User != "" && typ != eventMemberRemove {
		c.join(line.User, e.at)
	}
	e.body = encodeEnvelope(envelope{Type: typ, ID: e.id, Data: e.data})
	p.events = append(p.events, e)
	p.byID["event "+e.id] = e
	if e.msgID != "" {
		p.byID["msg "+e.msgID], e.line = e, line
	}
	if e.interactionID != "" {
		p.byID["interaction "+e.interactionID] = e
	}
	if line != nil {
		line.ID, line.Time = e.msgID, e.at
		if e.msgID == "" {
			line.ID, line.Event = e.id, typ
		}
		c.lines = append(c.lines, line)
		p.report(Happening{What: MessageShown, Chat: c, Message: *line, Event: e})
	}
	p.wake()
	p.mu.Unlock()
	p.deliver(e)
	return e
}

// deliver pushes an event to the webhook if there is one, else to the gateway's sessions.
func (p *Platform) deliver(e *Event) {
	p.mu.Lock()
	target := p.push
	e.pushed = p.now()
	p.mu.Unlock()
	if target.set() {
		p.pushEvent(target, e)
		return
	}
	p.dispatch(e)
}

// envelope is the outside of an event.
type envelope struct {
	Op   dto.OPCode      `json:"op"`
	Seq  uint32          `json:"s,omitempty"`
	Type dto.EventType   `json:"t,omitempty"`
	ID   string          `json:"id,omitempty"`
	Data json.RawMessage `json:"d,omitempty"`
}

func encodeEnvelope(e envelope) []byte { return encode(e) }

// encode is json.Marshal without the escapes for HTML, which the platform does not write.
func encode(v any) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("richmediatest: encode an own value: %v", err))
	}
	return bytes.TrimSpace(buf.Bytes())
}
