package seen

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counted returns a handler that counts its calls in n and returns err.
func counted(n *int, err error) func() error {
	return func() error { *n++; return err }
}

func TestAnEventIsHandledOnceByAnyOfItsIDs(t *testing.T) {
	f, n := New(time.Minute, 10), 0
	require.NoError(t, f.Once(t.Context(), IDs{"a", "b"}, counted(&n, nil)))
	for _, ids := range []IDs{{"a"}, {"", "b"}, {"c", "b"}, {"a", "c"}} {
		require.NoError(t, f.Once(t.Context(), ids, counted(&n, errors.New("handled again"))))
	}
	assert.Equal(t, 1, n)
	require.NoError(t, f.Once(t.Context(), IDs{"c"}, counted(&n, nil)), "a repeated event's other ids are not remembered")
	assert.Equal(t, 2, n)
	for range 2 {
		require.NoError(t, f.Once(t.Context(), IDs{}, counted(&n, nil)))
	}
	assert.Equal(t, 4, n, "events without ids cannot be told apart")
}

func TestAnEventThatWasNotHandledCanComeAgain(t *testing.T) {
	f, n, failed := New(time.Minute, 10), 0, errors.New("failed")
	ids := IDs{"a", "b"}
	require.ErrorIs(t, f.Once(t.Context(), ids, counted(&n, failed)), failed)
	assert.Panics(t, func() { _ = f.Once(t.Context(), ids, func() error { n++; panic("handler") }) })
	require.NoError(t, f.Once(t.Context(), ids, counted(&n, nil)))
	require.NoError(t, f.Once(t.Context(), ids, counted(&n, nil)))
	assert.Equal(t, 3, n)
}

func TestARepeatedEventWaitsForTheResultOfTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, failed := New(time.Minute, 10), errors.New("failed")
		go func() {
			_ = f.Once(t.Context(), IDs{"a"}, func() error { time.Sleep(time.Second); return failed })
		}()
		synctest.Wait()
		gone, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("gone"))
		require.ErrorContains(t, f.Once(gone, IDs{"a"}, nil), "gone")

		began := time.Now()
		require.ErrorIs(t, f.Once(t.Context(), IDs{"a"}, nil), failed)
		assert.Equal(t, time.Second, time.Since(began))
	})
}

func TestGoexitOfAHandlerIsAnErrorForThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, goexit := New(time.Minute, 10), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			_ = f.Once(t.Context(), IDs{"a"}, func() error {
				<-goexit
				runtime.Goexit()
				return nil
			})
		})
		synctest.Wait()
		wg.Go(func() { assert.ErrorIs(t, f.Once(t.Context(), IDs{"a"}, nil), errGoexit) })
		synctest.Wait()
		close(goexit)
		wg.Wait()
		n := 0
		require.NoError(t, f.Once(t.Context(), IDs{"a"}, counted(&n, nil)))
		assert.Equal(t, 1, n)
	})
}

func TestIDsAreForgottenAfterTheirTimeAndBeyondTheSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, n := New(time.Minute, 3), 0
		handle := func(id int) { require.NoError(t, f.Once(t.Context(), IDs{strconv.Itoa(id)}, counted(&n, nil))) }
		handle(1)
		time.Sleep(59 * time.Second)
		handle(1)
		assert.Equal(t, 1, n, "still remembered")
		time.Sleep(2 * time.Second)
		handle(1)
		assert.Equal(t, 2, n, "a repetition does not extend the time")
		for id := 2; id <= 5; id++ {
			handle(id)
		}
		assert.Equal(t, 3, f.Len())
		handle(1)
		assert.Equal(t, 7, n, "the oldest was forgotten")
	})
}

func TestAForgottenEventCanBeHandledAgain(t *testing.T) {
	f := New(time.Minute, 10)
	runs := 0
	once := func(ids IDs) {
		require.NoError(t, f.Once(t.Context(), ids, func() error { runs++; return nil }))
	}
	both, other := IDs{"event", "message"}, IDs{"other"}
	once(both)
	once(other)
	f.Forget(IDs{"", "message"})
	f.Forget(both) // is nothing
	require.Equal(t, 1, f.Len())
	once(both)
	once(other)
	require.Equal(t, 3, runs)
	require.NoError(t, f.Once(t.Context(), IDs{"early"}, func() error { f.Forget(IDs{"early"}); return nil }))
	once(IDs{"early"})
	require.Equal(t, 4, runs)
}
