package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/botgo-contrib/richmedia/cmd/playground/internal/board"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// scene is a kind of chat. The page takes from it what users can do there.
type scene struct {
	ID      string `json:"id"`
	Many    bool   `json:"many"`    // has many users
	Mention bool   `json:"mention"` // a message may omit the mention of the bot
	Buttons bool   `json:"buttons"`
	Member  bool   `json:"member"` // the bot can be added and removed
	Mute    bool   `json:"mute"`

	open        func(p *richmediatest.Platform, name string) *richmediatest.Chat
	unmentioned func(c *richmediatest.Chat, user, text string, files ...richmediatest.Attachment) *richmediatest.Event
}

var scenes = []scene{
	{
		ID: "group", Many: true, Mention: true, Buttons: true, Member: true, Mute: true,
		open: (*richmediatest.Platform).Group, unmentioned: (*richmediatest.Chat).SayUnmentioned,
	},
	{ID: "c2c", Buttons: true, Member: true, open: (*richmediatest.Platform).C2C},
	{
		ID: "channel", Many: true, Mention: true, Buttons: true,
		open: (*richmediatest.Platform).Channel, unmentioned: (*richmediatest.Chat).SayUnmentioned,
	},
	{ID: "dm", open: (*richmediatest.Platform).DM},
}

// maxStep is how far the clock moves at most in one call.
const maxStep = 31 * 24 * time.Hour

var errChat = errors.New("chat: scene/name, with one of the scenes group, c2c, channel and dm")

// chat returns the chat with that key, and creates it if necessary.
func (s *Server) chat(key string) (*richmediatest.Chat, scene, error) {
	id, name, _ := strings.Cut(key, "/")
	for _, sc := range scenes {
		if sc.ID == id && goodName(name) {
			c := sc.open(s.Platform, name)
			s.Board.Open(c)
			return c, sc, nil
		}
	}
	return nil, scene{}, errChat
}

func goodName(name string) bool {
	return strings.TrimSpace(name) == name && name != "" && len(name) <= 96 && utf8.ValidString(name) &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// user returns the user that a request names.
func user(r *http.Request) (string, error) {
	if name := r.FormValue("user"); goodName(name) {
		return name, nil
	}
	return "", errors.New("user: a name of up to 96 bytes")
}

func fail(w http.ResponseWriter, err error) { http.Error(w, err.Error(), http.StatusBadRequest) }

// state serves what the page begins with.
func (s *Server) state(w http.ResponseWriter, _ *http.Request) {
	out := s.Board.State()
	out["head"] = s.epoch + "-" + out["head"].(string) //nolint:forcetypeassert // see State
	out["now"], out["ahead"] = s.clock()
	out["scenes"], out["faults"] = scenes, s.faults.state()
	out["url"], out["appID"], out["secret"] = s.URL, s.Platform.AppID(), s.Secret
	out["tls"], out["ca"] = "", s.CA
	if len(s.SecureHosts) > 0 {
		out["tls"] = s.SecureHosts[0]
	}
	s.mu.Lock()
	copied := make(map[string]flags, len(s.flags))
	for key, f := range s.flags {
		copied[key] = *f
	}
	out["flags"], out["webhook"] = copied, board.MaskURL(s.hook)
	s.mu.Unlock()
	out["demo"] = s.demo()
	writeJSON(w, out)
}

// demo returns the state of the demonstration bot.
func (s *Server) demo() map[string]bool {
	s.mu.Lock()
	hush := s.hush
	s.mu.Unlock()
	return map[string]bool{"there": s.Demo != nil, "awake": s.Demo != nil && s.Demo.Awake(), "hush": hush}
}

func (s *Server) messages(w http.ResponseWriter, r *http.Request) {
	raw, ok := s.Board.Messages(r.URL.Query().Get("chat"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	writeRaw(w, raw)
}

func (s *Server) inspect(w http.ResponseWriter, r *http.Request) {
	in, ok := s.Board.Inspect(r.URL.Query().Get("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	writeJSON(w, in)
}

func (s *Server) openChat(w http.ResponseWriter, r *http.Request) {
	c, _, err := s.chat(r.FormValue("chat"))
	if err != nil {
		fail(w, err)
		return
	}
	writeJSON(w, map[string]string{"key": board.Key(c)})
}

// press presses a button of the bot: the newest with that id, or with that data if id is empty.
func (s *Server) press(w http.ResponseWriter, r *http.Request) {
	c, sc, err := s.chat(r.FormValue("chat"))
	if err == nil && !sc.Buttons {
		err = errors.New("chat: there are no buttons in this scene")
	}
	if err != nil {
		fail(w, err)
		return
	}
	name, err := user(r)
	if err != nil {
		fail(w, err)
		return
	}
	id := r.FormValue("id")
	if id == "" {
		s.happened(w, c.Press(name, r.FormValue("data")))
		return
	}
	if !slices.ContainsFunc(c.Buttons(), func(b richmediatest.Button) bool { return b.ID == id }) {
		fail(w, fmt.Errorf("id: no message of the bot in this chat has a button %q", id))
		return
	}
	s.happened(w, c.PressID(name, id))
}

// happened answers with the ids of an event, after the faults that concern events.
func (s *Server) happened(w http.ResponseWriter, e *richmediatest.Event) {
	s.faults.pushed(e)
	writeJSON(w, map[string]string{"id": e.ID(), "msg_id": e.MsgID()})
}

func (s *Server) setFault(w http.ResponseWriter, r *http.Request) {
	if err := s.faults.set(r.FormValue("name"), r.FormValue("on") == "true"); err != nil {
		fail(w, err)
		return
	}
	writeJSON(w, s.faults.state())
}

// clock returns the platform's time in unix milliseconds, and how far it is ahead of the machine's.
func (s *Server) clock() (now, ahead int64) {
	now = s.Platform.Now().UnixMilli()
	return now, now - time.Now().UnixMilli()
}

// setClock moves the platform's clock forward.
func (s *Server) setClock(w http.ResponseWriter, r *http.Request) {
	ms, err := strconv.ParseInt(r.FormValue("ms"), 10, 64)
	if err != nil || ms < 1 || ms > maxStep.Milliseconds() {
		fail(w, fmt.Errorf("ms: 1 to %d", maxStep.Milliseconds()))
		return
	}
	s.Platform.Advance(time.Duration(ms) * time.Millisecond)
	now, ahead := s.clock()
	s.Board.Put("clock", map[string]any{"t": "clock", "now": now, "ahead": ahead})
	writeJSON(w, map[string]int64{"now": now, "ahead": ahead})
}
