package richmedia

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia/internal/ledger"
	"github.com/botgo-contrib/richmedia/internal/platform"
)

// maxSeq is the largest msg_seq that is known to work everywhere (openclaw-qqbot).
const maxSeq = 65535

// outgoing is one reply on its way into the chat.
type outgoing struct {
	c       *Context
	options *replyConfig
	item    *albumItem     // nil: a reply by itself
	caption string         // shown with the media; "" once another item of the album shows it
	content ledger.Content // what the caller asked for, as far as it is known without reading it
	claim   *ledger.Claim  // nil: a proactive message
	past    ledger.Past    // what is known of earlier replies with the same number
	began   time.Time
	sending time.Time // when the first message left; zero before
	info    ReplyInfo
}

// compose uploads and sends what a reply consists of.
type compose func(ctx context.Context, out *outgoing) (platform.Sent, error)

func newOutgoing(c *Context, kind Kind, o *replyConfig, content ledger.Content) *outgoing {
	out := &outgoing{c: c, options: o, content: content, began: time.Now(), info: ReplyInfo{Target: c.in.target, Kind: kind}}
	if o.caption != nil {
		out.caption = *o.caption
	}
	return out
}

// deliver is the way of every reply: it reserves a number and a slot, so that a hopeless upload never begins, calls send,
// and settles the reservation by the outcome.
func (out *outgoing) deliver(ctx context.Context, send compose) (*dto.Message, error) {
	if err := out.c.in.unanswerable; err != nil {
		return nil, err
	}
	p := out.c.p
	sent, err := out.reserveAndSend(ctx, send)
	if err = apiError(err); err == nil && out.info.Fallback {
		p.cfg.log.Warnf("richmedia: the fallback text was sent instead of %s: %v", out.info.Kind.withArticle(), out.info.Err)
	}
	if sent.Audited {
		p.cfg.log.Infof("richmedia: a message waits for the platform's audit %s", sent.AuditID)
	}
	out.report(sent, err)
	if err != nil {
		return nil, err
	}
	return messageOf(sent), nil
}

// messageOf returns what the platform answered in botgo's form.
func messageOf(sent platform.Sent) *dto.Message {
	m := &dto.Message{ID: sent.ID, Timestamp: dto.Timestamp(sent.Timestamp)}
	if sent.RefIdx != "" {
		m.MessageReference = &dto.MessageReference{MessageID: sent.RefIdx}
	}
	return m
}

func (out *outgoing) reserveAndSend(ctx context.Context, send compose) (platform.Sent, error) {
	c, o := out.c, out.options
	if err := o.check(c.in); err != nil {
		return platform.Sent{}, err
	}
	// Before anything that may differ in the next run of the handler, such as a ctx that has ended: every call uses up its
	// number, so that the replies after it have the same numbers again.
	if err := out.reserve(ctx); err != nil {
		return platform.Sent{}, err
	}
	if out.claim != nil {
		defer out.claim.Settle(ledger.Refused) // if nothing has settled it: a source may panic
	}
	if o.fallback != nil && strings.TrimSpace(*o.fallback) == "" { // the text may come from elsewhere, as that of ReplyText
		return platform.Sent{}, errors.New("richmedia: WithFallbackText: the text is empty")
	}
	until := out.deadline()
	timed := !until.IsZero() && !endsBy(ctx, until)
	if out.item == nil { // an album has entered for all of its items
		var leave func()
		var err error
		if ctx, leave, err = c.p.enter(ctx); err != nil {
			return platform.Sent{}, err
		}
		defer leave()
	}
	if timed {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, until, ErrReplyWindow)
		defer cancel()
	}
	if known, err := out.repeats(ctx); known || err != nil {
		return platform.Sent{Duplicate: known}, err
	}
	sent, err := send(ctx, out)
	if o.fallback != nil && ctx.Err() == nil && textMayFollow(err) {
		sent, err = out.sendFallback(ctx, *o.fallback, err)
	}
	out.settle(sent, err)
	return sent, err
}

// endsBy reports whether ctx is a handler's own, which ends at t or before. Of any other the deadline says little: a ctx made of
// it may have its Deadline and never end.
func endsBy(ctx context.Context, t time.Time) bool {
	end, ok := ctx.Deadline()
	return ok && !end.After(t) && workOf(ctx).own(ctx)
}

// reserve takes the reply's number and slot, unless the message is proactive.
func (out *outgoing) reserve(ctx context.Context) error {
	c, o := out.c, out.options
	if c.in.target.answered() == "" {
		return nil
	}
	if out.item != nil {
		out.claim = out.item.claim
		return nil
	}
	var err error
	if o.seq != nil {
		out.claim, err = c.run(ctx).ClaimSeq(*o.seq, out.content)
	} else {
		out.claim, err = c.run(ctx).Claim(out.content)
	}
	return ledgerError(err)
}

// identify names what is sent, once it is known: within one run a number stands for one reply.
func (out *outgoing) identify(content ledger.Content) error {
	if out.claim == nil {
		return nil
	}
	return ledgerError(out.claim.Identify(content))
}

// repeats reports whether the reply repeats one that is in the chat already, and waits for one under the same number that
// is on its way. If an earlier one may be in the chat, only a number lets the platform tell a repetition.
func (out *outgoing) repeats(ctx context.Context) (known bool, err error) {
	if out.claim == nil {
		return false, nil
	}
	if out.past, err = out.claim.Wait(ctx); err != nil {
		return false, err
	}
	known = out.past.State == ledger.Sent || out.past.State == ledger.Uncertain && out.seqless()
	if known && out.past.Differs {
		out.warnDiffers()
	}
	return known, nil
}

// warnDiffers logs that the reply was not sent, although it is not the one in the chat.
func (out *outgoing) warnDiffers() {
	out.c.p.cfg.log.Warnf("richmedia: a reply was not sent: an earlier run has sent another one under its msg_seq %d", out.claim.Seq())
}

// seqless reports whether the reply goes without a msg_seq: guilds know none, and the platform may take one for a proactive
// message if it comes with an event_id.
func (out *outgoing) seqless() bool {
	t := out.c.in.target
	return t.Scope.guild() || t.MsgID == "" && out.c.p.seqless.Load()
}

// deadline is the end of the reply window; zero for a proactive message.
func (out *outgoing) deadline() (until time.Time) {
	if out.claim != nil {
		_, until = out.c.entry().Left()
	}
	return until
}

// sendFallback sends text in the place of media that failed with reason.
func (out *outgoing) sendFallback(ctx context.Context, text string, reason error) (platform.Sent, error) {
	out.info.Fallback, out.info.Err = true, apiError(reason)
	out.caption = "" // it is not shown, and an album shows it with another item
	sent, err := out.post(ctx, textMessage(out.c.in.target.Scope, text))
	if err != nil {
		out.settle(sent, err) // by the platform's own error
		// The text's error first: it is the one that says whether something is in the chat.
		err = fmt.Errorf("the fallback text: %w; it stood in for: %w", apiError(err), out.info.Err)
	}
	return sent, err
}

// textMayFollow reports whether err is a failure of the media, after which a text has a chance: not in a chat in which the
// bot is muted, nor when the window or the replies are over, nor without a token.
func textMayFollow(err error) bool {
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
	return endOfReplies(public) == nil && !errors.Is(public, ErrNotPermitted)
}

// endOfReplies returns why nothing else can be sent to this message; nil if something may be.
func endOfReplies(err error) error {
	for _, reason := range []error{ErrReplyWindow, ErrReplyLimit, ErrClosed} {
		if errors.Is(err, reason) {
			return reason
		}
	}
	return nil
}

// settle reports to the ledger how the reply has ended: in doubt its slot is used.
func (out *outgoing) settle(sent platform.Sent, err error) {
	switch {
	case out.claim == nil:
	case isUnknown(err):
		out.claim.Settle(ledger.Doubtful)
	case err != nil:
		out.claim.Settle(ledger.Refused)
	case sent.Duplicate && !sent.Again:
		switch {
		case out.past.Differs:
			out.warnDiffers()
		case out.past.State == ledger.Unsent:
			out.c.p.cfg.log.Infof("richmedia: a reply with msg_seq %d was in the chat already: by an earlier run, another process or the bot's own call", out.claim.Seq())
		}
		out.claim.Settle(ledger.Found)
	default:
		out.claim.Settle(ledger.Delivered)
	}
}

// report passes the outcome to the trace.
func (out *outgoing) report(sent platform.Sent, err error) {
	p := out.c.p
	if p.cfg.trace.Reply == nil {
		return
	}
	info := out.info
	info.ID, info.Duplicate, info.AuditID = sent.ID, sent.Duplicate, sent.AuditID
	if !out.seqless() {
		info.Seq = out.seq()
	}
	info.Waited = max(out.began.Sub(info.Target.Time), 0)
	if out.sending.IsZero() {
		info.Upload = time.Since(out.began)
	} else {
		info.Upload, info.Send = out.sending.Sub(out.began), time.Since(out.sending)
	}
	if err != nil {
		info.Err = err
	}
	observe(p.cfg.log, p.cfg.trace.Reply, info)
}

func (out *outgoing) seq() uint32 {
	if out.claim == nil {
		return 0
	}
	return out.claim.Seq()
}

// post sends one message. Replies by event_id carry a msg_seq like the others; if the platform takes one for a proactive
// message because of it, it is sent once more without, and so are all later replies by event_id (nonebot/adapter-qq#124).
func (out *outgoing) post(ctx context.Context, message func(ref) any) (platform.Sent, error) {
	if err := out.awaitTurn(ctx); err != nil {
		return platform.Sent{}, err
	}
	ctx, calls := platform.Observe(ctx)
	defer func() { out.info.Attempts += calls.Attempts() }()
	c, t := out.c, out.c.in.target
	r := ref{MsgID: t.MsgID, MsgSeq: out.seq()}
	if t.MsgID == "" {
		r.EventID = t.EventID
	}
	if out.seqless() {
		r.MsgSeq = 0
	}
	if out.options.quote {
		r.Reference = &reference{c.in.ref()}
	}
	sent, err := c.send(ctx, message(r), r.MsgSeq != 0)
	e, failed := errors.AsType[*platform.Error](err)
	if r.EventID != "" && r.MsgSeq != 0 && failed && e.Class() == platform.ProactiveRefused && !e.Unknown {
		if out.past.State == ledger.Uncertain { // an earlier run, refused like this, may have sent it without a number
			return platform.Sent{Duplicate: true}, nil
		}
		r.MsgSeq = 0
		if sent, err = c.send(ctx, message(r), false); err == nil {
			c.p.seqless.Store(true)
			c.p.cfg.log.Infof("richmedia: the platform accepts no msg_seq with an event_id; it is left out from now on")
		}
	}
	return sent, err
}

// awaitTurn returns when the items before this one in its album are sent or have failed; at once for a reply by itself and
// for the second message of one reply.
func (out *outgoing) awaitTurn(ctx context.Context) error {
	if !out.sending.IsZero() {
		return nil
	}
	if out.item != nil {
		captioned, err := out.item.awaitTurn(ctx)
		if err != nil {
			return err
		}
		if captioned {
			out.caption = ""
		}
	}
	out.sending = time.Now()
	return nil
}

// send makes the request for a message; dedup says that it carries a msg_seq.
func (c *Context) send(ctx context.Context, message any, dedup bool) (platform.Sent, error) {
	switch m := message.(type) {
	case platform.Image:
		return c.p.client.SendImage(ctx, c.in.target.chat(), m)
	case platform.Frame:
		return c.p.client.SendFrame(ctx, c.in.target.chat(), m)
	}
	body, err := json.Marshal(message)
	if err != nil {
		return platform.Sent{}, fmt.Errorf("richmedia: the message cannot be sent as JSON: %w", err)
	}
	return c.p.client.Send(ctx, c.in.target.chat(), body, dedup)
}

// isUnknown reports whether err is a send that may have been delivered.
func isUnknown(err error) bool {
	e, ok := errors.AsType[*platform.Error](err)
	return ok && e.Op == "send" && e.Unknown
}

// check judges the options that do not depend on the sort of reply.
func (o *replyConfig) check(in *incoming) error {
	t := in.target
	if o.quote && in.ref() == "" {
		return errNoReference
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
