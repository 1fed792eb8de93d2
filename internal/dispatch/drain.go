package dispatch

import (
	"context"
	"time"
)

// Drain refuses new tasks of Submit and Go from now on and waits until all accepted ones are over, those of Beside and
// the notices of the timer included, or ctx ends, whose cause it then returns. The tasks go on after ctx has ended, and
// Drain may be called again, also concurrently.
//
// self is the ID of the task that calls Drain, or nil. A task that waited for itself would never be over: Drain waits
// neither for the tasks with this ID, nor for those of the same key behind them, nor for those of other tasks that call
// Drain at the same time.
func (d *Dispatcher) Drain(ctx context.Context, self any) error {
	d.mu.Lock()
	d.drain()
	if self != nil {
		d.exempt[self]++
		d.rest()
		defer d.readmit(self)
	}
	for d.pending(self) {
		if d.idle == nil {
			d.idle = make(chan struct{})
		}
		idle := d.idle
		d.mu.Unlock()
		select {
		case <-idle:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		d.mu.Lock()
	}
	d.mu.Unlock()
	return nil
}

// Exempt makes the calls of Drain that have a self wait no longer for the tasks with this ID, until readmit is called: for a
// task that waits for something else which such a call may hold up.
func (d *Dispatcher) Exempt(id any) (readmit func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.exempt[id]++
	d.rest()
	return func() { d.readmit(id) }
}

// readmit ends one exemption.
func (d *Dispatcher) readmit(self any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.exempt[self]--; d.exempt[self] == 0 {
		delete(d.exempt, self)
	}
}

// Discard refuses new tasks from now on, those of Beside too, and drops those that were accepted but have not started.
// It returns how many tasks of Submit and of Beside it dropped. Running tasks go on: Drain waits for them.
func (d *Dispatcher) Discard() (queued, beside int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drain()
	d.closed = true
	queued, beside = d.queue.used, d.besides.waiting
	d.queue.used, d.besides.waiting = 0, 0
	d.ready, d.besides.queue = fifo[*line]{}, fifo[*besideTask]{}
	for _, l := range d.lines {
		l.tasks, l.queued = fifo[Task]{}, 0
		d.forget(l)
	}
	d.watch.starving = time.Time{}
	d.rest()
	return queued, beside
}

// drain refuses new tasks, and the callers that are blocked. It needs d.mu.
func (d *Dispatcher) drain() {
	if d.draining {
		return
	}
	d.draining = true
	d.refuse(&d.queue)
	d.refuse(&d.aside)
}

// pending reports whether a call of Drain by self has to wait. It needs d.mu.
func (d *Dispatcher) pending(self any) bool {
	if self == nil {
		return d.unfinished() > 0
	}
	if d.aside.used > 0 || d.besides.waiting > 0 || d.sending > 0 {
		return true
	}
	for t := range d.besides.running {
		if !d.isExempt(t.id) {
			return true
		}
	}
	for _, l := range d.lines {
		if !l.running || !d.isExempt(l.id) {
			return true
		}
	}
	return false
}

// unfinished counts the tasks that are not over, the goroutines that are about to end, and the notices of the timer. It needs
// d.mu.
func (d *Dispatcher) unfinished() int {
	return d.running + d.overdue + d.queue.used + d.aside.used + len(d.besides.running) + d.besides.waiting + d.sending
}

// isExempt needs d.mu.
func (d *Dispatcher) isExempt(id any) bool { return id != nil && d.exempt[id] > 0 }

// rest lets the calls of Drain look again if they may have nothing left to wait for. It needs d.mu, and must be called
// whenever a task or a goroutine is over.
func (d *Dispatcher) rest() {
	done := d.unfinished() == 0
	if done && d.draining {
		d.watch.stop()
	}
	if d.idle != nil && (done || len(d.exempt) > 0) {
		close(d.idle)
		d.idle = nil
	}
}
