package ledger

import "slices"

// shelf is the entries with the same limits, in order of use. Those with other limits stand elsewhere: an entry is
// remembered for as long as its limits say, and one that stays long must not keep the short ones behind it.
type shelf struct {
	limits         Limits
	oldest, newest *Entry
}

// shelf returns the one for lim, new if there is none.
func (l *Ledger) shelf(lim Limits) *shelf {
	for _, s := range l.shelves {
		if s.limits == lim {
			return s
		}
	}
	s := &shelf{limits: lim}
	l.shelves = append(l.shelves, s)
	return s
}

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

// remove takes e out and cuts its links: an Entry that a handler still holds must not keep its neighbours in memory.
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
