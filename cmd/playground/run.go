package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tencent-connect/botgo/constant"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/cmd/playground/internal/board"
	"github.com/botgo-contrib/richmedia/cmd/playground/internal/web"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// config holds the values of the flags.
type config struct {
	addr, url, save string
	tls, ca         string
	appID, secret   string
	bot             bool
	webhook         bool // the demonstration bot gets its events in process instead of over the websocket
}

// playground holds everything that runs.
type playground struct {
	url       string // for bots and the page
	local     string // of the plain listener
	plain     net.Listener
	secure    net.Listener // nil without -tls
	cert      tls.Certificate
	ca        string // path
	platform  *richmediatest.Platform
	board     *board.Board
	page      *web.Server
	demo      *demo
	server    *http.Server
	served    chan error
	ending    context.CancelFunc // of the streams
	transport *http.Transport    // of the demonstration bot; nil for the plugin's own
	restore   func()
	saver     *saver
	bounded   <-chan struct{}
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
	if err := checkURL(cfg.url); err != nil {
		return nil, err
	}
	pg = &playground{served: make(chan error, 2), restore: func() {}}
	defer func() { //nolint:contextcheck // as in run
		if err != nil {
			err = errors.Join(err, pg.close())
		}
	}()
	if err := pg.listen(ctx, cfg); err != nil {
		return pg, err
	}
	if pg.saver, err = newSaver(cfg.save); err != nil {
		return pg, err
	}
	opts := []richmediatest.Option{
		richmediatest.WithCredentials(cfg.appID, cfg.secret),
		richmediatest.WithParts(richmediatest.PartShape{BlockSize: 1 << 20, Concurrency: 3}),
	}
	if !cfg.public() { // others would read this machine's own servers through an upload
		opts = append(opts, richmediatest.WithLoopbackURLs())
	}
	pg.platform = richmediatest.New(opts...)
	pg.platform.ServeAt(pg.url)
	photo, err := files.ReadFile("media/cat.png")
	if err != nil {
		return pg, err
	}
	pg.platform.Host(photoURL, photo)
	pg.board = board.New(pg.platform, pg.saver.save)
	shown := web.Config{Platform: pg.platform, Board: pg.board, URL: pg.url, Hosts: []string{pg.plain.Addr().String()}}
	if pg.secure != nil {
		shown.SecureHosts, shown.PlatformHosts, shown.CA = []string{pg.secure.Addr().String()}, officialHosts, pg.ca
	}
	if cfg.secret == defaultSecret {
		shown.Secret = cfg.secret
	}
	if cfg.bot {
		pg.restore = pg.platform.UseBotgo()
		constant.APIDomain, constant.SandBoxAPIDomain, constant.TokenDomain = pg.local, pg.local, pg.local // -url may be another machine's name
		if pg.demo, err = newDemo(pg.platform.Credentials(), pg.options()...); err != nil {                //nolint:contextcheck // botgo's handlers take none
			return pg, err
		}
		shown.Demo = pg.demo
	}
	pg.page = web.New(shown)
	pg.serve() //nolint:contextcheck // it lives until close, which ends it in order
	if cfg.bot {
		err = pg.connect(ctx, cfg, fail)
	}
	pg.page.Begin()
	return pg, err
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
	public, _ := url.Parse(pg.url)  // checked by checkURL
	local, _ := url.Parse(pg.local) // made by address
	var opts []richmedia.Option
	if public.Host != local.Host {
		transport, _ := http.DefaultTransport.(*http.Transport) // by the documentation of net/http
		pg.transport = transport.Clone()
		opts = append(opts, richmedia.WithHTTPClient(&http.Client{Transport: homeward{public.Host, local.Host, pg.transport}}))
	}
	return append(opts,
		richmedia.WithErrorHandler(func(_ context.Context, c *richmedia.Context, err error) { pg.board.Note(c.Payload().EventID, say(err)) }),
		richmedia.WithTrace(richmedia.Trace{
			Upload: func(in richmedia.UploadInfo) { pg.board.Upload(to(in.Target), string(in.Route)) },
			Reply: func(in richmedia.ReplyInfo) {
				pg.board.Reply(to(in.Target), in.Seq, in.ID, in.Kind != 0, board.Plugin{
					Attempts: in.Attempts, Waited: ms(in.Waited), Upload: ms(in.Upload), Send: ms(in.Send),
					Duplicate: in.Duplicate, Fallback: in.Fallback, Err: say(in.Err),
				})
			},
		}),
	)
}

// connect connects the demonstration bot to the platform.
func (pg *playground) connect(ctx context.Context, cfg config, fail func(error)) error {
	if cfg.webhook {
		pg.platform.PushTo(richmedia.WebhookHandler(pg.platform.Credentials()))
		return nil
	}
	if err := pg.demo.connect(ctx, pg.platform.Credentials(), pg.local, fail); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, 20*time.Second, errors.New("the demonstration bot did not connect in 20 s"))
	defer cancel()
	return pg.platform.WaitReady(ctx)
}

// close ends everything, dependents first.
func (pg *playground) close() error {
	var errs []error
	if pg.demo != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := pg.demo.media.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			errs = append(errs, err) // a handler that takes longer is cut off
		}
	}
	if pg.transport != nil {
		pg.transport.CloseIdleConnections()
	}
	if pg.ending != nil {
		pg.ending()
		<-pg.bounded
	}
	if pg.platform != nil {
		errs = append(errs, pg.platform.Close())
	}
	if pg.server != nil {
		errs = append(errs, pg.server.Close())
	}
	for _, ln := range []net.Listener{pg.plain, pg.secure} {
		if ln == nil {
			continue
		}
		if err := ln.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
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
	if pg.secure != nil {
		_, _ = fmt.Fprintf(out, "For clients that cannot be given an address, TLS for %s:\n  listener %s  CA %s\n\n",
			strings.Join(officialHosts, ", "), pg.secure.Addr(), pg.ca)
	}
	if cfg.public() {
		_, _ = fmt.Fprintf(out, "WARNING: %s is not a loopback address. Anyone who can reach it can read these chats, write in\n"+
			"them, and make this machine call any webhook. There is no password. Uploads by URL of this machine are refused.\n\n",
			strings.Join(cfg.listened(), ", "))
	}
}
