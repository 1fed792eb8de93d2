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

// sendRecording is the bot. On a server give show something that suits it, such as a gauge or a log line. Nothing has to be set for large files: above 5 MiB
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

	mu    sync.Mutex // progress comes one at a time, the log whenever it likes
	bar   *progressbar.ProgressBar
	begun time.Time
	last  richmedia.Progress
}

// progress is what WithProgress calls. The upload waits while it runs, so it must not take long: the bar draws ten
// times a second at most.
func (d *display) progress(p richmedia.Progress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.begun.IsZero() || p.Sent < d.last.Sent { // it never falls, so this is the next upload
		d.begun, d.last = time.Now(), richmedia.Progress{}
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

// Write prints a line of a log, above the bar where there is one.
func (d *display) Write(line []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bar != nil {
		_ = d.bar.Clear()
	}
	return d.w.Write(line)
}
