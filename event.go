package richmedia

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/tencent-connect/botgo/dto"
)

// Events that botgo has no name for, to register with Plugin.On. GROUP_DEL_ROBOT, GROUP_MSG_REJECT and C2C_MSG_REJECT
// cannot be answered.
const (
	EventGroupMessageCreate dto.EventType = "GROUP_MESSAGE_CREATE" // a group's message, with or without a mention
	EventGroupAddRobot      dto.EventType = "GROUP_ADD_ROBOT"      // the bot was added to a group
	EventGroupMsgReceive    dto.EventType = "GROUP_MSG_RECEIVE"    // a group allows proactive messages
	EventC2CMsgReceive      dto.EventType = "C2C_MSG_RECEIVE"      // a user allows proactive messages
	EventGroupDelRobot      dto.EventType = "GROUP_DEL_ROBOT"      // the bot was removed from a group
	EventGroupMsgReject     dto.EventType = "GROUP_MSG_REJECT"     // a group refuses proactive messages
	EventC2CMsgReject       dto.EventType = "C2C_MSG_REJECT"       // a user refuses proactive messages

	eventGroupMemberAdd    dto.EventType = "GROUP_MEMBER_ADD"
	eventGroupMemberRemove dto.EventType = "GROUP_MEMBER_REMOVE"
	eventGroupJoinRequest  dto.EventType = "GROUP_JOIN_REQUEST"
)

// answeredBy names the id by which the platform takes an answer to an event (docs 2026-08; section 7 of the protocol
// reference). An event that is not here is tried by event_id: the list grows, and the platform refuses what is not on it
// (40034027).
var answeredBy = map[dto.EventType]answerID{
	dto.EventC2CMessageCreate:     byMsgID,
	dto.EventGroupAtMessageCreate: byMsgID,
	EventGroupMessageCreate:       byMsgID,
	dto.EventAtMessageCreate:      byMsgID,
	dto.EventMessageCreate:        byMsgID,
	dto.EventDirectMessageCreate:  byMsgID,

	dto.EventInteractionCreate: byEventID,
	dto.EventC2CFriendAdd:      byEventID,
	EventC2CMsgReceive:         byEventID,
	EventGroupAddRobot:         byEventID,
	EventGroupMsgReceive:       byEventID,
	eventGroupMemberAdd:        byEventID,

	dto.EventC2CFriendDel: byNothing,
	EventGroupDelRobot:    byNothing,
	EventGroupMsgReject:   byNothing,
	EventC2CMsgReject:     byNothing,
}

// answerID is the id by which an event is answered.
type answerID uint8

const (
	byTrial   answerID = iota // by event_id, if the event names a chat: whether the platform takes it is not known
	byMsgID                   // by d.id
	byEventID                 // by the outermost id
	byNothing                 // documented as not answerable
)

// knownEvent reports whether the event is known here or to botgo.
func knownEvent(typ dto.EventType) bool {
	_, typed := typedHandlers[typ]
	return typed || answeredBy[typ] != byTrial || typ == eventGroupMemberRemove || typ == eventGroupJoinRequest
}

// incoming is an event as the plugin needs it. Ids come from the raw payload, because botgo's types know
// neither group_openid nor member_openid nor user_openid.
type incoming struct {
	payload      *dto.WSPayload
	target       Target
	unanswerable error // why the event cannot be answered; nil if it can
	userID       string
	text         string
	attachments  []Attachment
	refIdx       string              // REFIDX of the message itself; "" if the event has none
	quoted       func() *Quote       // decoded on the first call; nil if the event is no message
	message      func() *dto.Message // as quoted
	interaction  *dto.Interaction
}

// eventData is the union of what the events' d is known to hold.
type eventData struct {
	ID                looseString `json:"id"`
	GroupOpenID       looseString `json:"group_openid"`
	GroupID           looseString `json:"group_id"`
	OpenID            looseString `json:"openid"`
	UserOpenID        looseString `json:"user_openid"`
	MemberOpenID      looseString `json:"member_openid"` // of GROUP_MEMBER_ADD
	GroupMemberOpenID looseString `json:"group_member_openid"`
	OpMemberOpenID    looseString `json:"op_member_openid"`
	GuildID           looseString `json:"guild_id"`
	ChannelID         looseString `json:"channel_id"`
	ChatType          looseString `json:"chat_type"` // of an interaction: 0 guild, 1 group, 2 single chat
	Author            struct {
		ID           looseString `json:"id"`
		MemberOpenID looseString `json:"member_openid"`
		UserOpenID   looseString `json:"user_openid"`
	} `json:"author"`
	Content     looseString  `json:"content"`
	Mentions    []mention    `json:"mentions"`
	Attachments []Attachment `json:"attachments"`
	references
	Data struct {
		Resolved struct {
			UserID looseString `json:"user_id"` // of an interaction in a guild
		} `json:"resolved"`
	} `json:"data"`
}

// looseString is a text that the platform may send as a number or a boolean one day. Anything else reads as "".
type looseString string

// UnmarshalJSON never fails: one field must not cost the event.
func (s *looseString) UnmarshalJSON(b []byte) error {
	if n := len(b); n >= 2 && b[0] == '"' && bytes.IndexByte(b, '\\') < 0 && utf8.Valid(b) {
		*s = looseString(b[1 : n-1]) // b is valid JSON: there is nothing to decode
		return nil
	}
	var text string
	switch {
	case plainJSON(b): // as ids are; to decode each of them would be half of an event's work
		*s = looseString(b[1 : len(b)-1])
	case json.Unmarshal(b, &text) == nil: // null too, as ""
		*s = looseString(text)
	case len(b) > 0 && b[0] != '{' && b[0] != '[':
		*s = looseString(b)
	}
	return nil
}

// plainJSON reports whether b, which is JSON, is a text of printable ASCII without escapes.
func plainJSON(b []byte) bool {
	if len(b) < 2 || b[0] != '"' {
		return false
	}
	for _, c := range b[1 : len(b)-1] {
		if c < ' ' || c > '~' || c == '\\' {
			return false
		}
	}
	return true
}

// parse reads a payload that arrived at the given time. Its error says what is missing; a complete event that
// cannot be answered is no error here.
func parse(payload *dto.WSPayload, arrived time.Time) (*incoming, error) {
	if payload == nil {
		return nil, errors.New("richmedia: the payload is nil")
	}
	raw, err := rawData(payload)
	if err != nil {
		return nil, err
	}
	var d eventData
	if err := tolerant(json.Unmarshal(raw, &d)); err != nil {
		return nil, fmt.Errorf("richmedia: the payload of %s is malformed: %w", eventName(payload), err)
	}
	in := &incoming{payload: payload}
	in.target.Time = arrived
	in.locate(&d)
	if err := in.identify(&d); err != nil {
		return nil, err
	}
	if answeredBy[payload.Type] == byMsgID {
		in.readMessage(&d, raw)
	}
	if payload.Type == dto.EventInteractionCreate {
		in.interaction = &dto.Interaction{}
		if err := tolerant(json.Unmarshal(raw, in.interaction)); err != nil {
			return nil, fmt.Errorf("richmedia: the payload of %s is malformed: %w", eventName(payload), err)
		}
	}
	return in, nil
}

// rawData returns the payload's d as it came, or encoded again if the payload was made by hand.
func rawData(payload *dto.WSPayload) (json.RawMessage, error) {
	if len(payload.RawMessage) == 0 {
		raw, err := json.Marshal(payload.Data)
		if err != nil || string(raw) == "null" {
			return nil, fmt.Errorf("richmedia: the payload of %s is empty: pass on the one that botgo passed to the handler", eventName(payload))
		}
		return raw, nil
	}
	var envelope struct {
		D json.RawMessage `json:"d"`
	}
	if err := json.Unmarshal(payload.RawMessage, &envelope); err != nil {
		return nil, fmt.Errorf("richmedia: the payload of %s is malformed: %w", eventName(payload), err)
	}
	if len(envelope.D) == 0 || envelope.D[0] != '{' {
		return nil, fmt.Errorf("richmedia: the payload of %s has no d object", eventName(payload))
	}
	return envelope.D, nil
}

// tolerant ignores a field of an unexpected type: the others are decoded all the same, and what an answer
// needs is checked separately.
func tolerant(err error) error {
	var field *json.UnmarshalTypeError
	if errors.As(err, &field) {
		return nil
	}
	return err
}

// locate finds the chat and the user.
func (in *incoming) locate(d *eventData) {
	group := cmp.Or(d.GroupOpenID, d.GroupID)
	switch in.payload.Type {
	case dto.EventC2CMessageCreate:
		user := cmp.Or(d.Author.UserOpenID, d.Author.ID)
		in.at(ScopeC2C, user, user)
	case dto.EventGroupAtMessageCreate, EventGroupMessageCreate:
		in.at(ScopeGroup, group, cmp.Or(d.Author.MemberOpenID, d.Author.ID))
	case dto.EventAtMessageCreate, dto.EventMessageCreate:
		in.at(ScopeChannel, d.ChannelID, d.Author.ID)
	case dto.EventDirectMessageCreate:
		in.at(ScopeDM, d.GuildID, d.Author.ID)
	case dto.EventInteractionCreate:
		if d.ChatType == "0" {
			in.at(ScopeChannel, d.ChannelID, d.Data.Resolved.UserID)
			return
		}
		in.locateByOpenID(d, group)
	default:
		in.locateByOpenID(d, group)
	}
}

// locateByOpenID goes by which openid there is.
func (in *incoming) locateByOpenID(d *eventData, group looseString) {
	user := cmp.Or(d.UserOpenID, d.OpenID)
	switch {
	case group != "":
		in.at(ScopeGroup, group, cmp.Or(d.GroupMemberOpenID, d.OpMemberOpenID, d.MemberOpenID, d.Author.MemberOpenID))
	case user != "":
		in.at(ScopeC2C, user, user)
	case answeredBy[in.payload.Type] == byTrial && d.ChannelID != "":
		in.at(ScopeChannel, d.ChannelID, cmp.Or(d.Author.ID, d.Data.Resolved.UserID))
	}
}

func (in *incoming) at(scope Scope, chat, user looseString) {
	in.target.Scope, in.target.ChatID, in.userID = scope, string(chat), string(user)
}

// identify finds the id of the answer, or why there is none.
func (in *incoming) identify(d *eventData) error {
	typ := in.payload.Type
	by := answeredBy[typ]
	if in.target.ChatID == "" && by != byNothing {
		switch {
		case by == byTrial:
			in.unanswerable = fmt.Errorf("%w: %s names no chat: group_openid, user_openid or channel_id is missing", ErrUnsupported, eventName(in.payload))
			return nil
		case in.target.Scope == ScopeChannel && typ == dto.EventInteractionCreate:
			in.unanswerable = fmt.Errorf("%w: a button in a guild whose event names no channel", ErrUnsupported)
			return nil
		}
		return fmt.Errorf("richmedia: the payload of %s names no chat: group_openid, user_openid, channel_id or guild_id is missing", eventName(in.payload))
	}
	switch by {
	case byMsgID:
		if d.ID == "" {
			return fmt.Errorf("richmedia: the payload of %s has no message id", eventName(in.payload))
		}
		in.target.MsgID = string(d.ID)
	case byEventID, byTrial:
		if in.payload.EventID == "" {
			return fmt.Errorf("richmedia: the payload of %s has no outer id, by which it is answered", eventName(in.payload))
		}
		in.target.EventID = in.payload.EventID
	case byNothing:
		in.unanswerable = fmt.Errorf("%w: %s cannot be answered (40034027)", ErrUnsupported, eventName(in.payload))
	}
	return nil
}

// readMessage decodes the fields that only messages have.
func (in *incoming) readMessage(d *eventData, raw json.RawMessage) {
	in.text = plainText(in.payload.Type, d)
	in.attachments = completed(d.Attachments)
	in.refIdx = d.own()
	in.quoted = sync.OnceValue(func() *Quote { return d.quote(d.Mentions) })
	in.message = sync.OnceValue(func() *dto.Message { return botgoMessage(in, d, raw) })
}

// botgoMessage returns the message as botgo's type, completed by the fields that botgo does not know.
func botgoMessage(in *incoming, d *eventData, raw json.RawMessage) *dto.Message {
	m := &dto.Message{}
	if tolerant(json.Unmarshal(raw, m)) != nil {
		m.ID, m.Content = string(d.ID), string(d.Content)
	}
	for i, a := range m.Attachments { // botgo's numbers stay 0 if they came as strings
		if a != nil && i < len(d.Attachments) {
			read := d.Attachments[i]
			a.Height, a.Size, a.Width = read.Height, read.Size, read.Width
		}
	}
	if in.target.Scope == ScopeGroup {
		m.GroupID = in.target.ChatID
	}
	if m.Author == nil {
		m.Author = &dto.User{}
	}
	m.Author.ID = cmp.Or(m.Author.ID, in.userID)
	return m
}

// ids returns what a repeated delivery of the same event has in common with the first.
func (in *incoming) ids() []string {
	var ids []string
	if in.payload.EventID != "" {
		ids = append(ids, "event\x00"+in.payload.EventID)
	}
	if in.target.MsgID != "" {
		ids = append(ids, "message\x00"+in.target.MsgID)
	}
	return ids
}

func eventName(payload *dto.WSPayload) string {
	if payload == nil { // of Plugin.For
		return "a job"
	}
	if payload.Type == "" {
		return "an event without a type"
	}
	return string(payload.Type)
}
