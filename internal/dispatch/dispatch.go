// Package dispatch runs tasks in order within a key and in parallel over keys, bounded, and drained before it ends.
package dispatch

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed is returned for a task that came, or was still waiting to be accepted, after Drain or Discard was called.
var ErrClosed = errors.New("dispatch: closed")

// asidePerWorker is how many tasks given to Go may run at once, for each worker.
const asidePerWorker = 4

// task is what Submit was given. It may call overdue to free its worker.
type task = func(overdue func())

// Dispatcher runs the tasks of one key one after another and those of different keys side by side. Keys are served
// in turn, one task at a time, so that a key with a thousand tasks does not hold up the others. It keeps nothing for
// a key without tasks, and its goroutines exist only while there is work. All methods are safe for concurrent use.
type Dispatcher struct {
	mu      sync.Mutex
	queue   gate             // how many tasks given to Submit may wait to be started
	aside   gate             // how many tasks given to Go may run
	lines   map[string]*line // by key; only those with a task waiting or running
	ready   fifo[*line]      // lines with a task waiting and none running
	workers int              // the most goroutines that serve lines
	running int              // the goroutines that serve lines now
	overdue int              // those that serve a task which is overdue, and are not among the running
	closed  bool
	idle    chan struct{} // made on closing; closed when the last accepted task is over
}

// New returns a Dispatcher that runs up to workers tasks at once and lets up to queue more wait; each is at least 1.
// It starts no goroutine.
func New(workers, queue int) *Dispatcher {
	workers, queue = max(workers, 1), max(queue, 1)
	d := &Dispatcher{workers: workers, lines: make(map[string]*line)}
	d.queue = gate{limit: queue, start: d.enqueue}
	d.aside = gate{limit: workers * asidePerWorker, start: d.stepAside}
	return d
}

// Submit queues task behind the others of the same key. It blocks while the queue is full (a place is free again when
// a waiting task starts), until ctx ends, whose cause it then returns, or the Dispatcher is closed: ErrClosed. Blocked
// callers are let in first come, first served. A task accepted with a nil error runs exactly once, unless Discard
// drops it before it has started. A task is expected to recover from its own panics: one that gets this far is
// printed by the standard logger and is otherwise without consequence. A task that calls overdue no longer counts as
// one of the workers, so that the other keys go on; its own key still waits for it, and so does Drain. overdue may be
// called at any time, from any goroutine, and repeatedly.
func (d *Dispatcher) Submit(ctx context.Context, key string, task func(overdue func())) error {
	return d.enter(ctx, &d.queue, key, task)
}

// Go runs task at once, past every queue and in no order, but counted: Drain waits for it. Up to four tasks for each
// worker run at once, beside the workers; then Go blocks and returns like Submit. Discard drops none of them.
func (d *Dispatcher) Go(ctx context.Context, task func()) error {
	return d.enter(ctx, &d.aside, "", func(func()) { task() })
}

// Drain refuses new tasks from now on and waits until all accepted ones are over or ctx ends, whose cause it then
// returns. The tasks go on when ctx has ended, and Drain may be called again, also concurrently. A task that waits
// for Drain waits for itself.
func (d *Dispatcher) Drain(ctx context.Context) error {
	d.mu.Lock()
	d.refuse()
	d.mu.Unlock()

	select {
	case <-d.idle:
		return nil
	default:
	}
	select {
	case <-d.idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Discard refuses new tasks from now on, drops those that were accepted but have not started, and returns how many it
// dropped. Running tasks go on: Drain waits for them.
func (d *Dispatcher) Discard() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refuse()
	dropped := d.queue.used
	d.queue.used = 0
	d.ready = fifo[*line]{}
	for key, l := range d.lines {
		l.tasks = fifo[task]{}
		if !l.running {
			delete(d.lines, key)
		}
	}
	return dropped
}

// refuse closes d to new tasks and sends away the callers that are waiting at the gates. It needs d.mu.
func (d *Dispatcher) refuse() {
	if d.closed {
		return
	}
	d.closed = true
	d.idle = make(chan struct{})
	d.queue.refuse()
	d.aside.refuse()
	d.rest()
}

// rest tells Drain when nothing is left to wait for. It needs d.mu, and must be called whenever a goroutine is over.
func (d *Dispatcher) rest() {
	// No worker means that no task waits either: a worker leaves only when no line is ready.
	if d.closed && d.running == 0 && d.overdue == 0 && d.aside.used == 0 {
		close(d.idle)
	}
}
