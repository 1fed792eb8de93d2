package richmediatest

import (
	"strconv"
	"time"

	"github.com/tencent-connect/botgo/dto"
)

// joinedAt is the joining time of every member of the guild, in the form of the documents' sample.
const joinedAt = "2021-04-12T16:34:42+08:00"

// Channel returns the text channel of that name, created at first use. All channels of a platform are in one guild, and a user has
// the same id in all of them and in the direct messages.
func (p *Platform) Channel(name string) *Chat { return p.chat(sceneChannel, name) }

// DM returns the direct messages with that user, whom the bot knows from its guild, created at first use. To the platform
// they are a guild of their own with one channel in it.
func (p *Platform) DM(user string) *Chat { return p.chat(sceneDM, user) }

// GuildID returns the guild_id: of a channel the guild's, of direct messages their own, which sends are addressed to. It is
// "" in groups and single chats.
func (c *Chat) GuildID() string { return c.guildID }

// guild reports whether the chat is a channel or direct messages.
func (c *Chat) guild() bool { return guildScene(c.scene) }

func guildScene(scene string) bool { return scene == sceneChannel || scene == sceneDM }

// guildIDs sets the ids of a new chat of a guild.
func (c *Chat) guildIDs() {
	if c.scene == sceneChannel {
		c.openid, c.guildID = c.p.numericID("channel", c.name), c.p.numericID("guild")
		c.channelID = c.openid
		return
	}
	c.openid, c.channelID = c.p.numericID("dm", c.name), c.p.numericID("dm channel", c.name)
	c.guildID = c.openid
}

// botUser is the bot as a user of the guild; GET /users/@me has the same id.
func (p *Platform) botUser() map[string]any {
	return map[string]any{"id": p.botID(), "username": "bot", "avatar": "http://thirdqq.qlogo.cn/0", "bot": true}
}

// guildMessage creates a message event of a channel or of direct messages, in the shape of the documents' samples. The text
// of AT_MESSAGE_CREATE holds the mention.
func (c *Chat) guildMessage(typ dto.EventType, line *Message, atts []Attachment) *Event {
	return c.happen(typ, line, func(e *Event) map[string]any {
		e.msgID = c.messageID()
		c.seq++
		d := map[string]any{
			"id": e.msgID, "channel_id": c.channelID, "guild_id": c.guildID, "content": line.content,
			"timestamp": e.at.In(utc8).Format(time.RFC3339), "seq": c.seq, "seq_in_channel": strconv.Itoa(c.seq),
			"author": map[string]any{
				"id": c.UserOpenID(line.User), "username": line.User, "avatar": "http://thirdqq.qlogo.cn/0", "bot": false,
			},
			"member": map[string]any{"joined_at": joinedAt, "nick": line.User, "roles": []string{"1"}},
		}
		switch typ {
		case dto.EventAtMessageCreate:
			d["content"] = "<@!" + c.p.botID() + "> " + line.content
			d["mentions"] = []any{c.p.botUser()}
		case dto.EventDirectMessageCreate:
			d["direct_message"], d["src_guild_id"] = true, c.p.numericID("guild")
			d["member"] = map[string]any{"joined_at": joinedAt}
		}
		if len(atts) > 0 {
			line.Attachments = c.host(atts)
			d["attachments"] = c.describe(line.Attachments)
		}
		return d
	})
}
