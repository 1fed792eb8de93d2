//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func freePort(t *testing.T) string {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(ln.Addr().String())
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	return port
}

// emptyTemp gives the test a folder for temporary files, which has to be empty in the end.
func emptyTemp(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Cleanup(func() {
		left, err := os.ReadDir(dir)
		require.NoError(t, err)
		assert.Empty(t, left)
	})
}

func TestEachUserHasOneVideoWhateverTheMomentOfAWorkersDeath(t *testing.T) {
	for name, server := range map[string]func(*testing.T) string{
		"SQLite":   func(*testing.T) string { return "" },
		"Postgres": postgres,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // a run waits for River most of the time
			address := server(t)
			var out bytes.Buffer
			logs := &log{}
			c := config{server: address, databases: 4, kills: 4 * 5, seed: rand.Uint64()} // there are 16 moments
			require.NoError(t, run(t.Context(), &out, logs, c), "%s\n%s", &out, logs)
			t.Log(out.String())
			assert.Regexp(t, `\n20 kills on 4 databases in \d+[sm].*; 16 of 16 users have exactly one video, after `, out.String())
			assert.Regexp(t, `\n8 events were delivered twice and enqueued two jobs; 24 jobs took `, out.String())
			for _, s := range steps {
				assert.Regexp(t, `(?m)^`+regexp.QuoteMeta(string(s))+` .*\d`, out.String(), "a worker died there")
			}
			assert.NotContains(t, out.String(), "refused 0 repeats", "some had their video before the worker died")
			assert.NotContains(t, logs.String(), "database is locked")
			if address != "" {
				assert.Empty(t, schemas(t, address))
			}
		})
	}
}

// schemas are those that a run has left.
func schemas(t *testing.T, address string) (names []string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // only read from
	rows, err := conn.Query(t.Context(), `SELECT nspname FROM pg_namespace WHERE nspname LIKE 'jobs%'`)
	require.NoError(t, err)
	names, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return names
}

func TestARunThatIsInterruptedLeavesNothing(t *testing.T) {
	emptyTemp(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(3*time.Second, func() { cancel(errors.New("interrupted")) }) // jobs are rescued later
	err := run(ctx, io.Discard, io.Discard, config{databases: 2, kills: 4, seed: 1})
	require.ErrorContains(t, err, "interrupted")
}

func TestAWorkerEndsWithTheProcessThatStartedIt(t *testing.T) {
	w, err := newWorld("", &log{})
	require.NoError(t, err)
	defer func() { require.NoError(t, w.close()) }()
	l := &lane{world: w, n: 1, db: databaseIn("", w.dir, w.run, 1)}
	require.NoError(t, l.db.create(t.Context()))
	v, err := l.start(nil)
	require.NoError(t, err)
	require.NoError(t, v.stdin.Close()) // as the kernel does when the starter dies
	select {
	case <-v.done:
	case <-soon(t, 30*time.Second).Done():
		v.kill()
		t.Fatal("the worker lives on")
	}
	require.NoError(t, v.err)
}

func TestAWorkerThatEndsByItselfFailsTheRun(t *testing.T) {
	w, err := newWorld("", io.Discard)
	require.NoError(t, err)
	defer func() { require.NoError(t, w.close()) }()
	l := &lane{world: w, n: 1, db: database{URL: filepath.Join(w.dir, "none", "jobs.sqlite")}}
	require.ErrorContains(t, l.kill(soon(t, time.Minute), &moments[0]), "worker 1.1 ended by itself")
}

func TestABotIsMadeWhileAnotherOneOfTheProcessGetsEvents(t *testing.T) {
	one, err := newWorld("", io.Discard)
	require.NoError(t, err)
	defer func() { require.NoError(t, one.close()) }()
	chat := one.platform.Group("club")
	made := make(chan struct{})
	var says sync.WaitGroup
	said := 0
	says.Go(func() {
		for ; ; said++ {
			select {
			case <-made:
				return
			default:
				chat.Say("ann", "hi")
			}
		}
	})
	for range 10 {
		other, err := newWorld("", io.Discard)
		require.NoError(t, err)
		time.Sleep(10 * time.Millisecond) // for events between this one and the next
		require.NoError(t, other.close())
	}
	close(made)
	says.Wait()
	_, err = chat.WaitAnswers(soon(t, 10*time.Second), said)
	require.NoError(t, err)
}

func TestBadFlagsAreRefused(t *testing.T) {
	for want, c := range map[string]config{
		"-databases: give at least 1":                 {databases: 0, kills: 50},
		"-kills: give a multiple of -databases":       {databases: 10, kills: 55},
		"; -kills: give a multiple":                   {databases: 10, kills: 0},
		"-database: give an address such as postgres": {databases: 1, kills: 1, server: "mysql://root:secret@127.0.0.1/x"},
	} {
		var out bytes.Buffer
		err := run(t.Context(), &out, io.Discard, c)
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error()+out.String(), "secret")
	}
}

func TestADeckHasEachMomentAsOftenAsEveryOther(t *testing.T) {
	n := map[moment]int{}
	for _, m := range deck(50, rand.New(rand.NewPCG(1, 2))) { //nolint:gosec // the same in each run
		n[m]++
	}
	assert.Len(t, n, len(moments))
	for m, times := range n {
		assert.Contains(t, []int{3, 4}, times, m)
	}
	for _, m := range moments {
		assert.Contains(t, steps, m.step, "it has a row in the table")
	}
}
