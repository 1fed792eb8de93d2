package seen

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestAnEventIsSmall(t *testing.T) {
	require.LessOrEqual(t, unsafe.Sizeof(event{}), uintptr(48))
}

// TestARememberedEventTakesLittleMemory includes its two ids, of which only digests are kept. With the record of the answered
// message, at most 300 bytes (see internal/ledger), it is at most 500.
func TestARememberedEventTakesLittleMemory(t *testing.T) {
	for _, size := range []int{100_000, 1 << 17} { // maps take the most memory per entry just after they have grown
		bytes := perEvent(t, size)
		t.Logf("%.0f bytes", bytes)
		require.LessOrEqual(t, bytes, 200.0)
	}
}

// perEvent is what an event costs that was handled.
func perEvent(t testing.TB, size int) float64 {
	t.Helper()
	before := heap()
	f := New(time.Hour, size)
	for i := range size {
		once(t, f, i)
	}
	bytes := float64(heap()-before) / float64(size)
	require.Equal(t, size, f.Len())
	require.Empty(t, f.running)
	return bytes
}

func once(t testing.TB, f *Filter, i int) {
	require.NoError(t, f.Once(t.Context(), IDs{fmt.Sprintf("GROUP_AT_MESSAGE_CREATE:%032d", i), fmt.Sprintf("ROBOT1.0_%048d", i)},
		func() error { return nil }))
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // the first may leave what it found dead while it ran
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestExpiredEventsAreForgottenOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New(time.Minute, 1_000_000)
		for i := range 1000 {
			once(t, f, i)
		}
		time.Sleep(time.Minute)
		for i := range 1000/(tidyAtOnce-1) + 1 {
			once(t, f, 1000+i)
		}
		require.Equal(t, 1000/(tidyAtOnce-1)+1, f.Len())
		require.Len(t, f.ids, 2*f.Len())
		require.LessOrEqual(t, len(f.events.chunks), 1000/chunkSize+1, "places are used again")
	})
}

// TestFailedEventsTakeNoRoom holds the bound on memory when every event fails.
func TestFailedEventsTakeNoRoom(t *testing.T) {
	f := New(time.Hour, 10)
	once(t, f, -1)
	for i := range 10_000 {
		require.Error(t, f.Once(t.Context(), IDs{fmt.Sprint(i)}, func() error { return errGoexit }))
	}
	require.Equal(t, 1, f.Len(), "and push out none that was handled")
	require.Len(t, f.events.chunks, 1)
}

// BenchmarkOnce is an event with two ids beside many that are remembered.
func BenchmarkOnce(b *testing.B) {
	for _, size := range []int{1_000, 300_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			f, ids := New(time.Hour, size), make([]IDs, 2*size)
			for i := range ids {
				ids[i] = IDs{fmt.Sprintf("GROUP_AT_MESSAGE_CREATE:%032d", i), fmt.Sprintf("ROBOT1.0_%048d", i)}
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				_ = f.Once(b.Context(), ids[i%len(ids)], func() error { return nil })
			}
		})
	}
}

// BenchmarkMemory reports what a remembered event costs, its ids included.
func BenchmarkMemory(b *testing.B) {
	for _, size := range []int{100_000, 1 << 19, 1_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(perEvent(b, size), "B/event")
			}
		})
	}
}
