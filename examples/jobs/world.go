//go:build unix

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// world is the fake platform, the bot, and the killer of its workers.
type world struct {
	platform *richmediatest.Platform
	killer   *killer
	bot      *richmedia.Plugin
	twin     *richmedia.Plugin // another instance of the bot, for events that are delivered to both
	jobs     *shards
	server   string // Postgres; "" for SQLite
	dir      string
	run      string    // part of the schemas' names
	logs     io.Writer // of workers; *os.File, or safe for concurrent use
}

func newWorld(server string, logs io.Writer) (w *world, err error) {
	shape := richmediatest.PartShape{BlockSize: partSize, Concurrency: 2}
	w = &world{
		platform: richmediatest.New(richmediatest.WithParts(shape)), jobs: &shards{chats: map[string]queue{}},
		server: server, run: strings.ToLower(rand.Text()[:8]), logs: logs,
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	w.killer = newKiller(w.platform)
	if w.dir, err = os.MkdirTemp("", "jobs-*"); err != nil {
		return w, err
	}
	if _, err = w.platform.Listen(); err != nil {
		return w, err
	}
	for _, media := range []**richmedia.Plugin{&w.bot, &w.twin} {
		if *media, err = richmedia.New(w.platform.TokenSource(), richmedia.WithPlatform(w.platform),
			richmedia.WithErrorHandler(func(_ context.Context, _ *richmedia.Context, err error) { w.log("bot", err) })); err != nil {
			return w, err
		}
	}
	answer := onMessage(w.jobs)
	for _, message := range []dto.EventType{dto.EventGroupAtMessageCreate, dto.EventC2CMessageCreate} {
		w.bot.On(message, answer) // event.RegisterHandlers is for a time without events, and the tests have several worlds
	}
	w.platform.PushTo(richmedia.WebhookHandler(w.platform.Credentials()))
	return w, nil
}

func (w *world) log(name string, err error) { _, _ = fmt.Fprintf(w.logs, "%s: %v\n", name, err) }

func (w *world) close() (err error) {
	w.platform.PushTo(nil)
	for _, media := range []*richmedia.Plugin{w.bot, w.twin} {
		if media != nil {
			err = errors.Join(err, media.Close())
		}
	}
	err = errors.Join(err, w.platform.Close())
	http.DefaultTransport.(*http.Transport).CloseIdleConnections() //nolint:forcetypeassert // this process has left it as it was
	return errors.Join(err, os.RemoveAll(w.dir))
}

// redeliver is what the twin does with an event that the bot has, too.
func (w *world) redeliver(ctx context.Context, ev *richmediatest.Event) error {
	c, err := w.twin.Context(ev.Payload())
	if err != nil {
		return err
	}
	return onMessage(w.jobs)(ctx, c)
}

// shards are several databases as one queue: the jobs of a chat are in one of them.
type shards struct {
	mu    sync.Mutex
	chats map[string]queue // by ChatID
}

func (s *shards) add(chat string, jobs queue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chats[chat] = jobs
}

// Insert puts an Answer into its chat's database.
func (s *shards) Insert(ctx context.Context, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error) {
	a, ok := args.(Answer)
	if !ok {
		return nil, fmt.Errorf("no database for a %T", args)
	}
	s.mu.Lock()
	jobs := s.chats[a.To.ChatID]
	s.mu.Unlock()
	if jobs == nil {
		return nil, fmt.Errorf("no database for chat %s", a.To.ChatID)
	}
	return jobs.Insert(ctx, args, opts)
}
