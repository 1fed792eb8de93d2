package richmedia

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/botgo-contrib/richmedia/internal/ledger"
	"github.com/botgo-contrib/richmedia/internal/platform"
)

const (
	// frameGap is the least time between the beginnings of two frames of one stream: ten a second look fluent, and leave the
	// bot's 50 a second to the other chats.
	frameGap = 100 * time.Millisecond
	// lastFrame is how long before the end of the reply window a stream ends, so that its last frame arrives in time.
	lastFrame = 3 * time.Second
	// breakOffTimeout bounds the last frame of a stream whose ctx has ended. Plugin.Close waits for it.
	breakOffTimeout = 2 * time.Second
)

var errNoText = errors.New("richmedia: Stream: the text is empty")

// errUnclosed says why a stream is complete although its text may not be.
func errUnclosed(reason error) error {
	return fmt.Errorf("richmedia: Stream: it ended before Close: %w", reason)
}

// sender puts the text of a Stream into the chat.
type sender struct {
	s         *Stream
	out       *outgoing
	frame     platform.Frame // the newest; Index 0 and no StreamID: the first one is to be sent
	accepted  int            // how much of the text is in frames that the platform has accepted
	first     platform.Sent  // its answer to the first frame
	last      time.Time      // when a stream that was not closed ends; zero if the window has no end
	notBefore time.Time      // when the next frame may be sent
}

func newSender(s *Stream, out *outgoing) *sender {
	w := &sender{s: s, out: out, frame: platform.Frame{Markdown: out.options.markdown, Replace: out.options.replace}}
	if until := out.deadline(); !until.IsZero() {
		w.last = until.Add(-min(lastFrame, time.Until(until)/2))
	}
	return w
}

// run sends until the Stream is complete.
func (w *sender) run(ctx context.Context) (platform.Sent, error) {
	ctx, calls := platform.Observe(ctx)
	defer func() { w.out.info.Attempts = calls.Attempts() }()
	for {
		last, reason := w.next(ctx)
		if reason != nil && ctx.Err() != nil {
			return w.first, w.breakOff(ctx, reason)
		}
		if reason != nil {
			reason = errUnclosed(reason)
		}
		content, upTo := w.s.take(last, reason)
		if last && w.frame.StreamID == "" && strings.TrimSpace(content) == "" {
			return platform.Sent{}, cmp.Or(reason, errNoText)
		}
		if w.s.collect {
			sent, err := w.out.post(ctx, longMessage(w.out.c.in.target.Scope, content, w.out.options.markdown))
			if err == nil && reason != nil {
				w.began(sent)
				err = reason
			}
			return sent, err
		}
		known, err := w.send(ctx, content, last)
		switch {
		case err != nil && w.first.ID == "":
			return platform.Sent{}, err
		case err != nil:
			return w.first, w.breakOff(ctx, err)
		case known:
			return platform.Sent{Duplicate: true}, nil
		}
		w.accepted = upTo
		if last {
			return w.first, reason
		}
	}
}

// next waits until there is text for a frame, or the Stream is to be completed: by Close, or for the reason that it returns.
func (w *sender) next(ctx context.Context) (last bool, reason error) {
	for {
		now := time.Now()
		ready, closed := w.s.state()
		switch {
		case ctx.Err() != nil:
			return true, context.Cause(ctx)
		case closed:
			return true, nil
		case !w.last.IsZero() && !now.Before(w.last):
			return true, ErrReplyWindow
		case ready && !now.Before(w.notBefore):
			return false, nil
		}
		alarm := w.last
		if ready && (alarm.IsZero() || w.notBefore.Before(alarm)) {
			alarm = w.notBefore
		}
		w.wait(ctx, alarm)
	}
}

// wait returns when the Stream has changed, at the time of the alarm if there is one, or when ctx ends.
func (w *sender) wait(ctx context.Context, alarm time.Time) {
	var rings <-chan time.Time
	if !alarm.IsZero() {
		timer := time.NewTimer(time.Until(alarm))
		defer timer.Stop()
		rings = timer.C
	}
	select {
	case <-w.s.wake:
	case <-rings:
	case <-ctx.Done():
	}
}

// send sends the next frame. known says that the answer is in the chat already, by an earlier run.
func (w *sender) send(ctx context.Context, content string, last bool) (known bool, err error) {
	w.notBefore = time.Now().Add(frameGap)
	w.frame.Content, w.frame.Last = content, last
	if w.frame.StreamID != "" {
		return false, w.grow(ctx)
	}
	sent, err := w.out.post(ctx, func(r ref) any {
		w.frame.MsgID, w.frame.EventID, w.frame.MsgSeq = r.MsgID, r.EventID, r.MsgSeq
		return w.frame
	})
	switch {
	case err != nil:
		return false, err
	case sent.Duplicate && sent.Again:
		w.settle()
		return false, errors.New("richmedia: Stream: its beginning is in the chat, but the platform's answer to it was lost, and the rest cannot follow")
	case sent.Duplicate:
		return true, nil
	case sent.ID == "": // of a message without msg_seq, which is not sent again
		w.settle()
		return false, errors.New("richmedia: Stream: its beginning is in the chat, but the platform's answer has no id, and the rest cannot follow")
	}
	w.began(sent)
	w.frame.StreamID, w.frame.Index = sent.ID, 1
	return false, nil
}

// began notes that the answer is in the chat, wherever the rest of it ends: no later run begins it anew.
func (w *sender) began(sent platform.Sent) {
	w.first = sent
	w.s.show(messageOf(sent))
	w.settle()
}

func (w *sender) settle() {
	if w.out.claim != nil {
		w.out.claim.Settle(ledger.Delivered)
	}
}

// grow sends a frame after the first one.
func (w *sender) grow(ctx context.Context) error {
	sent, err := w.out.c.p.client.SendFrame(ctx, w.out.c.in.target.chat(), w.frame)
	switch {
	case err != nil && w.frame.Last && w.frame.Content == "" && isRefusedAsSuch(err):
		w.out.c.p.cfg.log.Infof("richmedia: the empty last frame of a stream was refused, all of its text is in the chat: %v", apiError(err))
		err = nil
	case err == nil && sent.Duplicate && !sent.Again:
		err = errors.New("the platform took the frame for another message: msg_seq used")
	}
	if err == nil {
		w.frame.Index++
	}
	return err
}

// isRefusedAsSuch reports whether the platform has refused a request for no other reason than its form.
func isRefusedAsSuch(err error) bool {
	var e *platform.Error
	return errors.As(err, &e) && e.Status != 0 && !e.Unknown && e.Class() == platform.Terminal && e.Unsaid()
}

// breakOff completes the message in the chat, if it has begun and the platform may still accept that, and returns why the
// Stream ended.
func (w *sender) breakOff(ctx context.Context, reason error) error {
	if w.first.ID == "" {
		if w.s.hasText() {
			w.warn(ctx, "sent nothing")
		}
		return errUnclosed(reason)
	}
	ended := ctx.Err() != nil
	err := errUnclosed(reason)
	if e := (*platform.Error)(nil); errors.As(reason, &e) {
		err = fmt.Errorf("richmedia: Stream: it broke off at frame %d: %w", w.frame.Index+1, apiError(reason))
		if !ended && (e.Unknown || e.ConcernsReply()) { // a line that is down, or a message that takes no more
			return err
		}
	}
	if errors.Is(context.Cause(ctx), ErrReplyWindow) {
		return err
	}
	w.warn(ctx, "ended with its text so far")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), breakOffTimeout)
	defer cancel()
	if failed := w.complete(ctx, ended, reason); failed != nil {
		w.out.c.p.cfg.log.Infof("richmedia: a stream that broke off was not completed in the chat: %v", apiError(failed))
	}
	return err
}

// complete sends the last frame of a stream that broke off for reason. ended says that its ctx has ended: then the frame under
// way may have arrived, and is sent again, and what was written after it is sent too. A frame that was refused is left out.
func (w *sender) complete(ctx context.Context, ended bool, reason error) error {
	var e *platform.Error
	if aborted := errors.As(reason, &e); ended && aborted && e.Unknown {
		if err := w.grow(ctx); err != nil || w.frame.Last {
			return err
		}
		w.accepted = w.s.upTo()
	}
	w.frame.Content, w.frame.Last = w.s.rest(w.accepted, ended), true
	return w.grow(ctx)
}

// warn logs that a handler has returned without closing its Stream: nobody gets the error.
func (w *sender) warn(ctx context.Context, what string) {
	if errors.Is(context.Cause(ctx), errHandlerReturned) {
		w.out.c.p.cfg.log.Warnf("richmedia: a handler returned without closing its Stream, which %s", what)
	}
}
