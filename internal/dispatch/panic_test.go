package dispatch_test

import (
	"io"
	"log"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestATaskThatPanicsOrExitsWedgesNothing(t *testing.T) {
	ends := map[string]func(){"panic": func() { panic("by a test") }, "goexit": runtime.Goexit}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newPlain(1, 10)
				var done atomic.Int32
				for _, key := range []string{"a", "a", "b"} {
					require.NoError(t, d.Submit(t.Context(), key, end))
				}
				for range 9 {
					require.NoError(t, d.Go(t.Context(), end))
					require.NoError(t, d.Beside(nil, end))
				}
				for _, key := range []string{"a", "b", "c"} {
					require.NoError(t, d.Submit(t.Context(), key, func() { done.Add(1) }))
				}
				require.NoError(t, d.Drain(t.Context()))
				require.EqualValues(t, 3, done.Load())
			})
		})
	}
}

func TestAPanicThatGotPastItsTaskIsPrinted(t *testing.T) {
	var out strings.Builder
	log.SetOutput(&out)
	defer log.SetOutput(io.Discard)
	d := newPlain(1, 1)
	require.NoError(t, d.Submit(t.Context(), "a", func() { panic("by a test") }))
	require.NoError(t, d.Drain(t.Context()))
	require.Contains(t, out.String(), "by a test")
	require.Contains(t, out.String(), "TestAPanicThatGotPastItsTaskIsPrinted", "the stack")
}
