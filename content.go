package richmedia

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
)

// content is what a Source turned out to hold: known in size and format, hashed, and readable again and again.
// It is counted by its users, because an upload that others wait for goes on after the caller who brought the
// content has left.
type content struct {
	size   int64
	head   []byte // the first sniffLen bytes, or all
	digest []byte // SHA-256; nil where the caller's key stands for it
	open   func(context.Context) (io.ReadCloser, error)

	users atomic.Int32
	free  func()
}

func (c *content) retain() { c.users.Add(1) }

func (c *content) release() {
	if c.users.Add(-1) == 0 && c.free != nil {
		c.free()
	}
}

// stepError is a failure with the name of its step, for UploadError.
type stepError struct {
	step string
	err  error
}

func (e *stepError) Error() string { return e.step + ": " + e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

// overError ends a reading that went over the limit, after so many bytes.
type overError int64

func (e overError) Error() string { return fmt.Sprintf("%d bytes are over the limit", int64(e)) }

// inspect reads s once, as far as is needed: to its end, or to its head where hashed is false and the size is
// known. limit is the size that the platform would refuse. The caller has to release the content.
func (s Source) inspect(ctx context.Context, hashed bool, limit int64) (*content, error) {
	c := &content{}
	c.retain()
	if s.once != nil {
		if err := s.once.spool(ctx, c, limit); err != nil {
			c.release()
			return nil, err
		}
		return c, nil
	}
	rc, err := s.open(ctx)
	if err != nil {
		return nil, &stepError{"open", err}
	}
	defer rc.Close() //nolint:errcheck // only read from

	size := int64(-1)
	if f, ok := rc.(fs.File); ok {
		if info, err := f.Stat(); err == nil {
			size = info.Size()
		}
	}
	if s.whole != nil {
		size = int64(len(s.whole))
	}
	if size > limit {
		return nil, &stepError{"check", overError(size)}
	}
	in := newInspector(nil)
	var from io.Reader = rc
	if !hashed && size >= 0 {
		from = io.LimitReader(rc, sniffLen)
	}
	if err := in.readFrom(ctx, from, limit); err != nil {
		return nil, err
	}
	c.head, c.size = in.head, in.size
	if hashed {
		c.digest = in.hash.Sum(nil)
	} else if size >= 0 {
		c.size = size
	}
	c.open = s.open
	if s.whole == nil {
		c.open = func(ctx context.Context) (io.ReadCloser, error) {
			rc, err := s.open(ctx)
			if err != nil {
				return nil, err
			}
			return &sameReader{rc: rc, c: c, hash: sha256.New()}, nil
		}
	}
	return c, nil
}

// inspector learns head, size and digest while content passes by into also, which may be nil.
type inspector struct {
	head []byte
	size int64
	hash hash.Hash
	also io.Writer
}

func newInspector(also io.Writer) *inspector {
	return &inspector{hash: sha256.New(), also: also}
}

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

func (in *inspector) readFrom(ctx context.Context, r io.Reader, limit int64) error {
	buf := copyBuffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer copyBuffers.Put(buf)
	for {
		if ctx.Err() != nil {
			return &stepError{"read", context.Cause(ctx)}
		}
		n, err := r.Read(*buf)
		part := (*buf)[:n]
		if missing := sniffLen - len(in.head); missing > 0 {
			in.head = append(in.head, part[:min(n, missing)]...)
		}
		in.size += int64(n)
		if in.size > limit {
			return &stepError{"check", overError(in.size)}
		}
		in.hash.Write(part)
		if in.also != nil {
			if _, err := in.also.Write(part); err != nil {
				return &stepError{"read", fmt.Errorf("keep a copy: %w", err)}
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &stepError{"read", err}
		}
	}
}

// errChanged stops an upload whose source is not what was looked at: its bytes would be kept under the wrong
// digest, or would not fill the announced length.
var errChanged = errors.New("the content changed while it was uploaded")

// sameReader gives the content again and fails where it differs in length or, where that is known, in digest.
type sameReader struct {
	rc   io.ReadCloser
	c    *content
	hash hash.Hash
	n    int64
}

func (r *sameReader) Read(p []byte) (int, error) {
	n, err := r.rc.Read(p)
	r.n += int64(n)
	if r.n > r.c.size {
		return 0, errChanged
	}
	if r.c.digest != nil {
		r.hash.Write(p[:n])
	}
	if errors.Is(err, io.EOF) {
		if r.n != r.c.size || (r.c.digest != nil && !bytes.Equal(r.hash.Sum(nil), r.c.digest)) {
			return n, errChanged
		}
	}
	return n, err
}

func (r *sameReader) Close() error { return r.rc.Close() }

// spoolMemory is how much of a one-shot reader stays in memory.
const spoolMemory = 256 << 10

// oneShot is a reader that can be read one time, by whoever comes first.
type oneShot struct {
	r    io.Reader
	used atomic.Bool
}

var errUsed = errors.New("this reader was used before, and a reader can be read one time; make a Source for each use, or use FromOpener")

// spool reads everything into c: memory first, a temporary file beyond spoolMemory.
func (o *oneShot) spool(ctx context.Context, c *content, limit int64) error {
	if o.used.Swap(true) {
		return &stepError{"open", errUsed}
	}
	w := &spoolWriter{}
	c.free = w.free
	in := newInspector(w)
	if err := in.readFrom(ctx, o.r, limit); err != nil {
		return err
	}
	c.head, c.size, c.digest = in.head, in.size, in.hash.Sum(nil)
	c.open = func(context.Context) (io.ReadCloser, error) {
		var at io.ReaderAt = bytes.NewReader(w.mem)
		if w.file != nil {
			at = w.file
		}
		return io.NopCloser(io.NewSectionReader(at, 0, c.size)), nil
	}
	return nil
}

type spoolWriter struct {
	mem  []byte
	file *os.File
	gone bool // the file has no name any more
}

func (w *spoolWriter) Write(p []byte) (int, error) {
	if w.file == nil && len(w.mem)+len(p) <= spoolMemory {
		w.mem = append(w.mem, p...)
		return len(p), nil
	}
	if w.file == nil {
		f, err := os.CreateTemp("", "richmedia-*")
		if err != nil {
			return 0, err
		}
		w.file = f
		// Where the system allows it the name goes at once, so that not even a killed process leaves the file.
		w.gone = os.Remove(f.Name()) == nil
		if _, err := f.Write(w.mem); err != nil {
			return 0, err
		}
		w.mem = nil
	}
	return w.file.Write(p)
}

func (w *spoolWriter) free() {
	w.mem = nil
	if w.file == nil {
		return
	}
	_ = w.file.Close()
	if !w.gone {
		_ = os.Remove(w.file.Name())
	}
}
