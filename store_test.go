package richmedia_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestAStoredFileInfoExpiresBeforeItsTTL(t *testing.T) {
	for ttl, margin := range map[time.Duration]time.Duration{
		300 * time.Second: 30 * time.Second, 24 * time.Hour: time.Minute,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBedOn(t, richmediatest.New(richmediatest.WithTTL(ttl)), richmedia.WithReplyLimits(richmedia.ScopeGroup, 0, 0))
			upload := func() {
				_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, cat())
				require.NoError(t, err)
			}
			upload()
			time.Sleep(ttl - margin - time.Second)
			upload()
			assert.Len(t, b.Uploads(), 1, ttl)
			time.Sleep(2 * time.Second)
			upload()
			assert.Len(t, b.Uploads(), 2, ttl)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBedOn(t, richmediatest.New(richmediatest.WithTTL(0)))
		for range 2 {
			f, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, cat())
			require.NoError(t, err)
			assert.True(t, f.Expires.IsZero(), "ttl 0 is long-lived, not over")
			time.Sleep(1000 * time.Hour)
		}
		assert.Len(t, b.Uploads(), 1)
	})
}

func TestFileInfoStaysAsItIs(t *testing.T) {
	for _, info := range []string{"AE86C5D3F0E14B238C656C0F6DD1D0479C", "QR==", `quote"<&>\`, "你好"} {
		b := newBed(t)
		b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			assert.NoError(t, json.NewEncoder(w).Encode(map[string]any{"file_info": info, "file_uuid": "U", "ttl": "300"}))
		})
		var sent string
		b.Intercept(richmediatest.OpSend, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			sent, _ = bodyOf(t, r)["media"].(map[string]any)["file_info"].(string)
			_, _ = w.Write([]byte(`{"id":"M"}`))
		})
		for range 2 { // from the platform, then from the store
			_, err := b.context(t, b.Group("club")).ReplyImage(t.Context(), cat())
			require.NoError(t, err)
			assert.Equal(t, info, sent)
		}
		assert.Equal(t, 1, b.Count(richmediatest.OpUpload))
	}
}

// brokenStore fails, or hangs until its ctx ends.
type brokenStore struct{ hang bool }

func (s brokenStore) fail(ctx context.Context) error {
	if s.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return errors.New("store down")
}

func (s brokenStore) Get(ctx context.Context, _ string) ([]byte, bool, error) {
	return nil, false, s.fail(ctx)
}

func (s brokenStore) Set(ctx context.Context, _ string, _ []byte, _ time.Duration) error {
	return s.fail(ctx)
}

func (s brokenStore) Delete(ctx context.Context, _ string) error { return s.fail(ctx) }

func TestAFailingStoreCausesUploadsAndLosesNoReplies(t *testing.T) {
	for name, store := range map[string]richmedia.Store{"none": nil, "fails": brokenStore{}, "hangs": brokenStore{hang: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t, richmedia.WithStore(store))
				for i := range 2 {
					_, err := b.context(t, b.Group(fmt.Sprint(i))).ReplyImage(t.Context(), cat())
					require.NoError(t, err)
				}
				b.ExpireUploads()
				assert.Len(t, b.Uploads(), 2)
				if store != nil {
					assert.Contains(t, b.log.text(), "store failed")
				}
			})
		})
	}
}

func TestAStoredValueOfAnotherReleaseIsAMiss(t *testing.T) {
	const rest = `,"uuid":"u","info":"i","expires":4102444800000}`
	for value, uploads := range map[string]int{
		`{"v":1` + rest: 0,
		`{"v":1,"card":true,"url":"https://a.b/c","width":3,"height":4,"unknown":{}` + rest: 0,
		`{"v":99` + rest:   1,
		`{"v":"1"` + rest:  1,
		`{"v":true` + rest: 1,
		`{"v":1.9` + rest:  1,
		rest[1:]:           1,
		`{"v":1,"uuid":"u","info":"i","expires":"2027-01-01T00:00:00Z"}`: 1,
		`{"v":1,"uuid":"u","info":"i","expires":1e300}`:                  1,
		`{"v":1,"uuid":"u","info":"i","expires":{"at":5}}`:               1,
		`{"v":1,"uuid":"u","info":"i","expires":1}`:                      1,
		`{"v":1,"uuid":"u","info":{}}`:                                   1,
		`{"v":1,"uuid":5,"info":"i"}`:                                    1,
		`{"v":1,"info":"i","url":5}`:                                     1,
		`{"v":1,"info":"i","card":"yes"}`:                                1,
		`{"v":1,"info":"i","width":"3"}`:                                 1,
		`{"v":1,"info":""}`:                                              1,
		`{"v":1,"info":"i"`:                                              1,
		`[]`:                                                             1,
		``:                                                               1,
	} {
		b := newBed(t, richmedia.WithStore(holding{richmedia.NewMemoryStore(0), value}))
		_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, cat())
		require.NoError(t, err)
		assert.Len(t, b.Uploads(), uploads, value)
	}
}

// holding holds a value that was never set.
type holding struct {
	richmedia.Store
	value string
}

func (s holding) Get(context.Context, string) ([]byte, bool, error) {
	return []byte(s.value), true, nil
}

func TestBotsThatShareAStoreDoNotShareUploads(t *testing.T) {
	store := richmedia.NewMemoryStore(10)
	for i, appID := range []string{"1", "2"} {
		b := newBedOn(t, richmediatest.New(richmediatest.WithCredentials(appID, "DG5g3B4j9X2KOErG")), richmedia.WithStore(store))
		_, err := b.media.Upload(t.Context(), target(b.Group("club")), richmedia.KindImage, cat())
		require.NoError(t, err)
		assert.Len(t, b.Uploads(), 1, i)
	}
}

func TestTheMemoryStoreIsBoundedAndKeepsTTLs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := richmedia.NewMemoryStore(2)
		get := func(key string) bool {
			_, ok, err := s.Get(t.Context(), key)
			require.NoError(t, err)
			return ok
		}
		for _, key := range []string{"a", "b"} {
			require.NoError(t, s.Set(t.Context(), key, []byte(key), time.Minute))
		}
		assert.True(t, get("a"))
		require.NoError(t, s.Set(t.Context(), "c", nil, 0))
		assert.False(t, get("b"), "the one that was not used for longest")
		assert.True(t, get("a"))
		time.Sleep(time.Minute + 1)
		assert.False(t, get("a"), "use does not prolong a ttl")
		time.Sleep(1000 * time.Hour)
		assert.True(t, get("c"))
		require.NoError(t, s.Delete(t.Context(), "c"))
		assert.False(t, get("c"))
	})
}

// watched counts what is taken out of a store.
type watched struct {
	richmedia.Store
	deleted atomic.Int32
}

func (s *watched) Delete(ctx context.Context, key string) error {
	s.deleted.Add(1)
	return s.Store.Delete(ctx, key)
}

func TestANegativeTTLDeletesTheOldValue(t *testing.T) {
	for _, ttl := range []time.Duration{-1, -2, -time.Millisecond, -time.Hour} {
		s := richmedia.NewMemoryStore(0)
		for _, old := range []time.Duration{0, time.Hour} {
			require.NoError(t, s.Set(t.Context(), "key", []byte("old"), old))
			require.NoError(t, s.Set(t.Context(), "key", []byte("new"), ttl))
			_, ok, err := s.Get(t.Context(), "key")
			require.NoError(t, err)
			assert.False(t, ok, "%s after %s", ttl, old)
		}
		require.NoError(t, s.Set(t.Context(), "no key", []byte("new"), ttl))
	}
}

func TestARefusedFileDoesNotRemoveANewerOneFromTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &watched{Store: richmedia.NewMemoryStore(0)}
		b := newBed(t, richmedia.WithStore(store))
		slow, quick := b.Group("slow"), b.Group("quick")
		_, err := b.context(t, quick).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		b.ExpireUploads()
		b.Intercept(richmediatest.OpSend, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.Contains(r.URL.Path, slow.OpenID()) {
				time.Sleep(time.Second) // meanwhile the other chat has a new one
			}
			next.ServeHTTP(w, r)
		})
		b.Intercept(richmediatest.OpUpload, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.Contains(r.URL.Path, slow.OpenID()) {
				refuse(w, http.StatusBadRequest, 850018)
				return
			}
			next.ServeHTTP(w, r)
		})
		c := b.context(t, slow)
		refused := make(chan error, 1)
		go func() {
			_, err := c.ReplyImage(t.Context(), cat())
			refused <- err
		}()
		synctest.Wait()
		_, err = b.context(t, quick).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		require.ErrorIs(t, <-refused, richmedia.ErrNotPermitted)
		assert.EqualValues(t, 1, store.deleted.Load(), "the old one")
		_, err = b.context(t, quick).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		assert.Len(t, b.Uploads(), 2, "the new one is still there")
	})
}

func TestAFileThatIsRefusedTwiceIsNotKept(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	remove := b.Fail(richmediatest.OpSend, -1, http.StatusBadRequest, 40034004, "no")
	_, err := b.context(t, club).ReplyImage(t.Context(), cat())
	require.ErrorIs(t, err, richmedia.ErrBadFile)
	assert.Len(t, b.Uploads(), 2)
	remove()
	_, err = b.context(t, club).ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	assert.Len(t, b.Uploads(), 3)
}

func TestTheTTLCountsFromTheRequestThatWasAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inParts(t, richmediatest.PartShape{BlockSize: 40})
		b.Delay(richmediatest.OpPart, -1, 50*time.Second) // 400 s in all; the ttl is 300 s
		f, err := b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", noise(300)))
		require.NoError(t, err)
		assert.InDelta(t, 300*time.Second, time.Until(f.Expires), float64(2*time.Second))
		_, err = b.context(t, b.C2C("bob")).ReplyUploaded(t.Context(), f)
		require.NoError(t, err)
		_, err = b.media.Upload(t.Context(), target(b.C2C("bob")), richmedia.KindFile, richmedia.FromBytes("x", noise(300)))
		require.NoError(t, err)
		assert.Equal(t, 1, b.Count(richmediatest.OpPrepare), "and it was kept")
	})
}
