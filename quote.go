package richmedia

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

// Quote is the message that a user's message quotes.
type Quote struct {
	Ref         string       // REFIDX of the quoted message; in a guild its id
	UserID      string       // "" if the event does not say
	Text        string       // as that of Context.Text
	Attachments []Attachment // without repeats; what the event lists, which may leave some out
}

// The message_type of message events.
const (
	messageTypeHistory = "101" // and 102: msg_elements holds a chat's history
	messageTypeChats   = "102"
	messageTypeQuote   = "103" // msg_elements[0] is the quoted message
)

// errNoReference is the error of WithQuote for an event that cannot be quoted.
var errNoReference = fmt.Errorf("%w: WithQuote: this event has no REFIDX to quote: only messages have one, and a Target does not keep it", ErrUnsupported)

// WithQuote lets the reply quote the message that it answers. The event has to be a message, in its own handler: other events,
// and replies through Plugin.For in groups and single chats, have nothing to quote, which is ErrUnsupported before any request.
func WithQuote() ReplyOption {
	return replyOption(func(c *replyConfig) { c.quote = true })
}

// Quoted returns the message that the user's message quotes, nil if there is none. Of a quote of a quote it is the one that the
// user has quoted. Attachments that the event lists several times, as it does at other addresses, are there once. The
// platform's events may leave out text and attachments of the quoted message; Ref is what is always there. The Quote must not
// be changed.
func (c *Context) Quoted() *Quote {
	if c.in.message == nil {
		return nil
	}
	return c.in.message.quote()
}

// references are the fields of a message event about REFIDX.
type references struct {
	messageType string
	elements    string   // msg_elements as it came, decoded if the quote is read: most bots do not
	entries     []string // message_scene.ext
	replyTo     string   // message_reference.message_id, of guilds
}

// read reads a field of the event, if it is one of these.
func (r *references) read(key string, value gjson.Result) {
	switch key {
	case "message_type":
		r.messageType = loose(value)
	case "msg_elements":
		r.elements = value.Raw
	case "message_scene":
		if ext := value.Get("ext"); ext.IsArray() {
			for _, entry := range ext.Array() {
				r.entries = append(r.entries, loose(entry))
			}
		}
	case "message_reference":
		r.replyTo = loose(value.Get("message_id"))
	}
}

// ext returns the value of the first of names that message_scene.ext holds, as name=value or name:value.
func (r *references) ext(names ...string) string {
	for _, entry := range r.entries {
		for _, name := range names {
			if value, ok := strings.CutPrefix(strings.TrimSpace(entry), name); ok {
				if value = strings.TrimSpace(value); value != "" {
					return value
				}
			}
		}
	}
	return ""
}

// own is the REFIDX of the event's message, not of the one that it quotes.
func (r *references) own() string { return r.ext("msg_idx=", "msgIdx:") }

// ref is what a message_reference to the event's message contains; "" if the event has none. Guilds quote by id.
func (in *incoming) ref() string {
	if in.target.Scope.guild() {
		return in.target.MsgID
	}
	return in.refIdx
}

// element is a message in msg_elements. Those inside it are its own history.
type element struct {
	MsgIdx looseString `json:"msg_idx"`
	Author struct {
		ID           looseString `json:"id"`
		MemberOpenID looseString `json:"member_openid"`
		UserOpenID   looseString `json:"user_openid"`
	} `json:"author"`
	Content     looseString  `json:"content"`
	Mentions    []mention    `json:"mentions"`
	Attachments []Attachment `json:"attachments"`
}

// quote reads the quoted message; nil if there is none. mentions are those of the quoting one.
func (r *references) quote(mentions []mention) *Quote {
	ref := strings.Clone(cmp.Or(r.ext("ref_msg_idx=", "refMsgIdx:"), r.replyTo))
	if r.messageType != messageTypeQuote {
		if ref == "" || r.messageType == messageTypeHistory || r.messageType == messageTypeChats {
			return nil
		}
		return &Quote{Ref: ref}
	}
	var first [1]element                           // the others are the history of the first
	_ = json.Unmarshal([]byte(r.elements), &first) // what is not there stays empty
	e := &first[0]
	return &Quote{
		Ref:         cmp.Or(string(e.MsgIdx), ref),
		UserID:      string(cmp.Or(e.Author.MemberOpenID, e.Author.UserOpenID, e.Author.ID)),
		Text:        strings.TrimSpace(readable(unmentionYou(string(e.Content), append(e.Mentions, mentions...)))),
		Attachments: withoutRepeats(completed(e.Attachments)),
	}
}

// withoutRepeats returns all without entries for a file that was listed before. A repeat has another address and fileid, so the
// file's name and size identify it; what the first entry lacks is taken from its repeats. Without a size the address does.
func withoutRepeats(all []Attachment) []Attachment {
	type identity struct {
		name, url string
		size      int
	}
	out := make([]Attachment, 0, len(all))
	known := map[identity]int{}
	for _, a := range all {
		id := identity{name: a.FileName, size: a.Size}
		if a.Size <= 0 {
			id.url = a.URL
		}
		if id == (identity{}) && a.ContentType == "" && a.VoiceWAVURL == "" {
			continue // a gap
		}
		at, repeated := known[id]
		if !repeated {
			known[id] = len(out)
			out = append(out, a)
			continue
		}
		first := &out[at]
		first.URL, first.VoiceWAVURL, first.VoiceText = cmp.Or(first.URL, a.URL), cmp.Or(first.VoiceWAVURL, a.VoiceWAVURL), cmp.Or(first.VoiceText, a.VoiceText)
		first.ContentType = cmp.Or(first.ContentType, a.ContentType)
		if first.Width == 0 || first.Height == 0 {
			first.Width, first.Height = a.Width, a.Height
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
