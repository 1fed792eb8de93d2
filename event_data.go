package richmedia

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tidwall/gjson"
)

// eventData is the union of what the events' d is known to hold. Its texts are parts of the event's.
type eventData struct {
	id                string
	groupOpenID       string
	groupID           string
	openID            string
	userOpenID        string
	memberOpenID      string // of GROUP_MEMBER_ADD
	groupMemberOpenID string
	opMemberOpenID    string
	guildID           string
	channelID         string
	chatType          string // of an interaction: 0 guild, 1 group, 2 single chat
	resolvedUserID    string // of an interaction in a guild
	interactionType   string
	author            struct{ id, memberOpenID, userOpenID string }
	content           string
	mentions          []mention
	attachments       []Attachment
	references
}

// read reads raw, a JSON object. A field of an unexpected type stays empty, and does not cost the others. The
// object is read in one pass; of two fields of one name the last counts, as in mentions and attachments, and in other objects
// within it the first.
func (d *eventData) read(raw string) {
	gjson.Parse(raw).ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "id":
			d.id = loose(value)
		case "group_openid":
			d.groupOpenID = loose(value)
		case "group_id":
			d.groupID = loose(value)
		case "openid":
			d.openID = loose(value)
		case "user_openid":
			d.userOpenID = loose(value)
		case "member_openid":
			d.memberOpenID = loose(value)
		case "group_member_openid":
			d.groupMemberOpenID = loose(value)
		case "op_member_openid":
			d.opMemberOpenID = loose(value)
		case "guild_id":
			d.guildID = loose(value)
		case "channel_id":
			d.channelID = loose(value)
		case "chat_type":
			d.chatType = loose(value)
		case "type":
			d.interactionType = loose(value)
		case "content":
			d.content = loose(value)
		case "author":
			d.author.id = loose(value.Get("id"))
			d.author.memberOpenID = loose(value.Get("member_openid"))
			d.author.userOpenID = loose(value.Get("user_openid"))
		case "data":
			d.resolvedUserID = loose(value.Get("resolved.user_id"))
		case "mentions":
			_ = json.Unmarshal([]byte(value.Raw), &d.mentions) // what is of another type stays empty
		case "attachments":
			_ = json.Unmarshal([]byte(value.Raw), &d.attachments)
		default:
			d.references.read(key.Str, value)
		}
		return true
	})
}

// loose returns a text that the platform may send as a number or a boolean one day. Anything else reads as "".
func loose(value gjson.Result) string {
	switch value.Type {
	case gjson.String:
		if strings.IndexByte(value.Raw, '\\') < 0 && utf8.ValidString(value.Raw) {
			return value.Str
		}
		var text string
		_ = json.Unmarshal([]byte(value.Raw), &text) // it is valid, or it would not be here
		return text
	case gjson.Number, gjson.True, gjson.False:
		return value.Raw
	}
	return ""
}

// looseString is such a text for encoding/json.
type looseString string

// UnmarshalJSON never fails: one field must not cost the event.
func (s *looseString) UnmarshalJSON(b []byte) error {
	*s = looseString(loose(gjson.ParseBytes(bytes.TrimSpace(b))))
	return nil
}

// rawData returns the payload's d, an object, as it came, or encoded again if the payload was made by hand.
func rawData(payload *dto.WSPayload) (string, error) {
	if len(payload.RawMessage) == 0 {
		raw, err := json.Marshal(payload.Data)
		if err != nil || string(raw) == "null" {
			return "", fmt.Errorf("richmedia: the payload of %s is empty: pass on the one that botgo passed to the handler", eventName(payload))
		}
		return string(raw), nil
	}
	if !json.Valid(payload.RawMessage) {
		err := json.Unmarshal(payload.RawMessage, &json.RawMessage{})
		return "", fmt.Errorf("richmedia: the payload of %s is malformed: %w", eventName(payload), err)
	}
	d := gjson.GetBytes(payload.RawMessage, "d")
	if !d.IsObject() {
		return "", fmt.Errorf("richmedia: the payload of %s has no d object", eventName(payload))
	}
	return d.Raw, nil
}

// tolerant ignores a field of an unexpected type: the others are decoded all the same, and what an answer
// needs is checked separately.
func tolerant(err error) error {
	if _, field := errors.AsType[*json.UnmarshalTypeError](err); field {
		return nil
	}
	return err
}

// receivedMessage is a message as it came. What most bots do not ask for is read on the first call.
type receivedMessage struct {
	in   *incoming
	data eventData
	raw  string // d

	quoteOnce, typedOnce sync.Once
	quoted               *Quote
	typed                *dto.Message
}

// quote returns the message that this one quotes; nil if there is none.
func (m *receivedMessage) quote() *Quote {
	m.quoteOnce.Do(func() { m.quoted = m.data.quote(m.data.mentions) })
	return m.quoted
}

// message returns the message as botgo's type, completed by the fields that botgo does not know.
func (m *receivedMessage) message() *dto.Message {
	m.typedOnce.Do(func() { m.typed = botgoMessage(m.in, &m.data, m.raw) })
	return m.typed
}

func botgoMessage(in *incoming, d *eventData, raw string) *dto.Message {
	m := &dto.Message{}
	if tolerant(json.Unmarshal([]byte(raw), m)) != nil {
		m.ID, m.Content = d.id, d.content
	}
	for i, a := range m.Attachments { // botgo's numbers stay 0 if they came as strings
		if a != nil && i < len(d.attachments) {
			read := d.attachments[i]
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
