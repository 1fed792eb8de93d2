package richmediatest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tencent-connect/botgo/constant"
)

// Op names an endpoint, for counting calls and for faults.
type Op string

// The endpoints of the platform. A POST to .../files is OpMerge when its body has an upload_id, else OpUpload.
const (
	OpToken   Op = "token"   // POST /app/getAppAccessToken
	OpGateway Op = "gateway" // GET /gateway, GET /gateway/bot
	OpSocket  Op = "socket"  // the websocket itself, once per connection
	OpMe      Op = "me"      // GET /users/@me
	OpUpload  Op = "upload"  // POST /v2/{groups|users}/{openid}/files with url or file_data
	OpPrepare Op = "prepare" // POST /v2/{groups|users}/{openid}/upload_prepare
	OpPart    Op = "part"    // PUT of a presigned part URL
	OpFinish  Op = "finish"  // POST /v2/{groups|users}/{openid}/upload_part_finish
	OpMerge   Op = "merge"   // POST /v2/{groups|users}/{openid}/files with upload_id
	OpSend    Op = "send"    // POST /v2/{groups|users}/{openid}/messages and /{channels|dms}/{id}/messages
	OpStream  Op = "stream"  // POST /v2/users/{openid}/stream_messages
	OpRecall  Op = "recall"  // DELETE of .../messages/{message_id}
	OpReact   Op = "react"   // PUT, DELETE or GET of /channels/{id}/messages/{message_id}/reactions/{type}/{id}
	OpGuild   Op = "guild"   // GET /users/@me/guilds, /guilds/{id}, /guilds/{id}/channels, /channels/{id}; POST /users/@me/dms
	OpMembers Op = "members" // GET /v2/groups/{openid}/members
	OpAck     Op = "ack"     // PUT /interactions/{interaction_id}
	OpUnknown Op = "unknown" // every other path: 404, unless an interceptor answers
)

// maxCallBody bounds what a Call keeps of a request's body.
const maxCallBody = 64 << 10

// Call is one request to the platform.
type Call struct {
	Number int // 1, 2, 3, ... in the order of arrival
	Op     Op
	Method string
	Path   string      // with the query, except of a presigned URL, whose query is a credential
	Header http.Header // a copy; of Authorization only the scheme and the last four letters are kept
	Body   []byte      // the first 64 KiB; nil for OpToken (it holds the secret) and for OpPart
	Size   int64       // bytes of the body that were read
	Status int         // HTTP; 0 while it runs, or when the connection was cut without an answer
	Code   int         // the answer's err_code, else its code; 0 for a success
	Time   time.Time
	Took   time.Duration // until the answer was sent; 0 while it runs
	Trace  string        // the answer's trace id
	Answer []byte        // the first 16 KiB; nil for OpToken (it holds the token)

	Warnings []string // what the platform accepted although a bot should not send it

	began time.Time // which Advance does not move
}

// maxCallAnswer bounds what a Call keeps of its answer.
const maxCallAnswer = 16 << 10

// Calls returns the requests so far, in the order of arrival, without downloads from the fake web.
func (p *Platform) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Call, len(p.calls))
	for i, c := range p.calls {
		out[i] = *c
		out[i].Header = c.Header.Clone()
		out[i].Body, out[i].Answer, out[i].Warnings = bytes.Clone(c.Body), bytes.Clone(c.Answer), slices.Clone(c.Warnings)
	}
	return out
}

// Count returns the number of calls of op so far, failed ones included.
func (p *Platform) Count(op Op) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, c := range p.calls {
		if c.Op == op {
			n++
		}
	}
	return n
}

// record notes a call that has arrived. A file's body is read later, then kept is called.
func (p *Platform) record(op Op, r *http.Request) *Call {
	c := &Call{Op: op, Method: r.Method, Path: r.URL.Path, Header: r.Header.Clone(), Time: p.now(), began: time.Now()}
	if op != OpPart && r.URL.RawQuery != "" {
		c.Path += "?" + r.URL.RawQuery
	}
	if auth := c.Header.Get("Authorization"); auth != "" {
		c.Header.Set("Authorization", maskAuthorization(auth))
	}
	p.meter(r, c)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.callSerial++
	c.Number = p.callSerial
	p.calls = append(p.calls, c)
	p.report(Happening{What: CallBegan, Call: *c})
	return c
}

func (p *Platform) recordBody(c *Call, body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.Size = int64(len(body))
	if c.Op != OpToken {
		c.Body = bytes.Clone(body[:min(len(body), maxCallBody)])
	}
	p.report(Happening{What: CallRead, Call: *c})
}

func (p *Platform) recordAnswer(c *Call, w *answerRecorder) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.Status, c.Took, c.Trace = w.status, time.Since(c.began), w.Header().Get(constant.HeaderTraceID)
	if c.Op != OpToken {
		c.Answer = w.head
	}
	var said struct {
		Code    int `json:"code"`
		ErrCode int `json:"err_code"`
	}
	if json.Unmarshal(w.head, &said) == nil {
		c.Code = said.Code
		if said.ErrCode != 0 {
			c.Code = said.ErrCode
		}
	}
	p.report(Happening{What: CallEnded, Call: *c})
}

func maskAuthorization(v string) string {
	scheme, secret, ok := strings.Cut(v, " ")
	if !ok {
		scheme, secret = "", v
	}
	if len(secret) > 8 {
		return strings.TrimSpace(scheme + " ****" + secret[len(secret)-4:])
	}
	return strings.TrimSpace(scheme + " ****")
}

// answerRecorder writes an answer through and keeps its status and the first bytes of its body.
type answerRecorder struct {
	http.ResponseWriter
	status int
	head   []byte
}

func (w *answerRecorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *answerRecorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if room := maxCallAnswer - len(w.head); room > 0 {
		w.head = append(w.head, b[:min(room, len(b))]...)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer of the connection.
func (w *answerRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// warn adds a warning to a call. The caller holds p.mu.
func (p *Platform) warn(c *Call, text string) {
	if c != nil {
		c.Warnings = append(c.Warnings, text)
	}
}
