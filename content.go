package richmedia

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"io/fs"
	"time"

	"github.com/botgo-contrib/richmedia/internal/digest"
)

// content is what a Source turned out to hold: known in size, format and digest, and readable at any offset as often
// as it takes. It is never in memory as a whole.
type content struct {
	digest.Sums        // MD5 and the others for parts only where they were to be expected
	hashed      bool   // SHA256 is that of the content
	free        func() // nil: nothing to give back

	// section opens n bytes from offset on.
	section func(ctx context.Context, offset, n int64) (io.ReadCloser, error)
}

// stepError is a failure with the name of its step, for UploadError.
type stepError struct {
	step string
	err  error
}

func (e *stepError) Error() string { return e.step + ": " + e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

// look says how closely to inspect a Source.
type look struct {
	hash   bool  // its SHA-256 is wanted
	inline int64 // up to this it goes in one call, which needs no other digests
	limit  int64 // over this the platform refuses it
}

// inspect reads s: to its end where it has to be hashed or cannot be read at offsets, else its head.
func (s Source) inspect(ctx context.Context, l look) (*content, error) {
	if s.once != nil {
		r, err := s.once.take()
		if err != nil {
			return nil, &stepError{"open", err}
		}
		return spooled(ctx, r, l)
	}
	rc, err := s.open(ctx)
	if err != nil {
		return nil, &stepError{"open", err}
	}
	defer rc.Close() //nolint:errcheck // only read from
	if !seekable(rc) {
		return spooled(ctx, rc, l)
	}
	was, err := stampOf(rc)
	if errors.Is(err, errNoOffsets) {
		return spooled(ctx, rc, l)
	}
	if err != nil {
		return nil, &stepError{"open", err}
	}
	if was.size > l.limit {
		return nil, &stepError{"check", digest.OverError(was.size)}
	}
	c := &content{hashed: l.hash, section: func(ctx context.Context, offset, n int64) (io.ReadCloser, error) {
		return s.reopen(ctx, was, offset, n)
	}}
	var from io.Reader = rc
	if !l.hash {
		from = io.LimitReader(rc, sniffLen)
	}
	c.Sums, err = digest.Read(ctx, from, digest.Options{Head: sniffLen, Limit: l.limit, Parts: l.hash && was.size > l.inline})
	if err != nil {
		return nil, readError(err)
	}
	if !l.hash {
		c.Size = was.size
	}
	return c, nil
}

func readError(err error) error {
	var over digest.OverError
	if errors.As(err, &over) {
		return &stepError{"check", over}
	}
	return &stepError{"read", err}
}

// open gives the whole content, and fails instead of giving another one than was looked at.
func (c *content) open(ctx context.Context) (io.ReadCloser, error) {
	rc, err := c.section(ctx, 0, c.Size)
	if err != nil || !c.hashed {
		return rc, err
	}
	return &sameReader{ReadCloser: rc, want: c.SHA256, hash: sha256.New()}, nil
}

// partSums completes the digests that an upload in parts needs.
func (c *content) partSums(ctx context.Context) error {
	if c.MD5 != "" {
		return nil
	}
	rc, err := c.open(ctx)
	if err != nil {
		return &stepError{"open", err}
	}
	defer rc.Close() //nolint:errcheck // only read from
	sums, err := digest.Read(ctx, rc, digest.Options{Head: sniffLen, Limit: c.Size, Parts: true})
	if err != nil {
		return readError(err)
	}
	if sums.Size != c.Size {
		return &stepError{"read", errChanged}
	}
	c.MD5, c.SHA1, c.MD510M = sums.MD5, sums.SHA1, sums.MD510M // and no more: Size is read beside this
	return nil
}

// errChanged stops an upload whose source is not what was looked at: the platform would keep something else than what
// its digests say, or wait for bytes that do not come.
var errChanged = errors.New("the content changed while it was uploaded")

// sameReader fails at the end of what has another digest than want.
type sameReader struct {
	io.ReadCloser
	want []byte
	hash hash.Hash
}

func (r *sameReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.hash.Write(p[:n])
	if errors.Is(err, io.EOF) && !bytes.Equal(r.hash.Sum(nil), r.want) {
		return n, errChanged
	}
	return n, err
}

// seekable tells whether rc may be one that can be read at an offset without reading what is before it.
func seekable(rc io.ReadCloser) bool {
	_, ok := rc.(io.Seeker)
	if _, file := rc.(fs.File); file && !ok {
		_, ok = rc.(io.ReaderAt)
	}
	return ok
}

// errNoOffsets is a reader that has the method and cannot do it: a pipe is an *os.File.
var errNoOffsets = errors.New("cannot be read at offsets")

// stamp is what a source looks like from outside. Where it changes, the content may have.
type stamp struct {
	size    int64
	changed time.Time // zero where it is not known
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

// reopen opens s again, at offset. It fails where s is not what it was.
func (s Source) reopen(ctx context.Context, was stamp, offset, n int64) (io.ReadCloser, error) {
	rc, err := s.open(ctx)
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

// sectionReader gives n bytes, or errChanged where there are fewer.
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
