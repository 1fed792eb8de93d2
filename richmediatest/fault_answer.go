package richmediatest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// Fail answers the next times calls of op (below 0: all until removed) with an error and does nothing else. With a code
// of 0 the answer is an HTML page as from the proxy in front of the platform, else the platform's JSON with code and err_code,
// also under status 200.
func (f *Faults) Fail(op Op, times, status, code int, message string) (remove func()) {
	return f.times(op, times, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		if code == 0 {
			writeHTML(w, status, message)
			return
		}
		f.p.write(w, nil, &refusal{status: status, code: code, errCode: code, message: message})
	})
}

// Page answers the next times calls of op (below 0: all until removed) with an HTML page and does nothing else: 502 and 504
// come from the proxy in front of the platform, 200 from a portal in the bot's own network.
func (f *Faults) Page(op Op, times, status int) (remove func()) {
	return f.Fail(op, times, status, 0, "")
}

// ErrorWith200 refuses the next times calls of op (below 0: all until removed) with code and err_code under HTTP 200.
func (f *Faults) ErrorWith200(op Op, times, code int) (remove func()) {
	return f.Fail(op, times, http.StatusOK, code, "请求失败")
}

// RateLimit refuses the next times calls of op (below 0: all until removed) with HTTP 429 and 40023001, without acting. A
// retryAfter above 0 is the header Retry-After, in whole seconds.
func (f *Faults) RateLimit(op Op, times int, retryAfter time.Duration) (remove func()) {
	return f.times(op, times, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		if retryAfter > 0 {
			seconds := (retryAfter + time.Second - 1) / time.Second
			w.Header().Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
		}
		f.p.write(w, nil, &refusal{status: http.StatusTooManyRequests, code: 40023001, errCode: 40023001, message: "接口调用超过频率限制"})
	})
}

// Empty lets the platform act on the next times calls of op (below 0: all until removed) and answers with its status and
// an empty body.
func (f *Faults) Empty(op Op, times int) (remove func()) {
	return f.changed(op, times, func([]byte) []byte { return nil })
}

// Truncate lets the platform act on the next times calls of op (below 0: all until removed) and cuts its JSON off in the
// middle.
func (f *Faults) Truncate(op Op, times int) (remove func()) {
	return f.changed(op, times, func(body []byte) []byte { return body[:len(body)/2] })
}

// Garble lets the platform act on the next times calls of op (below 0: all until removed) and answers with JSON whose
// values have other types than they should: strings are numbers, numbers are lists, truth is a string. Objects and
// lists keep their shape. An answer that is not JSON stays as it is.
func (f *Faults) Garble(op Op, times int) (remove func()) {
	return f.changed(op, times, func(body []byte) []byte {
		var v any
		if json.Unmarshal(body, &v) != nil {
			return body
		}
		return encode(garbled(v))
	})
}

func garbled(v any) any {
	switch v := v.(type) {
	case string:
		return len(v)
	case float64:
		return []any{v}
	case bool:
		return strconv.FormatBool(v)
	case []any:
		for i := range v {
			v[i] = garbled(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = garbled(v[k])
		}
	}
	return v
}

// changed lets the platform act and changes the body of its answer.
func (f *Faults) changed(op Op, times int, change func(body []byte) []byte) (remove func()) {
	return f.times(op, times, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		got := act(next, r)
		got.copyTo(w, change(got.body.Bytes()))
	})
}

// copyTo answers with w's status and header, and with body.
func (w *memoryWriter) copyTo(to http.ResponseWriter, body []byte) {
	maps.Copy(to.Header(), w.sent)
	to.WriteHeader(w.status)
	if len(body) > 0 {
		_, _ = to.Write(bytes.Clone(body)) // the client may have gone
	}
}
