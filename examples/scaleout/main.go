//go:build unix

// Command scaleout runs one bot as several processes that share their uploads on Redis.
//
//	cd examples/scaleout && go run .
//
// needs no credentials and no network, and a redis-server to start (apt-get install redis-server): it runs a fake of QQ's
// open platform, a load balancer as nginx is one, Redis, and 1, 2 and 4 processes of the bot behind them, lets users write
// to them, and prints what that cost, with and without the shared store. Some events are delivered twice, to two
// instances. Then it works out from the figures what 1,000 instances with a million chats would run into.
//
// The bot is in bot.go: begin there. How its process starts and stops is in instance.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if raw := os.Getenv(task); raw != "" {
		exit(instance(raw))
	}
	counts := flag.String("instances", "1,2,4", "how many processes, a run for each")
	l := load{chats: 60}
	flag.IntVar(&l.messages, "messages", 240, "that users write in a run")
	flag.IntVar(&l.rate, "rate", 80, "of them a second; the plugin keeps to the 100 that the platform takes")
	flag.IntVar(&l.images, "images", 12, "different answers")
	flag.DurationVar(&l.upload, "upload", 300*time.Millisecond, "what an upload takes")
	chats := flag.Int("chats", 1_000_000, "of the simulation; 0 leaves it out")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(run(ctx, os.Stdout, *counts, l, *chats))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "scaleout:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run prints the tables to w.
func run(ctx context.Context, w io.Writer, counts string, l load, chats int) (err error) {
	if l.messages < 1 || l.rate < 1 || l.images < 2 {
		return errors.New("-messages and -rate: give at least 1; -images: at least 2")
	}
	var numbers []int
	for _, text := range strings.Split(counts, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return errors.New("-instances: give numbers such as 1,2,4")
		}
		numbers = append(numbers, n)
	}
	world, err := newWorld(os.Stderr) //nolint:contextcheck // it is closed also when ctx is over
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, world.close()) }() //nolint:contextcheck // as above

	_, _ = fmt.Fprintf(w, "%d messages at %d/s in %d chats, %d images, an upload takes %s; every 5th event comes twice\n\n%s\n",
		l.messages, l.rate, l.chats, l.images, l.upload, rowHead)
	var last result
	for _, n := range numbers {
		for _, store := range []settings{{}, {Redis: world.redis.addr}, {Redis: world.redis.addr, Shared: true}} {
			if last, err = world.play(ctx, n, store, l); err != nil {
				return err
			}
			_, _ = fmt.Fprintln(w, last.row(n, store))
		}
	}
	_, _ = fmt.Fprint(w, "\nEvery user saw each answer exactly once.\n")
	m, err := measure(ctx, world.redis.addr)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(w, "\n%s\n", m)
	if chats > 0 {
		_, _ = fmt.Fprintf(w, "\n%s", forecast(m, chats))
	}
	return nil
}
