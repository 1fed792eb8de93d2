package ledger

import (
	"slices"
	"time"
)

// shelf is the entries with the same limits, in order of use. The time for which an entry is remembered follows from
// its limits: on one shelf for all, entries that stay long would keep the expired ones behind them.
type shelf struct {
	limits         Limits
	start          time.Time // of the Ledger
	oldest, newest *Entry
}

// shelf returns the shelf for lim, a new one if there is none. It needs l.mu.
func (l *Ledger) shelf(lim Limits) *shelf {
	for _, s := range l.shelves {
		if s.limits == lim {
			return s
		}
	}
	s := &shelf{limits: lim, start: l.start}
	l.shelves = append(l.shelves, s)
	return s
}

// drop removes the empty shelf s. It needs l.mu.
func (l *Ledger) drop(s *shelf) {
	l.shelves = slices.DeleteFunc(l.shelves, func(other *shelf) bool { return other == s })
}

// push puts e at the newest end.
func (s *shelf) push(e *Entry) {
	e.older, e.newer = s.newest, nil
	if s.newest == nil {
		s.oldest = e
	} else {
		s.newest.newer = e
	}
	s.newest = e
}

// remove takes e out and cuts its links: an Entry that a handler still holds would keep its neighbours in memory.
func (s *shelf) remove(e *Entry) {
	if e.older == nil {
		s.oldest = e.newer
	} else {
		e.older.newer = e.newer
	}
	if e.newer == nil {
		s.newest = e.older
	} else {
		e.newer.older = e.older
	}
	e.older, e.newer = nil, nil
}
