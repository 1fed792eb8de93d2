package main

import (
	"context"
	"time"
)

// endpoint names what a rate is documented for.
type endpoint string

const (
	toToken    endpoint = "token"
	toAPI      endpoint = "api"
	toFiles    endpoint = "files"
	toPrepare  endpoint = "prepare"
	toPart     endpoint = "part" // the object store
	toFinish   endpoint = "finish"
	toMessages endpoint = "messages"
	toSocket   endpoint = "socket"
)

// tenth is the pause after a request that keeps the doctor under a tenth of the documented rates (files 50 a second,
// upload_prepare and upload_part_finish 10, messages 100); the others have no documented rate.
var tenth = map[endpoint]time.Duration{
	toToken: time.Second, toAPI: time.Second, toFiles: 210 * time.Millisecond, toPrepare: 1050 * time.Millisecond,
	toFinish: 1050 * time.Millisecond, toMessages: 1500 * time.Millisecond, toSocket: 5 * time.Second,
}

// pace spaces the requests of each endpoint. It is for one goroutine.
type pace struct {
	every map[endpoint]time.Duration
	last  map[endpoint]time.Time
}

// wait waits for the endpoint's turn, or returns the cause of ctx's end.
func (p *pace) wait(ctx context.Context, to endpoint) error {
	if last, ok := p.last[to]; ok {
		if err := sleep(ctx, time.Until(last.Add(p.every[to]))); err != nil {
			return err
		}
	}
	if p.last == nil {
		p.last = map[endpoint]time.Time{}
	}
	p.last[to] = time.Now()
	return context.Cause(ctx)
}

// sleep waits for d, or returns the cause of ctx's end.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
