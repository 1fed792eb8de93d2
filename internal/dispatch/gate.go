package dispatch

import (
	"container/list"
	"context"
)

// gate lets a limited number of tasks in and keeps the callers that find it full in order of arrival.
type gate struct {
	limit   int
	used    int
	blocked list.List // of *caller; empty while used < limit
	start   func(Task)
}

// caller is blocked at a gate until its task is let in or refused.
type caller struct {
	task    Task
	line    *line // of a caller that is blocked for a key
	element *list.Element
	err     error         // set before done is closed
	done    chan struct{} // closed when the task was let in (err is nil) or refused
}

// full reports whether the next task has to wait. It needs the Dispatcher's mu.
func (g *gate) full() bool { return g.used >= g.limit }

// enter lets t in, or returns the caller that is blocked. It needs the Dispatcher's mu.
func (g *gate) enter(t Task) *caller {
	if !g.full() {
		g.used++
		g.start(t)
		return nil
	}
	c := &caller{task: t, done: make(chan struct{})}
	c.element = g.blocked.PushBack(c)
	return c
}

// wait blocks until c is let in or refused, or ctx ends.
func (d *Dispatcher) wait(ctx context.Context, g *gate, c *caller) error {
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-c.done: // let in while ctx ended: the task is going to run, and an error would say otherwise
		return c.err
	default:
		g.blocked.Remove(c.element)
		d.unblock(c)
		return context.Cause(ctx)
	}
}

// unblock ends the share that c holds as a blocked caller. It needs d.mu.
func (d *Dispatcher) unblock(c *caller) {
	if c.line != nil {
		c.line.blocked--
		d.forget(c.line)
	}
}

// leave frees one place of g and lets the caller in that has waited longest. It needs d.mu.
func (d *Dispatcher) leave(g *gate) {
	g.used--
	first := g.blocked.Front()
	if first == nil {
		return
	}
	// The task is started here and not by its caller: otherwise one that has just come could overtake it, and two
	// tasks of one key would change places.
	c := g.blocked.Remove(first).(*caller)
	g.used++
	g.start(c.task)
	d.unblock(c)
	close(c.done)
}

// refuse returns ErrClosed to all blocked callers. It needs d.mu.
func (d *Dispatcher) refuse(g *gate) {
	for e := g.blocked.Front(); e != nil; e = e.Next() {
		c := e.Value.(*caller)
		c.err = ErrClosed
		d.unblock(c)
		close(c.done)
	}
	g.blocked.Init()
}
