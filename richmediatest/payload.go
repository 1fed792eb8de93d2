package richmediatest

import (
	"slices"
	"time"

	"github.com/tencent-connect/botgo/dto"
)

// message makes a message event. The documented d has group_openid, author.member_openid or author.user_openid and no
// other id; the captured one repeats them as group_id and author.id and has union_openid.
func (c *Chat) message(typ dto.EventType, user, text string, atts []Attachment) *Event {
	line := &Message{User: user, Text: text}
	return c.happen(typ, line, func(e *Event) map[string]any {
		e.msgID = c.messageID()
		scene := map[string]any{"source": "default"}
		d := map[string]any{
			"id": e.msgID, "author": c.author(user), "content": text,
			"timestamp": e.at.In(utc8).Format(time.RFC3339), "message_scene": scene,
		}
		if !c.p.cfg.observed {
			d["message_type"] = 0
			scene["ext"] = []string{"msg_idx=" + c.p.reference(e.msgID)}
		}
		if c.scene == sceneGroup {
			d["content"] = " " + text
			d["group_openid"] = c.openid
			if c.p.cfg.observed {
				d["group_id"] = c.openid
			}
		}
		if len(atts) > 0 {
			line.Attachments = c.host(atts)
			d["attachments"] = c.describe(line.Attachments)
		}
		return d
	})
}

func (c *Chat) author(user string) map[string]any {
	openid := c.UserOpenID(user)
	author := map[string]any{}
	if c.scene == sceneGroup {
		author["member_openid"] = openid
	} else {
		author["user_openid"] = openid
	}
	if c.p.cfg.observed {
		author["id"], author["union_openid"] = openid, openid
	} else if c.scene == sceneGroup {
		author["member_role"], author["username"], author["bot"] = "member", user, false
	}
	return author
}

// interaction creates an INTERACTION_CREATE. d.id differs from what follows the prefix of the outer id, so that code which
// confuses them fails.
func (c *Chat) interaction(user string, typ int, buttonData string) *Event {
	line := &Message{User: user, Text: buttonData}
	return c.happen(dto.EventInteractionCreate, line, func(e *Event) map[string]any {
		e.interactionID, e.interaction = c.p.hexID(32), typ
		resolved := map[string]any{"button_data": buttonData, "button_id": "button-" + c.p.hexID(4)}
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
			d["chat_type"], d["scene"], d["guild_id"], d["channel_id"] = 0, "guild", c.guildID, c.channelID
			resolved["user_id"], resolved["message_id"] = c.UserOpenID(user), c.pressed()
		}
		return d
	})
}

// pressed is the id of the message whose button is pressed: the bot's last one. The caller holds p.mu.
func (c *Chat) pressed() string {
	for _, m := range slices.Backward(c.lines) {
		if m.Bot {
			return m.ID
		}
	}
	return c.messageID() // one that was sent before the test began
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
			d["author"] = map[string]any{"union_openid": c.p.openID("union", c.name)}
			if !c.p.cfg.observed && typ == dto.EventC2CFriendAdd {
				d["scene"], d["scene_param"] = 1001, ""
			}
		}
		return d
	})
}
