package richmediatest

import (
	"slices"
	"time"

	"github.com/tencent-connect/botgo/dto"
)

// message creates a message event. The union of captures and documents has group_id and author.id, which repeat the openids,
// beside the documented fields.
func (c *Chat) message(typ dto.EventType, line *Message, atts []Attachment) *Event {
	return c.quoting(typ, line, nil, atts)
}

// quoting is message for a message that quotes another one, or nil.
func (c *Chat) quoting(typ dto.EventType, line *Message, of *Quotation, atts []Attachment) *Event {
	return c.happen(typ, line, func(e *Event) map[string]any {
		e.msgID = c.messageID()
		line.Ref = c.p.reference(e.msgID)
		ext := []string{"msg_idx=" + line.Ref, "auth_token=" + c.p.hexID(24)}
		d := map[string]any{
			"id": e.msgID, "author": c.author(line.User), "content": line.content, "message_type": messageText,
			"timestamp": e.at.In(utc8).Format(time.RFC3339),
		}
		if of != nil {
			line.Quotes = of.MsgID
			d["message_type"] = messageQuote
			quoted := c.line(of.MsgID)
			d["msg_elements"] = []any{c.element(quoted, of, 0)}
			ext = slices.Insert(ext, 0, "ref_msg_idx="+quoted.Ref)
		}
		d["message_scene"] = map[string]any{"source": "default", "callback_data": "", "ext": ext}
		if c.scene == sceneGroup {
			d["content"] = " " + line.content
			d["group_openid"] = c.openid
			if !c.p.cfg.documented {
				d["group_id"] = c.openid
			}
		}
		if typ == eventGroupMessage && !line.unmentioned {
			d["mentions"] = []any{map[string]any{
				"id": c.p.openID("bot", c.name), "member_openid": c.p.openID("bot", c.name),
				"username": "bot", "bot": true, "is_you": true, "scope": "single",
			}}
		}
		if len(atts) > 0 {
			line.Attachments = c.host(atts)
			d["attachments"] = c.describe(line.Attachments)
		}
		return d
	})
}

// author is the author of a message. Of a member of a group the documents also have role and name.
func (c *Chat) author(user string) map[string]any {
	openid := c.UserOpenID(user)
	author := map[string]any{"user_openid": openid}
	if c.scene == sceneGroup {
		author = map[string]any{"member_openid": openid, "member_role": "member", "username": user, "bot": false}
	}
	if c.p.cfg.documented {
		return author
	}
	author["id"], author["union_openid"], author["bot"] = openid, c.p.unionID(c.speaker(user)), false
	if c.scene == sceneC2C {
		author["username"] = "" // as captured: single chats have no name
	}
	return author
}

// unionID is the union_openid of a user, the same in all chats and none to send to.
func (p *Platform) unionID(user string) string { return p.openID("union", user) }

// interaction creates an INTERACTION_CREATE. d.id differs from what follows the prefix of the outer id, so that code which
// confuses them fails.
func (c *Chat) interaction(user string, typ int, of pressed) *Event {
	line := &Message{User: user, Text: of.Data}
	return c.happen(dto.EventInteractionCreate, line, func(e *Event) map[string]any {
		e.interactionID, e.interaction = c.p.hexID(32), typ
		resolved := map[string]any{"button_data": of.Data}
		if of.ID != "" {
			resolved["button_id"] = of.ID
		}
		d := map[string]any{
			"id": e.interactionID, "application_id": c.p.cfg.appID, "type": typ, "version": 1,
			"scene": c.scene, "timestamp": e.at.In(utc8).Format(time.RFC3339),
			"data": map[string]any{"type": typ, "resolved": resolved},
		}
		switch c.scene {
		case sceneGroup:
			d["chat_type"], d["group_openid"], d["group_member_openid"] = 1, c.openid, c.UserOpenID(user)
		case sceneC2C:
			d["chat_type"], d["user_openid"] = 2, c.openid
		case sceneChannel:
			if of.messageID == "" {
				of.messageID = c.messageID() // one that was sent before the test began
			}
			d["chat_type"], d["scene"], d["guild_id"], d["channel_id"] = 0, "guild", c.guildID, c.channelID
			resolved["user_id"], resolved["message_id"] = c.UserOpenID(user), of.messageID
		}
		return d
	})
}

// lifecycle creates one of the events about the bot's membership, after change has been applied. Their timestamp is an
// integer of unix seconds.
func (c *Chat) lifecycle(method, user string, group, single dto.EventType, change func()) *Event {
	c.only(method, sceneGroup, sceneC2C)
	typ := single
	if c.scene == sceneGroup {
		typ = group
	}
	user = c.speaker(user)
	return c.happen(typ, &Message{User: user}, func(e *Event) map[string]any {
		change()
		d := map[string]any{"timestamp": e.at.Unix()}
		if c.scene == sceneGroup {
			d["group_openid"], d["op_member_openid"] = c.openid, c.UserOpenID(user)
			return d
		}
		d["openid"] = c.openid
		if typ == dto.EventC2CFriendAdd || typ == dto.EventC2CFriendDel {
			d["author"] = map[string]any{"union_openid": c.p.unionID(c.name)}
			if typ == dto.EventC2CFriendAdd {
				d["scene"], d["scene_param"] = 1001, ""
			}
		}
		return d
	})
}
