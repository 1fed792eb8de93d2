package ledger

import (
	"time"
	"unsafe"
)

// Deliveries returns how many deliveries e tells apart.
func (e *Entry) Deliveries() int {
	n := 0
	for r := e.deliveries; r != nil; r = r.earlier {
		n++
	}
	return n
}

// BegunWith lets l have begun with a wall clock that was so much wrong, and with the monotonic clock as it was. No function of
// package time makes such a Time.
func (l *Ledger) BegunWith(wrong time.Duration) {
	l.start = l.start.Add(wrong) // both clocks
	start := (*struct {
		wall      uint64
		monotonic int64
		loc       *time.Location
	})(unsafe.Pointer(&l.start))
	start.monotonic -= int64(wrong)
}
