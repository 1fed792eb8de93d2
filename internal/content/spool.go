package content

import (
	"bytes"
	"context"
	"io"
	"os"

	"github.com/botgo-contrib/richmedia/internal/panics"
)

// spoolMemory is how much of a stream stays in memory. A longer stream is in a temporary file as a whole.
const spoolMemory = 256 << 10

// Spool reads r to its end and keeps a copy, of which any section can be opened. r may ignore ctx: if ctx ends first, the
// reading goes on until r returns, and then frees the copy. A panic of r, or a call of runtime.Goexit, is a *panics.Error. The
// error is an *Error.
func Spool(ctx context.Context, r io.Reader, o Options) (*Content, error) {
	type outcome struct {
		content *Content
		err     error
	}
	s := &spool{}
	done, left := make(chan outcome), make(chan struct{})
	defer close(left)
	go func() {
		var c *Content
		panics.Do(func() (err error) {
			c, err = s.fill(ctx, r, o)
			return err
		}, func(err error) {
			select {
			case done <- outcome{c, asRead(err)}:
			case <-left:
				s.free()
			}
		})
	}()
	select {
	case o := <-done:
		if o.err != nil {
			s.free()
		}
		return o.content, o.err
	case <-ctx.Done():
		return nil, &Error{"read", context.Cause(ctx)}
	}
}

// fill reads r into s.
func (s *spool) fill(ctx context.Context, r io.Reader, o Options) (*Content, error) {
	sums, err := digest(ctx, r, digestOptions{Limit: o.Limit, Parts: true, Copy: s})
	if err != nil {
		return nil, readError(err)
	}
	// The copy does not change, so it is not verified when it is read.
	c := &Content{Sums: sums, free: s.free, section: s.section}
	if err := c.identify(s.at(), o); err != nil {
		return nil, err
	}
	return c, nil
}

// spool keeps what is written to it.
type spool struct {
	mem      []byte
	file     *os.File
	unlinked bool // the file has no name any longer
}

func (s *spool) Write(p []byte) (int, error) {
	if s.file == nil && len(s.mem)+len(p) <= spoolMemory {
		s.mem = append(s.mem, p...)
		return len(p), nil
	}
	if s.file == nil {
		f, err := os.CreateTemp("", "richmedia-*")
		if err != nil {
			return 0, err
		}
		s.file = f
		// If the system allows it the file loses its name now, so that a killed process leaves no file behind.
		s.unlinked = os.Remove(f.Name()) == nil
		if _, err := f.Write(s.mem); err != nil {
			return 0, err
		}
		s.mem = nil
	}
	return s.file.Write(p)
}

// at returns a reader of what was written.
func (s *spool) at() io.ReaderAt {
	if s.file != nil {
		return s.file
	}
	return bytes.NewReader(s.mem)
}

func (s *spool) section(_ context.Context, offset, n int64) (io.ReadCloser, error) {
	return io.NopCloser(io.NewSectionReader(s.at(), offset, n)), nil
}

func (s *spool) free() {
	s.mem = nil
	if s.file == nil {
		return
	}
	_ = s.file.Close()
	if !s.unlinked {
		_ = os.Remove(s.file.Name())
	}
}
