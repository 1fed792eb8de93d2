package richmediatest

import "time"

// RepliesLeft returns how many more replies to this event the platform accepts, and until when: 0 if it cannot be answered,
// has been answered as often as the scene allows, or is too old; -1 in guilds, for which no count is documented.
func (e *Event) RepliesLeft() (n int, until time.Time) {
	w := windows[e.chat.scene]
	until = e.at.Add(w.length)
	e.p.mu.Lock()
	defer e.p.mu.Unlock()
	if e.msgID == "" && !e.answerable() || e.p.now().After(until) {
		return 0, until
	}
	if w.replies == 0 {
		return -1, until
	}
	return max(0, w.replies-len(e.used)), until
}
