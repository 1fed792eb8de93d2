package ledger

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
	"weak"

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

// payload stands for an event, which a delivery names by a weak pointer.
type payload [64]byte

// TestAnAnsweredMessageTakesLittleMemory includes its key, of which only a digest is kept.
func TestAnAnsweredMessageTakesLittleMemory(t *testing.T) {
	const size = 100_000
	before := heap()
	l := New(size)
	for i := range size {
		answer(t, l, i)
	}
	bytes := float64(heap()-before) / size
	runtime.KeepAlive(l)
	t.Logf("%.0f bytes", bytes)
	require.LessOrEqual(t, bytes, 300.0)
}

// answer is a message with one reply.
func answer(t testing.TB, l *Ledger, i int) {
	key := fmt.Sprintf("group:%032X:ROBOT1.0_%050d", i, i)
	event := new(payload)
	c, err := l.Open(key, time.Now(), Limits{Replies: 5, Window: 5 * time.Minute}).Delivery(weak.Make(event)).Claim(ContentOf("a"))
	require.NoError(t, err)
	c.Settle(Delivered)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC() // the first may leave what it found dead while it ran
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkMemory reports what a message with one reply costs, its key included.
func BenchmarkMemory(b *testing.B) {
	const size = 1_000_000
	for b.Loop() {
		before := heap()
		l := New(size)
		for i := range size {
			answer(b, l, i)
		}
		b.ReportMetric(float64(heap()-before)/size, "B/message")
		runtime.KeepAlive(l)
	}
}
