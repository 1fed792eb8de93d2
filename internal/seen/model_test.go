package seen

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// modelEvent is an event as the model remembers it: in a plain list.
type modelEvent struct {
	ids    IDs
	until  time.Time
	result chan error // of one that is being handled
	waits  []<-chan error
}

// TestTheFilterBehavesAsAPlainList runs random events, of which some repeat, overlap in one id, fail or take long, against the
// Filter and against a list.
func TestTheFilterBehavesAsAPlainList(t *testing.T) {
	const window, size = time.Minute, 8
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			f := New(window, size)
			var list []*modelEvent  // remembered, oldest first
			var early []*modelEvent // forgotten while they are handled
			failure := errors.New("failed")
			settle := func(e *modelEvent, err error) {
				e.result <- err
				synctest.Wait()
				for _, w := range e.waits {
					require.Equal(t, err, <-w)
				}
				e.result = nil
				if err != nil {
					list = slices.DeleteFunc(list, func(o *modelEvent) bool { return o == e })
				}
			}
			for range 200 {
				switch rnd.IntN(6) {
				case 0:
					time.Sleep(rand.N(window / 4))
				case 1: // one that is being handled ends
					all := slices.DeleteFunc(slices.Concat(list, early), func(e *modelEvent) bool { return e.result == nil })
					if len(all) > 0 {
						settle(all[rnd.IntN(len(all))], []error{nil, failure}[rnd.IntN(2)])
					}
				default:
					ids := IDs{fmt.Sprint(rnd.IntN(12)), fmt.Sprint(rnd.IntN(12))} // equal ids of the two kinds are not the same
					if i := rnd.IntN(2 * idsPerEvent); i < idsPerEvent {
						ids[i] = ""
					}
					list = slices.DeleteFunc(list, func(e *modelEvent) bool {
						over := !time.Now().Before(e.until)
						if over && e.result != nil {
							early = append(early, e)
						}
						return over
					})
					var known *modelEvent
					for kind, id := range ids {
						if i := slices.IndexFunc(list, func(e *modelEvent) bool { return id != "" && e.ids[kind] == id }); i >= 0 {
							known = list[i]
							break
						}
					}
					e := &modelEvent{ids: ids, until: time.Now().Add(window), result: make(chan error)}
					called := false
					got := make(chan error, 1)
					go func() {
						got <- f.Once(t.Context(), ids, func() error { called = true; return <-e.result })
					}()
					synctest.Wait()
					require.Equal(t, known == nil, called, "seed %d", seed)
					switch {
					case known == nil:
						if len(list) == size {
							if list[0].result != nil {
								early = append(early, list[0])
							}
							list = list[1:]
						}
						e.waits = append(e.waits, got)
						list = append(list, e)
						if rnd.IntN(2) == 0 {
							settle(e, []error{nil, failure}[rnd.IntN(2)])
						}
					case known.result != nil:
						known.waits = append(known.waits, got)
					default:
						require.NoError(t, <-got)
					}
				}
				require.LessOrEqual(t, f.Len(), size)
				require.GreaterOrEqual(t, f.Len(), len(f.ids)/2)
			}
			for _, e := range slices.Concat(list, early) {
				if e.result != nil {
					settle(e, nil)
				}
			}
			require.Empty(t, f.running)
		})
	}
}
