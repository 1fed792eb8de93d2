package voice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"
)

// patience is how long an ended process, and whoever closes, waits for what cannot be interrupted: an input that does
// not let go, and a child of a child that holds the pipes.
const patience = time.Second

// encoding is one run of ffmpeg. Its goroutine owns the process and the files; who reads has the other end of a pipe.
type encoding struct {
	*io.PipeReader
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when process and files are gone
}

// errClosed is what a Read after Close gets.
var errClosed = fmt.Errorf("voice: the reader is closed: %w", os.ErrClosed)

func start(ctx context.Context, path string, format Format, in io.Reader) *encoding {
	ctx, cancel := context.WithCancelCause(ctx)
	r, w := io.Pipe()
	e := &encoding{PipeReader: r, cancel: cancel, done: make(chan struct{})}
	// Who reads learns of the end at once, also while the goroutine below waits for an input that hangs. The first of
	// all errors stays.
	context.AfterFunc(ctx, func() { _ = w.CloseWithError(context.Cause(ctx)) })
	go func() {
		defer close(e.done)
		job := &job{path: path, format: format, fail: cancel}
		err := job.run(ctx, in, w)
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx) // which is why it failed
		}
		_ = w.CloseWithError(err) // nil is an end of file
		cancel(nil)
	}()
	return e
}

// Close ends the process and waits until it is gone: for long enough that one thing after the other may hang.
func (e *encoding) Close() error {
	e.cancel(errClosed)
	select {
	case <-e.done:
	case <-time.After(2 * patience):
	}
	return nil
}

// job is the work of the goroutine.
type job struct {
	path   string
	format Format
	fail   context.CancelCauseFunc // ends the process for a reason that is better than what it will say
}

// run encodes in to w. ctx ends it at any point.
func (j *job) run(ctx context.Context, in io.Reader, w io.Writer) error {
	in = &input{ctx: ctx, r: in, fail: j.fail}
	head := make([]byte, 12)
	n, err := io.ReadFull(in, head)
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return errors.New("voice: the input is empty")
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	case bytes.HasPrefix(bytes.TrimPrefix(head, []byte{2}), []byte("#!SILK_V3")):
		return errors.New("voice: the input is silk, which ffmpeg cannot read; the platform takes it as it is")
	}
	in = io.MultiReader(bytes.NewReader(head[:n]), in)
	file := ""
	if seeks(head[:n]) {
		kept, err := keep(in)
		if err != nil {
			return err
		}
		_ = kept.Close() // ffmpeg opens it by its name
		defer func() { _ = os.Remove(kept.Name()) }()
		in, file = nil, kept.Name()
	}
	if j.format == WAV {
		return j.wav(ctx, in, file, w)
	}
	return j.exec(ctx, in, file, w)
}

// seeks tells whether content that begins with head is of the family of mp4 and QuickTime, which is read by an index
// that may be at its end. Their first four bytes are a length.
func seeks(head []byte) bool {
	boxes := []string{"ftyp", "styp", "moov", "mdat", "free", "skip", "wide", "pnot"}
	return len(head) >= 8 && head[0] < ' ' && slices.Contains(boxes, string(head[4:8]))
}

// exec runs ffmpeg from in, or from file, to w.
func (j *job) exec(ctx context.Context, in io.Reader, file string, w io.Writer) error {
	cmd := exec.CommandContext(ctx, j.path, arguments(j.format, file)...)
	cmd.WaitDelay = patience
	said := &tail{}
	cmd.Stderr = said
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("voice: %w", err)
	}
	var stdin io.WriteCloser
	if in != nil {
		if stdin, err = cmd.StdinPipe(); err != nil {
			return fmt.Errorf("voice: %w", err)
		}
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("voice: start ffmpeg: %w", err)
	}
	defer feed(stdin, in)()
	n, err := io.Copy(w, stdout)
	if err != nil {
		j.fail(fmt.Errorf("voice: %w", err)) // or ffmpeg waits for ever for somebody to take the rest
	}
	waited := cmd.Wait()
	switch {
	case err != nil:
		return fmt.Errorf("voice: %w", err)
	case errors.Is(waited, exec.ErrWaitDelay):
		// It ended well and all of its output is here; a child of it still holds the pipe of its errors.
	case waited != nil:
		return fmt.Errorf("voice: ffmpeg: %s (%w)", said.reason(file), waited)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if n == 0 {
		return errors.New("voice: ffmpeg made nothing of the input: it holds no sound")
	}
	return nil
}

// feed copies in to stdin in the background: exec.Cmd would do it too, and then wait for an input that hangs. The function
// that it returns waits for the end of that, with patience.
func feed(stdin io.WriteCloser, in io.Reader) (wait func()) {
	if in == nil {
		return func() {}
	}
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		_, _ = io.Copy(stdin, in) // input has said it when in failed; else ffmpeg had enough
		_ = stdin.Close()
	}()
	return func() {
		select {
		case <-fed:
		case <-time.After(patience):
		}
	}
}

// input is the caller's reader. Its error is the one to report, and not what ffmpeg makes of half a file.
type input struct {
	ctx  context.Context
	r    io.Reader
	fail context.CancelCauseFunc
}

func (i *input) Read(p []byte) (n int, err error) {
	if i.ctx.Err() != nil {
		return 0, context.Cause(i.ctx)
	}
	defer func() {
		if v := recover(); v != nil { // not on the goroutine of whoever brought it
			n, err = 0, fmt.Errorf("a panic: %v", v)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			err = fmt.Errorf("voice: read the input: %w", err)
			i.fail(err)
		}
	}()
	return i.r.Read(p)
}
