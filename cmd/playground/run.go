package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/cmd/playground/internal/board"
	"github.com/botgo-contrib/richmedia/cmd/playground/internal/web"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// config holds the values of the flags.
type config struct {
	addr, url, save string
	appID, secret   string
	bot             bool
	webhook         bool // the demonstration bot gets its events in process instead of over the websocket
}

// playground holds everything that runs.
type playground struct {
	url      string
	platform *richmediatest.Platform
	board    *board.Board
	page     *web.Server
	demo     *demo
	server   *http.Server
	served   chan error
	ending   context.CancelFunc // of the streams
	restore  func()
	saver    *saver
	forget   chan struct{}
	forgot   chan struct{}
}

// run is the command.
func run(ctx context.Context, cfg config, out io.Writer, smoke bool) (err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	if smoke {
		cfg.addr, cfg.bot = "127.0.0.1:0", true
	}
	pg, err := start(ctx, cfg, fail)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.close()) }() //nolint:contextcheck // it cleans up after ctx has ended
	if smoke {
		return pg.smoke(ctx, out)
	}
	pg.greet(out, cfg)
	select {
	case <-ctx.Done():
		if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
			return cause
		}
		return nil
	case err := <-pg.served:
		return err
	}
}

// start starts everything. fail is called with an error that ends the playground later.
func start(ctx context.Context, cfg config, fail func(error)) (pg *playground, err error) {
	if u, err := url.Parse(cfg.url); cfg.url != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return nil, errors.New("-url: give an address such as http://host.docker.internal:7471")
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.addr)
	if err != nil {
		return nil, fmt.Errorf("%w (try another -addr, such as 127.0.0.1:0 for any free port)", err)
	}
	pg = &playground{url: address(ln.Addr(), cfg.url), served: make(chan error, 1), restore: func() {}}
	defer func() { //nolint:contextcheck // as in run
		if err != nil {
			err = errors.Join(err, ln.Close(), pg.close())
		}
	}()
	if pg.saver, err = newSaver(cfg.save); err != nil {
		return pg, err
	}
	pg.platform = richmediatest.New(
		richmediatest.WithCredentials(cfg.appID, cfg.secret),
		richmediatest.WithParts(richmediatest.PartShape{BlockSize: 1 << 20, Concurrency: 3}),
	)
	pg.platform.ServeAt(pg.url)
	photo, err := files.ReadFile("media/cat.png")
	if err != nil {
		return pg, err
	}
	pg.platform.Host(photoURL, photo)
	pg.board = board.New(pg.platform, pg.saver.save)
	shown := web.Config{Platform: pg.platform, Board: pg.board, URL: pg.url, Hosts: []string{ln.Addr().String()}}
	if cfg.secret == defaultSecret {
		shown.Secret = cfg.secret
	}
	if cfg.bot {
		pg.restore = pg.platform.UseBotgo()
		if pg.demo, err = newDemo(pg.platform.Credentials(), pg.options()...); err != nil { //nolint:contextcheck // botgo's handlers take none
			return pg, err
		}
		shown.Demo = pg.demo
	}
	pg.page = web.New(shown)
	pg.serve(ln) //nolint:contextcheck // it lives until close, which ends it in order
	if cfg.bot {
		err = pg.connect(ctx, cfg, fail)
	}
	pg.page.Begin()
	return pg, err
}

// address returns the URL for bots and the page: told, or the listening address. An unspecified address becomes the loopback
// address.
func address(ln net.Addr, told string) string {
	if told != "" {
		return strings.TrimSuffix(told, "/")
	}
	at, err := netip.ParseAddrPort(ln.String())
	if err == nil && at.Addr().IsUnspecified() {
		at = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), at.Port())
	}
	return (&url.URL{Scheme: "http", Host: at.String()}).String()
}

// options returns the plugin's options that report its replies to the page.
func (pg *playground) options() []richmedia.Option {
	to := func(t richmedia.Target) string {
		if t.MsgID != "" {
			return t.MsgID
		}
		return t.EventID
	}
	say := func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return []richmedia.Option{
		richmedia.WithErrorHandler(func(_ context.Context, c *richmedia.Context, err error) { pg.board.Note(to(c.Target()), say(err)) }),
		richmedia.WithTrace(richmedia.Trace{
			Upload: func(in richmedia.UploadInfo) { pg.board.Upload(to(in.Target), string(in.Route)) },
			Reply: func(in richmedia.ReplyInfo) {
				pg.board.Reply(to(in.Target), in.Seq, in.ID, in.Kind != 0, board.Plugin{
					Attempts: in.Attempts, Waited: ms(in.Waited), Upload: ms(in.Upload), Send: ms(in.Send),
					Duplicate: in.Duplicate, Fallback: in.Fallback, Err: say(in.Err),
				})
			},
		}),
	}
}

// serve serves the one address.
func (pg *playground) serve(ln net.Listener) {
	streams, end := context.WithCancel(context.Background())
	pg.ending = end
	pg.server = &http.Server{
		Handler: pg.page, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return streams },
	}
	go func() { pg.served <- pg.server.Serve(ln) }()
	pg.forget, pg.forgot = make(chan struct{}), make(chan struct{})
	go func() { // the board has its own bounds; without this the platform keeps everything forever
		defer close(pg.forgot)
		tick := time.NewTicker(10 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-pg.forget:
				return
			case <-tick.C:
				pg.platform.Forget()
			}
		}
	}()
}

// connect connects the demonstration bot to the platform.
func (pg *playground) connect(ctx context.Context, cfg config, fail func(error)) error {
	if cfg.webhook {
		pg.platform.PushTo(richmedia.WebhookHandler(pg.platform.Credentials()))
		return nil
	}
	if err := pg.demo.connect(ctx, pg.platform.Credentials(), fail); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, 20*time.Second, errors.New("the demonstration bot did not connect in 20 s"))
	defer cancel()
	return pg.platform.WaitReady(ctx)
}

// close ends everything, dependents first.
func (pg *playground) close() error {
	var errs []error
	if pg.forget != nil {
		close(pg.forget)
		<-pg.forgot
	}
	if pg.demo != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := pg.demo.media.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			errs = append(errs, err) // a handler that takes longer is cut off
		}
	}
	if pg.ending != nil {
		pg.ending()
	}
	if pg.platform != nil {
		errs = append(errs, pg.platform.Close())
	}
	if pg.server != nil {
		errs = append(errs, pg.server.Close())
	}
	if pg.board != nil {
		pg.board.Close()
	}
	pg.restore()
	return errors.Join(append(errs, pg.saver.close())...)
}

// greet prints the addresses and credentials.
func (pg *playground) greet(out io.Writer, cfg config) {
	_, _ = fmt.Fprintf(out, "playground: open %s in a browser; Ctrl-C ends it\n\n", pg.url)
	_, _ = fmt.Fprintf(out, "Your own bot, in any language, uses the same address instead of QQ's:\n"+
		"  API and token address  %s\n  AppID %s  AppSecret %s\n"+
		"With botgo: constant.APIDomain and constant.TokenDomain. The quickstart reads them from the environment:\n  QQBOT_API_DOMAIN=%[1]s QQBOT_TOKEN_DOMAIN=%[1]s \\\n"+
		"  QQBOT_APPID=%[2]s QQBOT_SECRET=%[3]s go run ./examples/quickstart -live\n\n", pg.url, cfg.appID, cfg.secret)
	if host, _, err := net.SplitHostPort(cfg.addr); err == nil && !loopback(host) {
		_, _ = fmt.Fprintf(out, "WARNING: %s is not a loopback address. Anyone who can reach it can read these chats, write in\n"+
			"them, and make this machine call any webhook. There is no password.\n\n", cfg.addr)
	}
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	at, err := netip.ParseAddr(host)
	return err == nil && at.IsLoopback()
}
