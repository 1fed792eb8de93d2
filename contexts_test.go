package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
)

// reported returns the option of an error handler, and the errors that it got.
func reported() (richmedia.Option, chan error) {
	told := make(chan error, 64)
	return richmedia.WithErrorHandler(func(_ context.Context, _ *richmedia.Context, err error) { told <- err }), told
}

func TestTheCauseOfAContextAfterItsHandlerNamesContextGo(t *testing.T) {
	for name, opts := range map[string][]richmedia.Option{
		"by default":        nil,
		"without a window":  {richmedia.WithReplyLimits(richmedia.ScopeGroup, 0, 0)},
		"with a long one":   {richmedia.WithReplyLimits(richmedia.ScopeGroup, 9, time.Hour)},
		"with a timeout":    {richmedia.WithHandlerTimeout(time.Second)},
		"inline":            {richmedia.WithInline()},
		"inline, no window": {richmedia.WithInline(), richmedia.WithReplyLimits(richmedia.ScopeGroup, 0, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t, opts...)
				kept := make(chan context.Context, 1)
				b.onGroup(func(ctx context.Context, _ *richmedia.Context) error { kept <- ctx; return nil })
				b.Group("club").Say("alice", "hi")
				ctx := <-kept
				<-ctx.Done()
				want := "the handler has returned; use Context.Go for work that goes on after it"
				require.EqualError(t, context.Cause(ctx), want)
				require.ErrorIs(t, ctx.Err(), context.Canceled)
				time.Sleep(2 * time.Hour)
				require.EqualError(t, context.Cause(ctx), want, "the first cause stays")
				_, err := b.context(t, b.Group("club")).ReplyText(ctx, "late")
				require.ErrorContains(t, err, "use Context.Go")
			})
		})
	}
}

func TestAHandlersContextEndsWithItsCauseAtItsTime(t *testing.T) {
	limits := func(window time.Duration) richmedia.Option {
		return richmedia.WithReplyLimits(richmedia.ScopeGroup, 5, window)
	}
	for name, c := range map[string]struct {
		opts  []richmedia.Option
		after time.Duration
		cause error
	}{
		"the window":                   {nil, 5 * time.Minute, richmedia.ErrReplyWindow},
		"the timeout":                  {[]richmedia.Option{richmedia.WithHandlerTimeout(10 * time.Second)}, 10 * time.Second, richmedia.ErrHandlerTimeout},
		"both at once":                 {[]richmedia.Option{richmedia.WithHandlerTimeout(5 * time.Minute)}, 5 * time.Minute, richmedia.ErrReplyWindow},
		"the window before":            {[]richmedia.Option{richmedia.WithHandlerTimeout(time.Hour)}, 5 * time.Minute, richmedia.ErrReplyWindow},
		"no window":                    {[]richmedia.Option{limits(0)}, 5 * time.Minute, richmedia.ErrHandlerTimeout},
		"no window and a timeout":      {[]richmedia.Option{limits(0), richmedia.WithHandlerTimeout(time.Hour)}, time.Hour, richmedia.ErrHandlerTimeout},
		"a short window":               {[]richmedia.Option{limits(time.Minute), richmedia.WithHandlerTimeout(2 * time.Minute)}, time.Minute, richmedia.ErrReplyWindow},
		"inline, both at once":         {[]richmedia.Option{richmedia.WithInline(), richmedia.WithHandlerTimeout(5 * time.Minute)}, 5 * time.Minute, richmedia.ErrReplyWindow},
		"inline, the timeout":          {[]richmedia.Option{richmedia.WithInline(), richmedia.WithHandlerTimeout(time.Second)}, time.Second, richmedia.ErrHandlerTimeout},
		"a timeout just over a window": {[]richmedia.Option{richmedia.WithHandlerTimeout(5*time.Minute + 1)}, 5 * time.Minute, richmedia.ErrReplyWindow},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t, c.opts...)
				cause := make(chan error, 1)
				b.onGroup(func(ctx context.Context, rc *richmedia.Context) error {
					<-ctx.Done()
					_, err := rc.ReplyText(ctx, "too late")
					cause <- errors.Join(context.Cause(ctx), err)
					return nil
				})
				began := time.Now()
				go b.Group("club").Say("alice", "hi") // with WithInline the push is answered when the handler returns
				err := <-cause
				assert.Equal(t, c.after, time.Since(began))
				for _, sentinel := range []error{richmedia.ErrReplyWindow, richmedia.ErrHandlerTimeout} {
					if errors.Is(sentinel, c.cause) {
						require.ErrorIs(t, err, sentinel)
					} else {
						require.NotErrorIs(t, err, sentinel)
					}
				}
				synctest.Wait()
			})
		})
	}
}

func TestContextGoOutlivesItsHandlerAndShutdownWaitsForIt(t *testing.T) {
	for name, opts := range map[string][]richmedia.Option{"queued": nil, "inline": {richmedia.WithInline()}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				told, errs := reported()
				b := newBed(t, append(opts, told)...)
				b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
					c.Go(func(ctx context.Context) error {
						time.Sleep(time.Minute)
						_, err := c.ReplyText(ctx, "later")
						return errors.Join(err, errors.New("out of cats"))
					})
					c.Go(func(context.Context) error { panic("boom") })
					_, err := c.ReplyText(ctx, "one moment")
					return err
				})
				began := time.Now()
				b.Group("club").Say("alice", "hi")
				synctest.Wait()
				var panicked *richmedia.PanicError
				err := <-errs
				require.ErrorAs(t, err, &panicked)
				require.EqualError(t, err, "the function of Context.Go panicked: boom")
				require.NoError(t, b.media.Shutdown(t.Context()))
				assert.Equal(t, time.Minute, time.Since(began))
				require.EqualError(t, <-errs, "out of cats")
				assert.Equal(t, []string{"1001 one moment", "2001 later"}, texts(b.Group("club")))
			})
		})
	}
}

func TestTheContextOfContextGoEndsWithTheWindowOrThePlugin(t *testing.T) {
	for name, c := range map[string]struct {
		opts  []richmedia.Option
		end   func(b *bed)
		cause error
	}{
		"the window":  {nil, func(*bed) { time.Sleep(6 * time.Minute) }, richmedia.ErrReplyWindow},
		"no timeout":  {[]richmedia.Option{richmedia.WithHandlerTimeout(time.Second)}, func(*bed) { time.Sleep(6 * time.Minute) }, richmedia.ErrReplyWindow},
		"the plugin":  {[]richmedia.Option{richmedia.WithReplyLimits(richmedia.ScopeGroup, 0, 0)}, func(b *bed) { time.Sleep(24 * time.Hour); _ = b.media.Close() }, richmedia.ErrClosed},
		"before both": {nil, func(b *bed) { _ = b.media.Close() }, richmedia.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t, c.opts...)
				cause := make(chan error, 1)
				b.onGroup(func(_ context.Context, c *richmedia.Context) error {
					c.Go(func(ctx context.Context) error { <-ctx.Done(); cause <- context.Cause(ctx); return nil })
					return nil
				})
				b.Group("club").Say("alice", "hi")
				synctest.Wait()
				assert.Empty(t, cause, "the handler has returned")
				c.end(b)
				require.ErrorIs(t, <-cause, c.cause)
			})
		})
	}
}

// TestAReplyEndsWithItsPluginWhateverItsContextIs replies in a handler with contexts that end with the plugin and with such
// that do not.
func TestAReplyEndsWithItsPluginWhateverItsContextIs(t *testing.T) {
	type value struct{}
	for name, of := range map[string]func(ctx context.Context) context.Context{
		"the handler's":      func(ctx context.Context) context.Context { return ctx },
		"one from it":        func(ctx context.Context) context.Context { return context.WithValue(ctx, value{}, 1) },
		"one without cancel": context.WithoutCancel,
		"one of the bot's":   func(context.Context) context.Context { return context.Background() },
	} {
		for _, other := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, plugin of another bot %v", name, other), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBed(t, richmedia.WithReplyLimits(richmedia.ScopeGroup, 0, 0))
					ending, err := richmedia.New(b.TokenSource(), richmedia.WithPlatform(b.Platform))
					require.NoError(t, err)
					if !other {
						_ = ending.Close()
						ending = b.media
					}
					failed := make(chan error, 1)
					b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
						source := richmedia.FromOpener("cat.png", func(ctx context.Context) (io.ReadCloser, error) {
							<-ctx.Done()
							return nil, context.Cause(ctx)
						})
						target := c.Target()
						_, err := ending.For(target).ReplyImage(of(ctx), source)
						failed <- err
						return nil
					})
					b.Group("club").Say("alice", "hi")
					synctest.Wait()
					require.Empty(t, failed)
					require.NoError(t, ending.Close())
					require.ErrorIs(t, <-failed, richmedia.ErrClosed)
				})
			})
		}
	}
}

// TestTheContextOfASourceEndsWithTheReply and not with the handler only.
func TestTheContextOfASourceEndsWithTheReply(t *testing.T) {
	derived := func(ctx context.Context) context.Context { return context.WithValue(ctx, madeOf{}, true) }
	for name, pass := range map[string]func(context.Context) context.Context{
		"the handler's own": func(ctx context.Context) context.Context { return ctx }, "one made of it": derived,
	} {
		for where, openErr := range map[string]error{"": nil, ", which fails": io.ErrUnexpectedEOF} {
			t.Run(name+where, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBed(t)
					var passed []context.Context
					b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
						for _, option := range [][]richmedia.ReplyOption{nil, {richmedia.WithoutCache()}} {
							_, err := c.ReplyImage(pass(ctx), richmedia.FromOpener("cat.png", func(ctx context.Context) (io.ReadCloser, error) {
								passed = append(passed, ctx)
								if openErr != nil {
									return nil, openErr
								}
								return media.Open("cat.png")
							}), option...)
							assert.ErrorIs(t, err, openErr)
							for _, ctx := range passed {
								assert.Error(t, ctx.Err())
							}
							assert.NoError(t, ctx.Err())
						}
						return nil
					})
					b.Group("club").Say("alice", "hi")
					require.NoError(t, b.media.Shutdown(t.Context()))
					require.GreaterOrEqual(t, len(passed), 2)
				})
			})
		}
	}
}

// TestTheContextOfAnEncoderEndsWithTheReply too.
func TestTheContextOfAnEncoderEndsWithTheReply(t *testing.T) {
	for name, opts := range map[string][]richmedia.ReplyOption{"cached": nil, "not cached": {richmedia.WithoutCache()}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var passed []context.Context
				b := newBed(t, richmedia.WithVoiceEncoder(func(ctx context.Context, _ io.Reader) (io.ReadCloser, error) {
					passed = append(passed, ctx)
					return media.Open("hello.mp3")
				}))
				b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
					_, err := c.ReplyVoice(ctx, richmedia.FromBytes("a.amr", amr), opts...)
					assert.NoError(t, err)
					synctest.Wait()
					for _, ctx := range passed {
						assert.Error(t, ctx.Err())
					}
					assert.NoError(t, ctx.Err())
					return nil
				})
				b.Group("club").Say("alice", "hi")
				require.NoError(t, b.media.Shutdown(t.Context()))
				require.Len(t, passed, 1)
			})
		})
	}
}

// madeOf is a key of a ctx.
type madeOf struct{}

// detached has the deadline of the ctx that it is made of, and never ends.
type detached struct{ context.Context }

func (detached) Done() <-chan struct{} { return nil }
func (detached) Err() error            { return nil }

func TestAReplyEndsWithItsWindowWhateverItsContextIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, got := newBed(t), make(chan error, 1)
		b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
			_, err := c.ReplyImage(detached{ctx}, richmedia.FromOpener("cat.png", func(ctx context.Context) (io.ReadCloser, error) { //nolint:contextcheck // made on purpose
				<-ctx.Done()
				return nil, context.Cause(ctx)
			}))
			got <- err
			return nil
		})
		b.Group("club").Say("alice", "hi")
		select {
		case err := <-got:
			require.ErrorIs(t, err, richmedia.ErrReplyWindow)
		case <-time.After(time.Hour):
			_ = b.media.Close()
			t.Fatalf("it went on for an hour, until Close: %v", <-got)
		}
	})
}

func TestContextGoOfAHandlerThatShutdownWaitsForRunsAndAfterCloseItDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told, errs := reported()
		b := newBed(t, told)
		release := make(chan struct{})
		var kept *richmedia.Context
		b.onGroup(func(_ context.Context, c *richmedia.Context) error {
			<-release
			kept = c
			c.Go(func(ctx context.Context) error {
				time.Sleep(time.Second)
				c.Go(func(ctx context.Context) error { // one from the other
					_, err := c.ReplyText(ctx, "inner")
					return err
				})
				_, err := c.ReplyText(ctx, "outer")
				return err
			})
			return nil
		})
		b.Group("club").Say("alice", "hi")
		done := make(chan error, 1)
		go func() { done <- b.media.Shutdown(t.Context()) }()
		synctest.Wait()
		close(release)
		require.NoError(t, <-done)
		assert.ElementsMatch(t, []string{"2001 outer", "2101 inner"}, texts(b.Group("club")))
		assert.Empty(t, errs)

		require.NoError(t, b.media.Close())
		kept.Go(func(context.Context) error { t.Error("it ran after Close"); return nil })
		synctest.Wait()
		err := <-errs
		require.ErrorIs(t, err, richmedia.ErrClosed)
		require.ErrorContains(t, err, "Context.Go: the function did not run")
	})
}

func TestAtMostFourFunctionsOfContextGoForEachWorkerRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithWorkers(2))
		var running, most, ran atomic.Int32
		b.onGroup(func(_ context.Context, c *richmedia.Context) error {
			for range 20 {
				c.Go(func(context.Context) error {
					most.Store(max(most.Load(), running.Add(1)))
					time.Sleep(time.Second)
					running.Add(-1)
					ran.Add(1)
					return nil
				})
			}
			return nil
		})
		began := time.Now()
		b.Group("club").Say("alice", "hi")
		synctest.Wait()
		assert.EqualValues(t, 8, running.Load())
		assert.Zero(t, b.media.Stats().Running, "the handler did not wait for them")
		require.NoError(t, b.media.Shutdown(t.Context()))
		assert.EqualValues(t, 8, most.Load())
		assert.EqualValues(t, 20, ran.Load())
		assert.Equal(t, 3*time.Second, time.Since(began))
	})
}

func TestTheNumbersOfContextGoAreTheSameInEveryRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		other := newBedOn(t, b.Platform)
		b.PushTo(nil)
		club := b.Group("club")
		handler := func(delay [2]time.Duration) richmedia.Handler { // the functions overtake each other in the second run
			return func(ctx context.Context, c *richmedia.Context) error {
				for i := range 2 {
					c.Go(func(ctx context.Context) error {
						time.Sleep(delay[i])
						for n := range 2 {
							if _, err := c.ReplyText(ctx, fmt.Sprintf("%d.%d", i, n)); err != nil {
								return err
							}
						}
						return nil
					})
				}
				target := c.Target()
				if target.Seq != 2201 {
					return fmt.Errorf("the third block begins at %d", target.Seq)
				}
				_, err := c.ReplyText(ctx, "first")
				return err
			}
		}
		ev := club.Say("alice", "hi")
		for i, process := range []*bed{b, other} {
			delay := [2]time.Duration{time.Second, 2 * time.Second}
			if i == 1 {
				delay[0], delay[1] = delay[1], delay[0]
			}
			require.NoError(t, process.media.GroupATMessage(handler(delay))(ev.Payload(), nil))
			require.NoError(t, process.media.Shutdown(t.Context()))
		}
		assert.Equal(t, []string{"1001 first", "2001 0.0", "2002 0.1", "2101 1.0", "2102 1.1"}, texts(club))
	})
}

func TestAJobInsideContextGoKeepsTheNumbersOfItsTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.PushTo(nil)
		club := b.Group("club")
		ev := club.Say("alice", "hi")
		require.NoError(t, b.media.GroupATMessage(func(_ context.Context, c *richmedia.Context) error {
			job := c.Target() // 2001
			c.Go(func(ctx context.Context) error {
				_, err := b.media.For(job).ReplyText(ctx, "job")
				_, err2 := c.ReplyText(ctx, "beside")
				return errors.Join(err, err2)
			})
			return nil
		})(ev.Payload(), nil))
		require.NoError(t, b.media.Shutdown(t.Context()))
		assert.Equal(t, []string{"2001 job", "2101 beside"}, texts(club))
	})
}

func TestAnErrorOfContextGoInAJobIsLogged(t *testing.T) {
	for name, fn := range map[string]func(context.Context) error{
		"error": func(context.Context) error { return errors.New("the disk is full") },
		"panic": func(context.Context) error { panic("the disk is full") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t)
				job := b.context(t, b.Group("club")).Target()
				b.media.For(job).Go(fn)
				require.NoError(t, b.media.Shutdown(t.Context()))
				assert.Contains(t, b.log.text(), "the disk is full")
			})
		})
	}
}

func TestShutdownByWhatItWouldWaitForDoesNotWaitForIt(t *testing.T) {
	for name, opts := range map[string][]richmedia.Option{
		"queued": nil,
		"inline": {richmedia.WithInline()},
		"inline, shared": {
			richmedia.WithInline(), richmedia.WithSharedEvents(), richmedia.WithStore(newSharedStore()),
		},
	} {
		for way, start := range map[string]func(c *richmedia.Context, ctx context.Context, down func(context.Context)){
			"handler":    func(_ *richmedia.Context, ctx context.Context, down func(context.Context)) { down(ctx) },
			"Context.Go": func(c *richmedia.Context, _ context.Context, down func(context.Context)) { goDown(c, down) },
			"both": func(c *richmedia.Context, ctx context.Context, down func(context.Context)) {
				goDown(c, down)
				down(ctx)
			},
			"derived": func(_ *richmedia.Context, ctx context.Context, down func(context.Context)) {
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Hour)
				defer cancel()
				down(ctx)
			},
		} {
			for _, events := range []int{1, 2} {
				t.Run(fmt.Sprintf("%s, %s, %d at once", name, way, events), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						b := newBed(t, opts...)
						b.PushTo(nil)
						var all sync.WaitGroup
						var mu sync.Mutex
						var errs []error
						ready := make(chan struct{})
						down := func(ctx context.Context) {
							<-ready
							err := b.media.Shutdown(ctx)
							mu.Lock()
							defer mu.Unlock()
							errs = append(errs, err)
						}
						h := b.media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
							start(c, ctx, down)
							return nil
						})
						for i := range events {
							ev := b.Group(fmt.Sprint(i)).Say("alice", "stop")
							all.Go(func() { assert.NoError(t, h(ev.Payload(), nil)) })
						}
						synctest.Wait()
						began := time.Now()
						close(ready)
						all.Wait()
						require.NoError(t, b.media.Shutdown(t.Context()))
						assert.Zero(t, time.Since(began), "nothing waited for a ctx to end")
						want := events
						if way == "both" {
							want *= 2
						}
						synctest.Wait()
						require.Len(t, errs, want)
						for _, err := range errs {
							require.NoError(t, err)
						}
					})
				})
			}
		}
	}
}

func goDown(c *richmedia.Context, down func(context.Context)) {
	c.Go(func(ctx context.Context) error { down(ctx); return nil })
}

func TestShutdownByAHandlerWaitsForTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		done := make(chan error, 1)
		b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
			if c.Text() == "stop" {
				done <- b.media.Shutdown(ctx)
				return nil
			}
			time.Sleep(time.Minute)
			_, err := c.ReplyText(ctx, "done")
			return err
		})
		b.Group("slow").Say("alice", "work")
		b.Group("admin").Say("bob", "stop")
		began := time.Now()
		require.NoError(t, <-done)
		assert.Equal(t, time.Minute, time.Since(began))
		assert.Equal(t, []string{"1001 done"}, texts(b.Group("slow")))
	})
}

func TestCloseInsideAHandlerReturnsWithACount(t *testing.T) {
	for name, c := range map[string]struct {
		opts []richmedia.Option
		from func(c *richmedia.Context, fn func())
		want string
	}{
		"queued":     {nil, func(_ *richmedia.Context, fn func()) { fn() }, "richmedia: Close: 1 handlers, 0 functions of Context.Go and 0 uploads still run after 5s"},
		"inline":     {[]richmedia.Option{richmedia.WithInline()}, func(_ *richmedia.Context, fn func()) { fn() }, "richmedia: Close: 1 handlers, 0 functions of Context.Go and 0 uploads still run after 5s"},
		"Context.Go": {nil, func(c *richmedia.Context, fn func()) { c.Go(func(context.Context) error { fn(); return nil }) }, "richmedia: Close: 0 handlers, 1 functions of Context.Go and 0 uploads still run after 5s"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t, c.opts...)
				closed := make(chan error, 1)
				b.PushTo(nil)
				h := b.media.GroupATMessage(func(_ context.Context, rc *richmedia.Context) error {
					c.from(rc, func() { closed <- b.media.Close() }) //nolint:contextcheck // Close has no ctx
					return nil
				})
				began := time.Now()
				require.NoError(t, h(b.Group("club").Say("alice", "stop").Payload(), nil))
				require.EqualError(t, <-closed, c.want)
				assert.Equal(t, 5*time.Second, time.Since(began))
				require.NoError(t, b.media.Close(), "again, when it has returned")
			})
		})
	}
}

func TestAnEventAfterShutdownIsGivenBackHoweverItsHandlerWasRegistered(t *testing.T) {
	none := func(context.Context, *richmedia.Context) error { t.Error("it ran"); return nil }
	for name, register := range map[string]func(b *bed){
		"adapter": func(b *bed) { b.onGroup(none) },
		"On":      func(b *bed) { b.media.On("GROUP_AT_MESSAGE_CREATE", none) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			b.PushTo(nil)
			register(b)
			require.NoError(t, b.media.Shutdown(t.Context()))
			payload := b.Group("club").Say("alice", "hi").Payload()
			require.ErrorIs(t, event.ParseAndHandle(payload), richmedia.ErrClosed)
			assert.JSONEq(t, `{"op":12,"d":1}`, push(t, b, "GROUP_AT_MESSAGE_CREATE", "e", map[string]any{
				"id": "M", "group_openid": "G", "author": map[string]any{"member_openid": "U"},
			}))
		})
	}
}
