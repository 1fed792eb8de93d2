package dispatch

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNothingIsKeptForAKeyWithoutTasks(t *testing.T) {
	d := New(Config{Workers: 4, Queue: 16, Slow: time.Minute, Starved: time.Minute})
	for i := range 1000 {
		require.NoError(t, d.Submit(t.Context(), Task{Key: fmt.Sprint(i), Run: func() {}}))
		require.NoError(t, d.Beside(i, func() {}))
	}
	require.NoError(t, d.Drain(t.Context(), nil))
	require.Zero(t, d.Stats())
	require.Empty(t, d.lines)
	require.True(t, d.ready.empty())
	require.Nil(t, d.busy.oldest)
	require.Nil(t, d.busy.newest)
	require.Zero(t, d.running)
	require.Zero(t, d.aside.used)
	require.Empty(t, d.exempt)
	require.True(t, d.watch.due.IsZero(), "no timer is set")
}
