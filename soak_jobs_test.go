package richmedia_test

import (
	"context"
	"encoding/json"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
)

// startWorker replaces the worker process, whose jobs fail in the middle.
func (s *soak) startWorker() {
	s.workers++
	w, err := richmedia.New(timedSource{s.Platform}, richmedia.WithPlatform(s), richmedia.WithLogger(mute{}), richmedia.WithInlineLimit(4<<10))
	require.NoError(s.t, err)
	if old := s.worker.Swap(w); old != nil {
		s.bots.Go(func() { _ = old.Close() })
	}
}

// enqueue lets the worker reply with key, in a minute at most, and again until it succeeds or the queue gives up; as a queue does that
// is not told of a success, sometimes once more.
//
//nolint:contextcheck,nolintlint // it outlives the handler that enqueues it
func (s *soak) enqueue(target richmedia.Target, key string, way, picture, runs int) {
	job, err := json.Marshal(target)
	require.NoError(s.t, err)
	s.jobs.Go(func() {
		for done := 0; runs > 0 && done < 2; runs-- {
			var target richmedia.Target
			if !assert.NoError(s.t, json.Unmarshal(job, &target)) {
				return
			}
			ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
			err := s.reply(ctx, s.worker.Load().For(target), key, way, picture)
			cancel()
			s.mu.Lock()
			s.worked++
			s.mu.Unlock()
			if err == nil {
				done++
			}
			time.Sleep(10 * time.Second)
		}
	})
}
