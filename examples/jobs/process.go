//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// task is the environment variable that makes this program a worker.
const task = "JOBS_WORKER"

// order is what a worker process is told.
type order struct {
	Name          string
	Database      database
	AppID, Secret string
	Platform      string
}

// process is a worker as its starter sees it.
type process struct {
	order
	logs io.Writer

	mu    sync.Mutex
	cmd   *exec.Cmd
	stdin io.Closer
	err   error         // of Wait, once done is closed
	done  chan struct{} // closed when the process has ended
}

func newProcess(o order, logs io.Writer) *process {
	return &process{order: o, logs: logs, done: make(chan struct{})}
}

// start starts this program once more, as a worker.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	raw, err := json.Marshal(p.order)
	if err != nil {
		return err
	}
	cmd := exec.Command(self) //nolint:noctx // stop and kill end it
	cmd.Env = append(os.Environ(), task+"="+string(raw))
	cmd.Stdout, cmd.Stderr = p.logs, p.logs
	if p.stdin, err = cmd.StdinPipe(); err != nil { // the worker ends with the process that has the other end
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.cmd = cmd
	go func() {
		defer close(p.done)
		p.err = cmd.Wait()
	}()
	return nil
}

// kill ends the process with SIGKILL and waits until it is gone.
func (p *process) kill() {
	p.mu.Lock()
	_ = p.cmd.Process.Kill() // os.ErrProcessDone: it has ended
	p.mu.Unlock()
	<-p.done
}

// stop asks the process to end, and waits until it has.
func (p *process) stop() error {
	p.mu.Lock()
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // as above
	p.mu.Unlock()
	<-p.done
	if p.err != nil {
		return fmt.Errorf("worker %s: %w", p.Name, p.err)
	}
	return nil
}
