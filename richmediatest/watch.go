package richmediatest

import (
	"io"
	"net/http"
	"slices"
	"time"
)

// What is the kind of a Happening.
type What string

// The kinds of a Happening, with the fields that are set.
const (
	CallBegan       What = "call began"       // Call: its request has arrived; the body not yet
	CallProgress    What = "call progress"    // Call: Size has grown; for each 64 KiB of a long body
	CallRead        What = "call read"        // Call: its Body is there, and Op is certain; not of OpPart and OpSocket
	CallEnded       What = "call ended"       // Call: with Status, Answer and Took
	MessageShown    What = "message shown"    // Chat, Message; of a user's message or deed also Event
	MessageGrown    What = "message grown"    // Chat, Message: another frame of a stream
	MessageReacted  What = "message reacted"  // Chat, Message: its Reactions have changed
	MessageRecalled What = "message recalled" // Chat, Message
	FileStored      What = "file stored"      // Upload
	EventPushed     What = "event pushed"     // Chat, Event, Push: a delivery to the webhook, acknowledged or not
	ButtonAcked     What = "button acked"     // Chat, Event, Ack
	BotsChanged     What = "bots changed"     // Bots
)

// Happening is one thing that happened on the platform. Its fields are read only.
type Happening struct {
	What    What
	Time    time.Time
	Chat    *Chat
	Call    Call
	Message Message
	Upload  *Upload
	Event   *Event
	Push    Push
	Ack     int // the code of the acknowledgement
	Bots    int // how many bots are connected over the websocket
}

// watcher is one function of Watch.
type watcher struct{ fn func(Happening) }

// Watch calls fn for everything that happens from now on: each thing once, one at a time and in order. fn runs while the
// platform is locked, so it must be fast, and it must not call the platform, its chats or events, except for what never
// changes about them (names, ids, types, bodies). stop ends it; when stop returns, fn is not running and will not run.
func (p *Platform) Watch(fn func(Happening)) (stop func()) {
	w := &watcher{fn}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watchers = append(p.watchers, w)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.watchers = slices.DeleteFunc(p.watchers, func(other *watcher) bool { return other == w })
	}
}

// report calls the watchers. The caller holds p.mu.
func (p *Platform) report(h Happening) {
	if len(p.watchers) == 0 {
		return
	}
	h.Time = p.now()
	for _, w := range p.watchers {
		w.fn(h)
	}
}

// reportBots reports how many bots are connected. The caller holds p.mu.
func (p *Platform) reportBots() {
	n := 0
	for _, s := range p.gateway.order {
		if s.conn != nil {
			n++
		}
	}
	if n != p.gateway.reported {
		p.gateway.reported = n
		p.report(Happening{What: BotsChanged, Bots: n})
	}
}

// progressStep is how many bytes of a body make a Happening.
const progressStep = 64 << 10

// metered counts the bytes of a body while it is read.
type metered struct {
	io.ReadCloser
	p        *Platform
	call     *Call
	n        int64
	reported int64
}

func (p *Platform) meter(r *http.Request, c *Call) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &metered{ReadCloser: r.Body, p: p, call: c}
	}
}

// Read implements io.Reader.
func (m *metered) Read(b []byte) (int, error) {
	n, err := m.ReadCloser.Read(b[:min(len(b), progressStep)])
	m.n += int64(n)
	if m.n-m.reported >= progressStep {
		m.reported = m.n
		m.p.mu.Lock()
		m.call.Size = m.n
		m.p.report(Happening{What: CallProgress, Call: *m.call})
		m.p.mu.Unlock()
	}
	return n, err
}
