// Command measure runs the benchmarks and writes the table of docs/measured.md and docs/measured.zh-CN.md. It runs in the root
// of the repository and takes ten minutes, on a machine that does nothing else.
//
//	measure [-before COMMIT] [-benchtime 10x] [-pairs 5]
//
// Some rows compare with an earlier commit: a temporary worktree of it gets the benchmarks of today, and both take turns.
// table.md.tmpl and table.zh-CN.md.tmpl are the table, with a figure as {{f FORMAT "BENCHMARK UNIT" [DIVISOR]}}.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"time"
)

func main() {
	before := flag.String("before", "a042569", "the `commit` to compare with")
	benchtime := flag.String("benchtime", "10x", "how many rounds each benchmark has")
	pairs := flag.Int("pairs", 5, "how often the commit before is run")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *before, *benchtime, *pairs); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, before, benchtime string, pairs int) error {
	earlier, err := find(ctx, before)
	if err != nil {
		return err
	}
	now, err := head(ctx)
	if err != nil {
		return err
	}
	f := figures{}
	out, err := command(ctx, ".", "go", "test", "-run", "^$", "-bench", ".", "-benchtime", benchtime, ".", "./internal/content")
	if err != nil {
		return err
	}
	f.add(out.text)
	if err := compare(ctx, f, earlier, pairs); err != nil {
		return err
	}
	goVersion := strings.TrimPrefix(runtime.Version(), "go")
	return writePages(f, heading{
		Date: time.Now().Format(time.DateOnly), Commit: now, Before: earlier,
		Go: goVersion, System: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(),
	})
}

// head names the commit that is measured.
func head(ctx context.Context) (string, error) {
	commit, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=7", "HEAD").Output()
	if err != nil {
		return "", fmt.Errorf("git rev-parse HEAD: %w", err)
	}
	name := strings.TrimSpace(string(commit))
	if exec.CommandContext(ctx, "git", "diff", "--quiet", "HEAD", "--", "*.go", "go.mod").Run() != nil {
		name += "+"
	}
	return name, nil
}

// result is what a command printed, and the processor time that it and its children took.
type result struct {
	text string
	cpu  time.Duration
}

// command runs a command in dir and shows what it prints.
func command(ctx context.Context, dir, name string, args ...string) (result, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var text strings.Builder
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&text, os.Stdout), os.Stderr
	fmt.Println("+", strings.Join(cmd.Args, " "))
	if err := cmd.Run(); err != nil {
		return result{}, fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return result{text.String(), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}
