package richmediatest

import (
	"maps"
	"slices"
	"time"
)

// keptAttachment is how long a user's attachment outlives its message: as long as any message can be answered.
const keptAttachment = time.Hour

// keptKeyboards is how many keyboards of a chat outlive Forget: users press the buttons of old messages, too.
const keptKeyboards = 100

// Forget drops records (Calls, Uploads, the lines of all chats) and what no longer has an effect, such as events whose reply
// window is over, their attachments, and an expired file_info. The buttons of a chat's newest 100 keyboards can still be pressed. A bot does not notice, and a test can look at what has
// happened, forget it, and run for hours in constant memory.
func (p *Platform) Forget() {
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls, p.uploads = nil, nil
	for _, c := range p.chats {
		for _, m := range c.lines {
			if m.Bot && m.Keyboard != nil {
				c.pressable = append(c.pressable, &Message{ID: m.ID, Bot: true, Keyboard: m.Keyboard})
			}
		}
		c.pressable = slices.Clone(c.pressable[max(0, len(c.pressable)-keptKeyboards):])
		c.lines = nil
	}
	p.tokens = slices.DeleteFunc(p.tokens, func(t *accessToken) bool { return !t.good(now) })
	maps.DeleteFunc(p.sent, func(_ string, s *sentMessage) bool { return now.Sub(s.line.Time) > recallWindow })
	maps.DeleteFunc(p.refs, func(_, id string) bool { return p.sent[id] == nil && p.byID["msg "+id] == nil })
	maps.DeleteFunc(p.refIDs, func(_, ref string) bool { return p.refs[ref] == "" })
	maps.DeleteFunc(p.byFileInfo, func(_ string, f *storedFile) bool { return !f.alive(now) })
	maps.DeleteFunc(p.contents, func(_ string, u *Upload) bool { return p.byFileInfo[u.FileInfo] == nil })
	maps.DeleteFunc(p.multiparts, func(_ string, m *multipart) bool {
		return !slices.ContainsFunc(m.parts, func(t *part) bool { return now.Before(t.expires) })
	})
	maps.DeleteFunc(p.web, func(_ string, w page) bool { return !w.sent.IsZero() && now.Sub(w.sent) > keptAttachment })
	over := func(e *Event) bool { return now.After(e.at.Add(windows[e.chat.scene].length)) }
	for _, e := range p.events {
		if over(e) {
			delete(p.acks, e.interactionID)
		}
	}
	maps.DeleteFunc(p.byID, func(_ string, e *Event) bool { return over(e) })
	maps.DeleteFunc(p.streams, func(_ string, s *stream) bool {
		return s.last.state == frameLast && s.event == nil || s.event != nil && over(s.event)
	})
	p.events = slices.DeleteFunc(p.events, over)
	for _, e := range p.events {
		if e.line != nil {
			e.line = e.line.light()
		}
	}
}
