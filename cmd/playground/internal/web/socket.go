package web

import (
	"bufio"
	"net"
	"net/http"
	"sync"
)

// sockets are the connections of the websockets that are open.
type sockets struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// cut closes every connection without a close frame, as a broken network does.
func (s *sockets) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close() // the bot may have closed it
	}
}

// serve runs next, and keeps the connection that it hijacks until it returns.
func (s *sockets) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	h := &hijacker{ResponseWriter: w, sockets: s}
	defer h.done()
	next.ServeHTTP(h, r)
}

type hijacker struct {
	http.ResponseWriter
	sockets *sockets
	conn    net.Conn
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn = conn
	h.sockets.mu.Lock()
	defer h.sockets.mu.Unlock()
	h.sockets.conns[conn] = struct{}{}
	return conn, rw, nil
}

func (h *hijacker) done() {
	h.sockets.mu.Lock()
	defer h.sockets.mu.Unlock()
	delete(h.sockets.conns, h.conn)
}
