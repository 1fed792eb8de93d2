package platform

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
)

// body opens the body of one attempt any number of times, and keeps the reason why reading it failed: the transport
// reports only that the connection broke.
type body struct {
	ctx  context.Context //nolint:containedctx // lives as long as its attempt
	open func(context.Context) (io.ReadCloser, error)
	// memory marks an open that returns a bytes.Reader, which cannot fail. It goes to net/http as it is: before a body of an
	// unknown type the transport flushes the headers, and a small request becomes two packets.
	memory bool
	moved  func() // called after each read; may be nil

	connected atomic.Bool // nothing can have been acted upon without a connection

	mu  sync.Mutex
	err error
}

func (b *body) gotConn(httptrace.GotConnInfo) { b.connected.Store(true) }

// Open returns the body from its start.
func (b *body) Open() (io.ReadCloser, error) {
	if b.open == nil {
		return http.NoBody, nil
	}
	rc, err := b.opened()
	if err != nil {
		b.fail(err)
		return nil, err
	}
	if b.memory {
		return rc, nil
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
// before.
func (b *body) failure() error {
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
	if n > 0 && r.b.moved != nil {
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

// fixed returns the length and the opener of a body in memory.
func fixed(b []byte) (length int64, open func(context.Context) (io.ReadCloser, error)) {
	return int64(len(b)), func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
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
