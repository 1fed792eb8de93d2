package web

import (
	"fmt"
	"slices"
	"sync"

	"github.com/botgo-contrib/richmedia/cmd/playground/internal/board"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// switches are those that stay on; expire, restart and calm happen once.
var switches = []string{"slow", "lost", "5xx", "busy", "unreachable", "noinline", "deadparts", "twice"}

// weather are the switches: each is made of the faults of richmediatest. What would make a bot give up if it never ended
// strikes every other call, so that one sees the bot recover.
type weather struct {
	p *richmediatest.Platform
	b *board.Board

	mu     sync.Mutex
	off    map[string][]func() // what takes a switch away again, while it is on
	struck map[string]int
}

func newWeather(p *richmediatest.Platform, b *board.Board) *weather {
	return &weather{p: p, b: b, off: make(map[string][]func()), struck: make(map[string]int)}
}

// set turns a switch, or does a deed.
func (w *weather) set(name string, on bool) error {
	switch name {
	case "expire":
		w.p.ExpireUploads()
		w.b.ExpireFiles(w.p.Now())
	case "restart":
		w.p.Reconnect()
	case "calm":
		for _, name := range switches {
			w.turn(name, false)
		}
	default:
		if !slices.Contains(switches, name) {
			return fmt.Errorf("weather %q: there is none of that name", name)
		}
		w.turn(name, on)
		w.tell()
		return nil
	}
	w.hit(name)
	return nil
}

func (w *weather) turn(name string, on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	was, is := w.off[name]
	switch {
	case on && !is:
		w.off[name] = w.install(name)
		w.struck[name] = 0
	case !on && is:
		delete(w.off, name)
		for _, off := range was {
			off()
		}
	}
}

// state is which switches are on, and how often each has struck.
func (w *weather) state() map[string]any {
	w.mu.Lock()
	defer w.mu.Unlock()
	on, struck := map[string]bool{}, map[string]int{}
	for _, name := range switches {
		_, on[name] = w.off[name]
	}
	for name, n := range w.struck {
		struck[name] = n
	}
	return map[string]any{"on": on, "struck": struck}
}

func (w *weather) tell() { w.b.Put("weather", map[string]any{"t": "weather", "weather": w.state()}) }

func (w *weather) hit(name string) {
	w.mu.Lock()
	w.struck[name]++
	w.mu.Unlock()
	w.tell()
}

// pushed delivers an event once more where the weather is so.
func (w *weather) pushed(e *richmediatest.Event) {
	w.mu.Lock()
	_, on := w.off["twice"]
	w.mu.Unlock()
	if on {
		w.hit("twice")
		e.Redeliver()
	}
}
