package richmedia_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// crowd is a bot with one worker, which hangs until release is called, and a queue that one chat has filled up to the part
// that is kept for the others.
type crowd struct {
	*bed
	lively  *richmediatest.Chat
	release func()
}

// newCrowd lets one group say as much as the bot accepts of it.
func newCrowd(t *testing.T, opts ...richmedia.Option) *crowd {
	t.Helper()
	b := quiet(t, append([]richmedia.Option{richmedia.WithWorkers(1), richmedia.WithQueue(16)}, opts...)...)
	gate := make(chan struct{})
	b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
		<-gate
		_, err := c.ReplyText(ctx, c.Text())
		return err
	})
	w := &crowd{b, b.Group("lively"), sync.OnceFunc(func() { close(gate) })}
	t.Cleanup(w.release)
	for i := range 13 { // one runs, twelve wait
		require.NoError(t, w.deliver("webhook", w.lively.Say("alice", fmt.Sprint(i))))
		synctest.Wait()
	}
	assert.Equal(t, richmedia.Stats{Queued: 12, Running: 1, Remembered: b.media.Stats().Remembered}, b.media.Stats())
	return w
}

func (w *crowd) deliver(way string, ev *richmediatest.Event) error {
	payload := ev.Payload()
	payload.Session = &dto.Session{AppID: w.AppID()}
	if way == "websocket" {
		payload.Session = &dto.Session{TokenSource: w.TokenSource()}
	}
	return event.ParseAndHandle(payload)
}

func TestAChatOverItsShareIsRefusedAndItsEventsAreHandledWhenTheyArePushedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told, errs := reported()
		w := newCrowd(t, told)
		webhook := richmedia.WebhookHandler(w.Credentials())
		pushed := func(ev *richmediatest.Event) string {
			time.Sleep(2 * time.Second) // a repetition within one second is the very same request
			rec := httptest.NewRecorder()
			webhook.ServeHTTP(rec, w.SignedRequest(ev.Body()))
			return strings.TrimSpace(rec.Body.String())
		}
		over := w.lively.Say("alice", "over")
		require.ErrorIs(t, w.deliver("webhook", over), richmedia.ErrBusy)
		assert.JSONEq(t, `{"op":12,"d":1}`, pushed(over))
		assert.Empty(t, errs, "nothing is lost: the platform pushes it again")
		for i := range 4 { // the part that is kept
			require.NoError(t, w.deliver("webhook", w.Group(fmt.Sprint(i)).Say("bob", "hi")), "a quiet chat is not refused")
		}
		w.release()
		synctest.Wait()
		assert.JSONEq(t, `{"op":12,"d":0}`, pushed(over))
		assert.JSONEq(t, `{"op":12,"d":0}`, pushed(over), "and once more")
		synctest.Wait()
		var got []string
		for _, m := range w.lively.Answers() {
			got = append(got, m.Text)
		}
		assert.Equal(t, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "over"}, got)
		for i := range 4 {
			assert.Len(t, w.Group(fmt.Sprint(i)).Answers(), 1)
		}
	})
}

func TestAnEventThatAWebsocketLosesIsReportedWithItsID(t *testing.T) {
	for name, withHandler := range map[string]bool{"by default": false, "to the error handler": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var rec recorder
				opts := []richmedia.Option{rec.option()}
				told, errs := reported()
				if withHandler {
					opts = append(opts, told)
				}
				w := newCrowd(t, opts...)
				over := w.lively.Say("alice", "over")
				require.ErrorIs(t, w.deliver("websocket", over), richmedia.ErrBusy)
				if withHandler {
					err := <-errs
					require.ErrorIs(t, err, richmedia.ErrBusy)
					require.ErrorContains(t, err, over.ID())
				} else {
					assert.Contains(t, w.log.text(), over.ID())
				}
				events := rec.takeEvents()
				i := slices.IndexFunc(events, func(i richmedia.EventInfo) bool { return i.Stage == richmedia.EventRefused })
				require.GreaterOrEqual(t, i, 0)
				assert.Equal(t, over.ID(), events[i].ID)
				require.ErrorIs(t, events[i].Err, richmedia.ErrBusy)
			})
		})
	}
}

func TestASmallQueueHasNoSharesAndBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := quiet(t, richmedia.WithWorkers(1), richmedia.WithQueue(7))
		gate := make(chan struct{})
		b.onGroup(func(context.Context, *richmedia.Context) error { <-gate; return nil })
		club := b.Group("club")
		for range 8 {
			require.NoError(t, event.ParseAndHandle(club.Say("alice", "hi").Payload()))
			synctest.Wait()
		}
		ninth := make(chan error, 1)
		go func() { ninth <- event.ParseAndHandle(club.Say("alice", "hi").Payload()) }()
		synctest.Wait()
		assert.Empty(t, ninth, "it waits, and is not refused")
		assert.Len(t, logged(b.log, "the queue of 7 events is full: botgo waits; 1 handlers run"), 1)
		close(gate)
		require.NoError(t, <-ninth)
	})
}

func TestQueuedEventsWhoseWindowIsOverAreDroppedBeforeTheyRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBed(t, rec.option(), richmedia.WithReplyLimits(richmedia.ScopeGroup, 5, time.Minute))
		b.onGroup(func(_ context.Context, c *richmedia.Context) error {
			if c.Text() == "hang" {
				time.Sleep(2 * time.Minute)
				return nil
			}
			t.Error("it ran")
			return nil
		})
		club := b.Group("club")
		club.Say("alice", "hang")
		var late []string
		for range 3 {
			late = append(late, club.Say("alice", "hi").ID())
		}
		require.NoError(t, b.media.Shutdown(t.Context()))
		var got []string
		for _, i := range rec.takeEvents() {
			if i.Stage == richmedia.EventLate {
				got = append(got, i.ID)
				require.ErrorIs(t, i.Err, richmedia.ErrReplyWindow)
				assert.Equal(t, 2*time.Minute, i.Waited)
			}
		}
		assert.Equal(t, late, got)
	})
}

// TestMoreEventsThanCanBeAnsweredDoNotKeepTheOthersFromAnAnswer: if every event began at the end of its window, none would be
// answered in time.
func TestMoreEventsThanCanBeAnsweredDoNotKeepTheOthersFromAnAnswer(t *testing.T) {
	const takes, hour = 10 * time.Second, time.Hour
	for name, test := range map[string]struct {
		workers, atOnce int
		handler         func(answer richmedia.Handler) richmedia.Handler
	}{
		"in their handlers": {2, 2, func(answer richmedia.Handler) richmedia.Handler { return answer }},
		"by Context.Go": {1, 4, func(answer richmedia.Handler) richmedia.Handler {
			return func(_ context.Context, c *richmedia.Context) error {
				c.Go(func(ctx context.Context) error { return answer(ctx, c) })
				return nil
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var answered, wasted atomic.Int32
				b := quiet(t, richmedia.WithWorkers(test.workers), richmedia.WithErrorHandler(func(context.Context, *richmedia.Context, error) {}))
				b.onGroup(test.handler(func(ctx context.Context, c *richmedia.Context) error {
					began := time.Now()
					select {
					case <-time.After(takes):
					case <-ctx.Done():
					}
					_, err := c.ReplyText(ctx, "here")
					switch {
					case err == nil:
						answered.Add(1)
					case time.Since(began) > 0:
						wasted.Add(1)
					}
					return err
				}))
				every := takes / time.Duration(test.atOnce) * 6 / 10
				for i := range int(hour / every) {
					require.NoError(t, event.ParseAndHandle(b.Group(fmt.Sprint(i)).Say("alice", "hi").Payload()))
					time.Sleep(every)
				}
				assert.GreaterOrEqual(t, int(answered.Load()), test.atOnce*int(hour/takes)-2*test.atOnce)
				assert.Zero(t, wasted.Load())
				require.NoError(t, b.media.Close())
			})
		})
	}
}

func TestNobodyWaitsLongerThanHalfAMinuteBehindHandlersThatHang(t *testing.T) {
	const workers = 2
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithWorkers(workers), richmedia.WithReplyLimits(richmedia.ScopeGroup, 0, 0), richmedia.WithHandlerTimeout(24*time.Hour))
		gate := make(chan struct{})
		var mu sync.Mutex
		handled := map[string]time.Time{}
		b.onGroup(func(_ context.Context, c *richmedia.Context) error {
			if c.Text() == "hang" {
				<-gate
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			handled[c.Text()] = time.Now()
			return nil
		})
		hung := 0
		for round := range 16 {
			for range workers {
				b.Group(fmt.Sprintf("hangs %d", hung)).Say("alice", "hang")
				hung++
			}
			name := fmt.Sprintf("quiet %d", round)
			began := time.Now()
			b.Group(name).Say("bob", name)
			time.Sleep(31 * time.Second)
			mu.Lock()
			at, ok := handled[name]
			mu.Unlock()
			require.True(t, ok, "with %d handlers that hang", hung)
			assert.LessOrEqual(t, at.Sub(began), 30*time.Second)
			assert.Equal(t, hung, b.media.Stats().Overdue)
		}
		assert.Equal(t, 16*workers, hung)
		for range workers { // no place is left to give away
			b.Group(fmt.Sprintf("hangs %d", hung)).Say("alice", "hang")
			hung++
		}
		b.Group("unlucky").Say("bob", "unlucky")
		time.Sleep(time.Hour)
		assert.Equal(t, richmedia.Stats{Queued: 1, Running: workers, Overdue: 16 * workers, Remembered: b.media.Stats().Remembered}, b.media.Stats())
		close(gate)
		synctest.Wait()
		assert.Contains(t, handled, "unlucky")
		assert.Equal(t, richmedia.Stats{Remembered: b.media.Stats().Remembered}, b.media.Stats())
	})
}

func TestWhatHoldsUpABotIsLoggedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := quiet(t, richmedia.WithWorkers(2), richmedia.WithQueue(64), richmedia.WithReplyLimits(richmedia.ScopeGroup, 0, 0), richmedia.WithHandlerTimeout(24*time.Hour))
		gate := make(chan struct{})
		b.onGroup(func(context.Context, *richmedia.Context) error { <-gate; return nil })
		began := time.Now()
		for i := range 30 { // more and more hang, and others wait for their places
			go func() { _ = event.ParseAndHandle(b.Group(fmt.Sprint(i)).Say("alice", "hang").Payload()) }()
			if i%6 == 5 {
				time.Sleep(100 * time.Second)
			}
		}
		passed := int(time.Since(began) / time.Minute)
		for _, text := range []string{
			"a handler of GROUP_AT_MESSAGE_CREATE has been running for 30s: its place among the 2 workers goes to another",
			"no worker has been free for 10s:",
		} {
			n := len(logged(b.log, text))
			assert.GreaterOrEqual(t, n, 1, text)
			assert.LessOrEqual(t, n, passed+1, text)
		}
		for i := range 200 {
			go func() { _ = event.ParseAndHandle(b.Group(fmt.Sprint("more ", i)).Say("alice", "hang").Payload()) }()
		}
		synctest.Wait()
		assert.Len(t, logged(b.log, "the queue of 64 events is full: botgo waits;"), 1, "however many wait")
		close(gate)
		require.NoError(t, b.media.Shutdown(t.Context()))
	})
}

// A lively group does not hold up the others: what a quiet group waits for beside 1,400 queued messages is what it waits
// for on an idle bot. The time is that of the bubble, so that the figures do not depend on the machine.
func TestAQuietChatWaitsNoLongerBesideALivelyOneThanOnAnIdleBot(t *testing.T) {
	const lively = 1400
	wait := func(t *testing.T, messages int) (waited time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			b := newBed(t)
			b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
				time.Sleep(20 * time.Millisecond)
				_, err := c.ReplyText(ctx, "ok")
				return err
			})
			for i := range messages {
				b.Group("lively").Say("alice", fmt.Sprint(i))
			}
			club := b.Group("quiet")
			began := time.Now()
			club.Say("bob", "hi")
			answers(t, club, 1)
			waited = time.Since(began)
			if messages > 0 {
				assert.Less(t, len(b.Group("lively").Answers()), messages/100, "the others are still to come")
			}
			_ = b.media.Close()
		})
		return waited
	}
	idle, beside := wait(t, 0), wait(t, lively)
	t.Logf("a quiet chat waits %s on an idle bot and %s beside %d queued messages: ratio %.2f", idle, beside, lively, float64(beside)/float64(idle))
	assert.Equal(t, idle, beside)
}
