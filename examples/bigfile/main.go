// Command bigfile is a bot that answers with a large file: in parts, over a slow line that breaks once, in little memory,
// and with its progress shown.
//
//	cd examples/bigfile && go run .
//
// needs no credentials and no network: the bot runs against a fake of QQ's open platform on this machine. In a terminal
// there is a bar; elsewhere (go run . | cat) a plain line for every tenth. With -live the same bot answers every message
// in a single chat on the real platform, with -file or with -size MiB of noise.
//
// The bot, with its bar, is in bot.go: begin there.
package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/token"
	"golang.org/x/oauth2"
	"golang.org/x/term"
	"golang.org/x/time/rate"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/examples/internal/stage"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

const (
	mib      = 1 << 20
	partSize = 3 * mib  // as the platform wants it: the documents' sample is 10 MiB
	heapMax  = 48 * mib // whatever the file's size; the fake platform holds the parts on their way, which is most of it
)

var (
	size = flag.Int64("size", 60, "the file's size in MiB, 6 to 200")
	line = flag.Int64("line", 20, "the line's speed in MiB a second; above 30 the 10 parts a second that the platform allows count")
	file = flag.String("file", "", "with -live: the file to send")
)

var example = stage.Example{Command: "go run .", Offline: offline, Live: live}

func main() { example.Main() }

func offline(ctx context.Context, w io.Writer) error {
	return run(ctx, w, isTerminal(), *size, *line)
}

func isTerminal() bool { return term.IsTerminal(int(os.Stdout.Fd())) }

// live is the bot on the real platform. Its bar is for one upload at a time.
func live(ctx context.Context, credentials *token.QQBotCredentials, opts ...richmedia.Option) (err error) {
	path := *file
	if path == "" {
		if path, _, err = recording(*size * mib); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.Remove(path)) }()
	}
	show := &display{w: os.Stdout, terminal: isTerminal()}
	bot := func(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) { //nolint:contextcheck // a handler's ctx comes from the plugin
		media, err := richmedia.New(src, append(opts, richmedia.WithLogger(stage.Quiet(show)))...)
		if err != nil {
			return nil, 0, err
		}
		return media, event.RegisterHandlers(media.C2CMessage(sendRecording(path, show.progress))), nil
	}
	return stage.Websocket(bot)(ctx, credentials, opts...)
}

// run lets a user ask for the recording, and tells on w what became of it.
func run(ctx context.Context, w io.Writer, terminal bool, size, line int64) (err error) {
	if size < 6 || size > 200 || line < 1 { // up to 5 MiB travel in one call, and the platform takes 200 MiB
		return errors.New("-size: give 6 to 200 MiB; -line: give at least 1 MiB a second")
	}
	limit := time.Duration(30+2*size/line) * time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("gave up after %s", limit))
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx) // the bot's failure ends the waiting, as its cause
	defer fail(nil)
	show := &display{w: w, terminal: terminal}

	path, digest, err := recording(size * mib)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(path)) }()

	platform := richmediatest.New(
		richmediatest.WithParts(richmediatest.PartShape{BlockSize: partSize, Concurrency: 2, Resume: true}),
		richmediatest.WithoutData(), // digests are enough here
	)
	if _, err := platform.Listen(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, platform.Close()) }() //nolint:contextcheck // also when ctx is over
	breakOnce(platform, size*mib/partSize/2+1, show)

	// A real bot passes token.NewQQBotTokenSource(credentials), and neither an address nor a client.
	client := slowLine(line * mib)
	defer client.CloseIdleConnections()
	media, err := richmedia.New(platform.TokenSource(), richmedia.WithBaseURL(platform.URL()), richmedia.WithHTTPClient(client),
		richmedia.WithLogger(stage.Quiet(show)), // what the plugin does about a broken line is a warning in this log
		richmedia.WithErrorHandler(func(_ context.Context, _ *richmedia.Context, err error) { fail(err) }))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, media.Close()) }() //nolint:contextcheck // also when ctx is over
	var peak uint64
	send := sendRecording(path, func(p richmedia.Progress) {
		peak = max(peak, heap()) // some four times per MiB
		show.progress(p)
	})
	event.RegisterHandlers(media.C2CMessage(send)) //nolint:contextcheck // a handler's ctx comes from the plugin
	platform.PushTo(richmedia.WebhookHandler(platform.Credentials()))

	carol := platform.C2C("carol")
	carol.Say("carol", "the recording of today, please")
	answers, err := carol.WaitAnswers(ctx, 1)
	if err == nil {
		err = media.Shutdown(ctx) // the answer is there, and now the handler has returned too
	}
	if err != nil {
		return err
	}
	got := answers[0].Media.Upload
	equal := map[bool]string{true: "as in the file", false: "NOT that of the file"}[got.SHA256 == digest]
	_, _ = fmt.Fprintf(w, `arrived    %s, %d bytes
SHA-256    %s, %s
route      %s: %d parts by %d PUTs, prepared %d times
peak heap  %.1f MiB, the fake platform's share included, for a file of %d MiB
`, answers[0].Media.Name, got.Size, got.SHA256, equal, got.Route, show.last.Parts, platform.Count(richmediatest.OpPart),
		platform.Count(richmediatest.OpPrepare), float64(peak)/mib, size)
	switch {
	case got.SHA256 != digest:
		return errors.New("what arrived is not what was sent")
	case peak > heapMax:
		return fmt.Errorf("the heap grew to %d bytes, over %d", peak, heapMax)
	}
	return nil
}

// recording makes a file of noise, and its SHA-256.
func recording(size int64) (path, digest string, err error) {
	f, err := os.CreateTemp("", "recording-*.bin")
	if err != nil {
		return "", "", err
	}
	h := sha256.New()
	_, err = io.CopyN(io.MultiWriter(f, h), rand.NewChaCha8([32]byte{}), size)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), fmt.Sprintf("%x", h.Sum(nil)), nil
}

const burst = 64 << 10 // bytes that pass the line in one go

// slowLine is a client whose connections share a line of perSecond bytes. It slows what is written here, not what the
// platform reads: there, the system's buffers would make the first megabytes look sent at once.
func slowLine(perSecond int64) *http.Client {
	line := rate.NewLimiter(rate.Limit(perSecond), burst)
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &slowConn{conn, line}, nil
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial}}
}

type slowConn struct {
	net.Conn
	line *rate.Limiter
}

func (c *slowConn) Write(p []byte) (int, error) {
	if err := c.line.WaitN(context.Background(), min(len(p), burst)); err != nil { // a moment: net/http writes 32 KiB at most
		return 0, err
	}
	return c.Conn.Write(p)
}

// breakOnce cuts the connection of one PUT, the nth, when half of the part is through.
func breakOnce(platform *richmediatest.Platform, nth int64, show *display) {
	var puts atomic.Int64
	platform.Intercept(richmediatest.OpPart, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if puts.Add(1) == nth {
			_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
			_, _ = fmt.Fprintln(show, "the line breaks in the middle of a part")
			panic(http.ErrAbortHandler) // net/http's way to cut a connection
		}
		next.ServeHTTP(w, r)
	})
}

// heap is what the process has on its heap: live objects, and garbage that is not swept yet.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
