//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// world is what instances live in: the fake platform, the balancer in front of them, and Redis.
type world struct {
	platform *richmediatest.Platform
	balancer *balancer
	redis    *redisServer
	logs     io.Writer // of instances; *os.File, or safe for concurrent use
	runs     int
}

func newWorld(logs io.Writer) (w *world, err error) {
	w = &world{platform: richmediatest.New(), logs: logs}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if w.redis, err = startRedis(); err != nil {
		return w, err
	}
	if w.balancer, err = startBalancer(); err != nil {
		return w, err
	}
	if _, err = w.platform.Listen(); err != nil {
		return w, err
	}
	w.platform.PushToURL(w.balancer.url + "/qqbot")
	return w, nil
}

func (w *world) close() (err error) {
	if w.balancer != nil {
		err = w.balancer.close()
	}
	if w.redis != nil {
		err = errors.Join(err, w.redis.close())
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections() //nolint:forcetypeassert // this program has left it as it was
	return errors.Join(err, w.platform.Close())
}

// launch starts n instances behind the balancer.
func (w *world) launch(n int, s settings) (all []*process, err error) {
	s.AppID, s.Secret = w.platform.Credentials().AppID, w.platform.Credentials().AppSecret
	for i := range n {
		p, err := launch(order{s, fmt.Sprint("bot", i+1), w.platform.URL()}, w.logs)
		if err != nil {
			return nil, errors.Join(err, stopAll(all))
		}
		all = append(all, p)
	}
	w.balancer.to(all)
	return all, nil
}

func stopAll(all []*process) (err error) {
	for _, p := range all {
		err = errors.Join(err, p.stop())
	}
	return err
}

// load is what users do.
type load struct {
	messages, rate, chats, images int
	upload                        time.Duration
}

// result is what that cost.
type result struct {
	tally
	messages  int
	uploads   int
	latencies []time.Duration // sorted; from the message to the answer in the chat
	rss       int64           // of the largest instance, in bytes
	cpu       time.Duration   // of all instances
}

// play runs n instances under the load, and fails unless every message is answered exactly once.
func (w *world) play(ctx context.Context, n int, s settings, l load) (r result, err error) {
	w.runs++
	w.platform.Forget()
	defer w.platform.Delay(richmediatest.OpUpload, -1, l.upload)()
	all, err := w.launch(n, s)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, stopAll(all)) }()
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute+time.Duration(l.messages/l.rate)*time.Second, errors.New("answers are missing"))
	defer cancel()

	chats := w.write(ctx, l)
	if ctx.Err() != nil {
		return r, context.Cause(ctx)
	}
	for chat, said := range chats {
		if _, err := chat.WaitAnswers(ctx, said); err != nil {
			return r, err
		}
	}
	for _, p := range all {
		t, err := statsOf(ctx, p)
		if err != nil {
			return r, err
		}
		r.tally = r.plus(t)
	}
	if err := stopAll(all); err != nil { // what is under way comes to its end: an answer that is there twice shows now
		return r, err
	}
	for _, p := range all {
		r.use(p.cmd.ProcessState)
	}
	r.messages, r.uploads = l.messages, len(w.platform.Uploads())
	for chat, said := range chats {
		got, err := onceEach(chat)
		if err == nil && len(got) != said {
			err = fmt.Errorf("%s: %d answers to %d messages", chat.Name(), len(got), said)
		}
		if err != nil {
			return r, err
		}
		r.latencies = append(r.latencies, got...)
	}
	slices.Sort(r.latencies)
	return r, nil
}

// write lets users write, at the rate, and returns how many messages each chat has. It returns when all are pushed.
func (w *world) write(ctx context.Context, l load) map[*richmediatest.Chat]int {
	chance := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same in each run
	popular := rand.NewZipf(chance, 1.2, 1, uint64(l.images-1))
	chats := map[*richmediatest.Chat]int{}
	var pushes sync.WaitGroup
	defer pushes.Wait()
	tick := time.NewTicker(time.Second / time.Duration(l.rate))
	defer tick.Stop()
	for i := range l.messages {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return chats
		}
		chat := w.platform.Group(fmt.Sprintf("run %d, group %d", w.runs, i%l.chats))
		text := fmt.Sprintf("%d.%d", w.runs, popular.Uint64())
		chats[chat]++
		pushes.Go(func() {
			ev := chat.Say("ann", text)
			if i%5 == 0 {
				ev.Redeliver()
			}
		})
	}
	return chats
}

// onceEach returns how long each answer took, and fails if one is there twice.
func onceEach(chat *richmediatest.Chat) (took []time.Duration, err error) {
	said := map[string]time.Time{}
	for _, m := range chat.Messages() {
		if !m.Bot {
			said[m.ID] = m.Time
		}
	}
	for _, m := range chat.Answers() {
		at, ok := said[m.ReplyTo]
		if !ok {
			return nil, fmt.Errorf("%s: an answer too many: %s", chat.Name(), m)
		}
		delete(said, m.ReplyTo)
		took = append(took, m.Time.Sub(at))
	}
	return took, nil
}
