package richmedia

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia/internal/seen"
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
	refIdx       string           // REFIDX of the message itself; "" if the event has none
	message      *receivedMessage // nil if the event is no message
	interaction  *dto.Interaction
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
	in := &incoming{payload: payload}
	m := &receivedMessage{in: in, raw: raw}
	d := &m.data
	d.read(raw)
	in.target.Time = arrived
	in.locate(d)
	if err := in.identify(d); err != nil {
		return nil, err
	}
	if answeredBy[payload.Type] == byMsgID {
		in.text = strings.Clone(plainText(payload.Type, d)) // a clone does not keep the whole event in memory
		in.attachments = completed(d.attachments)
		in.refIdx = strings.Clone(d.own())
		in.message = m
	}
	if payload.Type == dto.EventInteractionCreate {
		i := &dto.Interaction{}
		if err := tolerant(json.Unmarshal([]byte(raw), i)); err != nil {
			return nil, fmt.Errorf("richmedia: the payload of %s is malformed: %w", eventName(payload), err)
		}
		i.ID = cmp.Or(i.ID, strings.Clone(d.id)) // what is acknowledged, and whether: botgo's type refuses other types
		i.Type = cmp.Or(i.Type, dto.InteractionType(max(parseLoose(d.interactionType), 0)))
		in.interaction = i
	}
	return in, nil
}

// locate finds the chat and the user.
func (in *incoming) locate(d *eventData) {
	group := cmp.Or(d.groupOpenID, d.groupID)
	switch in.payload.Type {
	case dto.EventC2CMessageCreate:
		user := cmp.Or(d.author.userOpenID, d.author.id)
		in.at(ScopeC2C, user, user)
	case dto.EventGroupAtMessageCreate, EventGroupMessageCreate:
		in.at(ScopeGroup, group, cmp.Or(d.author.memberOpenID, d.author.id))
	case dto.EventAtMessageCreate, dto.EventMessageCreate:
		in.at(ScopeChannel, d.channelID, d.author.id)
	case dto.EventDirectMessageCreate:
		in.at(ScopeDM, d.guildID, d.author.id)
	case dto.EventInteractionCreate:
		none := d.chatType == "" && group == "" && cmp.Or(d.userOpenID, d.openID) == "" // a 0 may be left out
		if d.chatType == "0" || none && d.channelID != "" {
			in.at(ScopeChannel, d.channelID, d.resolvedUserID)
			return
		}
		in.locateByOpenID(d, group)
	default:
		in.locateByOpenID(d, group)
	}
}

// locateByOpenID goes by which openid there is.
func (in *incoming) locateByOpenID(d *eventData, group string) {
	user := cmp.Or(d.userOpenID, d.openID)
	switch {
	case group != "":
		in.at(ScopeGroup, group, cmp.Or(d.groupMemberOpenID, d.opMemberOpenID, d.memberOpenID, d.author.memberOpenID))
	case user != "":
		in.at(ScopeC2C, user, user)
	case answeredBy[in.payload.Type] == byTrial && d.channelID != "":
		in.at(ScopeChannel, d.channelID, cmp.Or(d.author.id, d.resolvedUserID))
	}
}

func (in *incoming) at(scope Scope, chat, user string) {
	in.target.Scope, in.target.ChatID, in.userID = scope, strings.Clone(chat), strings.Clone(user)
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
		if d.id == "" {
			return fmt.Errorf("richmedia: the payload of %s has no message id", eventName(in.payload))
		}
		in.target.MsgID = strings.Clone(d.id)
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

// ids returns what a repeated delivery of the same event has in common with the first.
func (in *incoming) ids() seen.IDs { return seen.IDs{in.payload.EventID, in.target.MsgID} }

func eventName(payload *dto.WSPayload) string {
	if payload == nil { // of Plugin.For
		return "a job"
	}
	if payload.Type == "" {
		return "an event without a type"
	}
	return string(payload.Type)
}
