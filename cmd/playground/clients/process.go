package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a playground or a bot, with the lines that it prints.
type process struct {
	cmd    *exec.Cmd
	lines  chan string // closed at the end of its output
	stderr tail
}

// begin starts a process. It is ended by end.
func begin(ctx context.Context, env []string, verbose bool, command ...string) (*process, error) {
	p := &process{cmd: exec.CommandContext(ctx, command[0], command[1:]...), lines: make(chan string, 4096)}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 2 * time.Second
	p.cmd.Stderr = &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.lines)
		read := bufio.NewScanner(out)
		read.Buffer(nil, 1<<20)
		for read.Scan() {
			if verbose {
				fmt.Fprintf(os.Stderr, "%s: %s\n", command[len(command)-1], read.Text())
			}
			p.lines <- read.Text()
		}
		_, _ = io.Copy(io.Discard, out) // a line over the limit must not block the process
	}()
	return p, nil
}

// line waits for a line that fits.
func (p *process) line(ctx context.Context, within time.Duration, fits func(string) bool) (string, error) {
	timer := time.NewTimer(within)
	defer timer.Stop()
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				return "", fmt.Errorf("it ended: %s", p.stderr.String())
			}
			if fits(line) {
				return line, nil
			}
		case <-timer.C:
			return "", errors.New("it did not say so in time")
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

// report is a line of a bot that is JSON, see bot.cjs.
type report struct {
	Ready, Started                  bool
	Listening, Button, Data, Failed string
}

func (p *process) report(ctx context.Context, within time.Duration, fits func(report) bool) (found report, err error) {
	_, err = p.line(ctx, within, func(line string) bool {
		var r report
		if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &r) != nil || !fits(r) {
			return false
		}
		found = r
		return true
	})
	return found, err
}

// failures returns what the bot has reported so far.
func (p *process) failures() (out []string) {
	for {
		select {
		case line, ok := <-p.lines:
			var r report
			if !ok {
				return out
			}
			if strings.HasPrefix(line, "{") && json.Unmarshal([]byte(line), &r) == nil && r.Failed != "" {
				out = append(out, r.Failed)
			}
		default:
			return out
		}
	}
}

func (p *process) end() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	for open := true; open; {
		_, open = <-p.lines // to the end, so that Wait loses nothing
	}
	_ = p.cmd.Wait() // ended by the signal
}

// tail keeps the end of what a process prints on its standard error.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

// Write implements io.Writer.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	t.kept = t.kept[max(0, len(t.kept)-2048):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
