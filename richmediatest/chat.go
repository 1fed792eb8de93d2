package richmediatest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tencent-connect/botgo/dto"
	"golang.org/x/time/rate"
)

// Chat is a group, the single chat with one user, a guild's channel, or direct messages in a guild. Its methods are what
// users do in it; each pushes an event to the bot over the transport that is there (see [Platform.PushTo]) and returns when
// the push is over.
type Chat struct {
	p      *Platform
	scene  string
	name   string
	openid string // what messages are sent to

	guildID, channelID string // "" outside guilds
	pace               *rate.Limiter

	// guarded by p.mu
	left      bool
	muted     bool
	rejects   bool // pushes
	audited   bool // sends wait for audit
	seq       int  // of the messages of a guild's chat
	lines     []*Message
	pressable []*Message // of the bot, with a keyboard: those that Forget has dropped from lines, oldest first
	members   []member   // who have acted here, in this order
}

// Group returns the group of that name, created at first use with the bot in it.
func (p *Platform) Group(name string) *Chat { return p.chat(sceneGroup, name) }

// C2C returns the single chat with that user, created at first use with the bot as a friend.
func (p *Platform) C2C(user string) *Chat { return p.chat(sceneC2C, user) }

func (p *Platform) chat(scene, name string) *Chat {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.chatOf(scene, name)
}

// chatOf is chat for callers that hold p.mu.
func (p *Platform) chatOf(scene, name string) *Chat {
	key := scene + " " + name
	c := p.chats[key]
	if c == nil {
		c = &Chat{p: p, scene: scene, name: name}
		if c.guild() {
			c.guildIDs()
			c.pace = rate.NewLimiter(guildPace, guildPace)
		} else {
			c.openid = p.openID(scene, name)
		}
		p.chats[key], p.openids[c.openid] = c, c
		p.inOrder = append(p.inOrder, c)
	}
	return c
}

// OpenID returns what messages are sent to, the same in every run with the same app id (see [WithCredentials]): the
// group_openid or user_openid, 32 upper-case hex digits; the channel_id of a channel or the guild_id of direct messages, which
// are numbers.
func (c *Chat) OpenID() string { return c.openid }

// Name returns the name that the chat was created with.
func (c *Chat) Name() string { return c.name }

// Scene is "group", "c2c", "channel" or "dm".
func (c *Chat) Scene() string { return c.scene }

// UserOpenID returns the id that events of this chat have for the user: member_openid, which differs from group to group, or
// user_openid; in guilds a number. The user of a single chat or of direct messages is its own.
func (c *Chat) UserOpenID(user string) string {
	switch {
	case c.scene == sceneC2C:
		return c.openid
	case c.guild():
		return c.p.numericID("user", c.speaker(user))
	}
	return c.p.openID("member", c.name, user)
}

// Say lets user write to the bot: GROUP_AT_MESSAGE_CREATE in a group and AT_MESSAGE_CREATE in a channel (the mention itself
// is not part of text), C2C_MESSAGE_CREATE or DIRECT_MESSAGE_CREATE, where user is ignored and may be "". The
// event has text with &, < and > escaped, as users' messages come; a group's begins with a blank.
func (c *Chat) Say(user, text string, atts ...Attachment) *Event {
	return c.addressed(user, text, escapes.Replace(text), atts)
}

// SayUnmentioned lets user write without a mention of the bot: in a group, where a bot in "all messages" mode gets it as
// GROUP_MESSAGE_CREATE, or in a channel, where a bot of the private domain gets it as MESSAGE_CREATE. It panics in other
// chats.
func (c *Chat) SayUnmentioned(user, text string, atts ...Attachment) *Event {
	c.only("SayUnmentioned", sceneGroup, sceneChannel)
	line := &Message{User: user, Text: text, content: escapes.Replace(text), unmentioned: true}
	if c.scene == sceneChannel {
		return c.guildMessage(dto.EventMessageCreate, line, atts)
	}
	return c.message(eventGroupMessage, line, atts)
}

// Interact creates an INTERACTION_CREATE of any type: 11 button, 12 quick menu, 13 and up others, which accept no ACK. It
// panics in direct messages, of which the documents do not say how their interactions look.
func (c *Chat) Interact(user string, interactionType int, buttonData string) *Event {
	c.only("Interact", sceneGroup, sceneC2C, sceneChannel)
	c.p.mu.Lock()
	of, _ := c.button(func(b Button) bool { return b.Data == buttonData })
	c.p.mu.Unlock()
	of.Data = buttonData
	return c.interaction(c.speaker(user), interactionType, of)
}

// AddBot lets user add the bot: GROUP_ADD_ROBOT or FRIEND_ADD. Sends work again after a RemoveBot. Like RemoveBot,
// AllowPushes and RejectPushes it panics in a guild, which has no such events.
func (c *Chat) AddBot(user string) *Event {
	return c.lifecycle("AddBot", user, eventGroupAddRobot, dto.EventC2CFriendAdd, func() { c.left = false })
}

// RemoveBot lets user remove the bot: GROUP_DEL_ROBOT or FRIEND_DEL. Later sends are refused with 40054003 (group) or
// 40054004 (C2C), and the event cannot be answered.
func (c *Chat) RemoveBot(user string) *Event {
	return c.lifecycle("RemoveBot", user, eventGroupDelRobot, dto.EventC2CFriendDel, func() { c.left = true })
}

// AllowPushes lets user allow proactive messages: GROUP_MSG_RECEIVE or C2C_MSG_RECEIVE.
func (c *Chat) AllowPushes(user string) *Event {
	return c.lifecycle("AllowPushes", user, eventGroupReceive, eventC2CReceive, func() { c.rejects = false })
}

// RejectPushes lets user forbid proactive messages: GROUP_MSG_REJECT or C2C_MSG_REJECT. Proactive sends are then refused
// despite WithProactive: 40034105 in groups, 40054013 in C2C.
func (c *Chat) RejectPushes(user string) *Event {
	return c.lifecycle("RejectPushes", user, eventGroupReject, eventC2CReject, func() { c.rejects = true })
}

// Mute mutes the group or channel, or the bot in it: sends and uploads are refused with 850018 until Mute(false).
func (c *Chat) Mute(on bool) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.muted = on
}

// Messages returns the chat as its users see it, oldest first: what users wrote and did, and the bot's answers.
func (c *Chat) Messages() []Message {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	return c.snapshot(func(*Message) bool { return true })
}

// Answers returns what the bot sent, oldest first.
func (c *Chat) Answers() []Message {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	return c.snapshot(func(m *Message) bool { return m.Bot })
}

func (c *Chat) snapshot(keep func(*Message) bool) []Message {
	var out []Message
	for _, m := range c.lines {
		if keep(m) {
			out = append(out, *m)
		}
	}
	return out
}

// refusesSends returns the reason why nothing can be sent here now, or nil. The caller holds p.mu.
func (c *Chat) refusesSends() *refusal {
	switch {
	case c.left && c.scene == sceneGroup:
		return refuse(40054003, "机器人不是群成员")
	case c.left:
		return refuse(40054004, "无好友关系")
	case c.muted:
		return errMuted()
	}
	return nil
}

// say adds a message of the bot to the chat and returns its id. The caller holds p.mu.
func (p *Platform) say(c *Chat, m *Message) string {
	m.ID, m.Bot, m.User, m.Time = c.messageID(), true, "bot", p.now()
	if !c.guild() {
		m.Ref = p.reference(m.ID)
	}
	c.seq++
	c.lines = append(c.lines, m)
	p.sent[m.ID] = &sentMessage{chat: c, line: m}
	p.wake()
	p.report(Happening{What: MessageShown, Chat: c, Message: *m})
	return m.ID
}

func (c *Chat) remove(m *Message) {
	c.lines = slices.DeleteFunc(c.lines, func(l *Message) bool { return l == m })
}

func (c *Chat) speaker(user string) string {
	if c.scene == sceneC2C || c.scene == sceneDM {
		return c.name
	}
	return user
}

// only panics if the chat's scene does not have the method.
func (c *Chat) only(method string, scenes ...string) {
	if !slices.Contains(scenes, c.scene) {
		panic(fmt.Sprintf("richmediatest: %s is for scenes %s, not for %s %s",
			method, strings.Join(scenes, ", "), c.scene, c.name))
	}
}
