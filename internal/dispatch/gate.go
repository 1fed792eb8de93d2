package dispatch

import (
	"container/list"
	"context"
)

// gate lets a limited number of tasks in and keeps the callers that find it full in order of arrival.
type gate struct {
	limit   int
	used    int
	waiting list.List // of *caller; empty while used < limit
	start   func(key string, t task)
}

// caller is blocked at a gate until its task is let in or refused.
type caller struct {
	key    string
	task   task
	err    error         // set before answer is closed
	answer chan struct{} // closed when the task was let in (err is nil) or refused
}

// enter passes task through g.
func (d *Dispatcher) enter(ctx context.Context, g *gate, key string, t task) error {
	d.mu.Lock()
	if err := d.refusal(ctx); err != nil {
		d.mu.Unlock()
		return err
	}
	if g.used < g.limit {
		g.used++
		g.start(key, t)
		d.mu.Unlock()
		return nil
	}
	c := &caller{key: key, task: t, answer: make(chan struct{})}
	place := g.waiting.PushBack(c)
	d.mu.Unlock()

	select {
	case <-c.answer:
		return c.err
	case <-ctx.Done():
	}

	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-c.answer: // let in while ctx ended: the task is going to run, so the caller must not hear otherwise
		return c.err
	default:
		g.waiting.Remove(place)
		return context.Cause(ctx)
	}
}

// refusal is why a new task is not let in now, or nil. It needs d.mu.
func (d *Dispatcher) refusal(ctx context.Context) error {
	if d.closed {
		return ErrClosed
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// leave gives one place back and hands it to the caller that has waited longest. It needs the Dispatcher's mu.
func (g *gate) leave() {
	g.used--
	first := g.waiting.Front()
	if first == nil {
		return
	}
	// The task is started here and not by its caller: otherwise one that has just come could overtake it, and two
	// tasks of one key would change places.
	c := g.waiting.Remove(first).(*caller)
	g.used++
	g.start(c.key, c.task)
	close(c.answer)
}

// refuse sends all waiting callers away. It needs the Dispatcher's mu.
func (g *gate) refuse() {
	for e := g.waiting.Front(); e != nil; e = e.Next() {
		c := e.Value.(*caller)
		c.err = ErrClosed
		close(c.answer)
	}
	g.waiting.Init()
}
