package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// benchFiles are the benchmarks of events and replies, and what they need. They compile with the plugin of an earlier commit as well.
var benchFiles = []string{"bench_test.go", "bench_server_test.go", "bench_reply_test.go", "bench_event_test.go", "handlers_test.go"}

const (
	comparedBenchmarks = "^(BenchmarkEvent|BenchmarkFlood|BenchmarkWarmReply|BenchmarkColdReply)$"
	comparedRounds     = "3x"
	testRuns           = 3 // the soak of the tests has a seed by chance
)

// find returns the short name of a commit.
func find(ctx context.Context, commit string) (string, error) {
	found, err := exec.CommandContext(ctx, "git", "rev-parse", "--verify", "--quiet", "--short=7", commit+"^{commit}").Output()
	if err != nil {
		return "", fmt.Errorf("this clone has no commit %s: run git fetch --unshallow, or name another one with -before", commit)
	}
	return strings.TrimSpace(string(found)), nil
}

// compare adds the figures that the earlier commit is part of.
func compare(ctx context.Context, f figures, earlier string, pairs int) (err error) {
	dir, err := os.MkdirTemp("", "measure")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	tree := filepath.Join(dir, "before")
	if _, err := command(ctx, ".", "git", "worktree", "add", "--detach", tree, earlier); err != nil {
		return err
	}
	defer func() {
		_, removed := command(context.WithoutCancel(ctx), ".", "git", "worktree", "remove", "--force", tree)
		err = errors.Join(err, removed)
	}()
	if err := compareTests(ctx, f, tree); err != nil {
		return err
	}
	if err := replaceTests(tree); err != nil {
		return err
	}
	return compareBenchmarks(ctx, f, dir, tree, pairs)
}

// compareTests measures README's test command.
func compareTests(ctx context.Context, f figures, tree string) error {
	for _, dir := range []string{".", tree} { // what is compiled once
		if _, err := command(ctx, dir, "go", "test", "-run", "^$", "./..."); err != nil {
			return err
		}
	}
	return inTurns(f, ".", tree, testRuns, func(dir string) (figures, error) {
		out, err := command(ctx, dir, "go", "test", "-count=1", "./...")
		return figures{"Tests CPU-s": out.cpu.Seconds()}, err
	})
}

// replaceTests leaves the worktree the benchmarks of today, and no other test of the root package.
func replaceTests(tree string) error {
	tests, err := filepath.Glob(filepath.Join(tree, "*_test.go"))
	if err != nil {
		return err
	}
	for _, test := range tests {
		if err := os.Remove(test); err != nil {
			return err
		}
	}
	for _, name := range benchFiles {
		text, err := os.ReadFile(name) //nolint:gosec // one of the names above
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(tree, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func compareBenchmarks(ctx context.Context, f figures, dir, tree string, pairs int) error {
	now, before := filepath.Join(dir, "now.test"), filepath.Join(dir, "before.test")
	if _, err := command(ctx, ".", "go", "test", "-c", "-o", now, "."); err != nil {
		return err
	}
	if _, err := command(ctx, tree, "go", "test", "-c", "-o", before, "."); err != nil {
		return fmt.Errorf("the benchmarks of today with the plugin of the commit before: %w", err)
	}
	return inTurns(f, now, before, pairs, func(binary string) (figures, error) {
		out, err := command(ctx, ".", binary, "-test.run", "^$", "-test.bench", comparedBenchmarks, "-test.benchtime", comparedRounds)
		measured := figures{}
		measured.add(out.text)
		return measured, err
	})
}

// inTurns measures now and before in pairs, each of which begins with the other one, and adds the medians.
func inTurns(f figures, now, before string, pairs int, measure func(string) (figures, error)) error {
	all := map[string][]figures{}
	for i := range pairs {
		pair := []string{now, before}
		if i%2 == 1 {
			pair = []string{before, now}
		}
		for _, each := range pair {
			measured, err := measure(each)
			if err != nil {
				return err
			}
			all[each] = append(all[each], measured)
		}
	}
	f.addPairs(all[now], all[before])
	return nil
}
