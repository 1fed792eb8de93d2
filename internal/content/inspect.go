package content

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/botgo-contrib/richmedia/internal/panics"
)

// Inspect reads the source that open opens: to its end if it has to be hashed or cannot be read at offsets, in which case
// it is spooled, else only the bytes that show its format. A panic of the source is a *panics.Error. The error is an *Error.
func Inspect(ctx context.Context, open Opener, o Options) (c *Content, err error) {
	panics.Do(func() (err error) {
		c, err = inspect(ctx, open, o)
		return err
	}, func(failed error) {
		err = asRead(failed)
	})
	return c, err
}

// asRead returns a panic with its step; other errors have one.
func asRead(err error) error {
	if panicked, ok := err.(*panics.Error); ok { //nolint:errorlint // within another error it has a step
		return &Error{"read", panicked}
	}
	return err
}

func inspect(ctx context.Context, open Opener, o Options) (*Content, error) {
	rc, err := open.call(ctx)
	if err != nil {
		return nil, &Error{"open", err}
	}
	defer rc.Close() //nolint:errcheck // only read from
	if !seekable(rc) {
		return Spool(ctx, rc, o)
	}
	was, err := stampOf(rc)
	if errors.Is(err, errNoOffsets) {
		return Spool(ctx, rc, o)
	}
	if err != nil {
		return nil, &Error{"open", err}
	}
	if was.size > o.Limit {
		return nil, &Error{"check", OverError(was.size)}
	}
	c := &Content{verify: o.Hash, memo: o.Memo, section: func(ctx context.Context, offset, n int64) (io.ReadCloser, error) {
		return reopen(ctx, open, was, offset, n)
	}}
	c.Size = was.size
	if o.Hash {
		c.Sums, err = o.Memo.digest(ctx, rc, o.Immutable, func() (Sums, error) {
			return digest(ctx, rc, digestOptions{Limit: o.Limit, Parts: was.size > o.PartsOver})
		})
		if err != nil {
			return nil, readError(err)
		}
	}
	if err := c.identify(atOffsets(rc), o); err != nil {
		return nil, err
	}
	return c, nil
}

// identify names the format of what r holds.
func (c *Content) identify(r io.ReaderAt, o Options) (err error) {
	if o.Format == nil {
		return nil
	}
	if c.Format, err = o.Format(r, c.Size); err != nil {
		return readError(err)
	}
	return nil
}

// seekable reports whether rc may be a reader that can be read at an offset without reading what is before it.
func seekable(rc io.ReadCloser) bool {
	_, ok := rc.(io.Seeker)
	if _, file := rc.(fs.File); file && !ok {
		_, ok = rc.(io.ReaderAt)
	}
	return ok
}

// atOffsets returns the ReaderAt of rc, which is seekable.
func atOffsets(rc io.ReadCloser) io.ReaderAt {
	if at, ok := rc.(io.ReaderAt); ok {
		return at
	}
	return seekReaderAt{rc.(io.ReadSeeker)} //nolint:forcetypeassert // it is seekable, and no ReaderAt
}

// seekReaderAt reads at offsets by seeking, for one goroutine.
type seekReaderAt struct{ io.ReadSeeker }

func (r seekReaderAt) ReadAt(p []byte, offset int64) (int, error) {
	if _, err := r.Seek(offset, io.SeekStart); err != nil {
		return 0, err
	}
	n, end, err := fill(r, p)
	if end && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// errNoOffsets is a reader that has the method and cannot do it: a pipe is an *os.File.
var errNoOffsets = errors.New("cannot be read at offsets")

// stamp is what a source looks like from outside. If it changes, the content may have changed.
type stamp struct {
	size    int64
	changed time.Time // zero if it is not known
}

func stampOf(rc io.ReadCloser) (stamp, error) {
	if f, ok := rc.(fs.File); ok {
		info, err := f.Stat()
		if err != nil {
			return stamp{}, err
		}
		if !info.Mode().IsRegular() {
			return stamp{}, errNoOffsets
		}
		return stamp{info.Size(), info.ModTime()}, nil
	}
	s := rc.(io.Seeker) //nolint:forcetypeassert // it is seekable, and no file
	size, err := s.Seek(0, io.SeekEnd)
	if err != nil {
		return stamp{}, errNoOffsets
	}
	_, err = s.Seek(0, io.SeekStart)
	return stamp{size: size}, err
}

// reopen opens n bytes of the source from offset on. It fails if the source is not what it was.
func reopen(ctx context.Context, open Opener, was stamp, offset, n int64) (io.ReadCloser, error) {
	rc, err := open.call(ctx)
	if err != nil {
		return nil, err
	}
	now, err := stampOf(rc)
	if err == nil && (now.size != was.size || !now.changed.Equal(was.changed)) {
		err = errChanged
	}
	if err != nil {
		_ = rc.Close()
		return nil, err
	}
	if at, ok := rc.(io.ReaderAt); ok {
		return &sectionReader{io.NewSectionReader(at, offset, n), rc, n}, nil
	}
	if _, err := rc.(io.Seeker).Seek(offset, io.SeekStart); err != nil { //nolint:forcetypeassert // it is seekable, and no ReaderAt
		_ = rc.Close()
		return nil, err
	}
	return &sectionReader{io.LimitReader(rc, n), rc, n}, nil
}

// sectionReader returns n bytes, or errChanged if there are fewer.
type sectionReader struct {
	io.Reader
	io.Closer
	left int64
}

func (r *sectionReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.left -= int64(n)
	if errors.Is(err, io.EOF) && r.left > 0 {
		return n, errChanged
	}
	return n, err
}
