package dispatch

import (
	"log"
	"runtime/debug"
)

// line is the waiting tasks of one key.
type line struct {
	key     string
	tasks   fifo[task]
	running bool // one of its tasks is running; the line is then not ready
}

// enqueue puts task at the end of its line and sees to it that a worker comes. It needs d.mu.
func (d *Dispatcher) enqueue(key string, t task) {
	l := d.lines[key]
	if l == nil {
		l = &line{key: key}
		d.lines[key] = l
	}
	idle := l.tasks.empty() && !l.running
	l.tasks.push(t)
	if !idle {
		return
	}
	d.ready.push(l)
	d.hire()
}

// work runs tasks until no line is ready, or until one was overdue, which has given this worker's place away already.
func (d *Dispatcher) work() {
	over, freed := false, false
	defer func() {
		if !over && !freed {
			// A task has called runtime.Goexit, which nothing can stop: another goroutine takes this one's place,
			// or the lines behind it would wait for ever.
			go d.work()
		}
	}()
	for !freed {
		l, t := d.take()
		if l == nil {
			break
		}
		d.run(l, t, &freed)
	}
	over = true
}

// take starts the next task of the line whose turn it is; nil means that the worker is no longer needed.
func (d *Dispatcher) take() (*line, task) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ready.empty() {
		d.running--
		d.rest()
		return nil, nil
	}
	l := d.ready.pop()
	t := l.tasks.pop()
	l.running = true
	d.queue.leave()
	return l, t
}

// run runs one task and gives its line back, however the task ends. It sets freed when the task was overdue.
func (d *Dispatcher) run(l *line, t task, freed *bool) {
	late, over := false, false // under d.mu
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		over, *freed = true, late
		d.putBack(l)
		if late {
			d.overdue--
			d.hire()
			d.rest()
		}
	}()
	defer report()
	t(func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if over || late {
			return
		}
		late = true
		d.overdue++
		d.running--
		d.hire()
	})
}

// hire sees to it that the lines which are ready have a worker. It needs d.mu.
func (d *Dispatcher) hire() {
	if d.running < d.workers && !d.ready.empty() {
		d.running++
		go d.work()
	}
}

// putBack puts l at the end of the ready lines, or forgets it when it has no more tasks. It needs d.mu.
func (d *Dispatcher) putBack(l *line) {
	l.running = false
	if l.tasks.empty() {
		delete(d.lines, l.key)
		return
	}
	d.ready.push(l)
}

// stepAside runs a task beside the workers. It needs d.mu.
func (d *Dispatcher) stepAside(_ string, t task) {
	go func() {
		defer func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.aside.leave()
			d.rest()
		}()
		defer report()
		t(func() {})
	}()
}

// report is deferred around a task. A panic here is a mistake in the code around the handlers: it must not end the
// process, and must not pass unseen.
func report() {
	if v := recover(); v != nil {
		log.Printf("dispatch: task panicked: %v\n%s", v, debug.Stack())
	}
}
