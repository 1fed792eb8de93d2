package main

import (
	"time"

	"github.com/gorilla/websocket"
)

// config holds flags and environment.
type config struct {
	appID, secret   string
	api, tokens     string // base URLs
	sandbox         bool
	webhook, listen string
	media           string // where the platform fetches the files of media
	send            bool
	yes             bool
	patience        time.Duration // for what the user does
	timeout         time.Duration // for an answer
	lag             time.Duration // until a new event_id is known everywhere
	slowest         int           // see client
	retry           time.Duration // before a call that is to be repeated is sent again
	every           map[endpoint]time.Duration
	sizes           []int // of large uploads, in units, the first one is repeated
	unit            int   // in bytes: mebibyte, and less in tests
}

// session is one examination of one bot.
type session struct {
	cfg     config
	con     *console
	client  *client
	dialer  *websocket.Dialer
	facts   *facts
	now     func() time.Time
	author  func(want wish) // offline: writes what the user is asked for
	demo    bool            // offline
	partial bool            // a step was skipped, or a chat is missing
	gateway string          // the websocket's address
	intents int             // that the gateway accepts together
	source  source          // of events
	chats   map[masked]*chat
	answers map[masked]string // file_info by check, for replies
}

// newSession returns a session without a source of events.
func newSession(cfg config, con *console, c *client) *session {
	return &session{
		cfg: cfg, con: con, client: c, facts: newFacts(), now: time.Now,
		dialer: &websocket.Dialer{Proxy: proxyOf(c.http), HandshakeTimeout: cfg.timeout},
		chats:  map[masked]*chat{}, answers: map[masked]string{},
	}
}

// hasChat reports whether somebody wrote to the bot.
func (s *session) hasChat() bool { return len(s.scopes()) > 0 }

// close ends the source of events.
func (s *session) close() {
	if s.source != nil {
		s.source.close()
	}
	s.client.http.CloseIdleConnections()
}
