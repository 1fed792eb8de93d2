package richmediatest

import (
	"fmt"
	"slices"

	"github.com/tencent-connect/botgo/dto"
)

// The message_type of a message event.
const (
	messageText  = 0
	messageQuote = 103
)

// maxQuoteDepth is how many messages an event lists inside each other, if a quoted message quotes one itself.
const maxQuoteDepth = 3

// Quotation is what a user quotes, and how the event describes it.
type Quotation struct {
	MsgID        string // of a message of this chat: [Message].ID, or [Event.MsgID]
	Repeats      int    // how many more times each attachment is listed, each time at another address, as was seen
	WithoutMedia bool   // the event does not list the quoted message's attachments, as was seen
	Unmentioned  bool   // in a group: GROUP_MESSAGE_CREATE, as by SayUnmentioned
}

// Quote lets user write to the bot and quote a message of the chat: a message event as by Say with message_type 103. The
// quoted message is msg_elements[0] with its text and attachments, hosted anew; a message that it quotes is in its own
// msg_elements. message_scene.ext has msg_idx=, the REFIDX of the new message, and ref_msg_idx=, the REFIDX of the quoted one.
// It panics if the chat has no such message, and in guilds, whose events do not have this shape.
func (c *Chat) Quote(user, text string, of Quotation, atts ...Attachment) *Event {
	c.only("Quote", sceneGroup, sceneC2C)
	c.p.mu.Lock()
	found := c.line(of.MsgID) != nil
	c.p.mu.Unlock()
	if !found {
		panic(fmt.Sprintf("richmediatest: Quote: %s has no message %q", c.name, of.MsgID))
	}
	typ := dto.EventC2CMessageCreate
	switch {
	case c.scene == sceneC2C:
	case of.Unmentioned:
		typ = eventGroupMessage
	default:
		typ = c.mentionType()
	}
	line := &Message{User: c.speaker(user), Text: text, content: escapes.Replace(text), unmentioned: of.Unmentioned}
	return c.quoting(typ, line, &of, atts)
}

// line returns the message of the chat with that id, or nil. After [Platform.Forget] it is found as long as it can be answered
// or recalled. The caller holds p.mu.
func (c *Chat) line(id string) *Message {
	if e := c.p.byID["msg "+id]; e != nil && e.chat == c {
		return e.line
	}
	if s := c.p.sent[id]; s != nil && s.chat == c {
		return s.line
	}
	for _, m := range c.lines {
		if m.ID == id && m.Event == "" {
			return m
		}
	}
	return nil
}

// light is the message without the bytes of its attachments, whose addresses stay.
func (m *Message) light() *Message {
	out := *m
	out.Attachments = slices.Clone(m.Attachments)
	for i := range out.Attachments {
		out.Attachments[i].Data, out.Attachments[i].VoiceWAV = nil, nil
	}
	return &out
}

// element describes a quoted message. The caller holds p.mu.
func (c *Chat) element(m *Message, of *Quotation, depth int) map[string]any {
	e := map[string]any{"msg_idx": m.Ref, "message_type": messageText, "content": m.content}
	if m.Bot {
		e["content"] = escapes.Replace(m.Text)
	}
	if !of.WithoutMedia {
		var listed []map[string]any
		for range 1 + of.Repeats {
			listed = append(listed, c.describe(c.host(m.files()))...)
		}
		if len(listed) > 0 {
			e["attachments"] = listed
		}
	}
	if inner := c.line(m.Quotes); inner != nil {
		e["message_type"] = messageQuote
		if depth+1 < maxQuoteDepth {
			e["msg_elements"] = []any{c.element(inner, of, depth+1)}
		}
	}
	return e
}

// files returns the message's attachments without their addresses, which are new in every event; of a message of the bot its
// media.
func (m *Message) files() []Attachment {
	var out []Attachment
	for _, a := range m.Attachments {
		if a.Data != nil {
			a.URL = ""
		}
		if a.VoiceWAV != nil {
			a.VoiceWAVURL = ""
		}
		out = append(out, a)
	}
	if m.Media == nil || m.Media.Upload.Data == nil {
		return out
	}
	a := Attachment{ContentType: m.Media.Format, FileName: m.Media.Name, Data: m.Media.Upload.Data}
	switch m.Media.Kind {
	case kindVoice:
		a.ContentType = "voice"
	case kindFile:
		a.ContentType = "file"
	}
	return append(out, a)
}

// reference returns a new REFIDX by which a message_reference can name the message. The caller holds p.mu.
func (p *Platform) reference(messageID string) string {
	ref := "REFIDX_" + p.hexID(24) + "=="
	p.refs[ref], p.refIDs[messageID] = messageID, ref
	return ref
}

// referenced reads message_reference.message_id of a send, "" for none.
func referenced(f fields) (string, error) {
	reference, err := f.object("message_reference")
	if err != nil || reference == nil {
		return "", err
	}
	inner, err := parseFields(reference)
	if err != nil {
		return "", err
	}
	id, err := inner.text("message_id")
	if err != nil {
		return "", fmt.Errorf("message_reference: %w", err)
	}
	return id, nil
}

// quoted returns the id of the chat's message that a message_reference names: by REFIDX, in guilds by its id. An unknown one
// is accepted, since no refusal is documented: the message then quotes nothing, and the call gets a warning. The caller holds
// p.mu.
func (p *Platform) quoted(c *Chat, reference string, call *Call) string {
	if reference == "" {
		return ""
	}
	id, want := reference, "the id"
	if !c.guild() {
		id, want = p.refs[reference], "the REFIDX"
	}
	e, s := p.byID["msg "+id], p.sent[id]
	if e != nil && e.chat == c || s != nil && s.chat == c {
		return id
	}
	p.warn(call, fmt.Sprintf("message_reference.message_id is not %s of a message of this chat: nothing is quoted", want))
	return ""
}
