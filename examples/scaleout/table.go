//go:build unix

package main

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

const rowHead = "instances  store                   uploads  handlers      p50      p99  Redis round trips/reply  CPU/reply  largest RSS"

// row is a run as a line under rowHead.
func (r result) row(n int, s settings) string {
	store := "memory of each"
	if s.Redis != "" {
		store = "Redis"
	}
	if s.Shared {
		store = "Redis, shared events"
	}
	return fmt.Sprintf("%9d  %-22s  %7d  %8d  %7s  %7s  %23.2f  %9s  %7.0f MiB", n, store, r.uploads, r.Events,
		round(r.quantile(0.5)), round(r.quantile(0.99)), float64(r.Trips)/float64(r.messages),
		(r.cpu / time.Duration(r.messages)).Round(10*time.Microsecond), float64(r.rss)/(1<<20))
}

func round(d time.Duration) time.Duration {
	if d > 100*time.Millisecond {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Microsecond)
}

// quantile of the latencies.
func (r result) quantile(q float64) time.Duration {
	if len(r.latencies) == 0 {
		return 0
	}
	return r.latencies[min(int(q*float64(len(r.latencies))), len(r.latencies)-1)]
}

// use adds what an instance has used.
func (r *result) use(state *os.ProcessState) {
	r.cpu += state.UserTime() + state.SystemTime()
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		r.rss = max(r.rss, usage.Maxrss<<10) // Linux gives KiB
	}
}
