package ledger

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestAnEntryIsSmall(t *testing.T) {
	require.LessOrEqual(t, unsafe.Sizeof(Entry{}), uintptr(112), "the next size that Go allocates is 128")
}

func TestExpiredMessagesAreForgottenOnTheWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(1_000_000)
		short, long := Limits{Replies: 5, Window: 5 * time.Minute}, Limits{Replies: 4, Window: time.Hour}
		for i := range 1000 {
			l.Open(fmt.Sprint("long", i), time.Now(), long)
			l.Open(fmt.Sprint("short", i), time.Now(), short)
		}
		time.Sleep(15 * time.Minute)
		for i := range 1000 / (tidyAtOnce - 1) {
			l.Open(fmt.Sprint("later", i), time.Now(), Limits{})
		}
		require.Len(t, l.entries, 1000+1000/(tidyAtOnce-1), "the long ones are not in the way of the short ones")

		time.Sleep(time.Hour)
		for i := range 1000 {
			l.Open(fmt.Sprint("last", i), time.Now(), Limits{})
		}
		require.Len(t, l.shelves, 1, "limits that are no longer in use leave nothing behind")
		require.Len(t, l.entries, 1333)
	})
}

func TestAForgottenEntryKeepsNoNeighbourInMemory(t *testing.T) {
	l := New(2)
	var held []*Entry
	for i := range 10 {
		held = append(held, l.Open(fmt.Sprint(i), time.Now(), Limits{Replies: 5, Window: time.Minute}))
	}
	for _, e := range held[:8] {
		require.Nil(t, e.older)
		require.Nil(t, e.newer)
	}
	require.Len(t, l.entries, 2)
}

// BenchmarkMemory reports what a message with one reply costs, beside the bytes of its key.
func BenchmarkMemory(b *testing.B) {
	const size = 1_000_000
	keys := make([]string, size)
	for i := range keys {
		keys[i] = fmt.Sprint(i)
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for b.Loop() {
		before := heap()
		l := New(size)
		now := time.Now()
		for _, key := range keys {
			c, err := l.Open(key, now, Limits{Replies: 5, Window: 5 * time.Minute}).Run(nil).Claim()
			if err != nil {
				b.Fatal(err)
			}
			c.Commit()
		}
		b.ReportMetric(float64(heap()-before)/size, "B/message")
		runtime.KeepAlive(l)
	}
}
