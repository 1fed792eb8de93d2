package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/botgo-contrib/richmedia/cmd/playground/internal/board"
)

// setDemo switches the demonstration bot on or off.
func (s *Server) setDemo(w http.ResponseWriter, r *http.Request) {
	if s.Demo == nil {
		fail(w, errors.New("there is no demonstration bot"))
		return
	}
	s.Demo.Wake(r.FormValue("on") == "true")
	s.mu.Lock()
	s.hush = false
	s.mu.Unlock()
	s.tellDemo()
	writeJSON(w, s.demo())
}

func (s *Server) tellDemo() { s.Board.Put("demo", map[string]any{"t": "demo", "demo": s.demo()}) }

// Hush switches the demonstration bot off because another bot has connected.
func (s *Server) Hush() {
	if s.Demo == nil || !s.Demo.Awake() {
		return
	}
	s.Demo.Wake(false)
	s.mu.Lock()
	s.hush = true
	s.mu.Unlock()
	s.tellDemo()
}

// Rouse undoes Hush once no other bot is left.
func (s *Server) Rouse() {
	s.mu.Lock()
	alone := s.hush && s.hook == ""
	s.hush = s.hush && !alone
	s.mu.Unlock()
	if s.Demo == nil || !alone {
		return
	}
	s.Demo.Wake(true)
	s.tellDemo()
}

// setWebhook sends events to a bot's webhook, and validates it as the platform's console does.
func (s *Server) setWebhook(w http.ResponseWriter, r *http.Request) {
	address := strings.TrimSpace(r.FormValue("url"))
	if u, err := url.Parse(address); address != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		fail(w, errors.New("url: http://host:port/path, or empty to remove it"))
		return
	}
	s.Platform.PushToURL(address)
	s.mu.Lock()
	s.hook = address
	s.mu.Unlock()
	said := map[string]any{"url": board.MaskURL(address)}
	why := ""
	if address == "" {
		s.Rouse()
	} else {
		s.Hush()
		if err := s.Platform.ValidateWebhook(r.Context()); err != nil {
			why = board.MaskError(err)
			said["err"] = why
		}
	}
	s.Board.HookChecked(why)
	s.Board.Put("webhook", map[string]any{"t": "webhook", "webhook": said["url"]})
	writeJSON(w, said)
}

// Begin creates the first chats, and switches the demonstration bot off while another bot is connected.
func (s *Server) Begin() {
	s.Board.Open(s.Platform.Group("cats"))
	s.Board.Open(s.Platform.C2C("carol"))
	s.Board.Open(s.Platform.Channel("news"))
	s.Board.Open(s.Platform.DM("dave"))
	s.Board.Explained(func() bool { return s.Demo != nil && s.Demo.Awake() })
	s.Board.OnBots(func(n int) {
		if n > 1 {
			s.Hush()
		} else if n == 1 {
			s.Rouse()
		}
	})
}
