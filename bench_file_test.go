//go:build unix

package richmedia_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/botgo-contrib/richmedia"
)

// oldFile writes a file of noise and waits until it is older than 2 s, from which on a file is not hashed again.
func oldFile(b *testing.B, size int64) string {
	path := filepath.Join(b.TempDir(), fmt.Sprintf("%d.bin", size))
	writeNoise(b, path, max(size>>20, 1))
	require.NoError(b, os.Truncate(path, size))
	time.Sleep(2100 * time.Millisecond)
	return path
}

// answered answers a new message of a chat with the file.
func answered(ctx context.Context, p *richmedia.Plugin, chat, path string) error {
	c := p.For(richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: chat, MsgID: newMsgID(), Time: time.Now()})
	_, err := c.ReplyFile(ctx, richmedia.FromFile(path))
	return err
}

// BenchmarkUnchangedFile answers 50 chats with one file of 10 MiB that nobody has uploaded, in turn and at once, beside a bare
// loop that hashes and uploads it once.
func BenchmarkUnchangedFile(b *testing.B) {
	const chats = 50
	for name, atOnce := range map[string]int{"50_chats_in_turn": 1, "50_chats_at_once": chats} {
		b.Run(name, func(b *testing.B) {
			bed := newBenchBed(b, "")
			path := oldFile(b, 10<<20)
			all := func(answer func(ctx context.Context, chat string) error) error {
				group, ctx := errgroup.WithContext(b.Context())
				group.SetLimit(atOnce)
				for i := range chats {
					group.Go(func() error { return answer(ctx, fmt.Sprintf("%032X", i)) })
				}
				return group.Wait()
			}
			var plugin, bare, pluginCPU, bareCPU lane
			for round := 0; b.Loop(); round++ {
				p := bed.plugin()
				inTurns(round,
					func() {
						pluginCPU.times = append(pluginCPU.times, cpu(func() {
							plugin.run(b, func() error {
								return all(func(ctx context.Context, chat string) error { return answered(ctx, p, chat, path) })
							})
						}))
					},
					func() {
						bareCPU.times = append(bareCPU.times, cpu(func() {
							bare.run(b, func() error {
								if err := bed.bareParts(path, true); err != nil {
									return err
								}
								return all(func(_ context.Context, chat string) error { return bed.sendBare(chat) }) //nolint:contextcheck // it has the bed's
							})
						}))
					})
			}
			figures{
				{plugin.x(&bare), "x_of_bare"},
				{pluginCPU.x(&bareCPU), "cpu_x_of_bare"},
				{plugin.median() / 1e6, "ms"},
				{bare.median() / 1e6, "ms_bare"},
			}.report(b)
		})
	}
}

// cpu returns the processor time that this process needs for fn.
func cpu(fn func()) time.Duration {
	used := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	began := used()
	fn()
	return used() - began
}

// BenchmarkWarmFile answers with files that were uploaded before: the size does not matter.
func BenchmarkWarmFile(b *testing.B) {
	bed := newBenchBed(b, "")
	small, large := oldFile(b, 1<<10), oldFile(b, 100<<20)
	var plugin, beside lane
	for round := 0; b.Loop(); round++ {
		p := bed.plugin()
		for _, path := range []string{small, large} {
			require.NoError(b, answered(b.Context(), p, benchGroup, path))
		}
		for i := range 20 {
			inTurns(i,
				func() { beside.run(b, func() error { return answered(b.Context(), p, benchGroup, small) }) },
				func() { plugin.run(b, func() error { return answered(b.Context(), p, benchGroup, large) }) })
		}
	}
	figures{{plugin.x(&beside), "x_of_1KiB"}, {plugin.median() / 1e3, "µs/reply_100MiB"}, {beside.median() / 1e3, "µs/reply_1KiB"}}.report(b)
}
