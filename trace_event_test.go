package richmedia_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
)

func TestTheLifeOfAnEventIsQueuedStartedDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBed(t, rec.option())
		failure := errors.New("out of cats")
		b.onGroup(func(_ context.Context, c *richmedia.Context) error {
			if c.Text() == "first" {
				time.Sleep(2 * time.Second)
				return nil
			}
			time.Sleep(3 * time.Second)
			return failure
		})
		club := b.Group("club")
		first := club.Say("alice", "first")
		synctest.Wait() // it runs, before the second is there
		second := club.Say("alice", "second")
		require.NoError(t, b.media.Shutdown(t.Context()))

		type moment struct {
			id           string
			stage        richmedia.EventStage
			waited, took time.Duration
			err          error
		}
		var got []moment
		for _, i := range rec.takeEvents() {
			assert.Equal(t, dto.EventGroupAtMessageCreate, i.Type)
			assert.Equal(t, richmedia.ScopeGroup, i.Target.Scope)
			assert.Equal(t, club.OpenID(), i.Target.ChatID)
			got = append(got, moment{i.ID, i.Stage, i.Waited, i.Took, i.Err})
		}
		assert.Equal(t, []moment{
			{first.ID(), richmedia.EventQueued, 0, 0, nil},
			{first.ID(), richmedia.EventStarted, 0, 0, nil},
			{second.ID(), richmedia.EventQueued, 0, 0, nil},
			{first.ID(), richmedia.EventDone, 0, 2 * time.Second, nil},
			{second.ID(), richmedia.EventStarted, 2 * time.Second, 0, nil},
			{second.ID(), richmedia.EventDone, 2 * time.Second, 3 * time.Second, failure},
		}, got)
	})
}

func TestEventsThatAreNotHandledAreTraced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBed(t, rec.option())
		b.onGroup(func(context.Context, *richmedia.Context) error { panic("oh") })
		club := b.Group("club")
		said := club.Say("alice", "hi")
		time.Sleep(2 * time.Second) // a repetition within the same second is the very same request
		said.Redeliver()
		synctest.Wait()
		got := rec.takeEvents()
		require.Len(t, got, 4)
		i := slices.IndexFunc(got, func(i richmedia.EventInfo) bool { return i.Stage == richmedia.EventDuplicate })
		require.GreaterOrEqual(t, i, 1)
		assert.Equal(t, said.ID(), got[i].ID)
		assert.Equal(t, said.MsgID(), got[i].Target.MsgID)
		require.NoError(t, got[i].Err)
		i = slices.IndexFunc(got, func(i richmedia.EventInfo) bool { return i.Stage == richmedia.EventDone })
		require.GreaterOrEqual(t, i, 1)
		var panicked *richmedia.PanicError
		require.ErrorAs(t, got[i].Err, &panicked)

		b.PushTo(nil)
		broken := club.Say("alice", "hi").Payload()
		broken.RawMessage = []byte(`{"op":0,"t":"GROUP_AT_MESSAGE_CREATE","d":{"id":"x"}}`) // of no group
		err := event.ParseAndHandle(broken)
		require.Error(t, err)
		got = rec.takeEvents()
		require.Len(t, got, 1)
		assert.Equal(t, richmedia.EventRefused, got[0].Stage)
		assert.Equal(t, dto.EventGroupAtMessageCreate, got[0].Type)
		assert.Equal(t, broken.EventID, got[0].ID)
		assert.Zero(t, got[0].Target)
		assert.Equal(t, err, got[0].Err)

		require.NoError(t, b.media.Shutdown(t.Context()))
		late := club.Say("alice", "late")
		require.ErrorIs(t, event.ParseAndHandle(late.Payload()), richmedia.ErrClosed)
		got = rec.takeEvents()
		require.Len(t, got, 1, "what is refused was not queued")
		last := got[0]
		assert.Equal(t, richmedia.EventRefused, last.Stage)
		assert.Equal(t, late.ID(), last.ID)
		assert.Equal(t, club.OpenID(), last.Target.ChatID)
		require.ErrorIs(t, last.Err, richmedia.ErrClosed)
	})
}

// TestATraceThatTakesItsTimeOnlyDelaysItsEvent also in a synctest bubble, whose clock stands still while a goroutine waits for a
// mutex.
func TestATraceThatTakesItsTimeOnlyDelaysItsEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithTrace(richmedia.Trace{Event: func(i richmedia.EventInfo) {
			if i.Stage == richmedia.EventQueued {
				time.Sleep(time.Second)
			}
		}}))
		began, started := time.Now(), make(chan time.Time, 1)
		b.onGroup(func(context.Context, *richmedia.Context) error { started <- time.Now(); return nil })
		b.Group("club").Say("alice", "hi")
		require.NoError(t, b.media.Shutdown(t.Context()))
		require.Equal(t, time.Second, (<-started).Sub(began))
	})
}

func TestAnInlineEventIsNotQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec recorder
		b := newBed(t, rec.option(), richmedia.WithInline())
		b.onGroup(func(context.Context, *richmedia.Context) error { time.Sleep(time.Second); return nil })
		b.Group("club").Say("alice", "hi")
		got := rec.takeEvents()
		require.Len(t, got, 2)
		assert.Equal(t, richmedia.EventStarted, got[0].Stage)
		assert.Equal(t, richmedia.EventDone, got[1].Stage)
		assert.Equal(t, time.Second, got[1].Took)

		b.onGroup(func(context.Context, *richmedia.Context) error { return richmedia.ErrClosed })
		b.PushTo(nil)
		require.Error(t, event.ParseAndHandle(b.Group("club").Say("alice", "hi").Payload()))
		got = rec.takeEvents()
		require.Len(t, got, 2, "a handler's own error is traced as done, and not as refused too")
		assert.Equal(t, richmedia.EventDone, got[1].Stage)
		require.ErrorIs(t, got[1].Err, richmedia.ErrClosed)
	})
}
