package web

import (
	"errors"
	"net/http"

	"github.com/botgo-contrib/richmedia/cmd/playground/internal/board"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// flags are the switches of a chat.
type flags struct {
	Away   bool `json:"away"` // the bot was removed
	Muted  bool `json:"muted"`
	Pushes bool `json:"pushes"` // proactive messages are allowed
}

// bot serves what users do with the bot itself.
func (s *Server) bot(w http.ResponseWriter, r *http.Request) {
	c, sc, err := s.chat(r.FormValue("chat"))
	if err != nil {
		fail(w, err)
		return
	}
	name, err := user(r)
	if err != nil {
		fail(w, err)
		return
	}
	s.mu.Lock()
	f := s.flags[board.Key(c)]
	if f == nil {
		f = &flags{Pushes: true}
		s.flags[board.Key(c)] = f
	}
	do := r.FormValue("do")
	act := func() *richmediatest.Event { return nil }
	switch {
	case do == "add" && sc.Member:
		f.Away, act = false, func() *richmediatest.Event { return c.AddBot(name) }
	case do == "remove" && sc.Member:
		f.Away, act = true, func() *richmediatest.Event { return c.RemoveBot(name) }
	case do == "allow" && sc.Member:
		f.Pushes, act = true, func() *richmediatest.Event { return c.AllowPushes(name) }
	case do == "reject" && sc.Member:
		f.Pushes, act = false, func() *richmediatest.Event { return c.RejectPushes(name) }
	case (do == "mute" || do == "unmute") && sc.Mute:
		f.Muted = do == "mute"
		act = func() *richmediatest.Event { c.Mute(do == "mute"); return nil }
	default:
		err = errors.New("do: add, remove, allow, reject, mute or unmute, if the scene has it")
	}
	now := *f
	s.mu.Unlock()
	if err != nil {
		fail(w, err)
		return
	}
	s.Board.Put("flags "+board.Key(c), map[string]any{"t": "flags", "chat": board.Key(c), "flags": now})
	if e := act(); e != nil {
		s.happened(w, e)
		return
	}
	writeJSON(w, now)
}
