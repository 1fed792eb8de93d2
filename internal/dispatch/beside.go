package dispatch

// besides is the tasks of Beside.
type besides struct {
	running map[*besideTask]struct{}
	queue   fifo[*besideTask]
	waiting int // length of queue
}

type besideTask struct {
	id  any
	run func()
}

// beside starts a task, or lets it wait. It needs d.mu.
func (d *Dispatcher) beside(id any, task func()) {
	t := &besideTask{id, task}
	b := &d.besides
	if len(b.running) >= d.cfg.Workers*asidePerWorker {
		b.queue.push(t)
		b.waiting++
		return
	}
	d.startBeside(t)
}

// startBeside needs d.mu.
func (d *Dispatcher) startBeside(t *besideTask) {
	b := &d.besides
	if b.running == nil {
		b.running = make(map[*besideTask]struct{})
	}
	b.running[t] = struct{}{}
	go protect(t.run, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(b.running, t)
		if b.waiting > 0 {
			b.waiting--
			d.startBeside(b.queue.pop())
		}
		d.rest()
	})
}
