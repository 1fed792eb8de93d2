package richmedia_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// office is a bot whose handler enqueues jobs, and workers in other processes that answer them.
type office struct {
	*richmediatest.Platform
	bot     *bed
	workers []*bed
	queue   []richmedia.Target // as a job queue has them: after JSON
	done    chan struct{}      // a handler has returned
}

// newOffice returns a bot whose handler replies "one moment" and enqueues n jobs.
func newOffice(t *testing.T, jobs, workers int) *office {
	t.Helper()
	p := richmediatest.New()
	o := &office{Platform: p, done: make(chan struct{}, 100)}
	for range workers {
		o.workers = append(o.workers, newBedOn(t, p))
	}
	o.bot = newBedOn(t, p)
	o.bot.onGroup(func(ctx context.Context, c *richmedia.Context) error {
		defer func() { o.done <- struct{}{} }()
		_, err := c.ReplyText(ctx, "one moment")
		for range jobs {
			o.enqueue(t, c.Target())
		}
		return err
	})
	return o
}

func (o *office) enqueue(t *testing.T, target richmedia.Target) {
	t.Helper()
	b, err := json.Marshal(target)
	require.NoError(t, err)
	var out richmedia.Target
	require.NoError(t, json.Unmarshal(b, &out))
	o.queue = append(o.queue, out)
}

// say lets a user write, and returns the event when its handler is done.
func (o *office) say(t *testing.T, chat *richmediatest.Chat) *richmediatest.Event {
	t.Helper()
	ev := chat.Say("alice", "clip")
	<-o.done
	require.Len(t, chat.Answers(), 1)
	return ev
}

func TestTwoJobsOfOneEventEachAnswerOnce(t *testing.T) {
	o := newOffice(t, 2, 2)
	club := o.Group("club")
	o.say(t, club)
	require.Equal(t, []uint32{2001, 2101}, []uint32{o.queue[0].Seq, o.queue[1].Seq})
	for i, job := range o.queue {
		c := o.workers[i].media.For(job)
		for n := range 2 {
			msg, err := c.ReplyText(t.Context(), fmt.Sprintf("job %d reply %d", i, n))
			require.NoError(t, err)
			assert.NotEmpty(t, msg.ID)
		}
	}
	assert.Equal(t, []string{
		"1001 one moment", "2001 job 0 reply 0", "2002 job 0 reply 1", "2101 job 1 reply 0", "2102 job 1 reply 1",
	}, texts(club))
}

func TestAJobThatRunsAgainAnswersOnce(t *testing.T) {
	for name, second := range map[string]int{"in the same process": 0, "in another process": 1} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, 1, 2)
			club := o.Group("club")
			o.say(t, club)
			for run, worker := range []int{0, second} {
				c := o.workers[worker].media.For(o.queue[0])
				for _, text := range []string{"first", "second"} {
					msg, err := c.ReplyText(t.Context(), text)
					require.NoError(t, err)
					assert.Equal(t, run == 1, msg.ID == "", "a repetition has no ID")
				}
			}
			assert.Equal(t, []string{"1001 one moment", "2001 first", "2002 second"}, texts(club))
		})
	}
}

func TestAJobThatDiedBetweenItsSendAndItsAcknowledgementAnswersOnce(t *testing.T) {
	o := newOffice(t, 1, 2)
	club := o.Group("club")
	o.say(t, club)
	ctx, die := context.WithCancel(t.Context())
	remove := o.Intercept(richmediatest.OpSend, func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
		defer die()   // the worker does not hear
		lose(r, next) // that it is in the chat
	})
	_, err := o.workers[0].media.For(o.queue[0]).ReplyVideo(ctx, richmedia.FromFS(media, "clip.mp4"))
	require.Error(t, err)
	remove()
	msg, err := o.workers[1].media.For(o.queue[0]).ReplyVideo(t.Context(), richmedia.FromFS(media, "clip.mp4"))
	require.NoError(t, err)
	assert.Empty(t, msg.ID)
	assert.Len(t, club.Answers(), 2)
}

func TestAnEventThatIsDeliveredTwiceEnqueuesItsJobOnce(t *testing.T) {
	o := newOffice(t, 1, 2)
	club := o.Group("club")
	ev := o.say(t, club)
	again := newBedOn(t, o.Platform) // the process that ran the handler has died, and another gets the event
	c, err := again.media.Context(ev.Payload())
	require.NoError(t, err)
	_, err = c.ReplyText(t.Context(), "one moment")
	require.NoError(t, err)
	o.enqueue(t, c.Target())
	require.Equal(t, o.queue[0].Seq, o.queue[1].Seq)
	for i, job := range o.queue {
		_, err := o.workers[i].media.For(job).ReplyText(t.Context(), "done")
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"1001 one moment", "2001 done"}, texts(club))
}

func TestForOfOneTargetTwiceIsTwoRunsOfOneJob(t *testing.T) {
	o := newOffice(t, 1, 1)
	club := o.Group("club")
	o.say(t, club)
	for range 2 {
		_, err := o.workers[0].media.For(o.queue[0]).ReplyText(t.Context(), "done")
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"1001 one moment", "2001 done"}, texts(club))
}

func TestOneNumberStandsForOneReplyOfARun(t *testing.T) {
	image := func(name, content string) func(*richmedia.Context, context.Context) error {
		return func(c *richmedia.Context, ctx context.Context) error {
			_, err := c.ReplyImage(ctx, richmedia.FromBytes(name, []byte(content)), richmedia.WithSeq(300))
			return err
		}
	}
	text := func(words string) func(*richmedia.Context, context.Context) error {
		return func(c *richmedia.Context, ctx context.Context) error {
			_, err := c.ReplyText(ctx, words, richmedia.WithSeq(300))
			return err
		}
	}
	message := func(m dto.MessageToCreate) func(*richmedia.Context, context.Context) error {
		return func(c *richmedia.Context, ctx context.Context) error {
			_, err := c.ReplyMessage(ctx, &m, richmedia.WithSeq(300))
			return err
		}
	}
	png := string(readMedia(t, "cat.png"))
	other := png + "x"
	for name, test := range map[string]struct {
		first, second func(*richmedia.Context, context.Context) error
		taken         bool
	}{
		"the same text":             {text("a"), text("a"), false},
		"another text":              {text("a"), text("b"), true},
		"a text and an image":       {text("a"), image("a.png", png), true},
		"the same image":            {image("a.png", png), image("a.png", png), false},
		"an image that is not read": {image("a.png", png), image("a.png", other), false},
		"another name":              {image("a.png", png), image("b.png", png), true},
		"the same message":          {message(dto.MessageToCreate{Content: "a"}), message(dto.MessageToCreate{Content: "a", MsgID: "x", MsgSeq: 7}), false},
		"another message":           {message(dto.MessageToCreate{Content: "a"}), message(dto.MessageToCreate{Content: "b"}), true},
		"a text after a message":    {message(dto.MessageToCreate{Content: "a"}), text("a"), true},
		"an image by another path":  {image("d/a.png", png), image("a.png", png), false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBed(t)
			club := b.Group("club")
			c := b.context(t, club)
			require.NoError(t, test.first(c, t.Context()))
			sends := b.Count(richmediatest.OpSend)
			err := test.second(c, t.Context())
			if test.taken {
				require.ErrorIs(t, err, richmedia.ErrSeqTaken)
			} else {
				require.NoError(t, err)
			}
			assert.Len(t, club.Answers(), 1)
			assert.Equal(t, sends, b.Count(richmediatest.OpSend), "no request for a reply that is known")
		})
	}
}

func TestALaterRunRepeatsAReplyWhateverItsContentIs(t *testing.T) {
	b := newBed(t)
	b.PushTo(nil)
	club := b.Group("club")
	ev := club.Say("alice", "time?")
	for i, now := range []string{"12:00", "12:01"} { // an event that is delivered again, to a handler that says the time
		payload := *ev.Payload()
		c, err := b.media.Context(&payload)
		require.NoError(t, err)
		msg, err := c.ReplyText(t.Context(), now)
		require.NoError(t, err, "the handler goes on")
		assert.Equal(t, i == 1, msg.ID == "")
		_, err = c.ReplyText(t.Context(), "bye")
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"1001 12:00", "1002 bye"}, texts(club))
	assert.Equal(t, 1, bytes.Count([]byte(b.log.text()), []byte("an earlier run has sent another one")), "one warning:\n%s", b.log.text())
}

func TestAFollowUpOfAJobGoesOnInItsBlock(t *testing.T) {
	o := newOffice(t, 1, 2)
	club := o.Group("club")
	o.say(t, club)
	for range 2 { // the job runs twice, and so does its follow-up
		c := o.workers[0].media.For(o.queue[0])
		_, err := c.ReplyText(t.Context(), "half")
		require.NoError(t, err)
		next := c.Target()
		assert.EqualValues(t, 2002, next.Seq)
		_, err = o.workers[1].media.For(next).ReplyText(t.Context(), "whole")
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"1001 one moment", "2001 half", "2002 whole"}, texts(club))
}

func TestATargetWithoutSeqCountsFrom501InItsProcess(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	c := b.context(t, club)
	_, err := c.ReplyText(t.Context(), "handler")
	require.NoError(t, err)
	old, err := json.Marshal(map[string]any{"Scope": c.Scope(), "ChatID": c.ChatID(), "MsgID": c.Target().MsgID, "Time": c.Target().Time})
	require.NoError(t, err)
	var target richmedia.Target // of a release that knew no Seq
	require.NoError(t, json.Unmarshal(old, &target))
	for _, text := range []string{"a", "b"} {
		_, err = b.media.For(target).ReplyText(t.Context(), text)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"1001 handler", "501 a", "502 b"}, texts(club))
}

func TestAlbumsMessagesAndNextSeqOfAJobUseItsNumbers(t *testing.T) {
	o := newOffice(t, 1, 2)
	chat := o.Group("club")
	o.say(t, chat)
	for _, worker := range o.workers {
		c := worker.media.For(o.queue[0])
		_, err := c.ReplyAll(t.Context(), richmedia.KindImage, []richmedia.Source{
			richmedia.FromFS(media, "cat.png"), richmedia.FromFS(media, "cat.png"),
		}, richmedia.WithCaption("two"))
		require.NoError(t, err)
		_, err = c.ReplyMessage(t.Context(), &dto.MessageToCreate{Content: "markdown", MsgType: dto.TextMsg})
		require.NoError(t, err)
		seq, err := c.NextSeq()
		require.NoError(t, err)
		assert.EqualValues(t, 2004, seq)
	}
	assert.Equal(t, []string{"1001 one moment", "2001 two", "2002 ", "2003 markdown"}, texts(chat))
}

func TestANumberFromNextSeqIsForOneReply(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	c := b.context(t, club)
	seq, err := c.NextSeq()
	require.NoError(t, err)
	_, err = c.ReplyText(t.Context(), "a", richmedia.WithSeq(seq))
	require.NoError(t, err)
	_, err = c.ReplyText(t.Context(), "b", richmedia.WithSeq(seq))
	require.ErrorIs(t, err, richmedia.ErrSeqTaken)
	_, err = c.ReplyText(t.Context(), "c")
	require.NoError(t, err)
	assert.Equal(t, []string{"1001 a", "1002 c"}, texts(club))
}

func TestACounterSkipsANumberThatItsRunHasChosen(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	c := b.context(t, club)
	_, err := c.ReplyText(t.Context(), "chosen", richmedia.WithSeq(1002))
	require.NoError(t, err)
	for _, text := range []string{"a", "b"} {
		_, err = c.ReplyText(t.Context(), text)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"1002 chosen", "1001 a", "1003 b"}, texts(club))
}

func TestTheRangesOfNumbersEnd(t *testing.T) {
	b := newBed(t, richmedia.WithReplyLimits(richmedia.ScopeGroup, 0, 0))
	c := b.context(t, b.Group("club"))
	var last richmedia.Target
	for range 600 {
		last = c.Target()
	}
	assert.EqualValues(t, 61901, last.Seq)
	beyond := c.Target()
	_, err := b.media.For(beyond).ReplyText(t.Context(), "x")
	require.ErrorIs(t, err, richmedia.ErrReplyLimit, "the 600th block is the last")
	job := b.media.For(last)
	for range 100 {
		_, err := job.NextSeq()
		require.NoError(t, err)
	}
	_, err = job.NextSeq()
	require.ErrorIs(t, err, richmedia.ErrReplyLimit, "a block has 100 numbers")
	for range 1000 {
		_, err = c.NextSeq()
		require.NoError(t, err)
	}
	_, err = c.NextSeq()
	require.ErrorIs(t, err, richmedia.ErrReplyLimit, "1001 to 2000")
}

func TestTheFirstDuplicateOfAnotherProcessIsLogged(t *testing.T) {
	o := newOffice(t, 1, 2)
	club := o.Group("club")
	o.say(t, club)
	for _, worker := range o.workers {
		_, err := worker.media.For(o.queue[0]).ReplyText(t.Context(), "done")
		require.NoError(t, err)
	}
	assert.NotContains(t, o.workers[0].log.text(), "in the chat already")
	assert.Contains(t, o.workers[1].log.text(), "msg_seq 2001 was in the chat already")
}

func TestARefusedReplyFreesItsNumberForOtherContent(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	c := b.context(t, club)
	b.Fail(richmediatest.OpSend, 1, 400, 40034006, "refused")
	_, err := c.ReplyText(t.Context(), "rude", richmedia.WithSeq(300))
	require.ErrorIs(t, err, richmedia.ErrNotPermitted)
	_, err = c.ReplyText(t.Context(), "polite", richmedia.WithSeq(300))
	require.NoError(t, err)
	assert.Equal(t, []string{"300 polite"}, texts(club))
}

func TestBadTargetsAreErrorsBeforeAnyRequest(t *testing.T) {
	b := newBed(t)
	good := b.context(t, b.Group("club")).Target()
	calls := len(b.Calls())
	for want, change := range map[string]func(*richmedia.Target){
		"Target.Scope is Scope(9)":    func(t *richmedia.Target) { t.Scope = 9 },
		"Target.ChatID is empty":      func(t *richmedia.Target) { t.ChatID = " " },
		"Target.ChatID is no group_":  func(t *richmedia.Target) { t.ChatID = "a/../b" },
		"is no group_openid: an id":   func(t *richmedia.Target) { t.ChatID = "a b" },
		"an id has no blank":          func(t *richmedia.Target) { t.ChatID = "a\nb" },
		"none of / \\ ? # %":          func(t *richmedia.Target) { t.ChatID = "a?b" },
		"Target.Seq is 70000: keep":   func(t *richmedia.Target) { t.Seq = 70000 },
		"Target.Seq is 4294967295: k": func(t *richmedia.Target) { t.Seq = 1<<32 - 1 },
	} {
		target := good
		change(&target)
		c := b.media.For(target)
		_, err := c.ReplyText(t.Context(), "x")
		require.ErrorContains(t, err, want)
		_, err = c.ReplyImage(t.Context(), richmedia.FromFS(media, "cat.png"))
		require.ErrorContains(t, err, want)
		_, err = b.media.Upload(t.Context(), target, richmedia.KindImage, richmedia.FromFS(media, "cat.png"))
		require.ErrorContains(t, err, want)
	}
	assert.Len(t, b.Calls(), calls)
}

func TestAReplyOfAHandlerThatRunsInlineAgainIsInTheChatOnce(t *testing.T) {
	b := newBed(t, richmedia.WithInline())
	b.PushTo(nil)
	club := b.Group("club")
	n := 0
	b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
		n++
		_, err := c.ReplyText(ctx, fmt.Sprintf("run %d", n))
		if n == 1 {
			err = assert.AnError
		}
		return err
	})
	ev := club.Say("alice", "hi")
	require.Error(t, event.ParseAndHandle(ev.Payload()))
	require.NoError(t, event.ParseAndHandle(ev.Payload()))
	assert.Equal(t, []string{"1001 run 1"}, texts(club))
}
