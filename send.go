package richmedia

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/log"

	"github.com/botgo-contrib/richmedia/internal/ledger"
	"github.com/botgo-contrib/richmedia/internal/platform"
)

// maxSeq is the largest msg_seq that is known to work everywhere (openclaw-qqbot).
const maxSeq = 65535

// check judges what does not depend on the sort of reply.
func (o *replyConfig) check(t Target) error {
	if o.fallback != nil && strings.TrimSpace(*o.fallback) == "" {
		return errors.New("richmedia: WithFallbackText: the text is empty")
	}
	switch {
	case o.seq == nil:
		return nil
	case *o.seq < 1 || *o.seq > maxSeq:
		return fmt.Errorf("richmedia: WithSeq(%d): give 1 to %d", *o.seq, maxSeq)
	case t.answered() == "":
		return errors.New("richmedia: WithSeq: a proactive message has no msg_seq: the Target has neither MsgID nor EventID")
	case t.Scope.guild():
		return fmt.Errorf("%w: WithSeq in a guild: the platform knows no msg_seq there, so a job that is repeated is sent twice", ErrUnsupported)
	}
	return nil
}

func (c *Context) claim(o *replyConfig) (*ledger.Claim, error) {
	if o.seq != nil {
		return c.entry().ClaimSeq(*o.seq)
	}
	return c.counting().Claim()
}

// slot is what a reply holds while it is under way; a proactive message holds no claim.
type slot struct {
	claim   *ledger.Claim
	began   time.Time
	sending time.Time // when the first message left; zero before
	o       *replyConfig
	info    ReplyInfo
}

func (s *slot) seq() uint32 {
	if s.claim == nil {
		return 0
	}
	return s.claim.Seq()
}

// reply is the way of every reply: it reserves, so that a hopeless upload never begins, lets compose upload and
// send, and settles what became of it.
func (c *Context) reply(ctx context.Context, kind Kind, o *replyConfig, compose func(context.Context, *slot) (platform.Sent, error)) (*dto.Message, error) {
	if c.in.refusal != nil {
		return nil, c.in.refusal
	}
	s := &slot{began: time.Now(), info: ReplyInfo{Target: c.in.target, Kind: kind}, o: o}
	sent, err := c.attempt(ctx, s, compose)
	if err = apiError(err); err == nil && s.info.Fallback {
		c.p.cfg.log.Warnf("richmedia: the fallback text was sent instead of %s: %v", article(kind.String()), s.info.Err)
	}
	if sent.Audited {
		c.p.cfg.log.Infof("richmedia: a message waits for the platform's audit %s", sent.AuditID)
	}
	s.report(c.p.cfg.trace, c.p.cfg.log, sent, err)
	if err != nil {
		return nil, err
	}
	return &dto.Message{ID: sent.ID, Timestamp: dto.Timestamp(sent.Timestamp)}, nil
}

// attempt is reply without its trace.
func (c *Context) attempt(ctx context.Context, s *slot, compose func(context.Context, *slot) (platform.Sent, error)) (platform.Sent, error) {
	o := s.o
	if err := o.check(c.in.target); err != nil {
		return platform.Sent{}, err
	}
	var until time.Time
	if c.in.target.answered() != "" {
		// Before anything that may go otherwise in the next run of the handler, such as a ctx that has ended: every call
		// takes its number, so that those behind it have the same one again.
		if s.claim = o.place.taken(); s.claim == nil {
			claim, err := c.claim(o)
			if err != nil {
				return platform.Sent{}, refused(err)
			}
			s.claim = claim
		}
		defer s.claim.Release() // where nothing has settled it: a source may panic
		_, until = c.entry().Left()
	}
	if o.place == nil {
		var leave func()
		var err error
		if ctx, leave, err = c.p.enter(ctx); err != nil {
			return platform.Sent{}, err
		}
		defer leave()
	}
	if !until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, until, ErrReplyWindow)
		defer cancel()
	}
	sent, err := compose(ctx, s)
	if o.fallback != nil && ctx.Err() == nil && mediaFailed(err) {
		s.info.Fallback, s.info.Err = true, apiError(err)
		o.caption = nil // it is not shown
		if sent, err = c.post(ctx, s, c.textMessage(*o.fallback)); err != nil {
			s.settle(sent, err)
			// The text's error first: it is the one that says whether something is in the chat.
			return sent, fmt.Errorf("the fallback text: %w; it stood in for: %w", apiError(err), s.info.Err)
		}
	}
	s.settle(sent, err)
	return sent, err
}

// mediaFailed tells whether err is a failure of the media, after which a text has a chance: not in a chat where the bot
// is muted, nor when the time or the replies are over, nor without a token.
func mediaFailed(err error) bool {
	if err == nil || isUnknown(err) {
		return false
	}
	public := apiError(err)
	var api *APIError
	if errors.As(public, &api) && api.Op == "token" {
		return false
	}
	var e *platform.Error
	if errors.As(err, &e) && e.ConcernsReply() {
		return false
	}
	return over(public) == nil && !errors.Is(public, ErrNotPermitted)
}

// over tells why nothing else can be sent to this message; nil where something may be.
func over(err error) error {
	for _, reason := range []error{ErrReplyWindow, ErrReplyLimit, ErrClosed} {
		if errors.Is(err, reason) {
			return reason
		}
	}
	return nil
}

// report fills in what became of the reply.
func (s *slot) report(t Trace, log log.Logger, sent platform.Sent, err error) {
	if t.Reply == nil {
		return
	}
	s.info.ID, s.info.Duplicate, s.info.AuditID = sent.ID, sent.Duplicate, sent.AuditID
	if !s.info.Target.Scope.guild() {
		s.info.Seq = s.seq()
	}
	s.info.Waited = max(s.began.Sub(s.info.Target.Time), 0)
	if s.sending.IsZero() {
		s.info.Upload = time.Since(s.began)
	} else {
		s.info.Upload, s.info.Send = s.sending.Sub(s.began), time.Since(s.sending)
	}
	if err != nil {
		s.info.Err = err
	}
	tell(log, t.Reply, s.info)
}

// settle gives the slot back when the reply is certainly not in the chat by this call: it was refused, never sent, or
// in the chat by another. In doubt the slot is used, and so it is when a repetition finds the reply that an earlier
// attempt has delivered.
func (s *slot) settle(sent platform.Sent, err error) {
	if s.claim == nil {
		return
	}
	if err == nil && (!sent.Duplicate || sent.Again) || isUnknown(err) {
		s.claim.Commit()
		return
	}
	s.claim.Release()
}

// isUnknown tells whether err is a send that may have been delivered.
func isUnknown(err error) bool {
	var e *platform.Error
	return errors.As(err, &e) && e.Op == "send" && e.Unknown
}

// ref ties a message to what it answers.
type ref struct {
	MsgID   string `json:"msg_id,omitempty"`
	EventID string `json:"event_id,omitempty"`
	MsgSeq  uint32 `json:"msg_seq,omitempty"`
}

// wireMessage is a message as groups and single chats take it. botgo's own type cannot carry file_info: it is a string
// and may be no base64.
type wireMessage struct {
	ref
	Content string     `json:"content,omitempty"`
	MsgType int        `json:"msg_type"`
	Media   *wireMedia `json:"media,omitempty"`
}

type wireMedia struct {
	FileInfo string `json:"file_info"`
}

const msgTypeMedia = 7

func (c *Context) textMessage(text string) func(ref) any {
	if c.in.target.Scope.guild() {
		return func(r ref) any { return guildMessage{ref: r, Content: text} }
	}
	return func(r ref) any { return wireMessage{ref: r, Content: text} }
}

func mediaMessage(f File, o *replyConfig) func(ref) any {
	return func(r ref) any {
		return wireMessage{ref: r, MsgType: msgTypeMedia, Media: &wireMedia{f.Info}, Content: o.text()}
	}
}

// text is the caption, if there is one.
func (o *replyConfig) text() string {
	if o.caption == nil {
		return ""
	}
	return *o.caption
}

// post sends one message. Replies by event_id carry a msg_seq like the others; where the platform takes one for
// a proactive message because of it, it is sent once more without, and so are all that follow by event_id
// (nonebot/adapter-qq#124).
func (c *Context) post(ctx context.Context, s *slot, message func(ref) any) (platform.Sent, error) {
	if s.sending.IsZero() {
		if err := s.o.place.turn(ctx, s.o); err != nil {
			return platform.Sent{}, err
		}
		s.sending = time.Now()
	}
	ctx, calls := platform.Observe(ctx)
	defer func() { s.info.Attempts += calls.Attempts() }()
	t := c.in.target
	r := ref{MsgID: t.MsgID, MsgSeq: s.seq()}
	if t.MsgID == "" {
		r.EventID = t.EventID
	}
	if t.Scope.guild() || (r.EventID != "" && c.p.seqless.Load()) {
		r.MsgSeq = 0
		if s.claim != nil { // a handler that is run again, or beside itself: without a number the platform cannot tell
			known, err := s.claim.Alone(ctx)
			if known || err != nil {
				return platform.Sent{Duplicate: known}, err
			}
		}
	}
	sent, err := c.send(ctx, message(r), r.MsgSeq != 0)
	var e *platform.Error
	if r.EventID != "" && r.MsgSeq != 0 && errors.As(err, &e) && e.Class() == platform.ProactiveRefused && !e.Unknown {
		r.MsgSeq = 0
		if sent, err = c.send(ctx, message(r), false); err == nil {
			c.p.seqless.Store(true)
			c.p.cfg.log.Infof("richmedia: the platform takes no msg_seq with an event_id; it is left out from now on")
		}
	}
	return sent, err
}

func (c *Context) send(ctx context.Context, message any, dedup bool) (platform.Sent, error) {
	if image, ok := message.(platform.Image); ok {
		return c.p.client.SendImage(ctx, c.in.target.chat(), image)
	}
	body, err := json.Marshal(message)
	if err != nil {
		return platform.Sent{}, fmt.Errorf("richmedia: the message cannot be sent as JSON: %w", err)
	}
	return c.p.client.Send(ctx, c.in.target.chat(), body, dedup)
}

// fileRefused tells whether a send failed for its file_info, which a new upload may mend. With a msg_seq the
// message can be sent again even if an earlier attempt's answer was lost.
func fileRefused(err error) bool {
	var e *platform.Error
	return errors.As(err, &e) && e.Op == "send" && e.Class() == platform.Reupload && (!e.Unknown || e.Dedup)
}
