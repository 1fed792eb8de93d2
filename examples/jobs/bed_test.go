//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"go.uber.org/goleak"

	"github.com/botgo-contrib/richmedia"
)

// TestMain makes the test binary a worker if it is started as one.
func TestMain(m *testing.M) {
	if raw := os.Getenv(task); raw != "" {
		exit(instance(raw))
	}
	botgo.SetLogger(richmedia.Slog(logger(os.Stderr, "test")))
	goleak.VerifyTestMain(m)
}

// log keeps what workers write to stderr.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// soon is a ctx that ends the test's waiting.
func soon(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), d, errors.New("the test gave up after "+d.String()))
	t.Cleanup(cancel)
	return ctx
}

// postgres starts a Postgres in a folder of its own and returns its address. Without an installed one the test is skipped; in CI
// that is a failure.
func postgres(t *testing.T) string {
	t.Helper()
	bin := postgresBin()
	if bin == "" {
		const missing = "initdb and postgres are missing; on Debian and Ubuntu: apt-get install postgresql"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	dir, err := os.MkdirTemp("", "jobs-postgres-*") // t.TempDir is closed to other users
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	as := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 { // Postgres refuses to run as root
		as.Credential = unprivileged(t)
		require.NoError(t, os.Chown(dir, int(as.Credential.Uid), int(as.Credential.Gid)))
	}
	cluster := filepath.Join(dir, "cluster")
	initdb := exec.CommandContext(soon(t, time.Minute), filepath.Join(bin, "initdb"), "-D", cluster, "-U", "jobs", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
	initdb.Dir, initdb.SysProcAttr = dir, as
	out, err := initdb.CombinedOutput()
	require.NoError(t, err, "%s", out)

	port := freePort(t)
	logs := &log{}
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", cluster, "-p", port, //nolint:noctx // the cleanup ends it
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off")
	server.Dir, server.SysProcAttr, server.Stdout, server.Stderr = dir, as, logs, logs
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		require.NoError(t, server.Process.Signal(syscall.SIGINT)) // Postgres's fast shutdown
		require.NoError(t, server.Wait())
	})
	address := "postgres://jobs@127.0.0.1:" + port + "/postgres"
	require.Eventually(t, func() bool {
		conn, err := pgx.Connect(soon(t, 10*time.Second), address)
		return err == nil && conn.Close(t.Context()) == nil
	}, time.Minute, 100*time.Millisecond, "Postgres answers: %s", logs)
	return address
}

// postgresBin is the folder of Postgres's programs, which Debian does not put on the PATH.
func postgresBin() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path)
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is valid
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[len(found)-1])
}

func unprivileged(t *testing.T) *syscall.Credential {
	t.Helper()
	u, err := osuser.Lookup("postgres")
	if err != nil {
		u, err = osuser.Lookup("nobody")
	}
	require.NoError(t, err)
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	require.NoError(t, err)
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	require.NoError(t, err)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
