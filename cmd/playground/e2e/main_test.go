package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

var (
	shots = flag.String("shots", "shots", "the folder for screenshots")
	docs  = flag.String("docs", "", "also put the screenshots that README shows into this folder")

	binary  string
	browser context.Context
)

const patience = time.Minute

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

// run builds the playground, starts one browser for all tests, and runs them.
func run(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "playground-e2e-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.MkdirAll(*shots, 0o755); err != nil {
		return 0, err
	}
	binary = filepath.Join(dir, "playground")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.CommandContext(context.Background(), "go", "build", "-o", binary, "./cmd/playground")
	build.Dir, build.Stdout, build.Stderr = filepath.Join("..", "..", ".."), os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return 0, fmt.Errorf("build the playground: %w", err)
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err = exec.LookPath(name); err == nil {
			break
		}
	}
	if path == "" {
		return 0, errors.New("there is no Chromium: apt-get install chromium fonts-noto-cjk")
	}
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(filepath.Join(dir, "profile")), chromedp.WindowSize(1400, 880),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
	}
	for _, f := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "mute-audio", "hide-scrollbars", "disable-dev-shm-usage"} {
		opts = append(opts, chromedp.Flag(f, true))
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Do(ctx); err != nil {
		return 0, fmt.Errorf("start %s: %w", path, err)
	}
	browser = ctx //nolint:fatcontext // once, for all tests
	return m.Run(), chromedp.Cancel(ctx)
}

// start runs a playground of its own for the test and returns its address.
func start(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), binary, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	url := ""
	for url == "" && lines.Scan() {
		url = regexp.MustCompile(`http://[0-9.:]+`).FindString(lines.Text())
	}
	rest := make(chan struct{})
	go func() {
		defer close(rest)
		for lines.Scan() { // to the end, so that the process never waits for us
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-rest
		err := cmd.Wait()
		require.NoError(t, err, "it ends by itself: %s", stderr.String())
	})
	require.NotEmpty(t, url, "it says where it is; what it said besides stands below")
	return url
}

// tab is a page in the browser.
type tab struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // chromedp keeps the tab in it
	url string

	mu     sync.Mutex
	errors []string
}

// open opens the page in a new tab. What the browser complains about (a script's error, a policy that was broken) fails the
// test.
func open(t *testing.T, url string, before ...action) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	p := &tab{t: t, ctx: ctx, url: url}
	t.Cleanup(func() {
		if t.Failed() {
			p.shot("failed-" + regexp.MustCompile(`\W+`).ReplaceAllString(t.Name(), "-"))
		}
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		require.Empty(t, p.errors, "the browser complained")
	})
	require.NoError(t, chromedp.Listen(ctx, func(ev any) {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch ev := ev.(type) {
		case *cdpruntime.EventExceptionThrown:
			p.errors = append(p.errors, fmt.Sprint(ev.ExceptionDetails.Text, ev.ExceptionDetails.Exception))
		case *log.EventEntryAdded:
			if ev.Entry.Level == log.EntryLevelError {
				p.errors = append(p.errors, ev.Entry.Text+" "+ev.Entry.URL)
			}
		}
	}))
	p.do(before...)
	p.do(chromedp.Navigate(url), chromedp.WaitVisible(css(`.chat[aria-current]`)), chromedp.WaitVisible(css(`.status.good, .status.none`)))
	return p
}

// action is a step without a result, css a selector.
type (
	action = chromedp.Action[chromedp.Void]
	css    = chromedp.CSS
)

// click clicks on an element when it stands still: what a message shows comes a moment after it, and moves the list.
func click(sel css) action {
	still := chromedp.Poll[chromedp.Void](fmt.Sprintf(`(() => {
		const e = document.querySelector(%q)
		e?.scrollIntoView({ block: 'nearest' })
		const { x, y, width, height } = e?.getBoundingClientRect() ?? {}
		const place = width ? [x, y, width, height].join() : ''
		window.still = place && place === window.place ? window.still + 1 : 0
		window.place = place
		return window.still >= 3
	})()`, string(sel)), chromedp.WithPollingInterval(30*time.Millisecond), chromedp.WithPollingTimeout(0))
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := still(ctx, t); err != nil {
			return err
		}
		_, err := chromedp.Click(sel)(ctx, t)
		return err
	})
}

func (p *tab) do(actions ...action) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	require.NoError(p.t, chromedp.Do(ctx, actions...))
}

// eval runs a script in the page, and waits for it.
func eval[T any](p *tab, script string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	out, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	require.NoError(p.t, err, script)
	return out
}

// script runs one that has no value.
func (p *tab) script(script string) {
	p.t.Helper()
	eval[chromedp.Void](p, script)
}

// until waits until the expression is true in the page.
func (p *tab) until(expression, what string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Poll[chromedp.Void]("!!("+expression+")", chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(0)))
	require.NoError(p.t, err, what)
}

// say writes and sends a message as a user does.
func (p *tab) say(text string) {
	p.t.Helper()
	p.do(chromedp.SendKeys(css("#text"), text+"\r"))
}

// answers waits until n messages of the bot are shown.
func (p *tab) answers(n int) {
	p.t.Helper()
	p.until(fmt.Sprintf(`document.querySelectorAll('.from-bot').length >= %d`, n), fmt.Sprintf("%d answers", n))
}

// shot saves a screenshot.
func (p *tab) shot(name string) []byte {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Log("screenshot:", err)
		return nil
	}
	require.NoError(p.t, os.WriteFile(filepath.Join(*shots, strings.TrimSuffix(name, ".png")+".png"), png, 0o600))
	return png
}

func dark() action {
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	})
}

func chinese() action {
	return command(emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: "Mozilla/5.0 Chromium", AcceptLanguage: "zh-CN"})
}

func size(w, h int64) action {
	return command(emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: w, Height: h, DeviceScaleFactor: 1})
}

func command[P, R any](c cdp.Command[P, R], params P) action {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}
