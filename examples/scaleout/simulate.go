//go:build unix

package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// scenario is a bot of a size that nobody can try out.
type scenario struct {
	instances, chats int
	perChat          float64 // answers with an image, a day
	peak             float64 // the busiest minute's rate over the mean
	images           int     // different ones; some are wanted far more often than others
	imageBytes       float64
	ttl              time.Duration // of a file_info
	shared           bool          // store and events
	twice            float64       // events that are delivered to a second instance
}

// day is what happens in one.
type day struct{ replies, uploads, trips float64 }

const (
	seconds = 24 * 60 * 60
	fresh   = 30.0 // redisstore's memory in front, in seconds
)

// simulate lets a day pass: each message goes to some instance and wants some image. An instance has the image in its
// memory, or Redis has it, or it is uploaded; what two need at the same moment is one upload with a shared store, which
// takes no time here.
func (s scenario) simulate(f figures, seed uint64) (d day) {
	chance := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // the same day every time
	popular := rand.NewZipf(chance, 1.1, 1, uint64(s.images-1))
	ttl := s.ttl.Seconds()
	ttl -= min(60, ttl/10)                       // as the plugin does
	until := make([]float32, s.images)           // by image: of the shared store
	own := make([]float32, s.images*s.instances) // by image and instance: of each one's memory
	total := s.perChat * float64(s.chats)
	for now := 0.0; ; {
		now += chance.ExpFloat64() * seconds / total
		if now >= seconds {
			return d
		}
		image := int(popular.Uint64()) //nolint:gosec // below images
		mine := &own[chance.IntN(s.instances)*s.images+image]
		d.replies++
		if !s.shared {
			if now >= float64(*mine) {
				d.uploads++
				*mine = float32(now + ttl)
			}
			continue
		}
		d.trips += float64(f.Claim)
		if chance.Float64() < s.twice {
			d.trips += float64(f.Claim)
		}
		switch {
		case now < float64(*mine):
			d.trips += float64(f.Hot)
			continue
		case now < float64(until[image]):
			d.trips += float64(f.Warm)
		default:
			d.trips += float64(f.Cold)
			d.uploads++
			until[image] = float32(now + ttl)
		}
		*mine = min(float32(now+fresh), until[image])
	}
}

// demand is what a scenario wants of something that there is only so much of.
type demand struct {
	of           string
	wants, limit float64
	unit         string
}

func (d demand) factor() float64 { return d.wants / d.limit }

// The platform's limits for one bot (docs 2026-08; the daily volume is a field report), and Redis's own defaults.
const (
	messagesPerSecond = 100
	uploadsPerSecond  = 50
	volumePerDay      = 2e9
	redisConnections  = 10_000
	redisMemory       = 1e9 // of a small one
	poolSize          = 8   // see bot.go
)

// demands are sorted: what breaks first comes first.
func (s scenario) demands(f figures, d day) []demand {
	peak := s.peak / seconds
	all := []demand{
		{"messages to the platform", d.replies * peak, messagesPerSecond, "/s at the peak"},
		{"uploads to the platform", d.uploads * peak, uploadsPerSecond, "/s at the peak"},
		{"upload volume of the bot", d.uploads * s.imageBytes, volumePerDay, " B a day"},
	}
	if s.shared {
		claims := d.replies * peak * (15 * time.Minute).Seconds() // that live at once
		all = append(all,
			demand{"Redis round trips", d.trips * peak, f.PerSecond, "/s at the peak"},
			demand{"Redis memory", float64(s.images)*float64(f.FileBytes) + claims*float64(f.ClaimBytes), redisMemory, " B"},
			demand{"Redis connections", float64(s.instances * poolSize), redisConnections, " at most"})
	}
	slices.SortFunc(all, func(a, b demand) int { return cmp.Compare(b.factor(), a.factor()) })
	return all
}

// forecast is the simulation's table.
func forecast(f figures, chats int) string {
	var b strings.Builder
	s := scenario{instances: 1000, chats: chats, perChat: 10, peak: 4, images: 1000, imageBytes: 200e3, twice: 0.05}
	_, _ = fmt.Fprintf(&b, "simulated from that: a day of %d instances with %d chats, %.0f answers with an image in each, %d different images of %.0f KB,\n"+
		"%.0f times the mean at the peak, %.0f %% of the events delivered twice\n", s.instances, s.chats, s.perChat, s.images, s.imageBytes/1e3, s.peak, s.twice*100)
	for _, c := range []struct {
		ttl    time.Duration
		shared bool
	}{{5 * time.Minute, false}, {5 * time.Minute, true}, {24 * time.Hour, false}, {24 * time.Hour, true}} {
		s.ttl, s.shared = c.ttl, c.shared
		store := "memory of each"
		if s.shared {
			store = "Redis, shared events"
		}
		d := s.simulate(f, 1)
		all := s.demands(f, d)
		_, _ = fmt.Fprintf(&b, "\n%s, file_info lives for %s: %.0f uploads a day\n", store, s.ttl, d.uploads)
		for _, x := range all {
			mark := "  "
			if x.factor() > 1 {
				mark = "! "
			}
			_, _ = fmt.Fprintf(&b, "  %s%-26s %12s of %9s%-16s %8.2f x\n", mark, x.of, amount(x.wants), amount(x.limit), x.unit, x.factor())
		}
		switch first := all[0]; {
		case first.factor() > 1:
			_, _ = fmt.Fprintf(&b, "  breaks first: %s\n", first.of)
		default:
			_, _ = fmt.Fprintf(&b, "  holds; nearest to its limit: %s\n", first.of)
		}
	}
	return b.String()
}

// amount is a number with three digits that count.
func amount(x float64) string {
	for _, u := range []struct {
		at   float64
		name string
	}{{1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
		if x >= u.at {
			return fmt.Sprintf("%.3g%s", x/u.at, u.name)
		}
	}
	return fmt.Sprintf("%.3g", x)
}
