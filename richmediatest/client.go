package richmediatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
)

// Client returns an HTTP client whose every request, whatever its host, is answered by [Platform.ServeHTTP] in the
// caller's goroutine: no listener, no goroutine, no real time. A request's context is honoured: when it ends while the
// platform waits (see [Faults.Delay]), its cause is the error. A cut connection ([Faults.Lose], [Faults.Drop], a handler
// that panics with http.ErrAbortHandler) is an error that wraps syscall.ECONNRESET. A body that is longer or
// shorter than its Content-Length is an error as with net/http's own transport.
func (p *Platform) Client() *http.Client { return &http.Client{Transport: inProcess{p}} }

// inProcess is the round tripper behind Client.
type inProcess struct{ h http.Handler }

// RoundTrip answers req with the handler.
func (t inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if req.Body != nil {
		defer func() { _ = req.Body.Close() }()
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	r, body := serverRequest(req)
	w := newMemoryWriter()
	broken := serveInMemory(t.h, w, r)
	switch {
	case body.err != nil:
		return nil, body.err
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case broken != nil:
		return nil, broken
	}
	return w.response(req), nil
}

// serveInMemory runs h and returns the error that a client sees if h cuts the connection. Other panics reach the caller.
func serveInMemory(h http.Handler, w http.ResponseWriter, r *http.Request) (broken error) {
	defer func() {
		if v := recover(); v != nil {
			err, ok := v.(error)
			if !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			broken = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
			if c, ok := errors.AsType[cut](err); ok {
				broken = c.error
			}
		}
	}()
	h.ServeHTTP(w, r)
	return nil
}

// serverRequest converts a client's request into the one that a server reads from the wire.
func serverRequest(req *http.Request) (*http.Request, *wireBody) {
	r := req.Clone(req.Context())
	r.RequestURI = req.URL.RequestURI()
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	r.RemoteAddr = "127.0.0.1:49152"
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	if r.Header == nil {
		r.Header = make(http.Header)
	}
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", "Go-http-client/1.1")
	}
	r.TransferEncoding = nil
	body := &wireBody{from: http.NoBody}
	switch {
	case req.Body == nil || req.Body == http.NoBody:
		r.ContentLength = 0
	case req.ContentLength > 0:
		body.from, body.want, body.exact = req.Body, req.ContentLength, true
	default: // unknown: it travels in chunks
		body.from = req.Body
		r.ContentLength, r.TransferEncoding = -1, []string{"chunked"}
	}
	r.Body = body
	return r, body
}

// wireBody reads the client's body as a connection would and keeps the client's own error.
type wireBody struct {
	from  io.Reader
	got   int64
	want  int64
	exact bool
	err   error
}

// Read implements io.Reader.
func (b *wireBody) Read(buf []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.from.Read(buf)
	b.got += int64(n)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		b.err = err
	case b.exact && (b.got > b.want || err != nil && b.got < b.want):
		b.err = fmt.Errorf("http: ContentLength=%d with Body length %d", b.want, b.got)
		return n, b.err
	}
	return n, err
}

// Close implements io.Closer; the round tripper closes the client's body.
func (*wireBody) Close() error { return nil }

// memoryWriter holds an answer.
type memoryWriter struct {
	header http.Header
	sent   http.Header // as it was when the status was written
	status int
	body   bytes.Buffer
	pause  func(context.Context) error // before each byte of the body, see Drip; nil for none
}

func newMemoryWriter() *memoryWriter { return &memoryWriter{header: make(http.Header)} }

// Header implements http.ResponseWriter.
func (w *memoryWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *memoryWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

// Write implements http.ResponseWriter.
func (w *memoryWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		if w.header.Get("Content-Type") == "" {
			w.header.Set("Content-Type", http.DetectContentType(b))
		}
		w.WriteHeader(http.StatusOK)
	}
	return w.body.Write(b)
}

func (w *memoryWriter) response(req *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	var body io.Reader = bytes.NewReader(w.body.Bytes())
	if w.pause != nil {
		body = &dripping{req: req, rest: w.body.Bytes(), pause: w.pause}
	}
	length := int64(w.body.Len())
	if req.Method == http.MethodHead {
		length = -1
		if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil {
			length = n
		}
	}
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		StatusCode: w.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        w.sent,
		Body:          io.NopCloser(body),
		ContentLength: length,
		Close:         w.sent.Get("Connection") == "close",
		Request:       req,
	}
}

// dripping is a body that comes byte by byte.
type dripping struct {
	req   *http.Request
	rest  []byte
	pause func(context.Context) error
}

// Read returns the next byte.
func (d *dripping) Read(p []byte) (int, error) {
	if len(d.rest) == 0 {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if err := d.pause(d.req.Context()); err != nil {
		return 0, err
	}
	p[0] = d.rest[0]
	d.rest = d.rest[1:]
	return 1, nil
}
