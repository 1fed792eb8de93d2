package richmediatest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
)

const (
	// maxUploadBody is where the proxy in front of the platform cuts off: an HTML 413 was seen from 15 to 19 MB on.
	maxUploadBody = 20 << 20
	maxOtherBody  = 1 << 20
)

// ServeHTTP serves the whole platform: the token endpoint, the API, the gateway's websocket (on a real connection only) and
// the presigned URLs of parts. Requests with an absolute URL that was passed to [Platform.Host] get those bytes, so that a
// bot's own downloader can run on [Platform.Client]; those of attachments are served on the listener, too.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if at, ok := p.hosted(r.URL); ok {
		at.serve(w, r)
		return
	}
	switch {
	case r.URL.Path == socketPath:
		p.serveSocket(w, r)
		return
	case strings.HasPrefix(r.URL.Path, partPrefix):
		p.serveFile(w, r)
		return
	}
	to, allowed := findRoute(r)
	call := p.record(to.op, r)
	answer := &answerRecorder{ResponseWriter: w}
	defer p.recordAnswer(call, answer)
	if allowed == nil {
		p.intercepted(OpUnknown, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			p.write(w, nil, &refusal{status: http.StatusNotFound, code: http.StatusNotFound, message: "接口不存在"})
		})).ServeHTTP(answer, r)
		return
	}
	if to.serve == nil {
		answer.Header().Set("Allow", strings.Join(allowed, ", "))
		p.write(answer, nil, &refusal{
			status: http.StatusMethodNotAllowed, code: http.StatusMethodNotAllowed, message: "请求方法不支持",
		})
		return
	}
	limit := int64(maxOtherBody)
	if to.op == OpUpload || guildScene(to.scene) && multipartForm(r) {
		limit = maxUploadBody
	}
	body, err := readBody(r, limit)
	switch {
	case errors.Is(err, errBodyTooBig):
		writeHTML(answer, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		linger(answer, r)
		return
	case err != nil:
		panic(http.ErrAbortHandler) // the client broke off
	}
	if to.op == OpUpload && merges(body) {
		to.op = OpMerge
		p.setOp(call, OpMerge)
		to.serve = (*Platform).merge
	}
	p.recordBody(call, body)
	to.call = call
	r.Body = &readCloser{Reader: bytes.NewReader(body), all: body}
	p.intercepted(to.op, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, bad := p.serveAPI(r, to)
		p.write(w, v, bad)
	})).ServeHTTP(answer, r)
}

func (p *Platform) serveAPI(r *http.Request, to route) (any, *refusal) {
	body, err := readBody(r, maxUploadBody)
	if err != nil {
		return nil, errField("%v", err)
	}
	if bad := p.admit(to); bad != nil {
		return nil, bad
	}
	if !to.open {
		if bad := p.authorize(r); bad != nil {
			return nil, bad
		}
	}
	return to.serve(p, r, to, body)
}

func (p *Platform) setOp(c *Call, op Op) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.Op = op
}

// serveMe answers GET /users/@me.
func (p *Platform) serveMe(*http.Request, route, []byte) (any, *refusal) {
	me := p.botUser()
	me["union_openid"], me["union_user_account"] = "", ""
	return me, nil
}

// merges reports whether the body of a POST to .../files asks for the merge of an upload in parts.
func merges(body []byte) bool {
	f, err := parseFields(body)
	if err != nil {
		return false
	}
	raw, ok := f["upload_id"]
	return ok && string(raw) != `""`
}

var errBodyTooBig = errors.New("the body is too big")

// readCloser is a body that was read already. An interceptor may have read any part of it.
type readCloser struct {
	io.Reader
	all []byte
}

// Close does nothing.
func (*readCloser) Close() error { return nil }

func readBody(r *http.Request, limit int64) ([]byte, error) {
	if ready, ok := r.Body.(*readCloser); ok {
		return ready.all, nil
	}
	if r.ContentLength > limit {
		return nil, errBodyTooBig
	}
	if r.Body == nil {
		return nil, nil
	}
	var buf bytes.Buffer
	if r.ContentLength > 0 {
		buf.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, errBodyTooBig
	}
	return buf.Bytes(), nil
}

// linger reads on for a while after an early answer, as proxies do: a client that is still writing when the connection
// closes would see a reset and never the 413. In process nothing needs it.
func linger(w http.ResponseWriter, r *http.Request) {
	if r.Context().Value(http.ServerContextKey) == nil {
		return
	}
	_ = http.NewResponseController(w).Flush()
	_, _ = io.CopyN(io.Discard, r.Body, 64<<20)
}
