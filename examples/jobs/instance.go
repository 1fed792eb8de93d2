//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/constant"
	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia"
)

// stopTime is how long a worker that was asked to stop has for the jobs that it runs.
const stopTime = 10 * time.Second

// instance is a worker's process: it works until it is told to stop, or until the process that started it has ended.
func instance(raw string) (err error) {
	var o order
	if err := json.Unmarshal([]byte(raw), &o); err != nil {
		return fmt.Errorf("%s: %w", task, err)
	}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	go func() { // ends with the process
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()

	constant.APIDomain, constant.TokenDomain = o.Platform, o.Platform // a real bot leaves botgo's
	http.DefaultTransport = named{o.Name, http.DefaultTransport}      // botgo asks for tokens through it
	log := logger(os.Stderr, "worker "+o.Name)
	botgo.SetLogger(richmedia.Slog(log))

	media, err := richmedia.New(token.NewQQBotTokenSource(&token.QQBotCredentials{AppID: o.AppID, AppSecret: o.Secret}),
		richmedia.WithHTTPClient(&http.Client{Transport: http.DefaultTransport}),
		richmedia.WithInlineLimit(0)) // in parts whatever the size, for more steps to die in
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, media.Close()) }()
	cfg := workerConfig(&worker{media: media})
	cfg.Logger, cfg.Hooks = log, o.hooks()
	jobs, closeDB, err := o.Database.connect(stop, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeDB()) }()
	if err := jobs.Start(context.WithoutCancel(stop)); err != nil { // the end of Start's ctx would cut jobs off
		return err
	}
	<-stop.Done()
	ctx, cancelStop := context.WithTimeoutCause(context.WithoutCancel(stop), stopTime, errors.New("some jobs were cut off"))
	defer cancelStop()
	return jobs.Stop(ctx)
}

// hooks report a job that was taken, and one that was worked but not acknowledged yet, to the starter, which may kill
// this process instead of answering.
func (o order) hooks() []rivertype.Hook {
	report := func(ctx context.Context, path string, job *rivertype.JobRow) error {
		var a Answer
		if err := json.Unmarshal(job.EncodedArgs, &a); err != nil {
			return err
		}
		query := url.Values{"job": {fmt.Sprint(job.ID)}, "chat": {a.To.ChatID}}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.Platform+path+"?"+query.Encode(), nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	return []rivertype.Hook{
		river.HookWorkBeginFunc(func(ctx context.Context, job *rivertype.JobRow) error { return report(ctx, takenPath, job) }),
		river.HookWorkEndFunc(func(ctx context.Context, job *rivertype.JobRow, err error) error {
			return errors.Join(err, report(ctx, workedPath, job))
		}),
	}
}

const (
	takenPath  = "/jobs/taken"
	workedPath = "/jobs/worked"
)

// named adds the worker's name to its requests, for the starter.
type named struct {
	name string
	next http.RoundTripper
}

const whoHeader = "X-Worker"

func (n named) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(whoHeader, n.name)
	return n.next.RoundTrip(r)
}
