package richmedia_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// jobRoutes are the routes of a job's answer, with the calls of each.
var jobRoutes = []struct {
	name string
	ops  []richmediatest.Op
}{
	{"inline", []richmediatest.Op{richmediatest.OpToken, richmediatest.OpUpload, richmediatest.OpSend}},
	{"URL", []richmediatest.Op{richmediatest.OpToken, richmediatest.OpUpload, richmediatest.OpSend}},
	{"parts", []richmediatest.Op{
		richmediatest.OpToken, richmediatest.OpPrepare, richmediatest.OpPart, richmediatest.OpFinish, richmediatest.OpMerge, richmediatest.OpSend,
	}},
}

// TestFaultMatrixOfJobs injects every fault into every call of a job that runs in worker processes, once in a group and as long as
// it lasts in a single chat, or the other way round. Each run has half a
// minute; a run that fails is followed by one in another process, and so is, once, a run that succeeded, as if the queue had
// not heard of it. The event is delivered twice, so that two jobs answer it.
//
//	go test -run TestFaultMatrixOfJobs -v .
func TestFaultMatrixOfJobs(t *testing.T) {
	var totals [2]tally
	runs := 0
	for _, fault := range faultKinds {
		t.Run(fault.name, func(t *testing.T) {
			for _, route := range jobRoutes {
				for i, op := range route.ops {
					for mode, times := range []int{1, -1} {
						c := faultCell{route: route.name, op: op, scene: grouped[(i+mode)%2], times: times, set: fault.set}
						v, n := c.runJob(t)
						totals[mode][v]++
						runs += n
					}
				}
			}
		})
	}
	once, always := totals[0], totals[1]
	t.Logf("%d jobs with a fault that passes: %d answered, %d refused for certain, %d not known; %d with one that lasts for a minute: %d, %d, %d; %d runs; none twice, none lost",
		once.sum(), once[delivered], once[definite], once[unknown], always.sum(), always[delivered], always[definite], always[unknown], runs)
}

// runJob lets a job answer an event under the fault of the cell, and returns the last result and the number of runs.
func (c faultCell) runJob(t *testing.T) (v verdict, runs int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New(richmediatest.WithoutData(),
			richmediatest.WithParts(richmediatest.PartShape{BlockSize: int64(len(c.content()) / 2), Concurrency: 2, RetryTimeout: 20}))
		defer p.Close() //nolint:errcheck // in-process
		limit := int64(5 << 20)
		if c.route == "parts" {
			limit = 0
		}
		process := func() *richmedia.Plugin {
			m, err := richmedia.New(timedSource{p}, richmedia.WithPlatform(p), richmedia.WithLogger(mute{}), richmedia.WithInlineLimit(limit))
			require.NoError(t, err)
			return m
		}
		chat := p.Group("club")
		if c.scene == "c2c" {
			chat = p.C2C("bob")
		}
		p.Host("https://example.com/cat.png", quickCat)

		var queue [][]byte
		ev := chat.Say("alice", "hi")
		for range 2 { // delivered twice, to two processes
			bot := process()
			rc, err := bot.Context(ev.Payload())
			require.NoError(t, err)
			job, err := json.Marshal(rc.Target())
			require.NoError(t, err)
			queue = append(queue, job)
			require.NoError(t, bot.Shutdown(t.Context()))
		}
		remove := c.set(p.Faults, c.op, c.times)
		time.AfterFunc(time.Minute, remove)
		work := func(job []byte) error {
			var target richmedia.Target
			require.NoError(t, json.Unmarshal(job, &target))
			worker := process()
			defer worker.Close() //nolint:errcheck // a process that ends
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			kind, src := c.source()
			_, err := worker.For(target).Reply(ctx, kind, src)
			return err
		}
		seen := delivered
		for _, job := range queue {
			var err error
			for range 20 { // the fault is over before the last
				runs++
				if err = work(job); err == nil {
					break
				}
				assert.LessOrEqual(t, len(chat.Answers()), 1, "%s", c)
				if verdictOf(err) == definite && seen == delivered {
					assert.Empty(t, chat.Answers(), "%s: %v", c, err)
				}
				seen = max(seen, verdictOf(err)) // after a doubt the answer may be there
				time.Sleep(5 * time.Second)
			}
			v = verdictOf(err)
			if v != delivered {
				continue
			}
			runs++
			assert.NoError(t, work(job), "%s: again", c)
			require.Len(t, chat.Answers(), 1, "%s", c)
			assert.Equal(t, c.sum(), chat.Answers()[0].Media.Upload.SHA256, "%s", c)
			assert.EqualValues(t, 2001, chat.Answers()[0].Seq, "%s", c)
			seen = unknown
		}
		assert.Equal(t, delivered, v, fmt.Sprint(c, ": the fault has passed"))
	})
	return v, runs
}

// A worker that dies in the middle of a run leaves its number to the next, whatever the source then is.
func TestAJobWhoseSourceChangedIsAnsweredOnce(t *testing.T) {
	o := newOffice(t, 1, 2)
	club := o.Group("club")
	o.say(t, club)
	for i, content := range [][]byte{faultContent, quickCat} {
		_, err := o.workers[i].media.For(o.queue[0]).ReplyFile(t.Context(), richmedia.FromReader("x", bytes.NewReader(content)))
		require.NoError(t, err)
	}
	assert.Len(t, club.Answers(), 2, "one moment, and the first of the two")
}
