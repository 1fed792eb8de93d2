package main

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// saver writes files one at a time in its own goroutine, so that the platform never waits for the disk. The zero saver, and
// a nil one, save nothing.
type saver struct {
	root *os.Root

	mu     sync.Mutex
	queue  []saved
	more   chan struct{}
	ended  chan struct{}
	closed bool
	errs   []error
}

type saved struct {
	name string
	data []byte
}

func newSaver(dir string) (*saver, error) {
	if dir == "" {
		return &saver{}, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("-save: %w", err)
	}
	root, err := os.OpenRoot(dir) // no name, however it was made, leads out of it
	if err != nil {
		return nil, fmt.Errorf("-save: %w", err)
	}
	s := &saver{root: root, more: make(chan struct{}, 1), ended: make(chan struct{})}
	go s.write()
	return s, nil
}

// save queues a file and returns at once, as the platform is locked while it runs.
func (s *saver) save(name string, data []byte) {
	if s.root == nil {
		return
	}
	s.mu.Lock()
	s.queue = append(s.queue, saved{name, data})
	s.mu.Unlock()
	select {
	case s.more <- struct{}{}:
	default:
	}
}

func (s *saver) write() {
	defer close(s.ended)
	for range s.more {
		s.drain()
	}
	s.drain()
}

func (s *saver) drain() {
	for {
		s.mu.Lock()
		if len(s.queue) == 0 {
			s.mu.Unlock()
			return
		}
		one := s.queue[0]
		s.queue = s.queue[1:]
		s.mu.Unlock()
		if err := s.root.WriteFile(one.name, one.data, 0o644); err != nil {
			s.mu.Lock()
			s.errs = append(s.errs[:min(len(s.errs), 9)], fmt.Errorf("-save: %w", err))
			s.mu.Unlock()
		}
	}
}

// close writes the queued files and returns the first errors.
func (s *saver) close() error {
	if s == nil || s.root == nil || s.closed {
		return nil
	}
	s.closed = true
	close(s.more)
	<-s.ended
	return errors.Join(append(s.errs, s.root.Close())...)
}
