package main

import (
	"context"
	"time"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

const (
	keptMedia   = 256 << 20        // bytes of files that the platform keeps; the board has a bound of its own
	boundEach   = 64 << 20         // bytes that arrive before the next clean-up
	forgetAfter = 10 * time.Second // the next clean-up otherwise
)

// bound keeps the platform's records and files from growing until ctx ends. done is closed then.
func bound(ctx context.Context, p *richmediatest.Platform) (done <-chan struct{}) {
	full, ended := make(chan struct{}, 1), make(chan struct{})
	var arrived int64 // Watch calls its function one at a time
	stop := p.Watch(func(h richmediatest.Happening) {
		switch h.What {
		case richmediatest.FileStored:
			arrived += h.Upload.Size
		case richmediatest.CallEnded:
			arrived += h.Call.Size // parts that wait for their merge
		case richmediatest.MessageShown:
			for _, a := range h.Message.Attachments {
				arrived += int64(len(a.Data))
			}
		}
		if arrived < boundEach {
			return
		}
		arrived = 0
		select {
		case full <- struct{}{}:
		default:
		}
	})
	go func() {
		defer close(ended)
		defer stop()
		tick := time.NewTicker(forgetAfter)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			case <-full:
			}
			p.Forget()
			p.Trim(keptMedia)
		}
	}()
	return ended
}
