package richmediatest

import (
	"net/http"
	"time"
)

type interceptor struct {
	op Op
	fn func(w http.ResponseWriter, r *http.Request, next http.Handler)
}

// Intercept puts fn before every call of op, newest first; next is the older interceptors and then the platform. fn may
// answer by itself, change the request, or panic with http.ErrAbortHandler to cut the connection. It runs in the
// goroutine of the request, possibly several times at once, and should honour r.Context(). remove takes it away again.
func (p *Platform) Intercept(op Op, fn func(w http.ResponseWriter, r *http.Request, next http.Handler)) (remove func()) {
	in := &interceptor{op: op, fn: fn}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, in)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for i, f := range p.faults {
			if f == in {
				p.faults = append(p.faults[:i:i], p.faults[i+1:]...)
				return
			}
		}
	}
}

// intercepted wraps base in the interceptors of op as they are now.
func (p *Platform) intercepted(op Op, base http.Handler) http.Handler {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := base
	for _, in := range p.faults {
		if in.op != op {
			continue
		}
		next := h
		h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { in.fn(w, r, next) })
	}
	return h
}

// interceptTimes is Intercept for the next times calls; below 0 for all of them.
func (p *Platform) interceptTimes(op Op, times int, fn func(http.ResponseWriter, *http.Request, http.Handler)) func() {
	left := times
	return p.Intercept(op, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		p.mu.Lock()
		now := left != 0
		if left > 0 {
			left--
		}
		p.mu.Unlock()
		if !now {
			next.ServeHTTP(w, r)
			return
		}
		fn(w, r, next)
	})
}

// Fail answers the next times calls of op (below 0: all until removed) with an error and does nothing else. A code of 0
// gives an HTML page as from the proxy in front of the platform; any other gives the platform's JSON with code and
// err_code, also under status 200. Faults stack: the newest comes first.
func (p *Platform) Fail(op Op, times, status, code int, message string) (remove func()) {
	return p.interceptTimes(op, times, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		if code == 0 {
			writeHTML(w, status, message)
			return
		}
		p.write(w, nil, &refusal{status: status, code: code, errCode: code, message: message})
	})
}

// Lose lets the platform act on the next times calls of op (below 0: all until removed) and cuts the connection instead of
// answering: the bot cannot know whether it worked.
func (p *Platform) Lose(op Op, times int) (remove func()) {
	return p.interceptTimes(op, times, func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(newMemoryWriter(), r)
		panic(http.ErrAbortHandler)
	})
}

// Drop cuts the connection of the next times calls of op (below 0: all until removed) before the platform acts.
func (p *Platform) Drop(op Op, times int) (remove func()) {
	return p.interceptTimes(op, times, func(http.ResponseWriter, *http.Request, http.Handler) {
		panic(http.ErrAbortHandler)
	})
}

// Delay makes the platform wait for d before it acts on the next times calls of op (below 0: all until removed). When the
// request's context ends first, the platform does not act at all.
func (p *Platform) Delay(op Op, times int, d time.Duration) (remove func()) {
	return p.interceptTimes(op, times, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		case <-p.life.ctx.Done():
			panic(http.ErrAbortHandler)
		}
	})
}

// ExpireUploads ends every file_info given so far: a send with one is refused with 304080, whatever its ttl was.
func (p *Platform) ExpireUploads() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.byFileInfo {
		f.expired = true
	}
	clear(p.contents)
}
