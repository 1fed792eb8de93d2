// Package board holds the state behind the playground's page: the chats as their users see them, and for each answer of the
// bot the calls that made it. Its only source is richmediatest's Watch, so it works for bots in any language.
package board

import (
	"sync"
	"time"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

const (
	maxMessages = 20_000    // of a chat; beyond it the oldest are dropped
	maxTurns    = 4_000     // whose calls are kept; beyond it the oldest are dropped
	maxMedia    = 256 << 20 // bytes; beyond it the oldest are dropped
)

// Board is the state behind the page. Its lock is taken while the platform is locked, so calling the platform while holding
// the lock would deadlock.
type Board struct {
	Feed *Feed

	p     *richmediatest.Platform
	saved func(name string, data []byte) // nil: nothing is saved
	stop  func()

	mu      sync.Mutex
	chats   []*chat
	byChat  map[*richmediatest.Chat]*chat
	byID    map[string]*chat // by openid
	turns   map[string]*turn // by msg_id and by event_id
	age     []*turn          // oldest first
	answers map[string]*answer
	calls   map[int]*call   // in progress
	parts   map[string]*job // by upload_id
	files   map[string]*job // by file_info
	infos   []string        // of files, oldest first
	media   media
	bots    int
	hook    Hook
	closed  bool
	onBots  func(int)

	explained func() bool // nil: never
	expired   time.Time   // when every file_info was ended
	count     Count
}

// Count counts what has happened since the start.
type Count struct {
	Messages int `json:"messages"`
	Answers  int `json:"answers"`
	Calls    int `json:"calls"`
	Uploads  int `json:"uploads"`
}

// New returns a board that watches p until Close. saved, if not nil, is called for each file that a bot uploads, while the
// platform is locked.
func New(p *richmediatest.Platform, saved func(name string, data []byte)) *Board {
	b := &Board{
		Feed: newFeed(), p: p, saved: saved,
		byChat: make(map[*richmediatest.Chat]*chat), byID: make(map[string]*chat),
		turns: make(map[string]*turn), answers: make(map[string]*answer), calls: make(map[int]*call),
		parts: make(map[string]*job), files: make(map[string]*job),
	}
	b.media.byID = make(map[string]*medium)
	b.stop = p.Watch(b.watch)
	return b
}

// Close stops watching the platform.
func (b *Board) Close() {
	b.stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
}

// watch is called by the platform for everything that happens.
func (b *Board) watch(h richmediatest.Happening) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch h.What {
	case richmediatest.CallBegan:
		b.began(h.Call)
	case richmediatest.CallProgress:
		b.progressed(h.Call)
	case richmediatest.CallRead:
		b.read(h.Call)
	case richmediatest.CallEnded:
		b.ended(h.Call)
	case richmediatest.MessageShown:
		b.shown(h)
	case richmediatest.MessageRecalled:
		b.recalled(h)
	case richmediatest.FileStored:
		b.count.Uploads++
		b.stored(h.Upload)
	case richmediatest.MessageGrown, richmediatest.MessageReacted:
		b.edited(h)
	case richmediatest.EventPushed:
		b.pushed(h)
	case richmediatest.ButtonAcked:
		if t := b.turns[h.Event.ID()]; t != nil {
			t.Ack = &h.Ack
			b.touch(t)
		}
	case richmediatest.BotsChanged:
		if b.onBots != nil && h.Bots != b.bots {
			b.onBots(h.Bots)
		}
		b.bots = h.Bots
		b.Feed.put("bots", map[string]any{"t": "bots", "bots": h.Bots})
	}
}

// Bots returns the number of bots that are connected over the websocket.
func (b *Board) Bots() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.bots
}

// OnBots calls fn when the number of connected bots changes, while the platform and the board are locked.
func (b *Board) OnBots(fn func(n int)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.onBots = fn
}

// Put sends the pages an update that is not the board's own. An update replaces older ones of the same key.
func (b *Board) Put(key string, v any) { b.Feed.put(key, v) }

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
