//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/redisstore"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// figures are what a reply costs at Redis, measured.
type figures struct {
	Cold, Warm, Hot int // round trips: of a reply that uploads; whose upload Redis has; whose upload the memory in front has
	Claim           int // round trips of an event that is shared
	Trip            time.Duration
	PerSecond       float64 // round trips that 50 callers get
	FileBytes       int64   // of a file_info in Redis
	ClaimBytes      int64   // of a claimed event
}

func (f figures) String() string {
	return fmt.Sprintf("measured: %d Redis round trips for a reply that uploads, %d where Redis has the upload, %d where the memory in front has it, and %d for a shared event;\n"+
		"a round trip takes %s, Redis and 50 callers on this machine make %.0f a second; a file_info takes %d bytes there, a claimed event %d",
		f.Cold, f.Warm, f.Hot, f.Claim, f.Trip.Round(time.Microsecond), f.PerSecond, f.FileBytes, f.ClaimBytes)
}

// measure makes replies with two instances inside this process.
func measure(ctx context.Context, addr string) (f figures, err error) {
	platform := richmediatest.New()
	group := platform.Group("g")
	var bots []*richmedia.Plugin
	var counts []*stats
	var client redis.UniversalClient
	const prefix = "measure:"
	for range 2 {
		client = redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{addr}, ContextTimeoutEnabled: true})
		defer client.Close() //nolint:errcheck // it has done its work
		s := &stats{}
		client.AddHook(s)
		media, err := richmedia.New(platform.TokenSource(), richmedia.WithHTTPClient(platform.Client()), richmedia.WithBaseURL(platform.URL()),
			richmedia.WithStore(redisstore.New(client, prefix)), richmedia.WithSharedEvents(), richmedia.WithLogger(warnings{"measure"}))
		if err != nil {
			return f, err
		}
		defer media.Close() //nolint:errcheck,contextcheck // always nil, and done also when ctx is over
		bots, counts = append(bots, media), append(counts, s)
	}
	cost := func(i int, do func() error) (trips int) {
		before := counts[i].trips.Load()
		err = errors.Join(err, do())
		return int(counts[i].trips.Load() - before)
	}
	reply := func(i int, text string) func() error {
		return func() error {
			c, err := bots[i].Context(group.Say("ann", text).Payload())
			if err != nil {
				return err
			}
			return answer(ctx, c)
		}
	}
	_ = cost(0, reply(0, "first")) // Redis gets to know the scripts
	f.Cold = cost(0, reply(0, "cat"))
	f.Warm, f.Hot = cost(1, reply(1, "cat")), cost(1, reply(1, "cat"))
	done := make(chan struct{})
	f.Claim = cost(0, func() error { //nolint:contextcheck // as botgo calls it
		h := bots[0].GroupATMessage(func(context.Context, *richmedia.Context) error { close(done); return nil })
		return h(group.Say("ann", "hi").Payload(), nil)
	})
	<-done
	if f.FileBytes, err = bytesOf(ctx, client, err, prefix+"richmedia:1:group:*"); err == nil {
		f.ClaimBytes, err = bytesOf(ctx, client, err, prefix+"lease:*")
	}
	if err == nil {
		err = f.speed(ctx, client)
	}
	return f, err
}

// bytesOf is what the one key of that pattern takes.
func bytesOf(ctx context.Context, client redis.UniversalClient, err error, pattern string) (int64, error) {
	if err != nil {
		return 0, err
	}
	keys, err := client.Keys(ctx, pattern).Result()
	if err != nil || len(keys) == 0 {
		return 0, errors.Join(err, fmt.Errorf("no key %s", pattern))
	}
	return client.MemoryUsage(ctx, keys[0]).Result()
}

// speed asks as fast as it can, first alone and then with 50 callers.
func (f *figures) speed(ctx context.Context, client redis.UniversalClient) error {
	var took []time.Duration
	for range 2000 {
		began := time.Now()
		if err := client.Get(ctx, "none").Err(); !errors.Is(err, redis.Nil) {
			return err
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	f.Trip = took[len(took)/2]
	const length = 500 * time.Millisecond
	var n atomic.Int64
	var callers sync.WaitGroup
	end := time.Now().Add(length)
	for range 50 {
		callers.Go(func() {
			for time.Now().Before(end) {
				_ = client.Get(ctx, "none") // what fails is slow enough
				n.Add(1)
			}
		})
	}
	callers.Wait()
	f.PerSecond = float64(n.Load()) / length.Seconds()
	return nil
}
