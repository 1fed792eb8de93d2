package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

const (
	slowUpload = 1500 * time.Millisecond // before an upload in one call
	slowLine   = 2 << 20                 // bytes a second, of each part
)

// strike is a fault that affects a call.
type strike func(w http.ResponseWriter, r *http.Request, next http.Handler)

// install switches a fault on, and returns the functions that switch it off.
func (w *faults) install(name string) []func() {
	on := func(op richmediatest.Op, do strike) func() { return w.p.Intercept(op, do) }
	switch name {
	case "slow":
		return []func(){on(richmediatest.OpUpload, w.every(name, wait)), on(richmediatest.OpPart, w.every(name, crawl))}
	case "lost":
		return []func(){on(richmediatest.OpSend, w.everyOther(name, lose))}
	case "5xx":
		return []func(){on(richmediatest.OpUpload, w.everyOther(name, badGateway)), on(richmediatest.OpSend, w.everyOther(name, badGateway))}
	case "busy":
		return []func(){on(richmediatest.OpSend, w.everyOther(name, tooMany))}
	case "unreachable":
		return []func(){on(richmediatest.OpUpload, w.where(name, "url", refusing(http.StatusBadRequest, 850026, 40034001, "富媒体文件下载失败")))}
	case "noinline":
		return []func(){on(richmediatest.OpUpload, w.where(name, "file_data", refusing(http.StatusInternalServerError, 850012, 0, "call inner proxy error")))}
	case "deadparts": // the first part of each file, until that file has arrived
		first := &once{w: w, name: name, armed: true}
		return []func(){on(richmediatest.OpPart, first.strike), on(richmediatest.OpMerge, first.rearm)}
	case "fresh":
		w.p.LagEventIDs(freshFor)
		return []func(){func() { w.p.LagEventIDs(0) }, on(richmediatest.OpSend, w.refusedFresh)}
	}
	return []func(){} // "twice" concerns events, see pushed
}

func wait(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if pause(r.Context(), slowUpload) == nil {
		next.ServeHTTP(w, r)
	}
}

func crawl(w http.ResponseWriter, r *http.Request, next http.Handler) {
	r.Body = &slow{ReadCloser: r.Body, pause: func(d time.Duration) error { return pause(r.Context(), d) }}
	next.ServeHTTP(w, r)
}

// lose lets the platform act, and cuts the connection before the answer.
func lose(_ http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

func badGateway(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusBadGateway)
	_, _ = io.WriteString(w, "<html><head><title>502 Bad Gateway</title></head><body>stgw</body></html>\n")
}

func tooMany(w http.ResponseWriter, r *http.Request, next http.Handler) {
	w.Header().Set("Retry-After", "1")
	refusing(http.StatusTooManyRequests, 40023001, 40023001, "接口调用超过频率限制")(w, r, next)
}

func refusing(status, code, errCode int, message string) strike {
	said := map[string]any{"code": code, "message": message}
	if errCode != 0 {
		said["err_code"] = errCode
	}
	raw, _ := json.Marshal(said) // never fails: integers and strings
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write(raw) // fails if the bot is gone
	}
}

// once strikes one part of each file.
type once struct {
	w     *faults
	name  string
	mu    sync.Mutex
	armed bool
}

func (o *once) set(armed bool) (was bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	was, o.armed = o.armed, armed
	return was
}

func (o *once) strike(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if !o.set(false) {
		next.ServeHTTP(w, r)
		return
	}
	o.w.hit(o.name)
	_, _ = io.Copy(io.Discard, r.Body) // a bot that is still writing would see a reset instead of the answer
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, "<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n\t<Code>AccessDenied</Code>\n\t<Message>Request has expired</Message>\n</Error>\n")
}

func (o *once) rearm(w http.ResponseWriter, r *http.Request, next http.Handler) {
	next.ServeHTTP(w, r)
	o.set(true)
}

// every strikes every call.
func (w *faults) every(name string, do strike) strike {
	return func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		w.hit(name)
		do(rw, r, next)
	}
}

// everyOther strikes the first call, the third, and so on.
func (w *faults) everyOther(name string, do strike) strike {
	var mu sync.Mutex
	n := 0
	return func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		n++
		now := n%2 == 1
		mu.Unlock()
		if !now {
			next.ServeHTTP(rw, r)
			return
		}
		w.hit(name)
		do(rw, r, next)
	}
}

// refusedFresh counts the sends that are refused because their event_id is fresh.
func (w *faults) refusedFresh(rw http.ResponseWriter, r *http.Request, next http.Handler) {
	answer := httptest.NewRecorder()
	next.ServeHTTP(answer, r)
	if bytes.Contains(answer.Body.Bytes(), []byte("40034025")) {
		w.hit("fresh")
	}
	maps.Copy(rw.Header(), answer.Header())
	rw.WriteHeader(answer.Code)
	_, _ = rw.Write(answer.Body.Bytes()) // fails if the bot is gone
}

// where strikes calls whose body has that field.
func (w *faults) where(name, field string, do strike) strike {
	return func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.ContentLength = int64(len(body))
		var fields map[string]json.RawMessage
		if json.Unmarshal(body, &fields) != nil || fields[field] == nil {
			next.ServeHTTP(rw, r)
			return
		}
		w.hit(name)
		do(rw, r, next)
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// slow is a body on a slow connection.
type slow struct {
	io.ReadCloser
	pause func(time.Duration) error
}

// Read reads at most 32 KiB, and pauses as a line of slowLine bytes a second would.
func (s *slow) Read(b []byte) (int, error) {
	n, err := s.ReadCloser.Read(b[:min(len(b), 32<<10)])
	if late := s.pause(time.Duration(n) * time.Second / slowLine); late != nil {
		return n, late
	}
	return n, err
}
