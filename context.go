package richmedia

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"
	"weak"

	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia/internal/ledger"
)

// Context is the event of a handler, and the ways to answer it. It is safe for concurrent use and may outlive its handler;
// the reply window does not wait.
type Context struct {
	p       *Plugin
	in      *incoming
	started bool // its handler was called

	once    sync.Once
	record  *ledger.Entry
	numbers *ledger.Run // of this delivery of the event, or of this For of a Target
}

// Target returns where a job's replies go, as plain data: put it in a job queue and answer with Plugin.For, in this process or
// another. Every call in a handler reserves the next block of 100 numbers, 2001 to 2100, then 2101 to 2200 and so on; the
// 600th block is the last, and after it the replies of the job are ErrReplyLimit. In every run of the handler the n-th call
// returns the same block, so that an event that is delivered twice enqueues the same job twice, and users see its replies
// once. In a Context of Plugin.For nothing is reserved: Seq is the next number of that Target's own block, for a job that
// goes on in another one.
//
// For the chat alone use Scope and ChatID. Seq is 0 if nothing is answered and in guilds, which know no msg_seq.
func (c *Context) Target() Target {
	t := c.in.target
	if c.in.unanswerable == nil && t.answered() != "" && !t.Scope.guild() {
		t.Seq = c.ownRun().Reserve()
	}
	return t
}

// Scope returns the sort of chat that the event came from; 0 if the event names no chat.
func (c *Context) Scope() Scope { return c.in.target.Scope }

// ChatID returns the chat's group_openid, user_openid or channel_id, or the DM's guild_id; "" if the event names no chat.
func (c *Context) ChatID() string { return c.in.target.ChatID }

// UserID is the author's openid in this chat: member_openid in a group, user_openid in a single chat, the user's id in a
// guild. They are different namespaces. "" if the event names nobody.
func (c *Context) UserID() string { return c.in.userID }

// Text returns what the user typed: the message's content, trimmed and without the mention of the bot, with faces as their
// text in brackets ([微笑]), tapped commands as their text, and HTML escapes undone once; "" if the event is no message. In
// MESSAGE_CREATE, which does not say who the bot is, mentions stay. The content as it came is in Message.
func (c *Context) Text() string { return c.in.text }

// Attachments are what the user sent, with the scheme of every URL completed. The slice must not be changed.
func (c *Context) Attachments() []Attachment { return c.in.attachments }

// Message is the message as botgo's type, its GroupID and Author.ID completed from the raw payload; nil if
// the event is no message.
func (c *Context) Message() *dto.Message {
	if c.in.message == nil {
		return nil
	}
	return c.in.message.message()
}

// Payload is what botgo delivered; nil for Plugin.For.
func (c *Context) Payload() *dto.WSPayload { return c.in.payload }

// RepliesLeft returns how many replies the event still takes, and until when. Replies under way count. n is
// math.MaxInt if there is no limit and 0 if the event cannot be answered; until is zero if there is no
// end.
func (c *Context) RepliesLeft() (n int, until time.Time) {
	if c.in.unanswerable != nil {
		return 0, time.Time{}
	}
	if c.in.target.answered() == "" {
		return math.MaxInt, time.Time{}
	}
	return c.entry().Left()
}

// NextSeq takes the handler's next msg_seq, and a reply, for a message to the same event that the bot sends through botgo
// itself, or for one reply WithSeq. Guilds know no msg_seq and ignore it.
// The errors are ErrReplyWindow, ErrReplyLimit and ErrUnsupported.
func (c *Context) NextSeq() (uint32, error) {
	if c.in.unanswerable != nil {
		return 0, c.in.unanswerable
	}
	if c.in.target.answered() == "" {
		return 0, errors.New("richmedia: NextSeq: a proactive message has no msg_seq: the Target has neither MsgID nor EventID")
	}
	seq, err := c.ownRun().Take()
	return seq, ledgerError(err)
}

// entry returns the record of the answered message, which all of its Contexts share.
func (c *Context) entry() *ledger.Entry {
	c.remember()
	return c.record
}

// run returns the count of the numbers that a reply with ctx belongs to: that of a function of Go, else that of the delivery. A
// job counts from its Target's Seq wherever it runs.
func (c *Context) run(ctx context.Context) *ledger.Run {
	own := c.ownRun()
	if c.in.payload == nil {
		return own
	}
	if r, ok := ctx.Value(runKey{}).(*ledger.Run); ok && r.Entry() == c.record {
		return r
	}
	return own
}

// ownRun returns the count of the delivery or of For.
func (c *Context) ownRun() *ledger.Run {
	c.remember()
	return c.numbers
}

// runKey finds the *ledger.Run of a function of Go in its ctx.
type runKey struct{}

// remember opens the record: most events are never answered, and have none.
func (c *Context) remember() {
	c.once.Do(func() {
		t := c.in.target
		l := c.p.cfg.limits[t.Scope]
		c.record = c.p.ledger.Open(t.Scope.String()+"\x00"+t.ChatID+"\x00"+t.answered(), t.Time, ledger.Limits{Replies: l.replies, Window: l.window})
		if c.in.payload == nil {
			c.numbers = c.record.Job(t.Seq)
			return
		}
		// The payload identifies the delivery; weakly, because a message is remembered for longer than its payload.
		c.numbers = c.record.Delivery(weak.Make(c.in.payload))
	})
}

// until is the end of the reply window; zero if there is none. It opens no record.
func (c *Context) until() time.Time {
	t := c.in.target
	window := c.p.cfg.limits[t.Scope].window
	if c.in.unanswerable != nil || t.answered() == "" || window == 0 {
		return time.Time{}
	}
	return t.Time.Add(window)
}

// latest is when a queued event is dropped: a little before the end of its reply window. More events than the handlers can answer
// would otherwise begin all of them so late that none is answered.
func (c *Context) latest() time.Time {
	until := c.until()
	if until.IsZero() {
		return until
	}
	return until.Add(-min(until.Sub(c.in.target.Time)/10, slowHandler))
}

// queue is the key of the order that the event belongs to: its chat.
func (c *Context) queue() string {
	if c.in.target.ChatID == "" {
		return "event\x00" + c.in.payload.EventID
	}
	return c.in.target.key()
}

// ledgerError returns the public error for the ledger's.
func ledgerError(err error) error {
	switch {
	case errors.Is(err, ledger.ErrWindow):
		return ErrReplyWindow
	case errors.Is(err, ledger.ErrLimit):
		return ErrReplyLimit
	case errors.Is(err, ledger.ErrTaken):
		return ErrSeqTaken
	}
	return err
}
