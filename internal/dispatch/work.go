package dispatch

import (
	"log"
	"runtime/debug"
)

// line is the waiting tasks of one key.
type line struct {
	key     string
	tasks   fifo[func()]
	running bool // one of its tasks is running; the line is then not ready
}

// enqueue puts task at the end of its line and sees to it that a worker comes. It needs d.mu.
func (d *Dispatcher) enqueue(key string, task func()) {
	l := d.lines[key]
	if l == nil {
		l = &line{key: key}
		d.lines[key] = l
	}
	idle := l.tasks.empty() && !l.running
	l.tasks.push(task)
	if !idle {
		return
	}
	d.ready.push(l)
	if d.running < d.workers {
		d.running++
		go d.work()
	}
}

// work runs tasks until no line is ready.
func (d *Dispatcher) work() {
	exiting := true
	defer func() {
		if exiting {
			// A task has called runtime.Goexit, which nothing can stop: another goroutine takes this one's place,
			// or the lines behind it would wait for ever.
			go d.work()
		}
	}()
	for {
		l, task := d.take()
		if l == nil {
			exiting = false
			return
		}
		d.run(l, task)
	}
}

// take starts the next task of the line whose turn it is; nil means that the worker is no longer needed.
func (d *Dispatcher) take() (*line, func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ready.empty() {
		d.running--
		d.rest()
		return nil, nil
	}
	l := d.ready.pop()
	task := l.tasks.pop()
	l.running = true
	d.queue.leave()
	return l, task
}

// run runs one task and gives its line back, however the task ends.
func (d *Dispatcher) run(l *line, task func()) {
	defer d.putBack(l)
	defer report()
	task()
}

// putBack puts l at the end of the ready lines, or forgets it when it has no more tasks.
func (d *Dispatcher) putBack(l *line) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l.running = false
	if l.tasks.empty() {
		delete(d.lines, l.key)
		return
	}
	d.ready.push(l)
}

// stepAside runs a task beside the workers. It needs d.mu.
func (d *Dispatcher) stepAside(_ string, task func()) {
	go func() {
		defer func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.aside.leave()
			d.rest()
		}()
		defer report()
		task()
	}()
}

// report is deferred around a task. A panic here is a mistake in the code around the handlers: it must not end the
// process, and must not pass unseen.
func report() {
	if v := recover(); v != nil {
		log.Printf("dispatch: task panicked: %v\n%s", v, debug.Stack())
	}
}
