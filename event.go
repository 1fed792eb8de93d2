package richmedia

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tencent-connect/botgo/dto"
)

// Events that botgo has no name for, to register with Plugin.On. The last three cannot be answered.
const (
	EventGroupMessageCreate dto.EventType = "GROUP_MESSAGE_CREATE" // a group's message, with or without a mention
	EventGroupAddRobot      dto.EventType = "GROUP_ADD_ROBOT"      // the bot was added to a group
	EventGroupMsgReceive    dto.EventType = "GROUP_MSG_RECEIVE"    // a group allows proactive messages
	EventC2CMsgReceive      dto.EventType = "C2C_MSG_RECEIVE"      // a user allows proactive messages
	EventGroupDelRobot      dto.EventType = "GROUP_DEL_ROBOT"      // the bot was removed from a group
	EventGroupMsgReject     dto.EventType = "GROUP_MSG_REJECT"     // a group refuses proactive messages
	EventC2CMsgReject       dto.EventType = "C2C_MSG_REJECT"       // a user refuses proactive messages
)

// answeredBy tells by which id the platform takes an answer to an event (docs 2026-08; section 7 of the protocol
// reference). Events that are not here cannot be answered: 40034027.
var answeredBy = map[dto.EventType]string{
	dto.EventC2CMessageCreate:     byMsgID,
	dto.EventGroupAtMessageCreate: byMsgID,
	EventGroupMessageCreate:       byMsgID,
	dto.EventAtMessageCreate:      byMsgID,
	dto.EventMessageCreate:        byMsgID,
	dto.EventDirectMessageCreate:  byMsgID,
	dto.EventInteractionCreate:    byEventID,
	dto.EventC2CFriendAdd:         byEventID,
	EventC2CMsgReceive:            byEventID,
	EventGroupAddRobot:            byEventID,
	EventGroupMsgReceive:          byEventID,
}

const (
	byMsgID   = "msg_id"
	byEventID = "event_id"
)

// incoming is an event as the plugin needs it. Ids come from the raw payload, because botgo's types know
// neither group_openid, member_openid nor user_openid.
type incoming struct {
	payload      *dto.WSPayload
	target       Target
	unanswerable error // why the event cannot be answered; nil if it can
	userID       string
	text         string
	attachments  []Attachment
	message      func() *dto.Message // decoded when it is asked for; nil where the event is no message
	interaction  *dto.Interaction
}

// eventData is the union of what the events' d is known to hold.
type eventData struct {
	ID                string `json:"id"`
	GroupOpenID       string `json:"group_openid"`
	GroupID           string `json:"group_id"`
	OpenID            string `json:"openid"`
	UserOpenID        string `json:"user_openid"`
	GroupMemberOpenID string `json:"group_member_openid"`
	OpMemberOpenID    string `json:"op_member_openid"`
	GuildID           string `json:"guild_id"`
	ChannelID         string `json:"channel_id"`
	ChatType          *int   `json:"chat_type"` // of an interaction: 0 guild, 1 group, 2 single chat
	Author            struct {
		ID           string `json:"id"`
		MemberOpenID string `json:"member_openid"`
		UserOpenID   string `json:"user_openid"`
	} `json:"author"`
	Content     string       `json:"content"`
	Mentions    []mention    `json:"mentions"`
	Attachments []Attachment `json:"attachments"`
	Data        struct {
		Resolved struct {
			UserID string `json:"user_id"` // of an interaction in a guild
		} `json:"resolved"`
	} `json:"data"`
}

// parse reads a payload that arrived at the given time. Its error says what is missing; an event that is whole
// but cannot be answered is no error here.
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

// rawData is the payload's d as it came; of a payload that was made by hand, d as it would be sent.
func rawData(payload *dto.WSPayload) (json.RawMessage, error) {
	if len(payload.RawMessage) == 0 {
		raw, err := json.Marshal(payload.Data)
		if err != nil || string(raw) == "null" {
			return nil, fmt.Errorf("richmedia: the payload of %s is empty: hand on the one that botgo gave to the handler", eventName(payload))
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

// tolerant lets a field of an unexpected type pass: the others are decoded all the same, and what an answer
// needs is checked by itself.
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
		in.target.Scope, in.target.ChatID = ScopeC2C, cmp.Or(d.Author.UserOpenID, d.Author.ID)
		in.userID = in.target.ChatID
	case dto.EventGroupAtMessageCreate, EventGroupMessageCreate:
		in.target.Scope, in.target.ChatID = ScopeGroup, group
		in.userID = cmp.Or(d.Author.MemberOpenID, d.Author.ID)
	case dto.EventAtMessageCreate, dto.EventMessageCreate:
		in.target.Scope, in.target.ChatID = ScopeChannel, d.ChannelID
		in.userID = d.Author.ID
	case dto.EventDirectMessageCreate:
		in.target.Scope, in.target.ChatID = ScopeDM, d.GuildID
		in.userID = d.Author.ID
	case dto.EventInteractionCreate:
		if d.ChatType != nil && *d.ChatType == 0 {
			in.target.Scope, in.target.ChatID = ScopeChannel, d.ChannelID
			in.userID = d.Data.Resolved.UserID
			return
		}
		in.locateByOpenID(d, group)
	default:
		in.locateByOpenID(d, group)
	}
}

// locateByOpenID goes by which openid there is.
func (in *incoming) locateByOpenID(d *eventData, group string) {
	if user := cmp.Or(d.UserOpenID, d.OpenID); group != "" {
		in.target.Scope, in.target.ChatID = ScopeGroup, group
		in.userID = cmp.Or(d.GroupMemberOpenID, d.OpMemberOpenID, d.Author.MemberOpenID)
	} else if user != "" {
		in.target.Scope, in.target.ChatID = ScopeC2C, user
		in.userID = user
	}
}

// identify finds the id of the answer, and says why there is none.
func (in *incoming) identify(d *eventData) error {
	typ := in.payload.Type
	by := answeredBy[typ]
	if by != "" && in.target.ChatID == "" {
		if in.target.Scope == ScopeChannel && typ == dto.EventInteractionCreate {
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
		in.target.MsgID = d.ID
	case byEventID:
		if in.payload.EventID == "" {
			return fmt.Errorf("richmedia: the payload of %s has no outer id, by which it is answered", eventName(in.payload))
		}
		in.target.EventID = in.payload.EventID
	default:
		in.unanswerable = fmt.Errorf("%w: %s cannot be answered (40034027); the platform takes answers to messages, buttons, "+
			"FRIEND_ADD, C2C_MSG_RECEIVE, GROUP_ADD_ROBOT and GROUP_MSG_RECEIVE", ErrUnsupported, eventName(in.payload))
	}
	return nil
}

// readMessage decodes what only messages have.
func (in *incoming) readMessage(d *eventData, raw json.RawMessage) {
	in.text = plainText(in.payload.Type, d)
	in.attachments = d.Attachments
	for i := range in.attachments {
		a := &in.attachments[i]
		a.URL, a.VoiceWAVURL = withScheme(a.URL), withScheme(a.VoiceWAVURL)
	}
	in.message = sync.OnceValue(func() *dto.Message { return botgoMessage(in, d, raw) })
}

// botgoMessage is the message as botgo's type, completed by what that does not know.
func botgoMessage(in *incoming, d *eventData, raw json.RawMessage) *dto.Message {
	m := &dto.Message{}
	if tolerant(json.Unmarshal(raw, m)) != nil {
		m.ID, m.Content = d.ID, d.Content
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

// ids are what a repeated delivery of the same event has in common with the first.
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
	if payload.Type == "" {
		return "an event without a type"
	}
	return string(payload.Type)
}
