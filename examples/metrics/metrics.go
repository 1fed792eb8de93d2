package main

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/botgo-contrib/richmedia"
)

// metrics counts what a Trace reports. Its labels are words out of short lists: a label with a chat, a file name or an
// error text in it would make a time series for each, and they never end.
type metrics struct {
	events, uploads, bytes, attempts, replies *prometheus.CounterVec
	wait                                      prometheus.Histogram
	upload, send                              *prometheus.HistogramVec
}

func newMetrics(registry prometheus.Registerer) *metrics {
	with := promauto.With(registry)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return with.NewCounterVec(prometheus.CounterOpts{Namespace: "richmedia", Name: name, Help: help}, labels)
	}
	seconds := func(name, help string) prometheus.HistogramOpts {
		return prometheus.HistogramOpts{Namespace: "richmedia", Name: name, Help: help, Buckets: []float64{.01, .05, .2, 1, 5, 20, 60}}
	}
	return &metrics{
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

// watch adds the gauges of a plugin, read at each scrape.
func watch(registry prometheus.Registerer, media *richmedia.Plugin) {
	with := promauto.With(registry)
	gauge := func(name, help string, value func(richmedia.Stats) int) {
		with.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "richmedia", Name: name, Help: help}, func() float64 {
			return float64(value(media.Stats()))
		})
	}
	gauge("queued", "Events that wait for their handler.", func(s richmedia.Stats) int { return s.Queued })
	gauge("running", "Handlers that run.", func(s richmedia.Stats) int { return s.Running })
	gauge("overdue", "Handlers that have been running for more than 30 s.", func(s richmedia.Stats) int { return s.Overdue })
	gauge("uploading", "Uploads under way.", func(s richmedia.Stats) int { return s.Uploads })
	gauge("remembered", "Events that are remembered.", func(s richmedia.Stats) int { return s.Remembered })
}

// trace is called on the goroutines that do the work, at the same time: counters are made for that.
func (m *metrics) trace() richmedia.Trace {
	return richmedia.Trace{Event: m.event, Upload: m.uploaded, Reply: m.replied}
}

func (m *metrics) event(i richmedia.EventInfo) {
	m.events.WithLabelValues(string(i.Stage), string(i.Type)).Inc()
	if i.Stage == richmedia.EventStarted {
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
}

func (m *metrics) replied(i richmedia.ReplyInfo) {
	kind, outcome := kindAndOutcome(i)
	m.replies.WithLabelValues(kind, outcome).Inc()
	m.attempts.WithLabelValues("send").Add(float64(i.Attempts))
	if i.Attempts > 0 {
		m.send.WithLabelValues(kind).Observe(i.Send.Seconds())
	}
}
