//go:build unix

package main

import (
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// killer kills workers. It stands in front of the platform, where it sees each step of a worker.
type killer struct {
	mu      sync.Mutex
	workers map[string]*victim // by name
}

// victim is a worker that is to die.
type victim struct {
	*process
	at    moment
	skip  int            // calls of the step that pass first
	delay time.Duration  // of "at any time", from the job's begin
	jobs  map[string]job // that it has taken and not reported as worked
	cut   []job          // those jobs at its death
	dead  bool           // killed
}

// job is a job in the database, and the chat that it answers in.
type job struct{ id, chat string }

func newKiller(p *richmediatest.Platform) *killer {
	k := &killer{workers: map[string]*victim{}}
	for s, op := range calls {
		p.Intercept(op, func(w http.ResponseWriter, r *http.Request, next http.Handler) { k.call(s, w, r, next) })
	}
	p.Intercept(richmediatest.OpUnknown, k.report)
	return k
}

// aim makes the worker die at that moment. A nil moment lets it live.
func (k *killer) aim(p *process, at *moment) *victim {
	v := &victim{process: p, skip: -1, jobs: map[string]job{}}
	if at != nil {
		v.at, v.skip, v.delay = *at, 0, rand.N(150*time.Millisecond)
		if at.step == stepPart || at.step == stepFinish {
			v.skip = rand.IntN(parts)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.workers[p.Name] = v
	return v
}

// due returns the worker that sends r if r is where it dies.
func (k *killer) due(s step, r *http.Request) *victim {
	k.mu.Lock()
	defer k.mu.Unlock()
	v := k.workers[r.Header.Get(whoHeader)]
	if v == nil || v.skip < 0 || v.at.step != s { // the bot's own call, or another step
		return nil
	}
	v.skip--
	if v.skip >= 0 {
		return nil
	}
	return v
}

// call is a step that is a call of the platform.
func (k *killer) call(s step, w http.ResponseWriter, r *http.Request, next http.Handler) {
	v := k.due(s, r)
	if v == nil {
		next.ServeHTTP(w, r)
		return
	}
	switch v.at.part {
	case during:
		_, _ = io.CopyN(io.Discard, r.Body, rand.Int64N(partSize)) // a shorter part ends before
	case after:
		next.ServeHTTP(&nowhere{header: http.Header{}}, r)
	}
	k.kill(v)
	panic(http.ErrAbortHandler) // nobody reads an answer
}

// report is a step inside the worker.
func (k *killer) report(w http.ResponseWriter, r *http.Request, next http.Handler) {
	q := r.URL.Query()
	j := job{q.Get("job"), q.Get("chat")}
	var s step
	switch r.URL.Path {
	case takenPath:
		s = stepTaken
		k.note(r, func(v *victim) { v.jobs[j.id] = j })
		if v := k.due(stepAny, r); v != nil {
			time.AfterFunc(v.delay, func() { k.kill(v) })
		}
	case workedPath:
		s = stepWorked
	default:
		next.ServeHTTP(w, r)
		return
	}
	if v := k.due(s, r); v != nil {
		k.kill(v)
		panic(http.ErrAbortHandler) // as above
	}
	if s == stepWorked {
		k.note(r, func(v *victim) { delete(v.jobs, j.id) })
	}
	w.WriteHeader(http.StatusNoContent)
}

func (k *killer) note(r *http.Request, what func(*victim)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if v := k.workers[r.Header.Get(whoHeader)]; v != nil {
		what(v)
	}
}

func (k *killer) kill(v *victim) {
	k.mu.Lock()
	v.dead = true
	for _, j := range v.jobs {
		v.cut = append(v.cut, j)
	}
	k.mu.Unlock()
	v.kill()
}

// killed reports whether v was killed, and the jobs that it ran then.
func (k *killer) killed(v *victim) (cut []job, dead bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(v.cut), v.dead
}

// nowhere is the answer to a worker that dies before it arrives.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n *nowhere) WriteHeader(int)             {}
