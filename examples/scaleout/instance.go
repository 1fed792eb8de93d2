//go:build unix

package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/constant"

	"github.com/botgo-contrib/richmedia"
)

// task is the variable of the environment that makes this program an instance.
const task = "SCALEOUT_INSTANCE"

// order is what an instance is told: the bot's settings, and what stands in for the world.
type order struct {
	settings
	Name     string
	Platform string
}

// stopTime is what an instance gets to answer what it has taken.
const stopTime = 20 * time.Second

// instance is a bot's process: it serves the webhook until it is told to stop, or until its parent process has died.
func instance(raw string) (err error) {
	var o order
	if err := json.Unmarshal([]byte(raw), &o); err != nil {
		return fmt.Errorf("%s: %w", task, err)
	}
	constant.APIDomain, constant.TokenDomain = o.Platform, o.Platform // a real bot leaves botgo's
	botgo.SetLogger(warnings{o.Name})
	redis.SetLogger(mute{}) // it has a line for every connection that fails; the plugin has one for the outage
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	go func() { // nobody waits for this one: it ends with the process
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()

	s := &stats{}
	b, err := newBot(o.settings, richmedia.WithTrace(s.trace()), richmedia.WithHTTPClient(&http.Client{Transport: named(o.Name)}))
	if err != nil {
		return err
	}
	if b.redis != nil {
		b.redis.AddHook(s)
	}
	mux := http.NewServeMux()
	mux.Handle("/qqbot", b.webhook)
	mux.Handle("/stats", s)
	ln, err := (&net.ListenConfig{}).Listen(stop, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	fmt.Println("http://" + ln.Addr().String())

	select {
	case <-stop.Done():
	case err = <-served:
	}
	// First no more events, then what was taken, then the rest.
	ctx, cancelStop := context.WithTimeoutCause(context.WithoutCancel(stop), stopTime, errors.New("some answers were cut off"))
	defer cancelStop()
	return errors.Join(err, server.Shutdown(ctx), b.stop(ctx))
}

// named tells the platform which instance calls, for those who watch.
type named string

func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(whoHeader, string(n))
	return http.DefaultTransport.RoundTrip(r)
}

const whoHeader = "X-Instance"

// warnings is a log of what went wrong, on stderr.
type warnings struct{ name string }

func (w warnings) line(text string) { _, _ = fmt.Fprintln(os.Stderr, w.name+": "+text) }

func (warnings) Debug(...any)               {}
func (warnings) Debugf(string, ...any)      {}
func (warnings) Info(...any)                {}
func (warnings) Infof(string, ...any)       {}
func (w warnings) Warn(v ...any)            { w.line(fmt.Sprint(v...)) }
func (w warnings) Warnf(f string, v ...any) { w.line(fmt.Sprintf(f, v...)) }
func (w warnings) Error(v ...any)           { w.line(fmt.Sprint(v...)) }
func (w warnings) Errorf(f string, v ...any) {
	w.line(fmt.Sprintf(f, v...))
}
func (warnings) Sync() error { return nil }

type mute struct{}

func (mute) Printf(context.Context, string, ...any) {}

// process is an instance as its starter sees it.
type process struct {
	name, url string
	cmd       *exec.Cmd
	stdin     io.Closer
}

// launch starts this program once more, as an instance, and waits until it listens.
func launch(o order, logs io.Writer) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	p := &process{name: o.Name, cmd: exec.Command(self)} //nolint:noctx // stop and kill end it
	p.cmd.Env = append(os.Environ(), task+"="+string(raw))
	p.cmd.Stderr = logs
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.stdin = stdin
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if p.url = strings.TrimSpace(line); !strings.HasPrefix(p.url, "http://") {
		return nil, errors.Join(fmt.Errorf("instance %s did not start: %w", o.Name, cmp.Or(err, errors.New(line))), p.kill())
	}
	return p, nil
}

// stop asks the instance to end, and waits until it has.
func (p *process) stop() error {
	if p.cmd.ProcessState != nil {
		return nil
	}
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	if waitErr := p.cmd.Wait(); waitErr != nil {
		err = errors.Join(err, fmt.Errorf("instance %s: %w", p.name, waitErr))
	}
	return err
}

// kill ends it as an accident does.
func (p *process) kill() error {
	err := p.cmd.Process.Kill()
	_ = p.cmd.Wait() // killed
	return err
}
