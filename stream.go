package richmedia

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia/internal/ledger"
	"github.com/botgo-contrib/richmedia/internal/platform"
)

// maxStream bounds the text of a Stream, in bytes. The platform's own limit is not documented.
const maxStream = 1 << 20

var errStreamClosed = errors.New("richmedia: Stream: it is closed")

// Stream is an answer that grows while it is written, such as an AI's: an io.Writer and an io.StringWriter. In a single chat
// the text appears in the chat as it is written, in frames (stream_messages); in groups and guilds, where the platform has no
// streams, it is collected and sent as one message by Close. Either way it takes one reply and one msg_seq, which
// Context.ReplyStream has reserved. The caller closes the Stream. It is safe for concurrent use.
type Stream struct {
	options *replyConfig
	collect bool          // nothing is sent before Close
	wake    chan struct{} // the sender has to look again; holds one
	done    chan struct{} // closed when nothing is sent any longer

	mu     sync.Mutex
	text   []byte
	sent   int // how much of text is in a frame that was sent, or is on its way
	closed bool
	over   bool         // nothing is sent any longer
	shown  *dto.Message // nil until the platform has accepted it
	err    error        // why it ended
}

// WithMarkdown says that the text of a ReplyText or a ReplyStream is Markdown, in which Context.MarkdownImage puts pictures,
// overriding the default of plain text. It is an error for other replies; ReplyMessage sends Markdown in botgo's own form.
func WithMarkdown() ReplyOption {
	return replyOption(func(c *replyConfig) { c.markdown = true })
}

// WithReplace says that every frame of a ReplyStream carries the whole text so far (input_mode replace), overriding the
// default of what is new (append). The text is the same, and more bytes travel. Groups and guilds have no frames. It is an
// error for other replies.
func WithReplace() ReplyOption {
	return replyOption(func(c *replyConfig) { c.replace = true })
}

// ReplyStream answers with a text that grows: it takes a reply slot and a msg_seq, and returns a Stream to write the text to.
// Nothing is sent before the first text that is not blank. The Stream ends with ctx, with the reply window, or with Close,
// whichever is first: at an end before Close the text so far stays in a single chat, where it is completed by a last frame if
// the platform can still be reached, and nothing is sent to a group. A few seconds before the reply window closes, the Stream
// ends with the text so far, in groups too: Write and Close return ErrReplyWindow then.
//
// A handler that runs again streams nothing twice: if the answer, or the beginning of it, is in the chat already, the
// Stream discards what is written, and Close returns nil.
//
// WithSeq, WithMarkdown and WithReplace apply, and in groups and guilds WithQuote. The errors are those of Reply.
func (c *Context) ReplyStream(ctx context.Context, opts ...ReplyOption) (*Stream, error) {
	o := newReplyConfig(opts)
	switch {
	case c.in.unanswerable != nil:
		return nil, c.in.unanswerable
	case o.caption != nil || o.fallback != nil:
		return nil, errors.New("richmedia: ReplyStream: WithCaption and WithFallbackText belong to media; put the words into the text")
	case o.quote && c.in.target.Scope == ScopeC2C:
		return nil, fmt.Errorf("%w: ReplyStream: WithQuote: the platform's streams, in single chats, cannot quote", ErrUnsupported)
	}
	s := &Stream{
		options: o, collect: c.in.target.Scope != ScopeC2C,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	began := make(chan struct{})
	form := "text"
	if o.markdown {
		form = "markdown"
	}
	out := newOutgoing(c, 0, o, ledger.ContentOf("stream", form))
	go protect("the stream", func() error {
		m, err := out.deliver(ctx, func(ctx context.Context, out *outgoing) (platform.Sent, error) {
			close(began)
			return newSender(s, out).run(ctx)
		})
		s.end(m, err)
		return nil
	}, func(err error) {
		if err != nil {
			s.end(nil, err)
		}
	})
	select {
	case <-began:
	case <-s.done:
		if s.err != nil { // before anything could be written
			return nil, s.err
		}
	}
	return s, nil
}

// Write is WriteString.
func (s *Stream) Write(p []byte) (int, error) { return s.WriteString(string(p)) }

// WriteString adds text to the answer, and returns at once: what is written while a frame is on its way goes into the next
// one. A character that is split over two calls is sent whole. The error is the reason why the Stream has ended, and
// ErrTooLarge beyond 1 MiB.
func (s *Stream) WriteString(text string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(len(s.text) + len(text)); err != nil {
		return 0, err
	}
	s.put(append(s.text, text...))
	return len(text), nil
}

// Set makes text the whole text of the answer, for sources that say it anew each time. What is in the chat cannot be changed
// (40007): if text does not begin with it, Set is ErrUnsupported and changes nothing. The other errors are those of
// WriteString.
func (s *Stream) Set(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(len(text)); err != nil {
		return err
	}
	if !strings.HasPrefix(text, string(s.text[:s.sent])) {
		return fmt.Errorf("%w: Stream.Set: the first %d bytes are in the chat and cannot be changed", ErrUnsupported, s.sent)
	}
	s.put([]byte(text))
	return nil
}

// check returns why the text cannot become size bytes long. It needs s.mu.
func (s *Stream) check(size int) error {
	switch {
	case s.err != nil:
		return s.err
	case s.closed:
		return errStreamClosed
	case size > maxStream:
		return fmt.Errorf("%w: the text of a Stream is over %d bytes", ErrTooLarge, maxStream)
	}
	return nil
}

// put makes text the text, and wakes the sender; unless the answer is in the chat already. It needs s.mu.
func (s *Stream) put(text []byte) {
	if !s.over {
		s.text = text
		s.rouse()
	}
}

// Close completes the answer and returns when it is in the chat, or why it is not, or not all of it. An answer without
// text, or of blanks, is an error, and nothing is sent. Further calls return the same.
func (s *Stream) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.rouse()
	<-s.done
	return s.err
}

// Message returns the answer as the platform has accepted it: in a single chat after the first frame, elsewhere after Close,
// and nil before. Its ID is empty under the conditions of Reply.
func (s *Stream) Message() *dto.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shown == nil {
		return nil
	}
	m := *s.shown
	return &m
}

// rouse lets the sender look again.
func (s *Stream) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// show notes what the platform has accepted.
func (s *Stream) show(m *dto.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown = m
}

// end notes that nothing is sent any longer.
func (s *Stream) end(m *dto.Message, err error) {
	s.mu.Lock()
	if m != nil {
		s.shown = m
	}
	s.over, s.err, s.text, s.sent = true, err, nil, 0
	s.mu.Unlock()
	close(s.done)
}

// state returns whether there is text for a frame, and whether the Stream was closed.
func (s *Stream) state() (ready, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := wholeRunes(s.text)
	ready = !s.collect && n > s.sent && (s.sent > 0 || strings.TrimSpace(string(s.text[:n])) != "")
	return ready, s.closed
}

// take returns the text of the next frame, and how much of all text that is; all of it for the last one. With a reason to end
// before Close, nothing can be written from then on.
func (s *Stream) take(last bool, reason error) (content string, upTo int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, to := s.sent, len(s.text)
	if s.options.replace || s.collect {
		from = 0
	}
	if !last {
		to = wholeRunes(s.text)
	}
	s.sent, s.err = to, reason
	return string(s.text[from:to]), to
}

// rest returns the text for a last frame, after the first accepted bytes of it are in the chat: all that was written, or
// without more nothing else.
func (s *Stream) rest(accepted int, more bool) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, to := accepted, accepted
	if s.options.replace {
		from = 0
	}
	if more {
		to = len(s.text)
	}
	return string(s.text[from:to])
}

// upTo returns how much of the text is in a frame.
func (s *Stream) upTo() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent
}

// hasText reports whether anything was written.
func (s *Stream) hasText() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.text) > 0
}

// wholeRunes returns the length of text without the beginning of a character at its end.
func wholeRunes(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if tail := text[len(text)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return len(text) - n
			}
			break
		}
	}
	return len(text)
}
