package dispatch

import (
	"errors"
	"log"
	"time"

	"github.com/botgo-contrib/richmedia/internal/panics"
)

// line is the waiting tasks of one key, and the one that runs.
type line struct {
	key     string
	tasks   fifo[Task]
	queued  int // length of tasks
	blocked int // callers at the gate of the queue

	// Of the task that runs; the line is then not ready.
	running      bool
	overdue      bool
	id           any
	label        string
	began        time.Time
	older, newer *line // in the busyList
}

// line returns the line of key, a new one if there is none. It needs d.mu.
func (d *Dispatcher) line(key string) *line {
	l := d.lines[key]
	if l == nil {
		l = &line{key: key}
		d.lines[key] = l
	}
	return l
}

// forget removes l if it has nothing left. It needs d.mu.
func (d *Dispatcher) forget(l *line) {
	if !l.running && l.queued == 0 && l.blocked == 0 {
		delete(d.lines, l.key)
	}
}

// enqueue puts t at the end of its line and makes sure that a worker comes. It needs d.mu.
func (d *Dispatcher) enqueue(t Task) {
	l := d.line(t.Key)
	first := l.queued == 0 && !l.running
	l.tasks.push(t)
	l.queued++
	if first {
		d.ready.push(l)
		d.hire()
	}
}

// hire starts a worker if a line is ready and a place is free. It needs d.mu.
func (d *Dispatcher) hire() {
	switch {
	case d.ready.empty():
	case d.running < d.cfg.Workers:
		d.running++
		go d.work()
	default:
		d.starve()
	}
}

// work runs tasks until no line is ready, or until one was overdue, whose place as a worker is given away already.
func (d *Dispatcher) work() {
	over, freed := false, false
	defer func() {
		if !over && !freed {
			// A task has called runtime.Goexit, which nothing can stop: another goroutine continues here, or the
			// lines that are ready would wait forever.
			go d.work()
		}
	}()
	for !freed {
		l, fn := d.take()
		if l == nil {
			break
		}
		d.run(l, fn, &freed)
	}
	over = true
}

// take starts the next task of the line whose turn it is, and returns what to call: nil for a late task without Late.
// No line means that the worker is no longer needed.
func (d *Dispatcher) take() (*line, func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ready.empty() {
		d.running--
		d.rest()
		return nil, nil
	}
	l := d.ready.pop()
	t := l.tasks.pop()
	l.queued--
	l.running, l.overdue, l.id, l.label, l.began = true, false, t.ID, t.Label, time.Now()
	d.busy.push(l)
	if d.ready.empty() {
		d.watch.starving = time.Time{}
	}
	d.leave(&d.queue)
	d.set()
	if t.late(l.began) {
		return l, t.Late
	}
	return l, t.Run
}

// run calls fn and returns its line to the others, however fn ends. It sets freed if the task was overdue.
func (d *Dispatcher) run(l *line, fn func(), freed *bool) {
	protect(fn, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		*freed = l.overdue
		d.end(l)
	})
}

// end returns l to the ready lines, or forgets it. It needs d.mu.
func (d *Dispatcher) end(l *line) {
	l.running, l.id = false, nil
	wasOverdue := l.overdue
	if l.overdue {
		l.overdue = false
		d.overdue--
	} else {
		d.busy.remove(l)
	}
	if l.queued > 0 {
		d.ready.push(l)
	} else {
		d.forget(l)
	}
	if wasOverdue { // this goroutine ends: others serve the line, and a slow task may now be overdue too
		d.giveAway(time.Now())
		d.hire()
	}
	d.rest()
}

// stepAside runs a task of Go. It needs d.mu.
func (d *Dispatcher) stepAside(t Task) {
	go protect(t.Run, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.leave(&d.aside)
		d.rest()
	})
}

// protect calls task, unless it is nil, and then done, however task ends. A panic here is a mistake in the code around
// the handlers: it must not end the process, and must not pass unseen.
func protect(task, done func()) {
	panics.Do(func() error {
		if task != nil {
			task()
		}
		return nil
	}, func(err error) {
		if err != nil && !errors.Is(err, panics.ErrGoexit) {
			log.Printf("dispatch: task: %v\n%s", err, err.(*panics.Error).Stack) //nolint:errorlint // task returns no error
		}
		done()
	})
}
