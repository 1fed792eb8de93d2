package board

import (
	"strconv"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// Push is a delivery to the webhook.
type Push struct {
	At     int64  `json:"at"`
	Status int    `json:"status"`
	Acked  bool   `json:"acked"`
	Err    string `json:"err,omitempty"`
}

// Hook is the state of the webhook.
type Hook struct {
	Down bool   `json:"down"` // the newest delivery, or the check, failed
	Why  string `json:"why,omitempty"`
}

// pushed records a delivery to the webhook. The line of an event that no delivery brought to the bot is marked.
func (b *Board) pushed(h richmediatest.Happening) {
	p := Push{At: h.Time.UnixMilli(), Status: h.Push.Status, Acked: h.Push.Acked}
	if h.Push.Err != nil {
		p.Err = MaskError(h.Push.Err)
	}
	why := p.Err
	if why == "" && !p.Acked {
		why = "HTTP " + strconv.Itoa(p.Status)
	}
	b.setHook(Hook{Down: !p.Acked, Why: why})
	t := b.turns[h.Event.ID()]
	if t == nil {
		return
	}
	t.Pushes = append(t.Pushes, p)
	b.touch(t)
	if m := t.chat.byID[t.shownAs]; m != nil && m.Undelivered == p.Acked {
		m.Undelivered = !p.Acked
		b.Feed.put("edit "+m.ID, map[string]any{"t": "edit", "chat": t.chat.key, "m": m})
	}
}

// HookChecked records the result of the webhook's check; "" if it succeeded, or if there is no webhook.
func (b *Board) HookChecked(why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.setHook(Hook{Down: why != "", Why: why})
}

func (b *Board) setHook(now Hook) {
	if b.hook != now {
		b.hook = now
		b.Feed.put("hook", map[string]any{"t": "hook", "hook": now})
	}
}
