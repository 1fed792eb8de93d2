// Package content reads what a source holds: its size, format and digests in one reading, and after that any section of
// it, any number of times. Content is never in memory as a whole.
package content

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"

	"github.com/botgo-contrib/richmedia/internal/panics"
)

// Opener opens a source at its start. It is called for each reading and must be safe for concurrent use.
type Opener func(ctx context.Context) (io.ReadCloser, error)

// call calls open. A panic is a *panics.Error.
func (open Opener) call(ctx context.Context) (rc io.ReadCloser, err error) {
	defer panics.Recover(&err)
	return open(ctx)
}

// Options say how a source is read.
type Options struct {
	Hash      bool  // its SHA-256 is needed, so that the source is read to its end even if it can be read at offsets
	PartsOver int64 // with Hash, the digests for parts are computed of what is larger than this
	Limit     int64 // more bytes than this are an OverError
	Memo      *Memo // remembers digests; may be nil
	Immutable any   // a comparable key of content that never changes, for Memo; nil if it may change
	// Format names the format of size bytes in r. It may be nil.
	Format func(r io.ReaderAt, size int64) (string, error)
}

// Content is what a source was found to hold. Its methods are safe for concurrent use, except Free and OnFree.
type Content struct {
	Sums          // SHA256 and the digests for parts are set if they were asked for or cost nothing
	Format string // the result of Options.Format

	memo   *Memo // may know SHA256 of an earlier reading
	verify bool  // the source can change, and SHA256 is that of the content
	free   func()

	// section opens n bytes from offset on.
	section func(ctx context.Context, offset, n int64) (io.ReadCloser, error)
}

// Error is a failure with the step at which it happened: "open", "check" for an OverError, or "read".
type Error struct {
	Step string
	Err  error
}

// Error begins with the step.
func (e *Error) Error() string { return e.Step + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// readError is the failure of a reading.
func readError(err error) error {
	var over OverError
	if errors.As(err, &over) {
		return &Error{"check", over}
	}
	return &Error{"read", err}
}

// errChanged stops an upload whose source is not what was inspected. The platform would keep other content than the
// digests say, or wait for bytes that do not come.
var errChanged = errors.New("the content changed while it was uploaded")

// Open opens the whole content. Its reader fails at the end if the content is not what was inspected.
func (c *Content) Open(ctx context.Context) (io.ReadCloser, error) {
	rc, err := c.Section(ctx, 0, c.Size)
	if err != nil || !c.verify {
		return rc, err
	}
	return &sameReader{ReadCloser: rc, want: c.SHA256, hash: sha256.New(), memo: c.memo}, nil
}

// Section opens n bytes from offset on. Its reader fails if there are fewer.
func (c *Content) Section(ctx context.Context, offset, n int64) (io.ReadCloser, error) {
	return c.section(ctx, offset, n)
}

// PartSums completes the digests that an upload in parts needs. The error is an *Error. It must not be called twice at
// the same time.
func (c *Content) PartSums(ctx context.Context) error {
	if c.MD5 != "" {
		return nil
	}
	rc, err := c.Open(ctx)
	if err != nil {
		return &Error{"open", err}
	}
	defer rc.Close() //nolint:errcheck // only read from
	sums, err := digest(ctx, rc, digestOptions{Limit: c.Size, Parts: true})
	if err != nil {
		return readError(err)
	}
	if sums.Size != c.Size {
		return &Error{"read", errChanged}
	}
	c.MD5, c.SHA1, c.MD510M = sums.MD5, sums.SHA1, sums.MD510M // other goroutines read the other fields meanwhile
	return nil
}

// Free releases what c holds, such as a temporary file. c cannot be opened after it.
func (c *Content) Free() {
	if c.free != nil {
		c.free()
	}
}

// OnFree adds fn to what Free calls.
func (c *Content) OnFree(fn func()) {
	before := c.free
	c.free = func() {
		if before != nil {
			before()
		}
		fn()
	}
}

// sameReader fails at the end of content with another digest than want.
type sameReader struct {
	io.ReadCloser
	want []byte
	hash hash.Hash
	memo *Memo
}

func (r *sameReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.hash.Write(p[:n])
	if errors.Is(err, io.EOF) && !bytes.Equal(r.hash.Sum(nil), r.want) {
		r.memo.forget(r.want)
		return n, errChanged
	}
	return n, err
}
