// Package dispatch runs tasks in order within a key and in parallel over keys, bounded, and drained before it ends.
//
// # Fairness
//
// The queue is shared by all keys. Its last quarter is kept for keys that hold less than a quarter of it: once the rest
// is full, a key over this share is refused with ErrBusy, so that one lively key does not stop the others. A queue
// below 8 has no shares. If the queue is full, Submit blocks.
//
// A task that runs for longer than Config.Slow is overdue: it no longer counts as one of the workers, and its place is
// given away. Its own key still waits for it. Up to 16 tasks for each worker can be overdue at once. Queued tasks whose
// end has passed are dropped: they do not run, and their Late is called instead.
//
// One timer serves all tasks. It is set while tasks run or callers are blocked, and there is no goroutine without work.
package dispatch

import (
	"context"
	"errors"
	"sync"
	"time"
)

// The errors of a refused task.
var (
	// ErrClosed says that the task came, or was still waiting to be accepted, after Drain or Discard was called.
	ErrClosed = errors.New("dispatch: closed")
	// ErrBusy says that the queue is nearly full and the key has used its share of it.
	ErrBusy = errors.New("dispatch: the key has too many tasks waiting")
)

const (
	// asidePerWorker is how many tasks of Go, and of Beside, may run at once for each worker.
	asidePerWorker = 4
	// overduePerWorker is how many tasks may be overdue at once for each worker.
	overduePerWorker = 16
	// minShared is the smallest queue with shares.
	minShared = 8
)

// Config is what New takes.
type Config struct {
	Workers int // tasks that run at once, those that are overdue not counted; at least 1
	Queue   int // tasks that wait to be started; at least 1

	Slow    time.Duration // a task that runs for longer is overdue; 0: none ever is
	Starved time.Duration // keys with tasks that wait for longer without a free worker are a Notice; 0: never
	Notice  func(Notice)  // receives each kind of notice at most once a minute, on any goroutine; nil: nobody
}

// Task is what Submit accepts. It is expected to recover from its own panics: one that gets as far as the Dispatcher is
// printed by the standard logger and is otherwise without consequence.
type Task struct {
	Key   string    // tasks of one key run one after another
	Run   func()    // the work
	Until time.Time // a task that has not started by then does not run; zero: no end
	Late  func()    // called in place of Run, in its turn or earlier; nil: nothing is
	Waits func()    // called by Submit before it blocks; nil: nothing is
	ID    any       // comparable; what Drain does not wait for. nil: Drain waits for the task in any case
	Label string    // for Notice
}

// late reports whether the end of t has passed.
func (t *Task) late(now time.Time) bool { return !t.Until.IsZero() && !now.Before(t.Until) }

// Dispatcher runs the tasks of one key one after another and those of different keys side by side. Keys are served
// in turn, one task at a time, so that a key with a thousand tasks does not delay the others. It keeps nothing for
// a key without tasks. All methods are safe for concurrent use.
type Dispatcher struct {
	cfg Config

	mu       sync.Mutex
	queue    gate             // tasks given to Submit that wait to be started
	aside    gate             // tasks given to Go that run
	besides  besides          // tasks given to Beside
	lines    map[string]*line // by key; only those with a task waiting or running, or a caller blocked
	ready    fifo[*line]      // lines with a task waiting and none running
	busy     busyList         // lines with a task that counts as a worker
	running  int              // goroutines that serve lines, without those of overdue tasks
	overdue  int              // tasks that are overdue
	sending  int              // ticks that pass notices on
	draining bool             // no more Submit and Go
	closed   bool             // no more Beside either
	exempt   map[any]int      // IDs that calls of Drain do not wait for
	idle     chan struct{}    // closed when Drain has to look again; nil if no call waits

	watch watch
}

// New returns a Dispatcher. It starts no goroutine.
func New(cfg Config) *Dispatcher {
	cfg.Workers, cfg.Queue = max(cfg.Workers, 1), max(cfg.Queue, 1)
	d := &Dispatcher{cfg: cfg, lines: make(map[string]*line), exempt: make(map[any]int)}
	d.queue = gate{limit: cfg.Queue, start: d.enqueue}
	d.aside = gate{limit: cfg.Workers * asidePerWorker, start: d.stepAside}
	return d
}

// Submit queues t behind the others of its key. If the queue is full it blocks, until a waiting task has started, ctx
// ends, whose cause it then returns, or the Dispatcher is closed: ErrClosed. Blocked callers are let in first come,
// first served. The error is ErrBusy at once if the key is over its share of a queue that is nearly full. A task
// accepted with a nil error runs exactly once, unless it is late or Discard drops it before it has started.
func (d *Dispatcher) Submit(ctx context.Context, t Task) error {
	d.mu.Lock()
	if err := d.refusal(ctx); err != nil {
		d.mu.Unlock()
		return err
	}
	if d.crowded() {
		d.sweep()
		if d.overShare(t.Key) {
			d.mu.Unlock()
			return ErrBusy
		}
	}
	if waits := t.Waits; waits != nil && d.queue.full() {
		d.mu.Unlock()
		t.Waits = nil
		waits()
		return d.Submit(ctx, t)
	}
	c := d.queue.enter(t)
	if c == nil {
		d.mu.Unlock()
		return nil
	}
	c.line = d.line(t.Key)
	c.line.blocked++
	notices := d.note(Full, "")
	d.set()
	d.mu.Unlock()
	d.send(notices)
	return d.wait(ctx, &d.queue, c)
}

// Go runs task at once, past every queue and in no order, but counted: Drain waits for it. Up to four tasks for each
// worker run at once, beside the workers; then Go blocks and returns like Submit. Discard drops none of them.
func (d *Dispatcher) Go(ctx context.Context, task func()) error {
	d.mu.Lock()
	if err := d.refusal(ctx); err != nil {
		d.mu.Unlock()
		return err
	}
	c := d.aside.enter(Task{Run: task})
	d.mu.Unlock()
	if c == nil {
		return nil
	}
	return d.wait(ctx, &d.aside, c)
}

// Beside runs task beside the workers and returns at once. Up to four tasks for each worker run, which are not those of
// Go; the others wait, first come, first served. Drain waits for all of them, except for those with an exempt id, and
// a task is also accepted while Drain waits. After Discard no task is accepted, and none that waits is started.
func (d *Dispatcher) Beside(id any, task func()) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	d.beside(id, task)
	return nil
}

// Stats is a snapshot of a Dispatcher.
type Stats struct {
	Queued  int // tasks of Submit that wait to be started
	Running int // tasks of Submit that run, without those that are overdue
	Overdue int // tasks of Submit that have been running for longer than Config.Slow
	Beside  int // tasks of Beside that run
	Waiting int // tasks of Beside that wait
}

// Stats returns a snapshot.
func (d *Dispatcher) Stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats()
}

// stats needs d.mu.
func (d *Dispatcher) stats() Stats {
	return Stats{
		Queued: d.queue.used, Running: d.busy.n, Overdue: d.overdue,
		Beside: len(d.besides.running), Waiting: d.besides.waiting,
	}
}

// crowded reports whether the queue is filled up to its last quarter. It needs d.mu.
func (d *Dispatcher) crowded() bool { return d.queue.used >= d.queue.limit-d.share() }

// share is a quarter of the queue, 0 if there are no shares.
func (d *Dispatcher) share() int {
	if d.queue.limit < minShared {
		return 0
	}
	return d.queue.limit / 4
}

// overShare reports whether key holds its share of the queue, with the callers that are blocked for it. It needs d.mu.
func (d *Dispatcher) overShare(key string) bool {
	share, l := d.share(), d.lines[key]
	return share > 0 && l != nil && l.queued+l.blocked >= share
}

// refusal returns why a new task is not let in now, or nil. It needs d.mu.
func (d *Dispatcher) refusal(ctx context.Context) error {
	if d.draining {
		return ErrClosed
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}
