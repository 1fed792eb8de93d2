package main

import (
	"cmp"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/botgo-contrib/richmedia"
)

// metrics counts what a Trace tells. Its labels are words out of short lists: a label with a chat, a file name or an
// error text in it would make a time series for each, and they never end.
type metrics struct {
	log *slog.Logger

	events, uploads, bytes, attempts, replies *prometheus.CounterVec
	wait                                      prometheus.Histogram
	upload, send                              *prometheus.HistogramVec

	mu   sync.Mutex
	last map[richmedia.Target]richmedia.UploadInfo // the upload of the reply that is under way, for its line
}

func newMetrics(registry prometheus.Registerer, log *slog.Logger) *metrics {
	with := promauto.With(registry)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return with.NewCounterVec(prometheus.CounterOpts{Namespace: "richmedia", Name: name, Help: help}, labels)
	}
	seconds := func(name, help string) prometheus.HistogramOpts {
		return prometheus.HistogramOpts{Namespace: "richmedia", Name: name, Help: help, Buckets: []float64{.01, .05, .2, 1, 5, 20, 60}}
	}
	return &metrics{
		log: log, last: map[richmedia.Target]richmedia.UploadInfo{},
		events:   counter("events_total", "Moments in the life of events.", "stage", "type"),
		uploads:  counter("uploads_total", "Files that were wanted, by how they came.", "route", "outcome"),
		bytes:    counter("upload_bytes_total", "Bytes that travelled to the platform.", "route"),
		attempts: counter("attempts_total", "Requests to the platform, with repetitions.", "call"),
		replies:  counter("replies_total", "Replies, by what became of them.", "kind", "outcome"),
		wait:     with.NewHistogram(seconds("queue_wait_seconds", "From an event's arrival to its handler.")),
		upload:   with.NewHistogramVec(seconds("upload_seconds", "From the wish for a file to its file_info."), []string{"route"}),
		send:     with.NewHistogramVec(seconds("send_seconds", "The message, with its repetitions."), []string{"kind"}),
	}
}

// trace is called on the goroutines that do the work, at the same time: counters are made for that.
func (m *metrics) trace() richmedia.Trace {
	return richmedia.Trace{Event: m.event, Upload: m.uploaded, Reply: m.replied}
}

func (m *metrics) event(i richmedia.EventInfo) {
	m.events.WithLabelValues(string(i.Stage), string(i.Type)).Inc()
	if i.Stage == richmedia.EventStarted { // the events that wait now are queued less started
		m.wait.Observe(i.Waited.Seconds())
	}
}

func (m *metrics) uploaded(i richmedia.UploadInfo) {
	outcome := "ok"
	if i.Err != nil {
		outcome = reason(i.Err)
	}
	m.uploads.WithLabelValues(string(i.Route), outcome).Inc()
	m.attempts.WithLabelValues("upload").Add(float64(i.Attempts))
	if i.Err == nil && i.Attempts > 0 { // not what the store knew, or another call brought
		m.bytes.WithLabelValues(string(i.Route)).Add(float64(i.Bytes))
	}
	m.upload.WithLabelValues(string(i.Route)).Observe(i.Duration.Seconds())
	if i.Ahead { // no reply will come and take it
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last[i.Target] = i // an upload comes before its reply; one that was made Again comes last
}

func (m *metrics) replied(i richmedia.ReplyInfo) {
	m.mu.Lock()
	up, uploaded := m.last[i.Target] // this bot sends one reply after the other, so the Target is enough
	delete(m.last, i.Target)
	m.mu.Unlock()
	kind := "text"
	if i.Kind != 0 {
		kind = i.Kind.String()
	}
	outcome := "sent"
	switch {
	case i.Fallback && i.ID != "":
		outcome = "fallback"
	case i.Err != nil:
		outcome = reason(i.Err)
	case i.Duplicate: // no failure: the reply is in the chat, and once
		outcome = "duplicate"
	}
	m.replies.WithLabelValues(kind, outcome).Inc()
	m.attempts.WithLabelValues("send").Add(float64(i.Attempts))
	if i.Attempts > 0 {
		m.send.WithLabelValues(kind).Observe(i.Send.Seconds())
	}

	// The life of one answer on one line. "event" is what ties it to the platform's own records.
	fields := []any{
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
	m.log.Info("answer", fields...)
}

// reason is a word for what went wrong: what an alert distinguishes.
func reason(err error) string {
	var api *richmedia.APIError
	switch {
	case errors.As(err, &api) && api.Op == "send" && api.Delivered == richmedia.DeliveredUnknown:
		return "unknown" // nobody can know whether it is in the chat
	case errors.Is(err, richmedia.ErrReplyWindow), errors.Is(err, richmedia.ErrReplyLimit):
		return "too late"
	case errors.Is(err, richmedia.ErrFetchFailed):
		return "not fetched"
	case errors.Is(err, richmedia.ErrRateLimited), errors.Is(err, richmedia.ErrDailyLimit):
		return "limited"
	case errors.Is(err, richmedia.ErrNotPermitted):
		return "not permitted"
	}
	return "failed"
}
