// Command metrics is a bot that counts what it does with the Prometheus client, and logs one line for each answer.
//
//	cd examples/metrics && go run .
//
// needs no credentials and no network: users of a fake platform write to the bot while the network fails. Then the
// bot's own /metrics is read, printed, and compared with what stands in the chats. With -live the same bot runs on the real
// platform, and Prometheus finds it at -addr.
//
// What to take over is in metrics.go, and in lines.go for the log.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/token"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/examples/internal/stage"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

var addr = flag.String("addr", "127.0.0.1:2112", "with -live: where /metrics is")

var example = stage.Example{Command: "go run .", Offline: run, Live: live}

func main() { example.Main() }

// live is the bot on the real platform.
func live(ctx context.Context, credentials *token.QQBotCredentials, opts ...richmedia.Option) (err error) {
	registry := prometheus.NewRegistry()
	m, l := newMetrics(registry), newLines(slog.Default())
	url, stop, err := serve(ctx, *addr, registry)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	fmt.Println("metrics at", url)
	watched := func(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) { //nolint:contextcheck // a handler's ctx comes from the plugin
		media, intents, err := newBot(src, opts...)
		if err == nil {
			watch(registry, media)
		}
		return media, intents, err
	}
	return stage.Websocket(watched)(ctx, credentials, append(opts, richmedia.WithTrace(l.beside(m.trace())))...)
}

func newBot(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
	media, err := richmedia.New(src, append(opts, richmedia.WithInlineLimit(256<<10))...) // so that a small film goes in parts
	if err != nil {
		return nil, 0, err
	}
	return media, event.RegisterHandlers(media.GroupATMessage(answer), media.C2CMessage(answer)), nil
}

// run is the bot on a fake platform.
func run(ctx context.Context, w io.Writer) (err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, 30*time.Second, errors.New("gave up after 30 s"))
	defer cancel()
	registry := prometheus.NewRegistry()
	m, l := newMetrics(registry), newLines(slog.New(slog.NewTextHandler(w, nil)))
	url, stop, err := serve(ctx, "127.0.0.1:0", registry)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()

	platform := richmediatest.New(richmediatest.WithParts(richmediatest.PartShape{BlockSize: 100_000}))
	defer func() { err = errors.Join(err, platform.Close()) }()                               //nolint:contextcheck // also when ctx is over
	media, _, err := newBot(platform.TokenSource(), richmedia.WithTrace(l.beside(m.trace())), //nolint:contextcheck // a handler's ctx comes from the plugin
		richmedia.WithPlatform(platform)) // a real bot does not need it
	if err != nil {
		return err
	}
	watch(registry, media)
	platform.PushTo(richmedia.WebhookHandler(platform.Credentials()))

	err = play(ctx, platform)
	if err := errors.Join(err, media.Shutdown(ctx)); err != nil {
		return err
	}
	samples, err := scrape(ctx, url)
	if err != nil {
		return err
	}
	for _, line := range samples {
		_, _ = fmt.Fprintln(w, line)
	}
	return compare(w, samples, platform)
}

const gone = "It is gone."

// answer is the bot.
func answer(ctx context.Context, c *richmedia.Context) (err error) {
	switch c.Text() {
	case "cat":
		_, err = c.ReplyImage(ctx, richmedia.FromBytes("cat.png", picture()), richmedia.WithCaption("meow"))
	case "film":
		_, err = c.ReplyFile(ctx, richmedia.FromBytes("film.bin", make([]byte, 450_000)))
	case "web":
		_, err = c.ReplyImage(ctx, richmedia.FromURL("https://example.com/gone.png?sign=x"), richmedia.WithFallbackText(gone))
	default:
		_, err = c.ReplyText(ctx, "Say cat, film or web.")
	}
	return err
}

// picture stands in for a cat.
func picture() []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 200, 200))) // a bytes.Buffer takes everything
	return b.Bytes()
}

// play lets users write, one after the other, while faults happen. Each line is answered once.
func play(ctx context.Context, platform *richmediatest.Platform) error {
	cats, dogs, carol := platform.Group("cats"), platform.Group("dogs"), platform.C2C("carol")
	said := map[*richmediatest.Chat]int{}
	for _, step := range []struct {
		chat    *richmediatest.Chat
		text    string
		weather func()
	}{
		{cats, "hello", nil},
		{cats, "cat", nil},
		{dogs, "cat", nil}, // what was uploaded for one group goes to the next
		{cats, "cat", platform.ExpireUploads},
		{dogs, "cat", func() { platform.Lose(richmediatest.OpSend, 1) }}, // sent, and the answer lost
		{carol, "cat", func() { platform.Drop(richmediatest.OpUpload, 1) }},
		{carol, "film", func() { platform.Drop(richmediatest.OpPart, 1) }},
		{carol, "web", nil},
	} {
		if step.weather != nil {
			step.weather()
		}
		step.chat.Say("alice", step.text)
		said[step.chat]++
		if _, err := step.chat.WaitAnswers(ctx, said[step.chat]); err != nil {
			return err
		}
	}
	return nil
}

// serve offers /metrics on this machine, for Prometheus to scrape.
func serve(ctx context.Context, addr string, registry *prometheus.Registry) (url string, stop func() error, _ error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(ln) }() // http.ErrServerClosed, after stop
	return "http://" + ln.Addr().String() + "/metrics", server.Close, nil
}

// scrape reads the plugin's samples as Prometheus does, and leaves the histograms' buckets out.
func scrape(ctx context.Context, url string) (samples []string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "richmedia_") && !strings.Contains(line, "_bucket{") {
			samples = append(samples, strings.TrimSpace(line))
		}
	}
	return samples, err
}

// compare holds the counters against what stands in the chats and what the platform was asked.
func compare(w io.Writer, samples []string, platform *richmediatest.Platform) (err error) {
	var said, answers, fallbacks int
	for _, chat := range []*richmediatest.Chat{platform.Group("cats"), platform.Group("dogs"), platform.C2C("carol")} {
		answers += len(chat.Answers())
		said += len(chat.Messages()) - len(chat.Answers())
		for _, m := range chat.Answers() {
			if m.Text == gone {
				fallbacks++
			}
		}
	}
	requests := 0
	for _, op := range []richmediatest.Op{"upload", "prepare", "part", "finish", "merge"} {
		requests += platform.Count(op)
	}
	for _, c := range []struct {
		sample string // every sample that begins so
		want   int
	}{
		{`richmedia_events_total{stage="queued"`, said},
		{`richmedia_events_total{stage="done"`, said},
		{`richmedia_queue_wait_seconds_count`, said},
		{`richmedia_replies_total`, answers},
		{`richmedia_replies_total{kind="image",outcome="fallback"}`, fallbacks},
		{`richmedia_replies_total{kind="image",outcome="duplicate"}`, 1}, // its answer was lost, it was not sent twice
		{`richmedia_attempts_total{call="send"}`, platform.Count(richmediatest.OpSend)},
		{`richmedia_attempts_total{call="upload"}`, requests},
	} {
		got := 0.0
		for _, line := range samples {
			var n float64
			if strings.HasPrefix(line, c.sample) {
				_, _ = fmt.Sscan(line[strings.LastIndexByte(line, ' '):], &n) // a number, as Prometheus wrote it
			}
			got += n
		}
		if got != float64(c.want) {
			err = errors.Join(err, fmt.Errorf("%s: %v counted, %d seen by the platform", c.sample, got, c.want))
		}
	}
	if err == nil {
		_, _ = fmt.Fprintf(w, "%d messages, %d answers, each once: the metrics agree with the chats\n", said, answers)
	}
	return err
}
