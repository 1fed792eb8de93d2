package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/botgo-contrib/richmedia"
)

// sendRecording is the bot. It is the same on the real platform: register it there as in the quickstart, and give show
// something that suits a server, such as a gauge or a log line. Nothing has to be set for large files: above 5 MiB
// (WithInlineLimit) they go in parts, as many at once as the platform offers, up to 4 (WithPartConcurrency). Each is read
// from the disk while it is sent, and what a broken line has cost is sent again.
func sendRecording(path string, show func(richmedia.Progress)) richmedia.Handler {
	return func(ctx context.Context, c *richmedia.Context) error { // ctx ends with the time to answer
		_, err := c.ReplyFile(ctx, richmedia.FromFile(path).Named("recording.bin"), richmedia.WithProgress(show))
		return err
	}
}

// display shows an upload: as a bar in a terminal, else as a line for every tenth.
type display struct {
	w        io.Writer
	terminal bool

	mu    sync.Mutex // progress comes one at a time, notes whenever they like
	bar   *progressbar.ProgressBar
	begun time.Time
	last  richmedia.Progress
}

// progress is what WithProgress calls. The upload waits while it runs, so it must not take long: the bar draws ten
// times a second at most.
func (d *display) progress(p richmedia.Progress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.begun.IsZero() {
		d.begun = time.Now()
		if d.terminal {
			d.bar = progressbar.NewOptions64(p.Total, progressbar.OptionSetWriter(d.w), progressbar.OptionSetWidth(30),
				progressbar.OptionShowBytes(true), progressbar.OptionShowCount(), progressbar.OptionUseIECUnits(true),
				progressbar.OptionUseANSICodes(true), progressbar.OptionThrottle(100*time.Millisecond),
				progressbar.OptionOnCompletion(func() { _, _ = fmt.Fprintln(d.w) }))
		}
	}
	switch {
	case d.bar != nil:
		if p.Part != d.last.Part || d.last.Parts == 0 { // Describe draws at once
			d.bar.Describe(fmt.Sprintf("%2d of %d parts", p.Part, p.Parts))
		}
		_ = d.bar.Set64(p.Sent)
	case p.Sent*10/p.Total > d.last.Sent*10/p.Total:
		speed := float64(p.Sent) / mib / time.Since(d.begun).Seconds()
		_, _ = fmt.Fprintf(d.w, "%3d %%  %5.1f of %d MiB, %2d of %d parts, %.0f MiB/s\n",
			p.Sent*100/p.Total, float64(p.Sent)/mib, p.Total/mib, p.Part, p.Parts, speed)
	}
	d.last = p
}

// note writes a line of its own, above the bar where there is one.
func (d *display) note(format string, v ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bar != nil {
		_ = d.bar.Clear()
	}
	_, _ = fmt.Fprintf(d.w, format+"\n", v...)
}

// warnings is a logger for botgo and the plugin that shows warnings and errors. botgo's own shows all, secrets too.
type warnings struct{ show *display }

func (warnings) Debug(...any)          {}
func (warnings) Debugf(string, ...any) {}
func (warnings) Info(...any)           {}
func (warnings) Infof(string, ...any)  {}
func (warnings) Sync() error           { return nil }

func (l warnings) Warn(v ...any)                  { l.show.note("%s", fmt.Sprint(v...)) }
func (l warnings) Warnf(format string, v ...any)  { l.show.note(format, v...) }
func (l warnings) Error(v ...any)                 { l.show.note("%s", fmt.Sprint(v...)) }
func (l warnings) Errorf(format string, v ...any) { l.show.note(format, v...) }
