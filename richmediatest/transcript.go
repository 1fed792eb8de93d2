package richmediatest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tencent-connect/botgo/dto"
)

// Message is a line of a chat: what a user wrote or did, or what the bot sent.
type Message struct {
	ID          string // msg_id; the outer id of other events
	User        string // name, as passed to Say; "bot" for the bot
	Bot         bool
	Event       dto.EventType // of button presses and of adding or removing the bot; "" for messages
	Text        string        // as shown; a caption is shown with images only
	Attachments []Attachment  // of a user's message, as hosted
	Media       *Media
	Markdown    json.RawMessage
	Ark         json.RawMessage
	Embed       json.RawMessage // in guilds
	Keyboard    json.RawMessage
	ReplyTo     string // the msg_id or event_id that the bot answered, "" for proactive messages
	Quotes      string // the id of the quoted message; "" for none, or one that is not known
	Ref         string // REFIDX by which a message_reference names this message; "" in guilds
	Seq         uint32 // msg_seq, 1 when none was sent; 0 for proactive messages and in guilds
	Time        time.Time
	Frames      int        // how many frames of a stream have come; 0 for other messages
	Growing     bool       // a stream whose last frame has not come
	Reactions   []Reaction // in channels; read only

	content     string // of a user's message, as its event has it
	unmentioned bool   // it does not mention the bot
}

// Media is a file in a message of the bot.
type Media struct {
	Kind   int    // file_type: 1 image, 2 video, 3 voice, 4 file
	Name   string // file_name; for a file without one, the hash-like name that the card carries; "" in guilds
	Format string // sniffed, e.g. "image/png"
	Size   int64
	Upload *Upload // read only
	Reused bool    // this file_info was sent before
	Card   bool    // over the soft size: degraded to a file card
}

var deeds = map[dto.EventType]string{
	dto.EventInteractionCreate: "pressed",
	dto.EventC2CFriendAdd:      "added the bot",
	dto.EventC2CFriendDel:      "removed the bot",
	eventGroupAddRobot:         "added the bot",
	eventGroupDelRobot:         "removed the bot",
	eventGroupReceive:          "allowed pushes",
	eventC2CReceive:            "allowed pushes",
	eventGroupReject:           "rejected pushes",
	eventC2CReject:             "rejected pushes",
	eventMemberAdd:             "joined",
	eventMemberRemove:          "left",
}

// String is one readable line without ids and times, such as
//
//	ann: /cat
//	bot: [image image/png, 68 bytes] meow
//	ann pressed "again"
func (m Message) String() string {
	if m.Event != "" {
		if m.Event == dto.EventInteractionCreate {
			return fmt.Sprintf("%s %s %q", m.User, deeds[m.Event], m.Text)
		}
		return m.User + " " + deeds[m.Event]
	}
	var parts []string
	if m.Media != nil {
		parts = append(parts, m.Media.String())
	}
	if m.Text != "" {
		parts = append(parts, m.Text)
	}
	if m.Markdown != nil {
		parts = append(parts, "[markdown "+string(m.Markdown)+"]")
	}
	if m.Ark != nil {
		parts = append(parts, "[ark]")
	}
	if m.Embed != nil {
		parts = append(parts, "[embed]")
	}
	if m.Keyboard != nil {
		parts = append(parts, "[keyboard]")
	}
	for _, a := range m.Attachments {
		parts = append(parts, strings.TrimSpace("["+a.ContentType+" "+a.FileName)+"]")
	}
	return m.User + ": " + strings.Join(parts, " ")
}

// String describes the file, such as [image image/png, 68 bytes].
func (m Media) String() string {
	what := kindNames[m.Kind]
	if m.Card {
		what = "file card (" + what + ")"
	}
	if m.Name != "" {
		what += " " + m.Name
	}
	tail := ""
	if m.Reused {
		tail = ", reused"
	}
	return fmt.Sprintf("[%s %s, %d bytes%s]", what, m.Format, m.Size, tail)
}

// WaitAnswers waits until n answers of the bot are in the chat and returns all of them. If ctx ends first, the error wraps its
// cause and says how many came and what the platform refused last; the answers so far are returned with it.
func (c *Chat) WaitAnswers(ctx context.Context, n int) ([]Message, error) {
	var got []Message
	err := c.p.wait(ctx, func() bool {
		got = c.snapshot(func(m *Message) bool { return m.Bot })
		return len(got) >= n
	})
	if err != nil {
		return got, fmt.Errorf("%d of %d answers in %s%s: %w", len(got), n, c.name, c.p.lastTrouble(), err)
	}
	return got, nil
}

// lastTrouble describes the last failure, for the error of a wait that ends without a result.
func (p *Platform) lastTrouble() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.calls) - 1; i >= 0; i-- {
		if call := p.calls[i]; call.Code != 0 || call.Status >= 400 {
			return fmt.Sprintf(" (last refusal: %s %s: HTTP %d, code %d)", call.Op, call.Path, call.Status, call.Code)
		}
	}
	for i := len(p.events) - 1; i >= 0; i-- {
		for _, push := range p.events[i].pushes {
			if !push.Acked {
				return fmt.Sprintf(" (push of %s not acknowledged: HTTP %d, %v)", p.events[i].typ, push.Status, push.Err)
			}
		}
	}
	if len(p.calls) == 0 {
		return " (the bot made no call: is a handler registered for the event?)"
	}
	return ""
}
