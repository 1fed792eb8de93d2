//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/redisstore"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// What the plugin finds by assertion, the compiler can hold.
var (
	_ richmedia.Store  = (*redisstore.Store)(nil)
	_ richmedia.Leaser = (*redisstore.Store)(nil)
)

// TestMain makes the test binary an instance where it is started as one.
func TestMain(m *testing.M) {
	if raw := os.Getenv(task); raw != "" {
		exit(instance(raw))
	}
	redis.SetLogger(mute{})
	goleak.VerifyTestMain(m)
}

// log keeps what instances write to stderr.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) lines(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), part)
}

// late reports whether Redis took half a second to answer, on a machine that is so busy. Instances then go on by themselves:
// each answer comes once all the same, but more of them handle an event or upload.
func (l *log) late() bool { return l.lines("the store failed") > 0 }

// testWorld skips the test where there is no Redis to start; in CI that fails it.
func testWorld(t *testing.T) (*world, *log) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(errNoRedis)
		}
		t.Skip(errNoRedis)
	}
	logs := &log{}
	w, err := newWorld(logs)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, w.close())
		if t.Failed() {
			t.Log(logs.text.String())
		}
	})
	return w, logs
}

// fleet starts n instances, which are stopped at the end.
func (w *world) fleet(t *testing.T, n int, s settings) []*process {
	t.Helper()
	s.Redis = w.redis.addr
	all, err := w.launch(n, s)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, stopAll(all)) })
	return all
}

// soon is the time for what should happen in seconds.
func soon(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), d, fmt.Errorf("the test waited for %s", d))
	t.Cleanup(cancel)
	return ctx
}

// settle waits for n answers in each chat, ends the instances, and requires that nothing is there twice.
func settle(t *testing.T, wait time.Duration, all []*process, n int, chats ...*richmediatest.Chat) {
	t.Helper()
	ctx := soon(t, wait)
	for _, chat := range chats {
		_, err := chat.WaitAnswers(ctx, n)
		require.NoError(t, err, chat.Name())
	}
	require.NoError(t, stopAll(all))
	for _, chat := range chats {
		took, err := onceEach(chat)
		require.NoError(t, err)
		assert.Len(t, took, n, chat.Name())
	}
}

// sendTo delivers the event to that instance, past the balancer.
func (w *world) sendTo(t *testing.T, p *process, ev *richmediatest.Event) int {
	t.Helper()
	signed := w.platform.SignedRequest(ev.Body())
	req, err := http.NewRequestWithContext(soon(t, 20*time.Second), http.MethodPost, p.url+"/qqbot", bytes.NewReader(ev.Body()))
	require.NoError(t, err)
	req.Header = signed.Header
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

// total is what all instances have counted.
func total(t *testing.T, all []*process) (sum tally) {
	t.Helper()
	for _, p := range all {
		one, err := statsOf(soon(t, 10*time.Second), p)
		require.NoError(t, err)
		sum = sum.plus(one)
	}
	return sum
}
