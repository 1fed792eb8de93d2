//go:build unix

// Command jobs is a bot that answers from a job queue, and workers that are killed at every step of their jobs.
//
//	cd examples/jobs && go run .
//
// needs no credentials, no network and no server. The bot's handler says "one moment" and enqueues a job; a worker process
// answers with a video. The queue is River (https://riverqueue.com) on SQLite files, or with
//
//	go run . -database postgres://user:password@127.0.0.1:5432/name
//
// on Postgres, in schemas that are dropped at the end. Workers are killed with SIGKILL before, during and after each of their
// calls, when they have taken a job and before they acknowledge it; other workers run the jobs again. The command fails
// unless each user has exactly one video.
//
// The bot and its worker are in bot.go: begin there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/tencent-connect/botgo"
	"golang.org/x/sync/errgroup"

	"github.com/botgo-contrib/richmedia"
)

// limit is how long the command runs at most.
const limit = 4 * time.Minute

func main() {
	if raw := os.Getenv(task); raw != "" {
		exit(instance(raw))
	}
	var c config
	flag.StringVar(&c.server, "database", "", "postgres://... instead of SQLite files")
	flag.IntVar(&c.databases, "databases", 10, "side by side")
	flag.IntVar(&c.kills, "kills", 50, "of workers, over all databases")
	flag.Uint64Var(&c.seed, "seed", uint64(time.Now().UnixNano()), "of the order of the moments")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	botgo.SetLogger(richmedia.Slog(logger(os.Stderr, "bot")))
	exit(run(ctx, os.Stdout, os.Stderr, c))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "jobs:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// logger returns the log of a process: warnings and errors.
func logger(w io.Writer, name string) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn})).With("process", name)
}

// config is what the flags say.
type config struct {
	server           string
	databases, kills int
	seed             uint64
}

// run prints the table to w, and what workers log to logs.
func run(ctx context.Context, w, logs io.Writer, c config) (err error) {
	if c.databases < 1 || c.kills < c.databases || c.kills%c.databases != 0 {
		return errors.New("-databases: give at least 1; -kills: give a multiple of -databases")
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("gave up after %s", limit))
	defer cancel()
	world, err := newWorld(c.server, logs) //nolint:contextcheck // it is closed also when ctx is over
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, world.close()) }() //nolint:contextcheck // as above

	begun := time.Now()
	each := c.kills / c.databases
	_, _ = fmt.Fprintf(w, "%d databases, %d kills in each, seed %d; River replaces a dead leader after 15 to 21 s\n\n", c.databases, each, c.seed)
	plan := deck(c.kills, rand.New(rand.NewPCG(c.seed, 0))) //nolint:gosec // an order that can be repeated
	var lanes []*lane
	group, ctx := errgroup.WithContext(ctx)
	for i := range c.databases {
		l := &lane{world: world, n: i + 1}
		lanes = append(lanes, l)
		group.Go(func() error { return l.play(ctx, plan[i*each:(i+1)*each]) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	text, err := table(lanes, time.Since(begun))
	_, _ = fmt.Fprint(w, text)
	return err
}
