package richmedia

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// tallyEvery is the time between two lines of a tally.
const tallyEvery = time.Minute

// tally counts what strangers or a busy chat can trigger any number of times, for one log line a minute. Reasons are
// constants: each one is a key of a map.
type tally struct {
	mu     sync.Mutex
	last   time.Time // of the last line
	counts map[string]tallyCount
}

type tallyCount struct {
	n      int
	detail string // of the latest
}

// add counts reason, and returns what is to be logged now; "" if the last line was within a minute. Of the details only
// the latest is kept.
func (t *tally) add(reason, detail string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]tallyCount{}
	}
	t.counts[reason] = tallyCount{t.counts[reason].n + 1, detail}
	return t.takeLocked(time.Now())
}

// due returns what was counted and not logged, once a minute has passed since the last line.
func (t *tally) due() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.takeLocked(time.Now())
}

func (t *tally) takeLocked(now time.Time) string {
	if len(t.counts) == 0 || now.Sub(t.last) < tallyEvery {
		return ""
	}
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(t.counts)) {
		count := t.counts[reason]
		part := fmt.Sprintf("%d x %s", count.n, reason)
		if count.detail != "" {
			part += " (the latest: " + count.detail + ")"
		}
		parts = append(parts, part)
	}
	clear(t.counts)
	t.last = now
	return strings.Join(parts, "; ")
}
