package dispatch

import "time"

const (
	noticeEvery = time.Minute
	// sweepEvery is how often late tasks are looked for behind overdue ones while callers are blocked.
	sweepEvery = time.Second
)

// NoticeKind is what a Notice is about.
type NoticeKind uint8

// The kinds of notices.
const (
	Slow    NoticeKind = iota // a task has become overdue, or would have: it runs for longer than Config.Slow
	Full                      // a caller of Submit is blocked, because the queue is full
	Starved                   // for Config.Starved all workers were busy while keys were waiting
	noticeKinds
)

// Notice is what an operator has to know of. Each kind is passed to Config.Notice at most once a minute.
type Notice struct {
	Kind  NoticeKind
	Label string // of the task that is Slow
	Stats Stats  // at that moment
}

// watch is the one timer of a Dispatcher, and what it waits for. It needs the Dispatcher's mu.
type watch struct {
	timer    *time.Timer
	due      time.Time // when the timer fires; zero: it is not set
	starving time.Time // since when lines are ready without a free worker; zero: they are not
	swept    time.Time
	noticed  [noticeKinds]time.Time
}

// stop ends the timer, which keeps the Dispatcher in memory as long as it is set.
func (w *watch) stop() {
	if !w.due.IsZero() {
		w.timer.Stop()
		w.due = time.Time{}
	}
}

// set sets the timer to the next moment when something may be due, unless it fires before. It needs d.mu.
func (d *Dispatcher) set() {
	w := &d.watch
	due := d.next()
	if due.IsZero() || !w.due.IsZero() && !due.Before(w.due) {
		return
	}
	w.due = due
	if w.timer == nil {
		w.timer = time.AfterFunc(time.Until(due), d.tick)
		return
	}
	w.timer.Reset(time.Until(due))
}

// next returns the next moment when something may be due; zero: nothing. It needs d.mu.
func (d *Dispatcher) next() (due time.Time) {
	w := &d.watch
	sooner := func(t time.Time) {
		if due.IsZero() || t.Before(due) {
			due = t
		}
	}
	if d.cfg.Slow > 0 && d.busy.oldest != nil && d.overdue < d.maxOverdue() {
		sooner(d.busy.oldest.began.Add(d.cfg.Slow))
	}
	if d.cfg.Starved > 0 && !w.starving.IsZero() {
		t := w.starving.Add(d.cfg.Starved)
		if again := w.noticed[Starved].Add(noticeEvery); again.After(t) {
			t = again
		}
		sooner(t)
	}
	if d.overdue > 0 && d.queue.blocked.Len() > 0 {
		sooner(w.swept.Add(sweepEvery))
	}
	return due
}

// tick is called by the timer.
func (d *Dispatcher) tick() {
	d.mu.Lock()
	d.watch.due = time.Time{}
	now := time.Now()
	var notices []Notice
	if slow := d.giveAway(now); slow != nil {
		notices = d.note(Slow, slow.label)
	}
	if w := &d.watch; d.cfg.Starved > 0 && !w.starving.IsZero() && now.Sub(w.starving) >= d.cfg.Starved {
		notices = append(notices, d.note(Starved, "")...)
	}
	if d.queue.blocked.Len() > 0 {
		d.sweep()
	}
	d.set()
	if len(notices) > 0 { // Drain waits for them: what comes after it may close what they are written to
		d.sending++
		defer d.sent()
	}
	d.mu.Unlock()
	d.send(notices)
}

// sent ends a tick that has passed notices on.
func (d *Dispatcher) sent() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sending--
	d.rest()
}

// maxOverdue is how many tasks may be overdue at once.
func (d *Dispatcher) maxOverdue() int { return d.cfg.Workers * overduePerWorker }

// giveAway makes the slow tasks overdue, as many as may be, and returns the line of the first; nil if there is none. It
// needs d.mu.
func (d *Dispatcher) giveAway(now time.Time) (first *line) {
	for d.cfg.Slow > 0 && d.overdue < d.maxOverdue() {
		l := d.busy.oldest
		if l == nil || now.Sub(l.began) < d.cfg.Slow {
			break
		}
		d.busy.remove(l)
		l.overdue = true
		d.overdue++
		d.running--
		d.hire()
		if first == nil {
			first = l
		}
	}
	return first
}

// starve remembers since when lines wait for a worker. It needs d.mu.
func (d *Dispatcher) starve() {
	if d.cfg.Starved > 0 && d.watch.starving.IsZero() {
		d.watch.starving = time.Now()
		d.set()
	}
}

// sweep drops the late tasks behind overdue ones, which nothing else would drop before those end. It needs d.mu.
func (d *Dispatcher) sweep() {
	now := time.Now()
	if d.overdue == 0 || now.Sub(d.watch.swept) < sweepEvery {
		return
	}
	d.watch.swept = now
	for _, l := range d.lines {
		for l.running && l.overdue && l.queued > 0 && l.tasks.first.value.late(now) {
			t := l.tasks.pop()
			l.queued--
			if t.Late != nil {
				d.beside(nil, t.Late)
			}
			d.leave(&d.queue)
		}
	}
}

// note returns a notice of the kind unless there was one within a minute. It needs d.mu.
func (d *Dispatcher) note(kind NoticeKind, label string) []Notice {
	now := time.Now()
	last := &d.watch.noticed[kind]
	if d.cfg.Notice == nil || !last.IsZero() && now.Sub(*last) < noticeEvery {
		return nil
	}
	*last = now
	return []Notice{{Kind: kind, Label: label, Stats: d.stats()}}
}

// send passes notices on, without d.mu.
func (d *Dispatcher) send(notices []Notice) {
	for _, n := range notices {
		protect(func() { d.cfg.Notice(n) }, func() {})
	}
}

// busyList is the lines whose task counts as a worker, in the order in which the tasks began.
type busyList struct {
	oldest, newest *line
	n              int
}

func (b *busyList) push(l *line) {
	l.older, l.newer = b.newest, nil
	if b.newest == nil {
		b.oldest = l
	} else {
		b.newest.newer = l
	}
	b.newest = l
	b.n++
}

func (b *busyList) remove(l *line) {
	if l.older == nil {
		b.oldest = l.newer
	} else {
		l.older.newer = l.newer
	}
	if l.newer == nil {
		b.newest = l.older
	} else {
		l.newer.older = l.older
	}
	l.older, l.newer = nil, nil
	b.n--
}
