package richmedia

import (
	"encoding/binary"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func testKey(n uint64) (k pushKey) {
	binary.BigEndian.PutUint64(k[:], n)
	return k
}

func TestPushesAreRememberedForTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPushes(100, time.Minute)
		first, mine := p.claim(testKey(1))
		assert.True(t, mine)
		p.settle(testKey(1), first, true)
		time.Sleep(time.Minute - 1)
		again, mine := p.claim(testKey(1))
		assert.False(t, mine)
		<-p.wait(again)
		assert.True(t, p.outcome(again))
		assert.True(t, p.isTaken(testKey(1)))
		time.Sleep(time.Nanosecond)
		assert.False(t, p.isTaken(testKey(1)))

		second, _ := p.claim(testKey(2))
		p.settle(testKey(2), second, false)
		_, mine = p.claim(testKey(2))
		assert.True(t, mine, "it was given back")
	})
}

func TestPushesForgetTheOldestBeyondTheirBound(t *testing.T) {
	p := newPushes(3, time.Hour)
	running, _ := p.claim(testKey(0))
	for n := range uint64(4) {
		if n > 0 {
			each, _ := p.claim(testKey(n))
			p.settle(testKey(n), each, true)
		}
	}
	p.settle(testKey(0), running, true)
	assert.False(t, p.isTaken(testKey(0)), "forgotten while it ran")
	for n := uint64(1); n < 4; n++ {
		assert.True(t, p.isTaken(testKey(n)), n)
	}
	assert.Len(t, p.order, 3)
}

func TestARememberedPushIsSmall(t *testing.T) {
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	p := newPushes(webhookPushes, time.Hour)
	for n := range uint64(webhookPushes + webhookPushes/4) {
		each, _ := p.claim(testKey(n))
		p.settle(testKey(n), each, true)
	}
	bytes := (heap() - before) / webhookPushes
	t.Logf("%d bytes a push", bytes)
	assert.Less(t, bytes, int64(400))
	runtime.KeepAlive(p)
}
