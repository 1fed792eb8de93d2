package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// Stage is a fake platform, to which botgo and the plugin talk, with the bot on it. Its methods are the lines of a play:
// each prints what happens. After the first failure, the bot's own included, they do nothing.
type Stage struct {
	*richmediatest.Platform

	ctx    context.Context // a play is one call: the stage ends with it
	cancel context.CancelCauseFunc
	err    error
	stop   func() error // the bot that is on, nil without
	out    transcript
}

// Play makes an example's Offline of what happens there.
func Play(play func(*Stage), opts ...richmediatest.Option) func(context.Context, io.Writer) error {
	return func(ctx context.Context, w io.Writer) (err error) {
		ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("gave up after a minute"))
		defer cancel()
		ctx, fail := context.WithCancelCause(ctx) // what goes wrong first ends all waiting, as its cause
		defer fail(nil)

		platform := richmediatest.New(opts...)
		if _, err := platform.Listen(); err != nil {
			return err
		}
		restore := platform.UseBotgo()
		defer func() { //nolint:contextcheck // it ends also when ctx is over
			err = errors.Join(err, platform.Close())
			restore()
		}()
		s := &Stage{Platform: platform, ctx: ctx, cancel: fail, out: newTranscript(w, platform)}
		play(s)
		s.Stop()
		if s.err == nil {
			s.out.end()
		}
		return s.err
	}
}

// Context ends with the play, or with its first failure.
func (s *Stage) Context() context.Context { return s.ctx }

// Do runs a step of the play, unless something went wrong before.
func (s *Stage) Do(step func() error) {
	if s.err == nil {
		s.err = context.Cause(s.ctx)
	}
	if s.err == nil {
		s.err = step()
	}
}

// Note prints a line that nobody wrote.
func (s *Stage) Note(format string, v ...any) {
	s.Do(func() error { s.out.note(fmt.Sprintf(format, v...)); return nil })
}

// Start puts a bot on whose events come in by themselves.
func (s *Stage) Start(bot Bot) {
	s.Do(func() error {
		media, _, err := bot(token.NewQQBotTokenSource(s.Credentials()), s.failing(), s.reading())
		if err != nil {
			return err
		}
		s.PushTo(richmedia.WebhookHandler(s.Credentials()))
		s.stop = func() error {
			s.PushTo(nil)
			return media.Shutdown(s.ctx)
		}
		return nil
	})
}

// Run puts a bot on that connects by itself.
func (s *Stage) Run(run Run) {
	s.Do(func() error {
		ctx, cancel := context.WithCancel(s.ctx)
		ended := make(chan error, 1)
		go func() {
			err := run(ctx, s.Credentials(), s.failing(), s.reading())
			if err != nil {
				s.cancel(err)
			}
			ended <- err
		}()
		s.stop = func() error {
			cancel()
			return <-ended
		}
		return nil
	})
}

// failing lets a handler's error end the play.
func (s *Stage) failing() richmedia.Option {
	return richmedia.WithErrorHandler(func(_ context.Context, _ *richmedia.Context, err error) { s.cancel(err) })
}

// reading lets the bot read attachments of this platform, whose addresses are http and on this machine.
func (s *Stage) reading() richmedia.Option { return richmedia.WithDownloads(0, s.Client()) }

// Stop ends the bot, and waits for it. A play that ends does it too.
func (s *Stage) Stop() {
	if s.stop == nil {
		return
	}
	err := s.stop() // also after a failure
	s.stop = nil
	if s.err == nil {
		s.err = err
	}
}

// Say lets user write, and waits for that many answers.
func (s *Stage) Say(chat *richmediatest.Chat, user, text string, answers int, attachments ...richmediatest.Attachment) {
	s.Do(func() error { chat.Say(user, text, attachments...); return nil })
	s.Answers(chat, answers)
}

// Quote is Say with a quote of the message of that many messages ago.
func (s *Stage) Quote(chat *richmediatest.Chat, user, text string, ago, answers int) {
	s.Do(func() error {
		all := chat.Messages()
		chat.Quote(user, text, richmediatest.Quotation{MsgID: all[len(all)-ago].ID, Repeats: 1})
		return nil
	})
	s.Answers(chat, answers)
}

// Add lets user add the bot to the chat, and waits for that many answers.
func (s *Stage) Add(chat *richmediatest.Chat, user string, answers int) {
	s.Do(func() error { chat.AddBot(user); return nil })
	s.Answers(chat, answers)
}

// Press lets user press a button, and waits until it is acknowledged and answered that often.
func (s *Stage) Press(chat *richmediatest.Chat, user, button string, answers int) {
	s.Do(func() error {
		ev := chat.Press(user, button)
		for {
			if code, ok := s.Acks()[ev.InteractionID()]; ok {
				s.out.acks[ev.ID()] = code
				return nil
			}
			select {
			case <-s.ctx.Done():
				return context.Cause(s.ctx)
			case <-time.After(5 * time.Millisecond): // the platform tells nobody of an acknowledgement
			}
		}
	})
	s.Answers(chat, answers)
}

// Answers waits for that many more answers in the chat, and prints it up to there; also when the bot has failed meanwhile,
// so that one sees on what.
func (s *Stage) Answers(chat *richmediatest.Chat, more int) {
	if s.err == nil {
		_, s.err = chat.WaitAnswers(s.ctx, s.out.answers[chat]+more)
		s.out.show(chat, more)
	}
}
