package dispatch

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNothingIsKeptForAKeyWithoutTasks(t *testing.T) {
	d := New(4, 16)
	for i := range 1000 {
		require.NoError(t, d.Submit(t.Context(), fmt.Sprint(i), func(func()) {}))
	}
	require.NoError(t, d.Drain(t.Context()))
	require.Empty(t, d.lines)
	require.True(t, d.ready.empty())
	require.Zero(t, d.running)
	require.Zero(t, d.queue.used)
	require.Zero(t, d.aside.used)
}
