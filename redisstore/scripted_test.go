//go:build unix

package redisstore_test

import (
	"context"
	"net"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/botgo-contrib/richmedia/redisstore"
)

// scripted answers commands instead of Redis, in process, so that a test can move the clock.
type scripted struct {
	mu      sync.Mutex
	answer  func(ctx context.Context, cmd redis.Cmder) error
	entered int
}

func (f *scripted) DialHook(redis.DialHook) redis.DialHook {
	return func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }
}

func (f *scripted) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		f.mu.Lock()
		answer := f.answer
		f.entered++
		f.mu.Unlock()
		err := answer(ctx, cmd)
		cmd.SetErr(err)
		return err
	}
}

func (f *scripted) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		f.mu.Lock()
		answer := f.answer
		f.entered++
		f.mu.Unlock()
		for _, cmd := range cmds {
			cmd.SetErr(answer(ctx, cmd))
		}
		return cmds[0].Err()
	}
}

func (f *scripted) set(answer func(ctx context.Context, cmd redis.Cmder) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

func scriptedStore(t *testing.T) (*redisstore.Store, *scripted) {
	t.Helper()
	f := &scripted{}
	f.set(fine)
	c := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { _ = c.Close() })
	c.AddHook(f)
	return redisstore.New(c, ""), f
}

// fine sets everything, has nothing, and gives every lease.
func fine(_ context.Context, cmd redis.Cmder) error {
	switch cmd := cmd.(type) {
	case *redis.StringCmd:
		return redis.Nil
	case *redis.Cmd:
		cmd.SetVal(int64(1))
	}
	return nil
}

// said is an error that Redis has answered.
type said string

func (e said) Error() string { return string(e) }
func (said) RedisError()     {}
