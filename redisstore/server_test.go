//go:build unix

package redisstore_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	redis.SetLogger(mute{}) // go-redis has a line for every connection that it cannot make
	goleak.VerifyTestMain(m)
}

type mute struct{}

func (mute) Printf(context.Context, string, ...any) {}

// server is a redis-server of the test's own.
type server struct {
	t    *testing.T
	addr string
	args []string
	cmd  *exec.Cmd
}

// startServer runs redis-server on a free port and in a folder of its own, without persistence. Where there is none the
// test is skipped, in CI it fails.
func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("redis-server is missing; apt-get install redis-server")
		}
		t.Skip("redis-server is missing; apt-get install redis-server")
	}
	addr := freeAddr(t)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	s := &server{t: t, addr: addr, args: append([]string{
		"--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "no", "--logfile", "redis.log",
	}, args...)}
	s.start()
	t.Cleanup(s.stop)
	return s
}

// freeAddr is an address whose port was free a moment ago.
func freeAddr(t *testing.T) string {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	return ln.Addr().String()
}

func (s *server) start() {
	s.t.Helper()
	s.cmd = exec.Command("redis-server", s.args...) //nolint:noctx // stop ends it
	require.NoError(s.t, s.cmd.Start())
	c := redis.NewClient(&redis.Options{Addr: s.addr, MaxRetries: -1})
	defer c.Close() //nolint:errcheck // it has done its work
	require.Eventually(s.t, func() bool { return c.Ping(context.Background()).Err() == nil }, 10*time.Second, 10*time.Millisecond,
		"redis-server does not answer on %s; see %s", s.addr, filepath.Join(s.args[5], "redis.log"))
}

func (s *server) stop() {
	if s.cmd == nil {
		return
	}
	s.signal(syscall.SIGCONT) // a process that is stopped does not end
	s.signal(syscall.SIGKILL)
	_ = s.cmd.Wait() // killed
	s.cmd = nil
}

// signal sends SIGSTOP, SIGCONT or SIGKILL.
func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(sig))
}

// client is one instance's, with a counter of its round trips.
func (s *server) client(t *testing.T) (redis.UniversalClient, *trips) {
	t.Helper()
	c := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{s.addr}, ContextTimeoutEnabled: true})
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	n := &trips{}
	c.AddHook(n)
	return c, n
}

// trips counts round trips, without those that greet a new connection.
type trips struct{ atomic.Int64 }

func (n *trips) count(cmd redis.Cmder) {
	switch cmd.Name() {
	case "get", "set", "del", "eval", "evalsha":
		n.Add(1)
	}
}

func (n *trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (n *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		n.count(cmd)
		return next(ctx, cmd)
	}
}

func (n *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		n.count(cmds[0])
		return next(ctx, cmds)
	}
}

// during is how many round trips fn makes.
func (n *trips) during(fn func()) int {
	before := n.Load()
	fn()
	return int(n.Load() - before)
}

func port(t *testing.T, addr string) int {
	t.Helper()
	_, p, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	n, err := strconv.Atoi(p)
	require.NoError(t, err)
	return n
}

func fmtPort(t *testing.T, addr string) string { return strconv.Itoa(port(t, addr)) }

func contains(text, part string) bool { return strings.Contains(text, part) }

// busPort is the port that a node was told to talk to others on.
func busPort(t *testing.T, s *server) int {
	t.Helper()
	for i, arg := range s.args {
		if arg == "--cluster-port" {
			n, err := strconv.Atoi(s.args[i+1])
			require.NoError(t, err)
			return n
		}
	}
	t.Fatal("this server is no node of a cluster")
	return 0
}
