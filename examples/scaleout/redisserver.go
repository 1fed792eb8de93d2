//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

var errNoRedis = errors.New("redis-server is missing; on Debian and Ubuntu: apt-get install redis-server")

// redisServer is a redis-server on a free port, which keeps nothing on disk.
type redisServer struct {
	addr string
	dir  string
	cmd  *exec.Cmd
}

func startRedis() (*redisServer, error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return nil, errNoRedis
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it does not block
	if err != nil {
		return nil, err
	}
	s := &redisServer{addr: ln.Addr().String()}
	if err := ln.Close(); err != nil { // its port is free now
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "scaleout-redis-*"); err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// start is also for a server that was killed: it comes back empty.
func (s *redisServer) start() error {
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return err
	}
	s.cmd = exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", s.dir, "--save", "", //nolint:noctx // kill ends it
		"--appendonly", "no", "--logfile", "redis.log")
	if err := s.cmd.Start(); err != nil {
		return err
	}
	c := redis.NewClient(&redis.Options{Addr: s.addr, MaxRetries: -1})
	defer c.Close() //nolint:errcheck // it has done its work
	for range 1000 {
		if err = c.Ping(context.Background()).Err(); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("redis-server does not answer: %w", err)
}

// kill ends it at once.
func (s *redisServer) kill() error {
	if s.cmd == nil || s.cmd.ProcessState != nil {
		return nil
	}
	err := errors.Join(s.pause(false), s.cmd.Process.Kill())
	_ = s.cmd.Wait() // killed
	return err
}

// pause stops it in the middle of what it does, as a machine that swaps.
func (s *redisServer) pause(on bool) error {
	if on {
		return s.cmd.Process.Signal(syscall.SIGSTOP)
	}
	return s.cmd.Process.Signal(syscall.SIGCONT)
}

func (s *redisServer) close() error { return errors.Join(s.kill(), os.RemoveAll(s.dir)) }
