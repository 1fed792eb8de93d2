package platform

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"sync"
)

// body opens the body of one attempt any number of times, and keeps the reason why reading it failed: the transport
// reports only that the connection broke.
type body struct {
	ctx   context.Context //nolint:containedctx // lives as long as its attempt
	open  func(context.Context) (io.ReadCloser, error)
	moved func() // called after each read

	mu  sync.Mutex
	err error
}

// Open returns the body from its start.
func (b *body) Open() (io.ReadCloser, error) {
	rc, err := b.opened()
	if err != nil {
		b.fail(err)
		return nil, err
	}
	return &bodyReader{rc: rc, b: b}, nil
}

// opened calls open, whose panic would end the process on a goroutine of net/http.
func (b *body) opened() (rc io.ReadCloser, err error) {
	defer rescue("the source", &err)
	return b.open(b.ctx)
}

func (b *body) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.err = err
	}
}

// failure returns the error that reading the body ended with. It is nil if there was none, or if the attempt had ended
// before; a nil body, which is in memory, has none.
func (b *body) failure() error {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx.Err() != nil {
		return nil
	}
	return b.err
}

type bodyReader struct {
	rc io.ReadCloser
	b  *body

	mu     sync.Mutex // a transport may close a body while it is being read
	closed bool
}

func (r *bodyReader) Read(p []byte) (n int, err error) {
	n, err = r.read(p)
	if n > 0 {
		r.b.moved()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !r.closed {
			r.b.fail(err)
		}
	}
	return n, err
}

// read calls the source's Read, whose panic would end the process on a goroutine of net/http.
func (r *bodyReader) read(p []byte) (n int, err error) {
	defer rescue("the source", &err)
	return r.rc.Read(p)
}

func (r *bodyReader) Close() (err error) {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	defer rescue("the source", &err)
	return r.rc.Close()
}

// encodeChunk is the number of raw bytes that base64Reader encodes at once; a multiple of 3, so that padding occurs at
// the end only.
const encodeChunk = 12 << 10

// base64Reader encodes while it is read: a body of any size costs one small buffer.
type base64Reader struct {
	src io.ReadCloser
	raw [encodeChunk]byte
	out [encodeChunk / 3 * 4]byte
	buf []byte // the unread part of out
	err error
}

func (r *base64Reader) Read(p []byte) (int, error) {
	if len(r.buf) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		n := 0
		for n < len(r.raw) && r.err == nil { // io.ReadFull would turn a source that is cut off into one that ended
			var m int
			m, r.err = r.src.Read(r.raw[n:])
			n += m
		}
		if r.err != nil && !errors.Is(r.err, io.EOF) {
			return 0, r.err
		}
		base64.StdEncoding.Encode(r.out[:], r.raw[:n])
		r.buf = r.out[:base64.StdEncoding.EncodedLen(n)]
		if n == 0 {
			return 0, r.err
		}
	}
	n := copy(p, r.buf)
	r.buf = r.buf[n:]
	return n, nil
}

func (r *base64Reader) Close() error { return r.src.Close() }
