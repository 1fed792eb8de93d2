package richmedia

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"sync/atomic"

	"github.com/botgo-contrib/richmedia/internal/digest"
)

// spoolMemory is how much of a stream stays in memory; the rest of it goes to a temporary file.
const spoolMemory = 256 << 10

// oneShot is a reader that can be read one time, by whoever comes first.
type oneShot struct {
	r    io.Reader
	used atomic.Bool
}

var errUsed = errors.New("this reader was used before, and a reader can be read one time; make a Source for each use, or use FromOpener")

func (o *oneShot) take() (io.Reader, error) {
	if o.used.Swap(true) {
		return nil, errUsed
	}
	return o.r, nil
}

// spooled reads r to its end into a place where it can be read again, at any offset. The reader may heed no ctx: when
// ctx ends first, the reading goes on by itself until r lets go, and then gives back what it has kept.
func spooled(ctx context.Context, r io.Reader, l look) (*content, error) {
	type outcome struct {
		sums digest.Sums
		err  error
	}
	s := &spool{}
	done, left := make(chan outcome), make(chan struct{})
	defer close(left)
	go func() {
		sums, err := s.fill(ctx, r, l)
		select {
		case done <- outcome{sums, err}:
		case <-left:
			s.free()
		}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			s.free()
			return nil, o.err
		}
		// The copy is ours and does not change: it need not be compared again.
		return &content{Sums: o.sums, free: s.free, section: s.section}, nil
	case <-ctx.Done():
		return nil, &stepError{"read", context.Cause(ctx)}
	}
}

// fill reads r into s. A panic of r is an error: it is not on the goroutine of whoever brought it.
func (s *spool) fill(ctx context.Context, r io.Reader, l look) (sums digest.Sums, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &stepError{"read", &PanicError{Value: v, Stack: debug.Stack()}}
		}
	}()
	sums, err = digest.Read(ctx, r, digest.Options{Head: sniffLen, Limit: l.limit, Parts: true, Also: s})
	if err != nil {
		return sums, readError(err)
	}
	return sums, nil
}

// spool keeps what is written to it.
type spool struct {
	mem  []byte
	file *os.File
	gone bool // the file has no name any more
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
		// Where the system allows it the name goes at once, so that not even a killed process leaves the file.
		s.gone = os.Remove(f.Name()) == nil
		if _, err := f.Write(s.mem); err != nil {
			return 0, err
		}
		s.mem = nil
	}
	return s.file.Write(p)
}

func (s *spool) section(_ context.Context, offset, n int64) (io.ReadCloser, error) {
	var at io.ReaderAt = bytes.NewReader(s.mem)
	if s.file != nil {
		at = s.file
	}
	return io.NopCloser(io.NewSectionReader(at, offset, n)), nil
}

func (s *spool) free() {
	s.mem = nil
	if s.file == nil {
		return
	}
	_ = s.file.Close()
	if !s.gone {
		_ = os.Remove(s.file.Name())
	}
}
