package voice

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// patience is how long the end of a process, and Close, wait for what cannot be interrupted: an input that blocks, and a
// child of a child that holds the pipes.
const patience = time.Second

// encoding is one run of ffmpeg. Its goroutine owns the process and the files; the reader has the other end of a pipe.
type encoding struct {
	*io.PipeReader
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when process and files are gone
}

// errClosed is the error of a Read after Close.
var errClosed = fmt.Errorf("voice: the reader is closed: %w", os.ErrClosed)

func start(ctx context.Context, path string, format Format, in io.Reader) *encoding {
	ctx, cancel := context.WithCancelCause(ctx)
	r, w := io.Pipe()
	e := &encoding{PipeReader: r, cancel: cancel, done: make(chan struct{})}
	// A Read ends at once, also while the goroutine below waits for an input that blocks. The first error of all stays.
	context.AfterFunc(ctx, func() { _ = w.CloseWithError(context.Cause(ctx)) })
	go func() {
		defer close(e.done)
		job := &job{path: path, format: format, fail: cancel}
		err := job.run(ctx, in, w)
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx) // the reason why it failed
		}
		_ = w.CloseWithError(err) // nil is an end of file
		cancel(nil)
	}()
	return e
}

// Close ends the process and waits until it is gone, long enough for two things that block one after the other.
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
	as     container
	pauses bool                    // that ffmpeg cannot decode; see hasPauses
	file   *os.File                // the input, unless it is streamed
	fail   context.CancelCauseFunc // ends the process for a reason that explains more than its own message
}

// run encodes in to w. ctx ends it at any point.
func (j *job) run(ctx context.Context, in io.Reader, w io.Writer) error {
	in = &input{ctx: ctx, r: in, fail: j.fail}
	head := make([]byte, headSize)
	n, err := io.ReadFull(in, head)
	switch {
	case n == 0 && errors.Is(err, io.EOF):
		return errors.New("voice: the input is empty")
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	}
	if j.as, err = containerOf(head[:n]); err != nil {
		return err
	}
	j.pauses = hasPauses(head[:n])
	in = io.MultiReader(bytes.NewReader(head[:n]), in)
	if j.as != streamed {
		file, free, err := spool(in)
		if err != nil {
			return err
		}
		defer free()
		in, j.file = nil, file
	}
	if j.format == WAV {
		return j.wav(ctx, in, w)
	}
	return j.exec(ctx, in, w)
}

// exec runs ffmpeg from in, or from the file, to w.
func (j *job) exec(ctx context.Context, in io.Reader, w io.Writer) error {
	cmd := exec.CommandContext(ctx, j.path, arguments(j.format, j.as, j.fileName(), j.pauses)...)
	cmd.WaitDelay = patience
	if j.file != nil {
		cmd.Stdin = j.file
	}
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
	n, err := io.Copy(&bounded{w, outputs[j.format].clock()}, stdout)
	if err != nil {
		if !errors.Is(err, errTooLong) {
			err = fmt.Errorf("voice: %w", err)
		}
		j.fail(err) // or ffmpeg waits forever for a reader of the rest
	}
	waited := cmd.Wait()
	switch {
	case err != nil:
		return err
	case waited != nil && cmd.ProcessState != nil && cmd.ProcessState.UserTime() >= cpuLimit:
		return fmt.Errorf("voice: ffmpeg takes more than %s of processor time (%w)", cpuLimit, waited)
	case errors.Is(waited, exec.ErrWaitDelay):
		// It ended well, and its whole output is here; a child of it still holds the pipe of its errors.
	case waited != nil:
		return fmt.Errorf("voice: ffmpeg: %s (%w)", said.reason(j.fileName()), waited)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if n == 0 {
		return errors.New("voice: ffmpeg made nothing of the input: it holds no sound")
	}
	return nil
}

// fileName is the name under which ffmpeg opens the input; "" if that comes through the pipe.
func (j *job) fileName() string {
	if j.file == nil {
		return ""
	}
	return opened(j.file)
}

// feed copies in to stdin in the background: exec.Cmd would do that too, and then wait for an input that blocks. The
// returned function waits for the end of the copy, with patience.
func feed(stdin io.WriteCloser, in io.Reader) (wait func()) {
	if in == nil {
		return func() {}
	}
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		_, _ = io.Copy(stdin, in) // input has reported it if in failed; else ffmpeg had enough
		_ = stdin.Close()
	}()
	return func() {
		select {
		case <-fed:
		case <-time.After(patience):
		}
	}
}

// input is the caller's reader. Its error is reported, and not what ffmpeg says about half a file.
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
		if v := recover(); v != nil { // the caller, on another goroutine, cannot recover it
			n, err = 0, fmt.Errorf("a panic: %v", v)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			err = fmt.Errorf("voice: read the input: %w", err)
			i.fail(err)
		}
	}()
	return i.r.Read(p)
}
