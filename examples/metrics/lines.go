package main

import (
	"cmp"
	"log/slog"
	"sync"
	"time"

	"github.com/botgo-contrib/richmedia"
)

// lines logs the life of each answer on one line.
type lines struct {
	log *slog.Logger

	mu   sync.Mutex
	last map[richmedia.Target]richmedia.UploadInfo // the upload of the reply that is under way, for its line
}

func newLines(log *slog.Logger) *lines {
	return &lines{log: log, last: map[richmedia.Target]richmedia.UploadInfo{}}
}

// beside is t and these lines: a plugin takes one Trace.
func (l *lines) beside(t richmedia.Trace) richmedia.Trace {
	return richmedia.Trace{
		Event:  t.Event,
		Upload: func(i richmedia.UploadInfo) { t.Upload(i); l.uploaded(i) },
		Reply:  func(i richmedia.ReplyInfo) { t.Reply(i); l.replied(i) },
	}
}

func (l *lines) uploaded(i richmedia.UploadInfo) {
	if i.Ahead { // no reply will come and take it
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last[i.Target] = i // an upload comes before its reply; one that was made Again comes last
}

func (l *lines) replied(i richmedia.ReplyInfo) {
	l.mu.Lock()
	up, uploaded := l.last[i.Target] // this bot sends one reply after the other, so the Target is enough
	delete(l.last, i.Target)
	l.mu.Unlock()
	kind, outcome := kindAndOutcome(i)
	fields := []any{ // "event" is what ties the line to the platform's own records
		"event", cmp.Or(i.Target.MsgID, i.Target.EventID), "kind", kind, "outcome", outcome, "seq", i.Seq,
		"waited", i.Waited.Round(time.Millisecond), "upload", i.Upload.Round(time.Millisecond),
		"attempts", i.Attempts, "sent", i.Send.Round(time.Millisecond),
	}
	if uploaded {
		fields = append(fields, "route", up.Route, "bytes", up.Bytes, "parts", up.Parts, "requests", up.Attempts, "again", up.Again)
	}
	if i.Err != nil {
		fields = append(fields, "err", i.Err) // without a secret, by the plugin's promise
	}
	l.log.Info("answer", fields...)
}
