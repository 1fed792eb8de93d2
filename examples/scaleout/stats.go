//go:build unix

package main

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/botgo-contrib/richmedia"
)

// stats counts what an instance does: replies and events by the plugin's trace, round trips by a hook of go-redis.
type stats struct {
	replies, failures, duplicates atomic.Int64
	events, twice                 atomic.Int64
	uploads, trips                atomic.Int64
}

// tally is stats as it travels.
type tally struct {
	Replies, Failures, Duplicates int64 // Duplicates: in the chat already
	Events, Twice                 int64 // Twice: deliveries that were dropped
	Uploads, Trips                int64
}

func (t tally) plus(o tally) tally {
	return tally{
		t.Replies + o.Replies, t.Failures + o.Failures, t.Duplicates + o.Duplicates,
		t.Events + o.Events, t.Twice + o.Twice, t.Uploads + o.Uploads, t.Trips + o.Trips,
	}
}

func (s *stats) trace() richmedia.Trace {
	return richmedia.Trace{
		Event: func(i richmedia.EventInfo) {
			switch i.Stage {
			case richmedia.EventStarted:
				s.events.Add(1)
			case richmedia.EventDuplicate:
				s.twice.Add(1)
			}
		},
		Upload: func(i richmedia.UploadInfo) {
			if i.Route != richmedia.RouteCache && i.Route != richmedia.RouteJoined && i.Err == nil {
				s.uploads.Add(1)
			}
		},
		Reply: func(i richmedia.ReplyInfo) {
			switch {
			case i.Err != nil:
				s.failures.Add(1)
			case i.Duplicate:
				s.duplicates.Add(1)
			default:
				s.replies.Add(1)
			}
		},
	}
}

func (s *stats) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	_ = json.NewEncoder(w).Encode(tally{
		s.replies.Load(), s.failures.Load(), s.duplicates.Load(), s.events.Load(), s.twice.Load(), s.uploads.Load(), s.trips.Load(),
	})
}

// DialHook lets connections be.
func (s *stats) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook counts a command, which is one round trip.
func (s *stats) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		s.count(cmd)
		return next(ctx, cmd)
	}
}

// ProcessPipelineHook counts a pipeline, which is one round trip too.
func (s *stats) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		s.count(cmds[0])
		return next(ctx, cmds)
	}
}

// count leaves out what greets a new connection.
func (s *stats) count(cmd redis.Cmder) {
	switch cmd.Name() {
	case "get", "set", "del", "eval", "evalsha":
		s.trips.Add(1)
	}
}

// statsOf asks an instance.
func statsOf(ctx context.Context, p *process) (t tally, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/stats", nil)
	if err != nil {
		return t, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return t, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	return t, json.NewDecoder(resp.Body).Decode(&t)
}
