package platform

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"sync"
)

// source opens a request's body as often as an attempt needs it, and remembers why reading it failed: the
// transport would only say that the connection broke.
type source struct {
	ctx  context.Context //nolint:containedctx // lives as long as the attempt that made it
	open func(context.Context) (io.ReadCloser, error)
	// memory says that open gives a bytes.Reader, which cannot fail. It goes to net/http as it is: before a body of a
	// type that it does not know, the transport flushes the headers, so that a small request is two packets.
	memory bool
	moved  func() // called as the body goes; may be nil

	mu  sync.Mutex
	err error
}

// Open gives the body from its start.
func (s *source) Open() (io.ReadCloser, error) {
	if s.open == nil {
		return http.NoBody, nil
	}
	rc, err := s.opened()
	if err != nil {
		s.fail(err)
		return nil, err
	}
	if s.memory {
		return rc, nil
	}
	return &sourceReader{rc: rc, s: s}, nil
}

// opened calls open, whose panic must not end the process on a goroutine of net/http's.
func (s *source) opened() (rc io.ReadCloser, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &SourcePanic{Value: v, Stack: debug.Stack()}
		}
	}()
	return s.open(s.ctx)
}

// SourcePanic is a source that panicked while a body was made of it.
type SourcePanic struct {
	Value any
	Stack []byte
}

func (e *SourcePanic) Error() string { return fmt.Sprintf("the source panicked: %v", e.Value) }

func (s *source) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// failure is what reading the body failed with; nil when it did not, or when the attempt had ended before.
func (s *source) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return nil
	}
	return s.err
}

type sourceReader struct {
	rc io.ReadCloser
	s  *source

	mu     sync.Mutex // a transport may close a body while it is being read
	closed bool
}

func (r *sourceReader) Read(p []byte) (n int, err error) {
	defer func() {
		if v := recover(); v != nil { // on a goroutine of net/http's, where nobody else could
			n, err = 0, &SourcePanic{Value: v, Stack: debug.Stack()}
			r.s.fail(err)
		}
	}()
	n, err = r.rc.Read(p)
	if n > 0 && r.s.moved != nil {
		r.s.moved()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if !r.closed {
			r.s.fail(err)
		}
	}
	return n, err
}

func (r *sourceReader) Close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	return r.rc.Close()
}

// fixed is a body that is in memory.
func fixed(b []byte) (length int64, open func(context.Context) (io.ReadCloser, error)) {
	return int64(len(b)), func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
}

// encodeChunk is how many raw bytes base64Reader takes at once; a multiple of 3, so that no padding comes
// before the end.
const encodeChunk = 12 << 10

// base64Reader encodes what it reads, while it is read: a body of any size costs one small buffer.
type base64Reader struct {
	src io.ReadCloser
	raw [encodeChunk]byte
	out [encodeChunk / 3 * 4]byte
	buf []byte // what of out has not been read yet
	err error
}

func (r *base64Reader) Read(p []byte) (int, error) {
	if len(r.buf) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		n := 0
		for n < len(r.raw) && r.err == nil { // not io.ReadFull: a source that is cut off is not at its end
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
