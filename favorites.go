package richmedia

import "time"

// favorite is an upload as the refresher remembers it. It is under the refresher's mu.
type favorite struct {
	key   string
	score int       // uses, of which half still count when another upload replaces the last
	uses  int       // of the last upload
	ends  time.Time // of the last upload, to the millisecond, as stores keep it
	due   time.Time // when the last upload is to be renewed; not before ends if that was tried already

	chosen   bool      // one of the most used; the others have nothing of what follows
	busy     bool      // it is being renewed
	held     time.Time // its place renews nothing before: until then the place's last renewal lasts
	src      Source
	kind     Kind
	to       Target // the chat that used it last
	cacheKey string // WithCacheKey
	picture  bool   // for Markdown
}

// minUses is how often an upload must have been used to be renewed: one that was sent once may never be sent again.
const minUses = 2

// favorites are the uploads that are used most, max of them at most. Of others it remembers how often they were used, in
// two generations, so that an upload that is used again and again gets in, and uploads that are used once push nothing out,
// whatever their number. The refresher's mu guards it.
type favorites struct {
	max           int
	chosen        map[string]*favorite
	recent, older map[string]*favorite // not chosen
}

// minGeneration is how many others a generation takes at least.
const minGeneration = 1000

func newFavorites(limit int) favorites {
	return favorites{max: limit, chosen: map[string]*favorite{}, recent: map[string]*favorite{}}
}

// get returns what is remembered of key, and remembers it from now on.
func (s *favorites) get(key string) *favorite {
	if f := s.chosen[key]; f != nil {
		return f
	}
	f := s.recent[key]
	if f == nil {
		if f = s.older[key]; f == nil {
			f = &favorite{key: key}
		}
		s.push(f)
	}
	return f
}

// push remembers f among those that are not chosen, and forgets those before when there are too many.
func (s *favorites) push(f *favorite) {
	if len(s.recent) >= max(s.max, minGeneration) {
		s.older, s.recent = s.recent, map[string]*favorite{}
	}
	delete(s.older, f.key)
	s.recent[f.key] = f
}

// choose adds f if there is room, or in the place of one that is used less.
func (s *favorites) choose(f *favorite) {
	if f.chosen || f.uses < minUses {
		return
	}
	if len(s.chosen) >= s.max {
		out := s.least()
		if out == nil || out.standing() >= f.score {
			return
		}
		f.held = out.held
		delete(s.chosen, out.key)
		s.push(&favorite{key: out.key, score: out.score, uses: out.uses, ends: out.ends, due: out.due})
	}
	delete(s.recent, f.key)
	delete(s.older, f.key)
	f.chosen = true
	s.chosen[f.key] = f
}

// standing is the score that another upload must exceed to take f's place. The score of an upload that was renewed was just
// halved, while that of an equally used one may be about to be: without the double they would change places at each renewal.
func (f *favorite) standing() int {
	if f.held.IsZero() {
		return f.score
	}
	return 2 * f.score
}

// wanted is when f is to be renewed in its place.
func (f *favorite) wanted() time.Time {
	if f.held.After(f.due) {
		return f.held
	}
	return f.due
}

// least returns the least used of some: the one that replaces it is used more in any case, and a search of all for each of
// thousands would take long.
func (s *favorites) least() (least *favorite) {
	const some = 16
	seen := 0
	for _, f := range s.chosen {
		if !f.busy && (least == nil || f.score < least.score) {
			least = f
		}
		if seen++; seen == some {
			break
		}
	}
	return least
}

// drop forgets f, which is chosen.
func (s *favorites) drop(f *favorite) { delete(s.chosen, f.key) }
