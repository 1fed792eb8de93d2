package richmedia_test

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// renewing is a fleet whose uploads live for five minutes, and which is about to renew a cat that all of it use.
func renewing(t *testing.T, store richmedia.Store) *fleet {
	t.Helper()
	f := newFleetOn(t, richmediatest.New(richmediatest.WithTTL(shortTTL)), 4, store, richmedia.WithRefreshAhead(10))
	f.useAll(t)
	require.Len(t, f.Uploads(), 1)
	return f
}

// useAll lets every instance send the cat often enough.
func (f *fleet) useAll(t *testing.T) {
	t.Helper()
	for range 3 {
		for i := range f.bots {
			require.NoError(t, f.answer(t.Context(), i, f.Group("club")))
		}
	}
}

func TestOneInstanceRenewsAnUploadForAllHoweverLongItTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSharedStore()
		f := renewing(t, store)
		f.Delay(richmediatest.OpUpload, -1, 25*time.Second) // more than what lies between the renewals of two instances
		for n := 2; n < 8; n++ {
			time.Sleep(shortDue + 26*time.Second)
			f.useAll(t)
			assert.Equal(t, n, len(f.Uploads()))
		}
	})
}

func TestAFailedRenewalIsTriedByAnotherInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := renewing(t, newSharedStore())
		f.Fail(richmediatest.OpUpload, 1, 400, 10000, "no")
		time.Sleep(shortDue + time.Second)
		f.useAll(t)
		assert.Equal(t, 3, f.Count(richmediatest.OpUpload), "the first, the renewal that failed, and another's")
		assert.Len(t, f.Uploads(), 2)
	})
}

func TestARenewalThatPanicsReleasesItsLease(t *testing.T) {
	for name, end := range map[string]func(){"panic": func() { panic("x") }, "goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newSharedStore()
				f := newFleetOn(t, richmediatest.New(richmediatest.WithTTL(shortTTL)), 2, store, richmedia.WithRefreshAhead(10))
				var opens atomic.Int32
				cat := readMedia(t, "cat.png")
				src := func() richmedia.Source {
					return richmedia.FromOpener("cat.png", func(context.Context) (io.ReadCloser, error) {
						opens.Add(1)
						if opens.Load() == 101 {
							end()
						}
						return readSeekNopCloser{bytes.NewReader(cat)}, nil
					})
				}
				for range 3 {
					for i := range 2 {
						require.NoError(t, f.answerWith(t.Context(), i, f.Group("club"), src()))
					}
				}
				require.Len(t, f.Uploads(), 1)
				opens.Store(100)
				time.Sleep(shortDue + 30*time.Second)
				assert.Len(t, f.Uploads(), 2, "the other instance renews it")
			})
		})
	}
}
