package richmediatest

import (
	"slices"
	"time"

	"github.com/tencent-connect/botgo/dto"
)

// Chat is a group, or the single chat with one user. Its methods are what users do in it; each pushes an event to the bot
// over the transport that is there (see [Platform.PushTo]) and returns when the push is over.
type Chat struct {
	p      *Platform
	scene  string
	name   string
	openid string

	// guarded by p.mu
	left    bool
	muted   bool
	rejects bool // pushes
	lines   []*Message
}

// Group is the group of that name, made at first use with the bot in it.
func (p *Platform) Group(name string) *Chat { return p.chat(sceneGroup, name) }

// C2C is the single chat with that user, made at first use with the bot as a friend.
func (p *Platform) C2C(user string) *Chat { return p.chat(sceneC2C, user) }

func (p *Platform) chat(scene, name string) *Chat {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := scene + " " + name
	c := p.chats[key]
	if c == nil {
		c = &Chat{p: p, scene: scene, name: name, openid: p.openID(scene, name)}
		p.chats[key], p.openids[c.openid] = c, c
	}
	return c
}

// OpenID is the group_openid or user_openid: 32 upper-case hex digits, the same in every run.
func (c *Chat) OpenID() string { return c.openid }

// Name is what the chat was made with.
func (c *Chat) Name() string { return c.name }

// Scene is "group" or "c2c".
func (c *Chat) Scene() string { return c.scene }

// UserOpenID is how events of this chat name the user: member_openid, which is another in every group, or user_openid.
func (c *Chat) UserOpenID(user string) string {
	if c.scene == sceneC2C {
		return c.openid
	}
	return c.p.openID("member", c.name, user)
}

// Attachment is what a user sends beside the text. With Data and without URL it is put on the web under a URL of the shape
// that the platform uses, and empty ContentType and Size are filled from Data.
type Attachment struct {
	ContentType string // "image/png", "video/mp4", "voice", "file", ...
	FileName    string
	URL         string
	Size        int // bytes
	Width       int // pixels
	Height      int // pixels
	VoiceWAVURL string
	VoiceText   string // the platform's transcript, asr_refer_text
	Data        []byte
}

// Say lets user write to the bot: GROUP_AT_MESSAGE_CREATE in a group (the mention itself is not part of text), or
// C2C_MESSAGE_CREATE, where user is ignored and may be "".
func (c *Chat) Say(user, text string, atts ...Attachment) *Event {
	if c.scene == sceneC2C {
		return c.message(dto.EventC2CMessageCreate, c.name, text, atts)
	}
	return c.message(dto.EventGroupAtMessageCreate, user, text, atts)
}

// SayUnmentioned lets user write in the group without a mention of the bot, which a bot in "all messages" mode gets as
// GROUP_MESSAGE_CREATE. It panics in a single chat.
func (c *Chat) SayUnmentioned(user, text string, atts ...Attachment) *Event {
	c.groupOnly("SayUnmentioned")
	return c.message(eventGroupMessage, user, text, atts)
}

// Press lets user press a button of one of the bot's messages: INTERACTION_CREATE of type 11 with that button_data.
func (c *Chat) Press(user, buttonData string) *Event { return c.Interact(user, 11, buttonData) }

// Interact makes an INTERACTION_CREATE of any type: 11 button, 12 quick menu, 13 and up others, which take no ACK.
func (c *Chat) Interact(user string, interactionType int, buttonData string) *Event {
	return c.interaction(c.speaker(user), interactionType, buttonData)
}

// AddBot lets user add the bot: GROUP_ADD_ROBOT or FRIEND_ADD. Sends work again after a RemoveBot.
func (c *Chat) AddBot(user string) *Event {
	return c.lifecycle(user, eventGroupAddRobot, dto.EventC2CFriendAdd, func() { c.left = false })
}

// RemoveBot lets user remove the bot: GROUP_DEL_ROBOT or FRIEND_DEL. Later sends are refused with 40054003 (group) or
// 40054004 (C2C), and the event cannot be answered.
func (c *Chat) RemoveBot(user string) *Event {
	return c.lifecycle(user, eventGroupDelRobot, dto.EventC2CFriendDel, func() { c.left = true })
}

// AllowPushes lets user allow proactive messages: GROUP_MSG_RECEIVE or C2C_MSG_RECEIVE.
func (c *Chat) AllowPushes(user string) *Event {
	return c.lifecycle(user, eventGroupReceive, eventC2CReceive, func() { c.rejects = false })
}

// RejectPushes lets user forbid proactive messages: GROUP_MSG_REJECT or C2C_MSG_REJECT. Proactive sends are refused then
// also WithProactive: 40034105 in groups, 40054013 in C2C.
func (c *Chat) RejectPushes(user string) *Event {
	return c.lifecycle(user, eventGroupReject, eventC2CReject, func() { c.rejects = true })
}

// Mute mutes the group, or the bot in it: sends and uploads are refused with 850018 until Mute(false).
func (c *Chat) Mute(on bool) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	c.muted = on
}

// Messages is the chat as its users see it, oldest first: what users wrote and did, and the bot's answers.
func (c *Chat) Messages() []Message {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	return c.snapshot(func(*Message) bool { return true })
}

// Answers is what the bot sent, oldest first.
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

// refusesSends tells why nothing can be sent here now. The caller holds p.mu.
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

// say puts a message of the bot into the chat and returns its id. The caller holds p.mu.
func (p *Platform) say(c *Chat, m *Message) string {
	m.ID, m.Bot, m.User, m.Time = p.messageID(), true, "bot", time.Now()
	c.lines = append(c.lines, m)
	p.sent[m.ID] = &sentMessage{chat: c, line: m}
	p.wake()
	return m.ID
}

func (c *Chat) remove(m *Message) {
	c.lines = slices.DeleteFunc(c.lines, func(l *Message) bool { return l == m })
}

func (c *Chat) speaker(user string) string {
	if c.scene == sceneC2C {
		return c.name
	}
	return user
}

func (c *Chat) groupOnly(method string) {
	if c.scene != sceneGroup {
		panic("richmediatest: " + method + " is for groups, not for " + c.name)
	}
}
