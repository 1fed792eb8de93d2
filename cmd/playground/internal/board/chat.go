package board

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// chat is the page's view of a chat.
type chat struct {
	of       *richmediatest.Chat
	key      string
	next     int // number of the next message
	messages []*Message
	byID     map[string]*Message
	running  map[string]int // calls by op
	jobs     []*job         // uploads in progress
	last     *turn
}

// Message is a line of a chat in the page's form.
type Message struct {
	N        int             `json:"n"` // in its chat, from 0
	Chat     string          `json:"chat"`
	ID       string          `json:"id"`
	User     string          `json:"user"`
	Bot      bool            `json:"bot,omitempty"`
	Event    string          `json:"event,omitempty"`
	Text     string          `json:"text,omitempty"`
	Mention  bool            `json:"mention,omitempty"` // of the bot
	At       int64           `json:"at"`                // ms
	Files    []*File         `json:"files,omitempty"`
	Markdown json.RawMessage `json:"markdown,omitempty"`
	Ark      json.RawMessage `json:"ark,omitempty"`
	Embed    json.RawMessage `json:"embed,omitempty"`
	Keyboard json.RawMessage `json:"keyboard,omitempty"`
	ReplyTo  *Quote          `json:"replyTo,omitempty"`
	Seq      uint32          `json:"seq,omitempty"`
	Sum      *Sum            `json:"sum,omitempty"` // only of the bot's messages
	Recalled bool            `json:"recalled,omitempty"`

	Undelivered bool     `json:"undelivered,omitempty"` // the webhook has not acknowledged its event
	Reactions   []string `json:"reactions,omitempty"`   // type/id of emoji
}

// File is media in a message.
type File struct {
	Kind   string `json:"kind"` // image, video, voice, file
	Name   string `json:"name,omitempty"`
	Format string `json:"format"`
	Size   int64  `json:"size"`
	URL    string `json:"url,omitempty"` // "" if the bytes are not kept
	Card   bool   `json:"card,omitempty"`
	Reused bool   `json:"reused,omitempty"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
}

// Quote is the message or event that an answer refers to.
type Quote struct {
	ID    string `json:"id"`
	User  string `json:"user,omitempty"`
	Bot   bool   `json:"bot,omitempty"`
	Text  string `json:"text,omitempty"`
	Kind  string `json:"kind,omitempty"` // of its file, if it has no text
	Event string `json:"event,omitempty"`
}

// Key returns the page's name of a chat: scene/name.
func Key(c *richmediatest.Chat) string { return c.Scene() + "/" + c.Name() }

// guild reports whether the chat is in a guild, where answers have no msg_seq.
func (c *chat) guild() bool { return c.of.GuildID() != "" }

var kinds = map[int]string{1: "image", 2: "video", 3: "voice", 4: "file"}

// Open adds the chat to the board before anything has happened in it.
func (b *Board) Open(c *richmediatest.Chat) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.chat(c)
}

func (b *Board) chat(of *richmediatest.Chat) *chat {
	if c := b.byChat[of]; c != nil {
		return c
	}
	c := &chat{of: of, key: Key(of), byID: make(map[string]*Message), running: make(map[string]int)}
	b.chats = append(b.chats, c)
	b.byChat[of], b.byID[of.OpenID()] = c, c
	b.Feed.put("", map[string]any{"t": "chat", "chat": c.head()})
	return c
}

// Head is a chat without its messages.
type Head struct {
	Key   string   `json:"key"`
	Scene string   `json:"scene"`
	Name  string   `json:"name"`
	Last  *Message `json:"last,omitempty"`
}

func (c *chat) head() Head {
	h := Head{Key: c.key, Scene: c.of.Scene(), Name: c.of.Name()}
	if n := len(c.messages); n > 0 {
		h.Last = c.messages[n-1]
	}
	return h
}

// shown records a new line.
func (b *Board) shown(h richmediatest.Happening) {
	c := b.chat(h.Chat)
	in := h.Message
	m := &Message{
		ID: in.ID, User: in.User, Bot: in.Bot, Event: string(in.Event), Text: in.Text,
		At: in.Time.UnixMilli(), Markdown: in.Markdown, Ark: in.Ark, Embed: in.Embed, Keyboard: in.Keyboard, Seq: in.Seq,
	}
	b.count.Messages++
	for _, a := range in.Attachments {
		m.Files = append(m.Files, b.sent(a))
	}
	if in.Media != nil {
		m.Files = append(m.Files, b.given(in.Media))
	}
	if in.Bot {
		b.count.Answers++
		m.ReplyTo = c.quote(in.ReplyTo, b.turns[in.ReplyTo])
		if in.Quotes != "" {
			m.ReplyTo = c.quote(in.Quotes, b.turns[in.Quotes])
		}
		b.answered(c, m, in)
	} else {
		m.Mention = strings.Contains(string(h.Event.Type()), "AT_MESSAGE_CREATE")
		b.happened(c, m.ID, in.Time, h.Event)
	}
	c.line(m, b.Feed)
}

// line adds a line and sends it to the pages.
func (c *chat) line(m *Message, feed *Feed) {
	m.N, m.Chat = c.next, c.key
	c.next++
	c.messages = append(c.messages, m)
	c.byID[m.ID] = m
	if len(c.messages) > maxMessages {
		for _, old := range c.messages[:maxMessages/10] {
			delete(c.byID, old.ID)
		}
		c.messages = append([]*Message(nil), c.messages[maxMessages/10:]...)
	}
	feed.put("", map[string]any{"t": "msg", "m": m})
}

func (c *chat) quote(id string, t *turn) *Quote {
	if id == "" {
		return nil
	}
	q := &Quote{ID: id}
	if t != nil {
		q.ID = t.shownAs
	}
	if m := c.byID[q.ID]; m != nil {
		q.User, q.Bot, q.Event, q.Text = m.User, m.Bot, m.Event, cut(m.Text, 80)
		if q.Text == "" && len(m.Files) > 0 {
			q.Kind = m.Files[0].Kind
		}
	}
	return q
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

// edited updates a line that has another frame of a stream, or other reactions.
func (b *Board) edited(h richmediatest.Happening) {
	c := b.chat(h.Chat)
	m := c.byID[h.Message.ID]
	if m == nil {
		return
	}
	m.Text, m.Markdown, m.Reactions = h.Message.Text, h.Message.Markdown, nil
	for _, r := range h.Message.Reactions {
		m.Reactions = append(m.Reactions, r.Emoji)
	}
	b.Feed.put("edit "+m.ID, map[string]any{"t": "edit", "chat": c.key, "m": m})
}

// recalled marks a line that the bot has recalled.
func (b *Board) recalled(h richmediatest.Happening) {
	c := b.chat(h.Chat)
	if m := c.byID[h.Message.ID]; m != nil {
		m.Recalled, m.Text, m.Files, m.Markdown, m.Ark, m.Embed, m.Keyboard = true, "", nil, nil, nil, nil, nil
		b.Feed.put("", map[string]any{"t": "gone", "chat": c.key, "id": m.ID})
	}
}

// Messages returns the lines of a chat, oldest first, as JSON. ok is false if there is no such chat.
func (b *Board) Messages(key string) (raw []byte, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.chats {
		if c.key == key {
			raw, err := json.Marshal(map[string]any{"messages": c.messages})
			return raw, err == nil
		}
	}
	return nil, false
}

// State is everything but the messages of the chats.
func (b *Board) State() map[string]any {
	b.mu.Lock()
	defer b.mu.Unlock()
	heads := make([]Head, len(b.chats))
	for i, c := range b.chats {
		heads[i] = c.head()
	}
	return map[string]any{
		"head": strconv.FormatUint(b.Feed.Head(), 10), "chats": heads, "bots": b.bots, "count": b.count, "hook": b.hook,
	}
}
