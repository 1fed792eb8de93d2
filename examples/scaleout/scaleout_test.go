//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestOneImageOverFourInstancesIsUploadedOnce(t *testing.T) {
	w, logs := testWorld(t)
	w.platform.Delay(richmediatest.OpUpload, -1, 300*time.Millisecond)
	all := w.fleet(t, 4, settings{})
	var chats []*richmediatest.Chat
	var says sync.WaitGroup
	for i := range 40 {
		chat := w.platform.Group(fmt.Sprint("g", i))
		chats = append(chats, chat)
		says.Go(func() { chat.Say("ann", "cat") })
	}
	says.Wait()
	for _, chat := range chats {
		_, err := chat.WaitAnswers(soon(t, 20*time.Second), 1)
		require.NoError(t, err)
	}
	for _, p := range all {
		require.Eventually(t, func() bool {
			one, err := statsOf(soon(t, 10*time.Second), p)
			return err == nil && one.Replies > 0
		}, 10*time.Second, 20*time.Millisecond, "%s has had its part, and counts it when the platform has answered", p.name)
	}
	settle(t, 20*time.Second, all, 1, chats...)
	if logs.late() {
		return
	}
	assert.Len(t, w.platform.Uploads(), 1)
	assert.Zero(t, logs.lines("richmedia"), "nothing to complain about")
}

func TestAnEventThatIsSentToTwoInstancesAtOnceIsAnsweredOnce(t *testing.T) {
	for name, c := range map[string]struct {
		settings
		handlers int64
	}{
		"shared":         {settings{Shared: true}, 20},
		"shared, inline": {settings{Shared: true, Inline: true}, 20},
		"not shared":     {settings{}, 40}, // the platform refuses the second answer
	} {
		t.Run(name, func(t *testing.T) {
			w, logs := testWorld(t)
			w.platform.PushToURL("")
			all := w.fleet(t, 2, c.settings)
			var chats []*richmediatest.Chat
			var sends sync.WaitGroup
			for i := range 20 {
				chat := w.platform.Group(fmt.Sprint("g", i))
				chats = append(chats, chat)
				ev := chat.Say("ann", "cat")
				for _, p := range all {
					sends.Go(func() { assert.Equal(t, http.StatusOK, w.sendTo(t, p, ev)) })
				}
			}
			sends.Wait()
			require.Eventually(t, func() bool { sum := total(t, all); return sum.Replies+sum.Duplicates >= c.handlers }, 20*time.Second,
				20*time.Millisecond, "the second handlers run after the first have answered")
			sum := total(t, all)
			settle(t, 20*time.Second, all, 1, chats...)
			if logs.late() {
				return
			}
			assert.Equal(t, c.handlers, sum.Events)
			assert.EqualValues(t, 20, sum.Replies)
			assert.Len(t, w.platform.Uploads(), 1)
		})
	}
}

func TestUsersOfAnInstanceThatIsKilledDuringAnUploadGetTheirAnswersOnceFromTheOthers(t *testing.T) {
	t.Parallel() // it waits for leases to end
	w, logs := testWorld(t)
	uploading := make(chan string, 1)
	var once sync.Once
	w.platform.Intercept(richmediatest.OpUpload, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		first := false
		once.Do(func() { first = true })
		if first {
			uploading <- r.Header.Get(whoHeader)
			<-r.Context().Done() // the connection breaks with the process
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(rw, r)
	})
	all := w.fleet(t, 4, settings{Shared: true, Inline: true})
	var chats []*richmediatest.Chat
	var says sync.WaitGroup
	say := func(text string) {
		chat := w.platform.Group(fmt.Sprint("g", len(chats)))
		chats = append(chats, chat)
		says.Go(func() { chat.Say("ann", text) })
	}
	say("slow")
	var victim string
	select {
	case victim = <-uploading:
	case <-soon(t, 20*time.Second).Done():
		t.Fatal("nobody uploads")
	}
	for range 8 { // wait for that upload, on the victim and on others
		say("slow")
	}
	for i := range 20 { // have nothing to do with it
		say(fmt.Sprint("other ", i%3))
	}
	others := chats[9:] // once they are answered their uploads are in the store, the victim's too
	require.Eventually(t, func() bool {
		return !slices.ContainsFunc(others, func(c *richmediatest.Chat) bool { return len(c.Answers()) == 0 })
	}, 20*time.Second, 20*time.Millisecond, "the others do not wait")
	require.Len(t, w.platform.Uploads(), 3)
	alive := all[:0:0]
	for _, p := range all {
		if p.name == victim {
			require.NoError(t, p.kill())
			continue
		}
		alive = append(alive, p)
	}
	require.Len(t, alive, 3)
	says.Wait()
	settle(t, 80*time.Second, alive, 1, chats...)
	uploads := len(w.platform.Uploads())
	if logs.late() {
		require.LessOrEqual(t, uploads, 6, "one takes over, and not all")
		return
	}
	assert.Equal(t, 4, uploads, "the slow one once, and three others")
}

func TestUsersGetEachAnswerOnceWhileRedisIsPausedKilledAndStartedAgain(t *testing.T) {
	for name, s := range map[string]settings{"queued": {Shared: true}, "inline": {Shared: true, Inline: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, logs := testWorld(t)
			all := w.fleet(t, 4, s)
			const number, each = 20, 4
			var chats []*richmediatest.Chat
			for i := range number {
				chats = append(chats, w.platform.Group(fmt.Sprint("g", i)))
			}
			round := func(n int) { // every chat, and every third event twice
				var says sync.WaitGroup
				for i, chat := range chats {
					says.Go(func() {
						ev := chat.Say("ann", fmt.Sprint("image ", n, " ", i%5))
						if i%3 == 0 {
							ev.Redeliver()
						}
					})
				}
				says.Wait()
			}
			round(1)
			require.NoError(t, w.redis.pause(true))
			round(2)
			require.NoError(t, w.redis.pause(false))
			require.NoError(t, w.redis.kill())
			round(3)
			require.NoError(t, w.redis.start())
			round(4)
			settle(t, 40*time.Second, all, each, chats...)
			assert.LessOrEqual(t, logs.lines("the store failed"), 4, "one line for each instance's outage")
			assert.Positive(t, logs.lines("the store failed"))
		})
	}
}

func TestACommandWithoutRedisSaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var out bytes.Buffer
	err := run(t.Context(), &out, "1", load{messages: 1, rate: 1, images: 2}, 0)
	require.ErrorIs(t, err, errNoRedis)
	assert.Empty(t, out.String())
}

func TestTheTableIsPrintedAndNothingIsLeftBehind(t *testing.T) {
	testWorld(t) // or skips
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, "1,2", load{messages: 20, rate: 100, chats: 5, images: 4, upload: 10 * time.Millisecond}, 1000))
	assert.Equal(t, 2, strings.Count(out.String(), "memory of each   "))
	assert.Equal(t, 2, strings.Count(out.String(), "Redis, shared events   "))
	for _, want := range []string{
		"Every user saw each answer exactly once.", "measured: 5 Redis round trips for a reply that uploads, 1 where Redis has the upload, 0 where",
		"holds; nearest to its limit: ",
	} {
		assert.Contains(t, out.String(), want)
	}
}

func TestARunThatIsInterruptedStopsCleanly(t *testing.T) {
	testWorld(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(time.Second, func() { cancel(errors.New("interrupted")) })
	var out bytes.Buffer
	err := run(ctx, &out, "1", load{messages: 1000, rate: 100, chats: 5, images: 4}, 0)
	require.ErrorContains(t, err, "interrupted")
}
