package richmedia_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"github.com/tencent-connect/botgo/log"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

var (
	soakFor  = flag.Duration("soak", 0, "how long TestSoak goes on; 0 is a short one")
	soakSeed = flag.Uint64("seed", 0, "the seed of TestSoak; 0 takes one that is fixed, and then one by chance")
)

// TestSoak lets many chats talk to a bot under faults, for hours of their time, and compares the whole transcript with
// the handlers' results: no reply is there twice, none that succeeded is missing, none that was refused is there.
//
//	go test -run TestSoak -soak 10m -seed 7 .
//
// The seed decides what happens; in which order goroutines get to it, it does not. A soak ends half a minute before go
// test's own -timeout, 10 minutes by default.
func TestSoak(t *testing.T) {
	seeds := []uint64{1, rand.Uint64()}
	if *soakSeed != 0 {
		seeds = []uint64{*soakSeed}
	} else if *soakFor != 0 {
		seeds = seeds[1:]
	}
	old := log.DefaultLogger
	botgo.SetLogger(mute{}) // the tests' own logger keeps every line
	defer botgo.SetLogger(old)
	for _, seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			var enough atomic.Bool
			length := *soakFor
			if deadline, ok := t.Deadline(); ok {
				length = min(length, time.Until(deadline)-30*time.Second)
			}
			defer time.AfterFunc(length, func() { enough.Store(true) }).Stop()
			synctest.Test(t, func(t *testing.T) { newSoak(t, seed).run(&enough) })
		})
	}
}

const (
	soakRounds = 5   // at least
	soakEvents = 100 // of a round
)

// soak is a platform with faults, its users, and the bot: one plugin after another, sometimes two at once.
type soak struct {
	*richmediatest.Platform
	t     *testing.T
	rand  *rand.Rand // the driver's
	seed  uint64
	chats []*richmediatest.Chat
	store richmedia.Store
	live  atomic.Pointer[soakBot]
	bots  sync.WaitGroup // those that are being shut down

	worker atomic.Pointer[richmedia.Plugin] // another process, which answers what handlers enqueue
	jobs   sync.WaitGroup

	events, deliveries, restarts, workers int // the driver's

	mu      sync.Mutex
	runs    map[int]int // of the handler, by event
	replies map[string]*soakReply
	total   tally
	handled int
	worked  int // runs of jobs
}

// soakReply is the results of one reply, over all runs of its handler.
type soakReply struct {
	results tally
	last    error
}

// soakBot is one plugin, as a process would have it.
type soakBot struct {
	*richmedia.Plugin
	group   event.GroupATMessageEventHandler
	c2c     event.C2CMessageEventHandler
	press   event.InteractionEventHandler
	pending atomic.Int64 // events that were taken and are not done
}

func newSoak(t *testing.T, seed uint64) *soak {
	keepHandlers(t)
	s := &soak{
		Platform: richmediatest.New(richmediatest.WithoutData(), richmediatest.WithTokenLifetime(10*time.Minute),
			richmediatest.WithDailyVolume(1<<50), richmediatest.WithParts(richmediatest.PartShape{BlockSize: 2 << 10, Concurrency: 2, RetryTimeout: 20})),
		t: t, seed: seed, rand: rand.New(rand.NewPCG(seed, 1)), store: richmedia.NewMemoryStore(0),
		runs: map[int]int{}, replies: map[string]*soakReply{},
	}
	for i := range 40 {
		s.chats = append(s.chats, s.Group(fmt.Sprint("group ", i)), s.C2C(fmt.Sprint("user ", i)))
	}
	for i := range soakPictures {
		s.Host(soakURL(i), soakPicture(i))
	}
	// botgo keeps one handler for the process: it calls the current plugin.
	event.RegisterHandlers(
		event.GroupATMessageEventHandler(func(p *dto.WSPayload, d *dto.WSGroupATMessageData) error { return s.live.Load().group(p, d) }),
		event.C2CMessageEventHandler(func(p *dto.WSPayload, d *dto.WSC2CMessageData) error { return s.live.Load().c2c(p, d) }),
		event.InteractionEventHandler(func(p *dto.WSPayload, d *dto.WSInteractionData) error { return s.live.Load().press(p, d) }),
	)
	s.PushTo(richmedia.WebhookHandler(s.Credentials()))
	s.start()
	s.startWorker()
	return s
}

const soakPictures = 5

func soakPicture(i int) []byte { return append(bytes.Clone(quickCat), byte(i)) }
func soakURL(i int) string     { return fmt.Sprintf("https://example.com/%d.png", i) }

// start creates the current plugin.
func (s *soak) start() {
	b := &soakBot{}
	opts := []richmedia.Option{
		richmedia.WithPlatform(s), richmedia.WithLogger(mute{}), richmedia.WithStore(s.store),
		richmedia.WithInlineLimit(4 << 10), richmedia.WithWorkers(32), richmedia.WithErrorHandler(func(context.Context, *richmedia.Context, error) {}),
	}
	first := richmedia.EventQueued
	if s.rand.IntN(3) == 0 {
		opts, first = append(opts, richmedia.WithInline()), richmedia.EventStarted
	}
	opts = append(opts, richmedia.WithTrace(richmedia.Trace{Event: func(info richmedia.EventInfo) {
		switch info.Stage {
		case first:
			b.pending.Add(1)
		case richmedia.EventDone:
			b.pending.Add(-1)
		}
	}}))
	var err error
	b.Plugin, err = richmedia.New(timedSource{s.Platform}, opts...)
	require.NoError(s.t, err)
	b.group, b.c2c, b.press = b.GroupATMessage(s.handle), b.C2CMessage(s.handle), b.Interaction(s.handle)
	s.live.Store(b)
}

// restart ends the current plugin, in order or at once, before the next one starts or while it runs.
func (s *soak) restart() {
	s.restarts++
	old := s.live.Load()
	if s.rand.IntN(2) == 0 {
		s.store = richmedia.NewMemoryStore(0)
	}
	end := func() { _ = old.Close() }
	switch s.rand.IntN(3) {
	case 0:
		end = func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if old.Shutdown(ctx) != nil {
				_ = old.Close()
			}
		}
	case 1:
		end = func() {
			assert.NoError(s.t, old.Shutdown(context.Background()))
			assert.Zero(s.t, old.pending.Load(), "Shutdown has waited for what was accepted")
		}
	}
	if s.rand.IntN(2) == 0 {
		end()
		s.start()
		return
	}
	s.start()
	s.bots.Go(end)
}

// injectFaults lets about one call in ten fail.
func (s *soak) injectFaults() {
	f := s.Chance(s.seed, 0.1)
	for op, code := range passing {
		for _, kind := range faultKinds {
			kind.set(f, op, -1)
		}
		f.Fail(op, -1, http.StatusInternalServerError, code, "")
	}
}

// run goes on for some rounds, each of which is checked as a whole and then forgotten.
func (s *soak) run(enough *atomic.Bool) {
	s.injectFaults()
	var heaps []uint64
	var goroutines []int
	for round := 0; round < soakRounds || !enough.Load() && !s.t.Failed(); round++ {
		s.round()
		s.check()
		s.Forget()
		clear(s.runs)
		clear(s.replies)
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		heaps, goroutines = append(heaps, m.HeapAlloc), append(goroutines, runtime.NumGoroutine())
	}
	require.NoError(s.t, s.live.Load().Shutdown(s.t.Context()))
	require.NoError(s.t, s.worker.Load().Shutdown(s.t.Context()))
	require.NoError(s.t, s.Close())

	quarter := len(heaps) / 4
	before, after := mean(heaps[:quarter]), mean(heaps[len(heaps)-quarter:])
	assert.Less(s.t, after, before+before/4+(4<<20), "the heap grows: %d", heaps)
	assert.LessOrEqual(s.t, goroutines[len(goroutines)-1], goroutines[0]+2, "goroutines are left: %v", goroutines)
	s.t.Logf("seed %d: %d events, pushed again %d times, handled %d times, %d plugins; jobs run %d times, %d workers: %d replies in the chat, %d definitely refused, %d reported as unknown; "+
		"none twice, none lost; heap %.1f to %.1f MB, goroutines %d to %d", s.seed, s.events, s.deliveries, s.handled, s.restarts+1, s.worked, s.workers,
		s.total[delivered], s.total[definite], s.total[unknown], float64(before)/(1<<20), float64(after)/(1<<20), goroutines[0], goroutines[len(goroutines)-1])
}

func mean(all []uint64) (sum uint64) {
	for _, n := range all {
		sum += n
	}
	return sum / uint64(len(all))
}

// round lets users talk to the bot and waits until all that they asked is answered, or given up.
func (s *soak) round() {
	var users sync.WaitGroup
	for range soakEvents {
		s.events++
		id, chat, press := s.events, s.chats[s.rand.IntN(len(s.chats))], s.rand.IntN(5) == 0
		var again []time.Duration
		for s.rand.IntN(3) == 0 {
			s.deliveries++
			again = append(again, time.Duration(s.rand.Int64N(int64(18*time.Minute))))
		}
		users.Go(func() {
			var ev *richmediatest.Event
			if press {
				ev = chat.Press("alice", fmt.Sprint(id))
			} else {
				ev = chat.Say("alice", fmt.Sprint(id))
			}
			for _, later := range again {
				users.Go(func() {
					time.Sleep(later)
					ev.Redeliver()
				})
			}
		})
		s.mishap(&users)
		time.Sleep(time.Duration(s.rand.Int64N(int64(time.Second))))
	}
	users.Wait()
	s.bots.Wait()
	for waited := 0; s.live.Load().pending.Load() > 0; waited++ {
		require.Less(s.t, waited, 24*60, "an event was taken and never handled")
		time.Sleep(time.Minute)
	}
	s.jobs.Wait()
	s.bots.Wait()
}

// mishap is an event on the platform beside the faults.
func (s *soak) mishap(users *sync.WaitGroup) {
	switch s.rand.IntN(200) {
	case 0:
		s.restart()
	case 6, 7:
		s.startWorker()
	case 1:
		s.RevokeTokens()
	case 2:
		s.ExpireUploads()
	case 3:
		s.ExpirePartURLs()
	case 4, 5: // an outage
		ops := []richmediatest.Op{
			richmediatest.OpToken, richmediatest.OpUpload, richmediatest.OpPrepare, richmediatest.OpPart,
			richmediatest.OpFinish, richmediatest.OpMerge, richmediatest.OpSend, richmediatest.OpSend, richmediatest.OpSend,
		}
		end := faultKinds[s.rand.IntN(len(faultKinds))].set(s.Faults, ops[s.rand.IntN(len(ops))], -1)
		d := time.Duration(s.rand.Int64N(int64(2 * time.Minute)))
		users.Go(func() {
			time.Sleep(d)
			end()
		})
	}
}

var errSoak = errors.New("the handler fails half-way")

// handle answers an event with one to three replies, the same in every run of it.
func (s *soak) handle(ctx context.Context, c *richmedia.Context) error {
	var id int
	if _, err := fmt.Sscan(c.Text()+c.ButtonData(), &id); err != nil {
		return err
	}
	s.mu.Lock()
	s.handled++
	s.runs[id]++
	run := s.runs[id]
	s.mu.Unlock()
	plan := rand.New(rand.NewPCG(s.seed, uint64(id)<<8))
	time.Sleep(time.Duration(plan.IntN(3)) * time.Second)
	for n := range plan.IntN(3) { // in every run the same jobs
		s.enqueue(c.Target(), fmt.Sprintf("job %d.%d", id, n), plan.IntN(8), plan.IntN(soakPictures), 1+plan.IntN(5))
	}
	fails, stops := plan.IntN(8), plan.IntN(2) == 0
	var failed error
	for n := range 1 + plan.IntN(3) {
		ctx, cancel := context.WithCancelCause(ctx)
		if late := plan.IntN(20) == 0; late && run == 1 {
			cancel(errSoak) // what was to be sent was not ready in time; in the next run it is
		}
		err := s.reply(ctx, c, fmt.Sprintf("reply %d.%d", id, n), plan.IntN(8), plan.IntN(soakPictures))
		cancel(nil)
		if failed = errors.Join(failed, err); err != nil && stops {
			return failed
		}
		if n == fails && run == 1 {
			if stops {
				panic(errSoak)
			}
			return errSoak
		}
	}
	return failed
}

// reply sends one reply that carries key, and records the result.
func (s *soak) reply(ctx context.Context, c *richmedia.Context, key string, way, picture int) error {
	var err error
	switch name := key + ".bin"; way {
	case 0, 1:
		_, err = c.ReplyText(ctx, key)
	case 2:
		_, err = c.ReplyImage(ctx, richmedia.FromBytes("cat.png", soakPicture(picture)), richmedia.WithCaption(key))
	case 3:
		_, err = c.ReplyImage(ctx, richmedia.FromURL(soakURL(picture)), richmedia.WithCaption(key))
	case 4:
		_, err = c.ReplyFile(ctx, richmedia.FromBytes(name, []byte(key)))
	case 5:
		_, err = c.ReplyFile(ctx, richmedia.FromReader(name, strings.NewReader(key)), richmedia.WithFallbackText(key))
	case 6: // in parts
		_, err = c.ReplyFile(ctx, richmedia.FromBytes(name, noise(5<<10)))
	default: // for which the caller has little time
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		_, err = c.ReplyFile(ctx, richmedia.FromBytes(name, noise(6<<10)), richmedia.WithFallbackText(key))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.replies[key]
	if r == nil {
		r = &soakReply{}
		s.replies[key] = r
	}
	v := verdictOf(err)
	r.results[v]++
	if err != nil {
		r.last = err
	}
	return err
}

// check compares the transcript with the recorded results.
func (s *soak) check() {
	s.mu.Lock()
	defer s.mu.Unlock()
	inChat := map[string]int{}
	for _, chat := range s.chats {
		for _, m := range chat.Answers() {
			key := m.Text
			if m.Media != nil && m.Text == "" {
				key = strings.TrimSuffix(m.Media.Name, ".bin")
			}
			inChat[key]++
			if s.replies[key] == nil {
				assert.Fail(s.t, "no handler has sent this message", "%s", m)
			}
		}
	}
	for key, r := range s.replies {
		n := inChat[key]
		switch {
		case n > 1:
			assert.Fail(s.t, "a reply is there twice", "%s: %d times, results %s, %v", key, n, r.results, r.last)
		case r.results[delivered] > 0 && n == 0:
			assert.Fail(s.t, "a reply is lost", "%s: results %s, %v", key, r.results, r.last)
		case r.results[delivered]+r.results[unknown] == 0 && n > 0:
			assert.Fail(s.t, "a reply is there that was definitely refused", "%s: results %s, %v", key, r.results, r.last)
		}
		switch {
		case r.results[delivered] > 0:
			s.total[delivered]++
		case r.results[unknown] > 0:
			s.total[unknown]++
		default:
			s.total[definite]++
		}
	}
}
