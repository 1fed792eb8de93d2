package seen

import (
	"crypto/sha256"
	"time"
)

// digest stands for an id, which is some 60 bytes long. The zero digest is no id.
type digest [16]byte

// digests returns the digests of ids.
func (ids IDs) digests() (sums [idsPerEvent]digest) {
	for i, id := range ids {
		if id == "" {
			continue
		}
		var onStack [160]byte // longer than real ids
		sum := sha256.Sum256(append(append(onStack[:0], byte(i)), id...))
		sums[i] = digest(sum[:])
	}
	return sums
}

// event is one remembered event. It holds no pointer: the garbage collector does not look at half a million of them.
type event struct {
	ids          [idsPerEvent]digest
	arrived      time.Duration // after the Filter's start
	older, newer place         // in the order of arrival; newer is the next free place while there is no event
}

// place is where an event stands in a queue, from 1 on.
type place uint32

// queue is events in the order of their arrival, of which any can be removed. The zero value is empty. Its memory grows with
// the number of events, a chunk at a time, so that no call moves what is there; the places of removed events are used again.
type queue struct {
	chunks         []*[chunkSize]event
	used           place // the highest place so far
	free           place // the place that was freed last, or 0
	oldest, newest place
	len            int
}

const chunkSize = 128

// at returns the event at i, which must have been pushed.
func (q *queue) at(i place) *event { return &q.chunks[(i-1)/chunkSize][(i-1)%chunkSize] }

// push puts e at the newest end and returns its place.
func (q *queue) push(e event) place {
	i := q.free
	if i != 0 {
		q.free = q.at(i).newer
	} else {
		if int(q.used) == len(q.chunks)*chunkSize {
			q.chunks = append(q.chunks, new([chunkSize]event))
		}
		q.used++
		i = q.used
	}
	e.older, e.newer = q.newest, 0
	*q.at(i) = e
	if q.newest == 0 {
		q.oldest = i
	} else {
		q.at(q.newest).newer = i
	}
	q.newest = i
	q.len++
	return i
}

// remove takes the event at i out.
func (q *queue) remove(i place) {
	e := q.at(i)
	if e.older == 0 {
		q.oldest = e.newer
	} else {
		q.at(e.older).newer = e.newer
	}
	if e.newer == 0 {
		q.newest = e.older
	} else {
		q.at(e.newer).older = e.older
	}
	*e = event{newer: q.free}
	q.free = i
	q.len--
}
