package board

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func texts(t *testing.T, f *Feed, from uint64) []string {
	t.Helper()
	batch, _, _, ok := f.Since(from, feedSize)
	require.True(t, ok)
	out := []string{}
	for _, raw := range batch {
		out = append(out, string(raw))
	}
	return out
}

func TestOfUpdatesWithOneKeyTheNewestCounts(t *testing.T) {
	f := newFeed()
	for i, key := range []string{"a", "", "b", "a", "", "a"} {
		f.put(key, i)
	}
	assert.Equal(t, []string{"1", "2", "4", "5"}, texts(t, f, 0))
	assert.Equal(t, []string{"4", "5"}, texts(t, f, 4))
	assert.Empty(t, texts(t, f, 6))
}

func TestTheFeedIsBoundedAndTellsWhoIsTooFarBehind(t *testing.T) {
	f := newFeed()
	for i := range 3 * feedSize {
		f.put(strconv.Itoa(i), i)
	}
	_, next, _, ok := f.Since(2*feedSize-1, 1)
	assert.False(t, ok)
	assert.EqualValues(t, 3*feedSize, next)
	_, _, _, ok = f.Since(3*feedSize+1, 1)
	assert.False(t, ok, "of another run")
	assert.Len(t, f.latest, feedSize, "keys are let go with their updates")
	batch, next, _, ok := f.Since(2*feedSize, 10)
	assert.True(t, ok)
	assert.Len(t, batch, 10)
	assert.EqualValues(t, 2*feedSize+10, next)
}

func TestAReaderIsWokenByTheNextUpdate(t *testing.T) {
	f := newFeed()
	_, _, changed, _ := f.Since(0, 1)
	select {
	case <-changed:
		t.Fatal("nothing has happened")
	default:
	}
	f.put("", 1)
	<-changed
}
