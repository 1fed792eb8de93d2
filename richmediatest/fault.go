package richmediatest

import (
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"
)

// Faults are the switches for failures between the bot and the platform, one line each. Each applies to the
// next times calls of an endpoint (below 0: to all of them) and returns a function that removes it. They stack, the newest
// first. A [Platform] embeds them, and there they apply to every call:
//
//	platform.Lose(richmediatest.OpSend, 1) // the next answer to a send is lost
//
// Those of [Platform.Chance] apply at random. If a switch says that the platform acts, a message is in the chat and an
// upload is kept, whatever the bot receives. All of them are built on [Faults.Intercept].
//
// Calls counts failed calls, too. The answer of a part ([OpPart]) is the object store's and not JSON.
type Faults struct {
	p      *Platform
	chance *chance // nil: every call
}

// chance decides which calls fail. Guarded by Platform.mu.
type chance struct {
	seed        uint64
	probability float64
	decks       map[Op]*deck
}

// deck holds the ways in which the calls of one endpoint can fail.
type deck struct {
	rand *rand.Rand
	ways []*interceptor
}

type interceptor struct {
	op    Op
	owner *Faults
	fn    func(w http.ResponseWriter, r *http.Request, next http.Handler)
}

// Chance returns switches that apply at random: with the probability, from 0 to 1, a call fails in one of the ways that were
// switched on for its endpoint, all equally likely.
//
//	faults := platform.Chance(7, 0.2) // one send in five
//	faults.Lose(richmediatest.OpSend, -1)
//	faults.Page(richmediatest.OpSend, -1, 502)
//	faults.Delay(richmediatest.OpSend, -1, time.Minute)
//
// The seed decides, for each endpoint by itself, which of its calls in the order of arrival fail, and how.
func (p *Platform) Chance(seed uint64, probability float64) *Faults {
	return &Faults{p: p, chance: &chance{seed: seed, probability: probability, decks: make(map[Op]*deck)}}
}

// Intercept puts fn before every call of op, newest first; next is the older interceptors and then the platform. fn may
// answer by itself, change the request, or panic with http.ErrAbortHandler to cut the connection. It runs in the
// goroutine of the request, possibly several times at once, and should honour r.Context(). remove removes it.
func (f *Faults) Intercept(op Op, fn func(w http.ResponseWriter, r *http.Request, next http.Handler)) (remove func()) {
	in := &interceptor{op: op, owner: f, fn: fn}
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	f.add(in)
	return func() { f.remove(in) }
}

// add needs p.mu.
func (f *Faults) add(in *interceptor) {
	if f.chance == nil {
		f.p.faults = append(f.p.faults, in)
		return
	}
	d := f.chance.decks[in.op]
	if d == nil {
		h := fnv.New64a()
		_, _ = h.Write([]byte(in.op))
		d = &deck{rand: rand.New(rand.NewPCG(f.chance.seed, h.Sum64()))} //nolint:gosec // chance that can be repeated
		f.chance.decks[in.op] = d
		f.p.faults = append(f.p.faults, &interceptor{op: in.op, owner: f, fn: f.roll(d)})
	}
	d.ways = append(d.ways, in)
}

func (f *Faults) remove(in *interceptor) {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	is := func(other *interceptor) bool { return other == in }
	f.p.faults = slices.DeleteFunc(f.p.faults, is)
	if f.chance != nil && f.chance.decks[in.op] != nil {
		d := f.chance.decks[in.op]
		d.ways = slices.DeleteFunc(d.ways, is)
	}
}

// roll applies one of d's ways to a call, or none.
func (f *Faults) roll(d *deck) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		f.p.mu.Lock()
		fn := func(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(w, r) }
		if d.rand.Float64() < f.chance.probability && len(d.ways) > 0 {
			fn = d.ways[d.rand.IntN(len(d.ways))].fn
		}
		f.p.mu.Unlock()
		fn(w, r, next)
	}
}

// Calm removes everything that was switched on through f.
func (f *Faults) Calm() {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	f.p.faults = slices.DeleteFunc(f.p.faults, func(in *interceptor) bool { return in.owner == f })
	if f.chance != nil {
		clear(f.chance.decks)
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

// times is Intercept for the next n calls; below 0 for all of them.
func (f *Faults) times(op Op, n int, fn func(http.ResponseWriter, *http.Request, http.Handler)) (remove func()) {
	if n == 0 {
		return func() {}
	}
	left := n
	in := &interceptor{op: op, owner: f}
	in.fn = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		f.p.mu.Lock()
		now := left != 0 // else another call has come before
		if left > 0 {
			left--
		}
		used := left == 0
		f.p.mu.Unlock()
		if used {
			f.remove(in)
		}
		if !now {
			next.ServeHTTP(w, r)
			return
		}
		fn(w, r, next)
	}
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	f.add(in)
	return func() { f.remove(in) }
}

// ExpireUploads ends every file_info issued so far: a send with one is refused with 304080, whatever its ttl was.
func (p *Platform) ExpireUploads() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.byFileInfo {
		f.expired = true
	}
	clear(p.contents)
}
