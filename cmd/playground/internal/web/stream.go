package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	batchLimit = 512                    // updates in one message of a stream
	frame      = 16 * time.Millisecond  // between two messages: a page shows no more
	heartbeat  = 15 * time.Second       // lets both sides notice a dead connection
	patience   = 10 * time.Second       // for a page that does not read
	retryAfter = 500 * time.Millisecond // before a page reconnects
)

// stream sends updates as server-sent events, several in one message if several are there. Nothing is kept for a page: it
// reads from the board's feed at its own pace, is told to fetch everything again if it is too far behind, and is dropped if
// it does not read at all.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) {
	from, known := s.position(r)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	send := func(format string, args ...any) bool {
		_ = out.SetWriteDeadline(time.Now().Add(patience))
		_, err := fmt.Fprintf(w, format, args...)
		return err == nil && out.Flush() == nil
	}
	defer func() { _ = out.SetWriteDeadline(time.Time{}) }()
	if !send("retry: %d\n\n", retryAfter.Milliseconds()) {
		return
	}
	timer := time.NewTimer(heartbeat)
	defer timer.Stop()
	for {
		batch, next, changed, ok := s.Board.Feed.Since(from, batchLimit)
		fine := true
		switch from = next; {
		case !ok || !known:
			known = true
			fine = send("event: reset\nid: %s-%d\ndata: {}\n\n", s.epoch, next)
		case len(batch) > 0:
			raw, err := json.Marshal(batch)
			fine = err == nil && send("id: %s-%d\ndata: %s\n\n", s.epoch, next, raw)
		default:
			timer.Reset(heartbeat)
			select {
			case <-r.Context().Done():
				return
			case <-changed:
				continue // a single update is sent without delay
			case <-timer.C:
				fine = send(": \n\n")
			}
		}
		if !fine {
			return
		}
		timer.Reset(frame)
		select {
		case <-r.Context().Done():
			return
		case <-timer.C:
		}
	}
}

// position returns a page's position in the feed: where its last stream ended, else the query's from.
func (s *Server) position(r *http.Request) (from uint64, known bool) {
	at := r.Header.Get("Last-Event-ID")
	if at == "" {
		at = r.URL.Query().Get("from")
	}
	epoch, number, _ := strings.Cut(at, "-")
	from, err := strconv.ParseUint(number, 10, 64)
	return from, err == nil && epoch == s.epoch
}
