//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// tally is a row of the table: what the kills of one step led to.
type tally struct {
	kills           [3]int // before, during, after
	cut             int    // runs of jobs
	one, none, more int    // users whose jobs were cut off, by their videos
}

// videos returns the number of videos that answer u, and how long the first took. An answer that u did not ask for is an
// error.
func (u *user) videos() (n int, took time.Duration, err error) {
	var asked time.Time
	texts := 0
	for _, m := range u.chat.Messages() {
		switch {
		case !m.Bot:
			asked = m.Time
		case m.Media == nil:
			texts++
		case m.Media.Kind != 2 || !bytes.Equal(m.Media.Upload.Data, render(u.clip)):
			err = errors.Join(err, fmt.Errorf("%s: not the video that was asked for: %s", u.chat.Name(), m))
		default:
			if n++; n == 1 {
				took = m.Time.Sub(asked)
			}
		}
	}
	if texts != 1 {
		err = errors.Join(err, fmt.Errorf("%s: %d texts", u.chat.Name(), texts))
	}
	return n, took, err
}

const rowFormat = "%-34s  %6s  %6s  %5s  %10s  %10s  %4s  %4s\n"

// table renders the kills by step, and returns an error unless each user has exactly one video.
func table(lanes []*lane, took time.Duration) (string, error) {
	rows := map[step]*tally{}
	for _, s := range steps {
		rows[s] = &tally{}
	}
	var all []error
	var longest time.Duration
	videos := map[string]int{} // by chat
	kills, users, once, twice, runs := 0, 0, 0, 0, 0
	for _, l := range lanes {
		for _, u := range l.users {
			n, wait, err := u.videos()
			if n != 1 {
				err = errors.Join(err, fmt.Errorf("%s: %d videos", u.chat.Name(), n))
			} else {
				once++
			}
			all = append(all, err)
			videos[u.chat.OpenID()] = n
			longest = max(longest, wait)
		}
		kills, users, twice, runs = kills+len(l.deaths), users+len(l.users), twice+l.twice, runs+l.runs
	}
	for _, l := range lanes {
		for _, d := range l.deaths {
			rows[d.at.step].add(d, videos)
		}
	}
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, rowFormat, "worker killed", "before", "during", "after", "runs cut", "users: one", "none", "more")
	for _, s := range steps {
		r := rows[s]
		_, _ = fmt.Fprintf(&b, rowFormat, s, digits(r.kills[before]), digits(r.kills[during]), digits(r.kills[after]),
			digits(r.cut), digits(r.one), digits(r.none), digits(r.more))
	}
	_, _ = fmt.Fprintf(&b, "\n%d kills on %d databases in %s; %d of %d users have exactly one video, after %s at most\n",
		kills, len(lanes), took.Round(time.Second), once, users, longest.Round(time.Second))
	_, _ = fmt.Fprintf(&b, "%d events were delivered twice and enqueued two jobs; %d jobs took %d runs; the platform refused %d repeats\n",
		twice, users+twice, runs, repeats(lanes))
	return b.String(), errors.Join(all...)
}

// add counts a death.
func (t *tally) add(d death, videos map[string]int) {
	t.kills[d.at.part]++
	t.cut += len(d.cut)
	chats := map[string]bool{}
	for _, j := range d.cut {
		chats[j.chat] = true
	}
	for chat := range chats {
		switch videos[chat] {
		case 0:
			t.none++
		case 1:
			t.one++
		default:
			t.more++
		}
	}
}

// duplicate is the code of a msg_seq that was used before.
const duplicate = 40054005

// repeats is how many messages the platform refused because they were in the chat.
func repeats(lanes []*lane) (n int) {
	if len(lanes) == 0 {
		return 0
	}
	for _, c := range lanes[0].platform.Calls() {
		if c.Op == richmediatest.OpSend && c.Code == duplicate {
			n++
		}
	}
	return n
}

// digits leaves a zero out.
func digits(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
