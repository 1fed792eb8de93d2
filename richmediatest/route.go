package richmediatest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const (
	// maxUploadBody is where the proxy in front of the platform cuts off: an HTML 413 was seen from 15 to 19 MB on.
	maxUploadBody = 20 << 20
	maxOtherBody  = 1 << 20
)

// handler answers one endpoint: v is the JSON of a success.
type handler func(p *Platform, r *http.Request, to route, body []byte) (v any, bad *refusal)

// route is where a request goes.
type route struct {
	op     Op
	method string
	scene  string // of paths with a chat
	openid string // what messages are sent to, as in Chat.OpenID
	id     string // message or interaction id
	open   bool   // needs no access token
	call   *Call  // for warnings
	serve  handler
}

// ServeHTTP serves the whole platform: the token endpoint, the API, the gateway's websocket (on a real connection only) and
// the presigned URLs of parts. Requests with an absolute URL that was given to [Platform.Host] get those bytes, so that a
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
	to, ok := findRoute(r)
	call := p.record(to.op, r)
	answer := &answerRecorder{ResponseWriter: w}
	defer p.recordAnswer(call, answer)
	if !ok {
		p.intercepted(OpUnknown, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			p.write(w, nil, &refusal{status: http.StatusNotFound, code: http.StatusNotFound, message: "接口不存在"})
		})).ServeHTTP(answer, r)
		return
	}
	if r.Method != to.method {
		answer.Header().Set("Allow", to.method)
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

// findRoute matches the path alone, so that a wrong method differs from a wrong path.
func findRoute(r *http.Request) (route, bool) {
	segments := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	for i, s := range segments {
		if unescaped, err := url.PathUnescape(s); err == nil {
			segments[i] = unescaped
		}
	}
	switch path := strings.Join(segments, "/"); path {
	case "app/getAppAccessToken":
		return route{op: OpToken, method: http.MethodPost, open: true, serve: (*Platform).issueToken}, true
	case "gateway", "gateway/bot":
		return route{op: OpGateway, method: http.MethodGet, id: path, serve: (*Platform).serveGateway}, true
	case "users/@me":
		return route{op: OpMe, method: http.MethodGet, serve: (*Platform).serveMe}, true
	}
	if len(segments) == 2 && segments[0] == "interactions" {
		return route{op: OpAck, method: http.MethodPut, id: segments[1], serve: (*Platform).acknowledge}, true
	}
	if to, ok := findGuildRoute(segments); ok {
		return to, true
	}
	if len(segments) < 4 || len(segments) > 5 || segments[0] != "v2" {
		return route{op: OpUnknown}, false
	}
	to := route{op: OpUnknown, method: http.MethodPost, openid: segments[2]}
	switch segments[1] {
	case "groups":
		to.scene = sceneGroup
	case "users":
		to.scene = sceneC2C
	default:
		return to, false
	}
	if len(segments) == 5 {
		if segments[3] != "messages" {
			return to, false
		}
		to.op, to.method, to.id, to.serve = OpRecall, http.MethodDelete, segments[4], (*Platform).recall
		return to, true
	}
	switch segments[3] {
	case "files":
		to.op, to.serve = OpUpload, (*Platform).upload
	case "messages":
		to.op, to.serve = OpSend, (*Platform).send
	case "upload_prepare":
		to.op, to.serve = OpPrepare, (*Platform).prepare
	case "upload_part_finish":
		to.op, to.serve = OpFinish, (*Platform).finish
	default:
		return to, false
	}
	return to, true
}

// findGuildRoute matches what a guild has: messages, and recalling them.
func findGuildRoute(segments []string) (route, bool) {
	if len(segments) < 3 || len(segments) > 4 || segments[2] != "messages" {
		return route{}, false
	}
	to := route{op: OpSend, method: http.MethodPost, openid: segments[1], serve: (*Platform).sendGuild}
	switch segments[0] {
	case "channels":
		to.scene = sceneChannel
	case "dms":
		to.scene = sceneDM
	default:
		return to, false
	}
	if len(segments) == 4 {
		to.op, to.method, to.id, to.serve = OpRecall, http.MethodDelete, segments[3], (*Platform).recall
	}
	return to, true
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
