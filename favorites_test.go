package richmedia

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// useFavorite does with s what a use does.
func useFavorite(s *favorites, key string) *favorite {
	f := s.get(key)
	f.uses++
	f.score++
	s.choose(f)
	return f
}

func TestFavoritesStayUnderAnyNumberOfOneOffs(t *testing.T) {
	s := newFavorites(3)
	for i := range 20 * minGeneration {
		if i%100 < 3 {
			useFavorite(&s, fmt.Sprint("hot ", i%100))
		}
		useFavorite(&s, fmt.Sprint("one-off ", i))
		if i%7 == 0 {
			useFavorite(&s, fmt.Sprint("one-off ", i)) // sent twice at once, and never again
		}
	}
	for i := range 3 {
		assert.Contains(t, s.chosen, fmt.Sprint("hot ", i))
	}
	assert.LessOrEqual(t, len(s.recent)+len(s.older), 2*minGeneration)
}

func TestFavoritesOfAnotherDayMakeRoom(t *testing.T) {
	s := newFavorites(20)
	for range 30 {
		for i := range 20 {
			useFavorite(&s, fmt.Sprint("old ", i))
		}
	}
	for range 60 { // twice as often: to compare with some of them takes a while
		for i := range 20 {
			useFavorite(&s, fmt.Sprint("new ", i))
		}
	}
	for i := range 20 {
		assert.Contains(t, s.chosen, fmt.Sprint("new ", i))
	}
	assert.Len(t, s.chosen, 20)
}

func TestFavoritesAreInOnePlaceEach(t *testing.T) {
	s := newFavorites(5)
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test that can be repeated
	for range 200_000 {
		f := useFavorite(&s, fmt.Sprint(int(random.ExpFloat64()*2000)))
		switch random.IntN(50) {
		case 0:
			f.score /= 2
		case 1:
			f.busy = !f.busy && f.chosen
		case 2:
			if f.chosen {
				s.drop(f)
			}
		}
	}
	assert.LessOrEqual(t, len(s.chosen), 5)
	for place, m := range map[string]map[string]*favorite{"chosen": s.chosen, "recent": s.recent, "older": s.older} {
		for key, f := range m {
			assert.Equal(t, key, f.key)
			assert.Equal(t, place == "chosen", f.chosen)
			n := 0
			for _, other := range []map[string]*favorite{s.chosen, s.recent, s.older} {
				if other[key] != nil {
					n++
				}
			}
			assert.Equal(t, 1, n, key)
		}
	}
}

func TestAFavoriteKeepsItsPlaceDuringItsRenewal(t *testing.T) {
	s := newFavorites(1)
	useFavorite(&s, "a")
	useFavorite(&s, "a").busy = true
	for range 10 {
		useFavorite(&s, "b")
	}
	assert.Contains(t, s.chosen, "a")
	s.chosen["a"].busy = false
	useFavorite(&s, "b")
	assert.Contains(t, s.chosen, "b")
}

func BenchmarkFavorites(b *testing.B) {
	keys := make([]string, 20_000)
	for i := range keys {
		keys[i] = fmt.Sprintf("richmedia:1:group:image:%064d", i)
	}
	for _, limit := range []int{10, 10_000} {
		b.Run(fmt.Sprint(limit), func(b *testing.B) {
			s := newFavorites(limit)
			random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test that can be repeated
			b.ReportAllocs()
			for b.Loop() {
				useFavorite(&s, keys[int(random.ExpFloat64()*2000)%len(keys)])
			}
		})
	}
}
