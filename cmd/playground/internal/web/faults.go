package web

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/botgo-contrib/richmedia/cmd/playground/internal/board"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// switches are the faults that stay on. The others, those of deeds and off, happen once.
var switches = []string{"slow", "lost", "5xx", "busy", "unreachable", "noinline", "deadparts", "twice", "fresh"}

var deeds = []string{"expire", "attachments", "restart", "cut"}

// freshFor is how long an event_id is refused after its push while the switch fresh is on (0.7 s were seen, remilia 2026-09).
const freshFor = 700 * time.Millisecond

// faults are the switches of the page, made of the faults of richmediatest. A fault that would make a bot give up if it never
// ended affects every other call, so that the page shows the bot recover.
type faults struct {
	p *richmediatest.Platform
	b *board.Board

	cut func() // closes the websockets

	mu     sync.Mutex
	off    map[string][]func() // by switch that is on: the functions that end its faults
	struck map[string]int
}

func newFaults(p *richmediatest.Platform, b *board.Board, cut func()) *faults {
	return &faults{p: p, b: b, cut: cut, off: make(map[string][]func()), struck: make(map[string]int)}
}

// set turns a switch on or off, or does what happens once.
func (w *faults) set(name string, on bool) error {
	switch name {
	case "expire":
		w.p.ExpireUploads()
		w.b.ExpireFiles(w.p.Now())
	case "restart":
		w.p.Reconnect()
	case "attachments":
		w.p.ExpireAttachments()
	case "cut":
		w.cut()
	case "off":
		for _, name := range switches {
			w.turn(name, false)
		}
	default:
		if !slices.Contains(switches, name) {
			return fmt.Errorf("name: %q is not a fault; they are %s", name, strings.Join(slices.Concat(switches, deeds, []string{"off"}), ", "))
		}
		w.turn(name, on)
		w.tell()
		return nil
	}
	w.hit(name)
	return nil
}

func (w *faults) turn(name string, on bool) {
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

// state returns which switches are on, and how often each has struck.
func (w *faults) state() map[string]any {
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

func (w *faults) tell() { w.b.Put("faults", map[string]any{"t": "faults", "faults": w.state()}) }

func (w *faults) hit(name string) {
	w.mu.Lock()
	w.struck[name]++
	w.mu.Unlock()
	w.tell()
}

// pushed delivers an event again while the switch twice is on.
func (w *faults) pushed(e *richmediatest.Event) {
	w.mu.Lock()
	_, on := w.off["twice"]
	w.mu.Unlock()
	if on {
		w.hit("twice")
		e.Redeliver()
	}
}
