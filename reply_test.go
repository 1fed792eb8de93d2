package richmedia_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/dto/keyboard"
	"github.com/tencent-connect/botgo/errs"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func cat() richmedia.Source { return richmedia.FromFS(media, "cat.png") }

func TestRepliesToOneMessageHaveSeqsOfTheirOwn(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	c := b.context(t, club)
	again, err := b.media.Context(c.Payload()) // the count is the message's, not the Context's
	require.NoError(t, err)
	seq, err := again.NextSeq()
	require.NoError(t, err)
	assert.EqualValues(t, 1001, seq)
	for range 2 {
		_, err = c.ReplyText(t.Context(), "a")
		require.NoError(t, err)
		_, err = again.ReplyImage(t.Context(), cat())
		require.NoError(t, err)
	}
	var seqs []uint32
	for _, m := range club.Answers() {
		seqs = append(seqs, m.Seq)
	}
	assert.Equal(t, []uint32{1002, 1003, 1004, 1005}, seqs)
	n, _ := c.RepliesLeft()
	assert.Zero(t, n)
	_, err = c.ReplyImage(t.Context(), richmedia.FromBytes("new.png", append(readMedia(t, "cat.png"), 0)))
	require.ErrorIs(t, err, richmedia.ErrReplyLimit)
	_, err = c.NextSeq()
	require.ErrorIs(t, err, richmedia.ErrReplyLimit)
	assert.Len(t, b.Uploads(), 1, "a hopeless upload never begins")
}

func TestAReplyAfterTheWindowIsRefusedWithoutARequest(t *testing.T) {
	for name, scene := range map[string]struct {
		chat   func(*bed) *richmediatest.Chat
		window time.Duration
		count  int
	}{
		"group": {func(b *bed) *richmediatest.Chat { return b.Group("club") }, 5 * time.Minute, 5},
		"c2c":   {func(b *bed) *richmediatest.Chat { return b.C2C("bob") }, time.Hour, 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t)
				chat := scene.chat(b)
				c := b.context(t, chat)
				n, until := c.RepliesLeft()
				assert.Equal(t, scene.count, n)
				assert.Equal(t, scene.window, time.Until(until))
				time.Sleep(scene.window - time.Second)
				_, err := c.ReplyImage(t.Context(), cat())
				require.NoError(t, err)
				time.Sleep(time.Second)
				_, err = c.ReplyImage(t.Context(), cat())
				require.ErrorIs(t, err, richmedia.ErrReplyWindow)
				n, _ = c.RepliesLeft()
				assert.Zero(t, n)
				assert.Equal(t, 1, b.Count(richmediatest.OpSend))
			})
		})
	}
}

func TestTheWindowEndsAnUploadThatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		b.Host("https://example.com/cat.png", readMedia(t, "cat.png"))
		b.Delay(richmediatest.OpUpload, -1, time.Hour)
		c := b.context(t, b.Group("club"))
		began := time.Now()
		_, err := c.ReplyImage(t.Context(), richmedia.FromURL("https://example.com/cat.png"))
		require.ErrorIs(t, err, richmedia.ErrReplyWindow)
		assert.Equal(t, 5*time.Minute, time.Since(began))
		assert.Zero(t, b.Count(richmediatest.OpSend))
	})
}

func TestADefiniteRefusalReturnsTheSlot(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	c := b.context(t, club)
	remove := b.Fail(richmediatest.OpSend, -1, 400, 40034006, "内容违规")
	for range 7 {
		_, err := c.ReplyText(t.Context(), "rude")
		require.ErrorIs(t, err, richmedia.ErrNotPermitted)
		var api *richmedia.APIError
		require.ErrorAs(t, err, &api)
		assert.Equal(t, richmedia.DeliveredNo, api.Delivered)
		assert.Equal(t, "send", api.Op)
		assert.Equal(t, 40034006, api.Code)
		assert.Equal(t, 400, api.Status)
		assert.NotEmpty(t, api.TraceID)
		var bot *errs.Err
		require.ErrorAs(t, err, &bot, "what botgo's own calls return")
		assert.Equal(t, 400, bot.Code())
		assert.Equal(t, api.TraceID, bot.Trace())
		assert.JSONEq(t, `{"message":"内容违规","code":40034006,"err_code":40034006}`, bot.Text())
	}
	remove()
	n, _ := c.RepliesLeft()
	assert.Equal(t, 5, n)
}

func TestReplyIsSentOnceWhenTheResponseIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		club := b.Group("club")
		c := b.context(t, club)
		b.Lose(richmediatest.OpSend, 1)
		msg, err := c.ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		assert.Empty(t, msg.ID, "the platform does not tell the id of what is in the chat already")
		assert.Len(t, club.Answers(), 1)
		assert.Equal(t, 2, b.Count(richmediatest.OpSend))
	})
}

func TestAResponseThatStaysLostIsUnknownAndUsesTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithRetries(1))
		c := b.context(t, b.Group("club"))
		b.Drop(richmediatest.OpSend, -1)
		_, err := c.ReplyText(t.Context(), "hi")
		var api *richmedia.APIError
		require.ErrorAs(t, err, &api)
		assert.Equal(t, richmedia.DeliveredUnknown, api.Delivered)
		assert.ErrorContains(t, err, "may have been delivered")
		n, _ := c.RepliesLeft()
		assert.Equal(t, 4, n)
	})
}

func TestARefusedFileIsUploadedOnceMoreWithTheSameSeq(t *testing.T) {
	b := newBed(t)
	first, second := b.Group("first"), b.Group("second")
	_, err := b.context(t, first).ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	b.ExpireUploads()
	c := b.context(t, second)
	_, err = c.ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	got := second.Answers()
	require.Len(t, got, 1)
	assert.EqualValues(t, 1001, got[0].Seq)
	assert.Equal(t, second.OpenID(), b.Uploads()[1].Chat, "through the very chat")
	n, _ := c.RepliesLeft()
	assert.Equal(t, 4, n)

	_, err = c.ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	assert.Len(t, b.Uploads(), 2, "the fresh one is kept")

	b.Fail(richmediatest.OpSend, -1, 400, 40034004, "富媒体文件转存失败")
	_, err = c.ReplyImage(t.Context(), cat())
	require.ErrorIs(t, err, richmedia.ErrBadFile)
	assert.Len(t, b.Uploads(), 3, "once more, not forever")
}

func TestFilesThatAreValidPerChatAreUploadedForEach(t *testing.T) {
	b := newBedOn(t, richmediatest.New(richmediatest.WithFileInfoPerChat()))
	for _, name := range []string{"first", "second"} {
		_, err := b.context(t, b.Group(name)).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		assert.Len(t, b.Group(name).Answers(), 1)
	}
}

func TestCaptionsGoWithImagesOnly(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	c := b.context(t, club)
	_, err := c.ReplyImage(t.Context(), cat(), richmedia.WithCaption("meow"))
	require.NoError(t, err)
	assert.Equal(t, "meow", club.Answers()[0].Text)
	_, err = c.ReplyVideo(t.Context(), richmedia.FromFS(media, "clip.mp4"), richmedia.WithCaption("meow"))
	require.ErrorIs(t, err, richmedia.ErrUnsupported)
	require.ErrorContains(t, err, "images only")
	_, err = c.ReplyText(t.Context(), "x", richmedia.WithCaption("meow"))
	require.ErrorContains(t, err, "WithCaption")
	assert.Equal(t, 1, b.Count(richmediatest.OpSend))
}

func TestAnyBotgoMessageCanBeTheReply(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	c := b.context(t, club)
	msg := &dto.MessageToCreate{
		MsgType: dto.MarkdownMsg, Markdown: &dto.Markdown{Content: "# cats"}, MsgID: "another", MsgSeq: 1,
		Keyboard: &keyboard.MessageKeyboard{ID: "K1"},
	}
	sent, err := c.ReplyMessage(t.Context(), msg)
	require.NoError(t, err)
	assert.NotEmpty(t, sent.ID)
	_, err = sent.Timestamp.Time()
	require.NoError(t, err)
	got := club.Answers()[0]
	assert.Contains(t, string(got.Markdown), "# cats")
	assert.Contains(t, string(got.Keyboard), "K1")
	assert.EqualValues(t, 1001, got.Seq)
	assert.Equal(t, c.Target().MsgID, got.ReplyTo)
	assert.Equal(t, "another", msg.MsgID, "the bot's own message is not changed")

	_, err = c.ReplyMessage(t.Context(), nil)
	require.ErrorContains(t, err, "nil")
	_, err = c.ReplyText(t.Context(), " \n")
	require.ErrorContains(t, err, "empty")
}

func TestBotgosOwnSendsAndOursDoNotCollide(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	c := b.context(t, club)
	send := func(seq uint32) int {
		body, err := json.Marshal(&dto.MessageToCreate{Content: "direct", MsgID: c.Target().MsgID, MsgSeq: seq})
		require.NoError(t, err)
		return post(t, b, "/v2/groups/"+club.OpenID()+"/messages", body)
	}
	assert.Equal(t, 200, send(0)) // 1, by default
	_, err := c.ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	assert.Equal(t, 200, send(2))
	seq, err := c.NextSeq()
	require.NoError(t, err)
	assert.Equal(t, 200, send(seq))
	assert.Len(t, club.Answers(), 4)
}

// post calls the platform as the bot would by hand.
func post(t *testing.T, b *bed, path string, body []byte) int {
	t.Helper()
	tok, err := b.TokenSource().Token()
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.URL()+path, bytesReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "QQBot "+tok.AccessToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := b.Client().Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

func TestIntegerTimestampsAreAccepted(t *testing.T) {
	b := newBedOn(t, richmediatest.New(richmediatest.WithIntegerTimestamps()))
	msg, err := b.context(t, b.C2C("bob")).ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	_, err = msg.Timestamp.Time()
	require.NoError(t, err)
}

func TestAReplyByEventIDIsRepeatedWithoutASeqThatMakesItProactive(t *testing.T) {
	b := newBed(t)
	b.Intercept(richmediatest.OpSend, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		body := bodyOf(t, r)
		if body["event_id"] != nil && body["msg_seq"] != nil { // as nonebot saw it in 2024-09
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"code":40034105,"err_code":40034105,"message":"主动消息失败, 无权限"}`))
			return
		}
		next.ServeHTTP(w, r)
	})
	b.PushTo(nil)
	club := b.Group("club")
	for range 2 {
		c, err := b.media.Context(club.Press("alice", "x").Payload())
		require.NoError(t, err)
		_, err = c.ReplyImage(t.Context(), cat())
		require.NoError(t, err)
	}
	assert.Len(t, club.Answers(), 2)
	assert.Equal(t, 3, b.Count(richmediatest.OpSend), "learnt after the first")
	c := b.context(t, club)
	_, err := c.ReplyText(t.Context(), "a message is still answered with a seq")
	require.NoError(t, err)
	assert.EqualValues(t, 1001, club.Answers()[2].Seq)
}

func TestProactiveMessagesAreSentOnlyWhenAskedFor(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	c := b.media.For(richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: club.OpenID()})
	n, until := c.RepliesLeft()
	assert.Equal(t, math.MaxInt, n)
	assert.True(t, until.IsZero())
	_, err := c.NextSeq()
	require.ErrorContains(t, err, "proactive")
	_, err = c.ReplyText(t.Context(), "news")
	require.ErrorIs(t, err, richmedia.ErrNotPermitted)

	b = newBedOn(t, richmediatest.New(richmediatest.WithProactive()))
	club = b.Group("club")
	c = b.media.For(richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: club.OpenID()})
	_, err = c.ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	assert.Len(t, club.Answers(), 1)
	for _, call := range b.Calls() {
		if call.Op == richmediatest.OpSend {
			assert.NotContains(t, string(call.Body), "msg_seq")
		}
	}
}

func TestATargetFromAQueueIsAnsweredLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		club := b.Group("club")
		job, err := json.Marshal(b.context(t, club).Target())
		require.NoError(t, err)
		time.Sleep(time.Minute)
		var target richmedia.Target
		require.NoError(t, json.Unmarshal(job, &target))
		c := b.media.For(target)
		assert.Nil(t, c.Payload())
		_, until := c.RepliesLeft()
		assert.InDelta(t, 4*time.Minute, time.Until(until), float64(time.Second))
		_, err = c.ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		assert.Equal(t, target.MsgID, club.Answers()[0].ReplyTo)
		time.Sleep(5 * time.Minute)
		_, err = c.ReplyText(t.Context(), "x")
		require.ErrorIs(t, err, richmedia.ErrReplyWindow)
	})
}

func TestUploadAheadAndSendToManyChats(t *testing.T) {
	b := newBed(t)
	club := b.Group("club")
	f, err := b.media.Upload(t.Context(), richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: club.OpenID()}, richmedia.KindImage, cat())
	require.NoError(t, err)
	assert.Equal(t, b.Uploads()[0].FileInfo, f.Info)
	assert.Equal(t, b.Uploads()[0].UUID, f.UUID)
	assert.WithinDuration(t, time.Now().Add(300*time.Second), f.Expires, 20*time.Second)
	for _, name := range []string{"one", "two"} {
		_, err = b.context(t, b.Group(name)).ReplyUploaded(t.Context(), f, richmedia.WithCaption("meow"))
		require.NoError(t, err)
		assert.Equal(t, "meow", b.Group(name).Answers()[0].Text)
	}
	_, err = b.context(t, b.Group("three")).ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	assert.Len(t, b.Uploads(), 1, "a reply finds what was uploaded ahead")

	for want, use := range map[string]func() error{
		"never crosses": func() error {
			_, err := b.context(t, b.C2C("bob")).ReplyUploaded(t.Context(), f)
			return err
		},
		"the File is empty": func() error {
			_, err := b.context(t, club).ReplyUploaded(t.Context(), richmedia.File{Scope: richmedia.ScopeGroup})
			return err
		},
		"has expired": func() error {
			old := f
			old.Expires = time.Now()
			_, err := b.context(t, club).ReplyUploaded(t.Context(), old)
			return err
		},
		"images only": func() error {
			video := f
			video.Kind = richmedia.KindVideo
			_, err := b.context(t, club).ReplyUploaded(t.Context(), video, richmedia.WithCaption("x"))
			return err
		},
	} {
		sends := b.Count(richmediatest.OpSend)
		require.ErrorContains(t, use(), want)
		assert.Equal(t, sends, b.Count(richmediatest.OpSend), want)
	}
}

func TestOneOfTwoRepliesGetsTheLastSlot(t *testing.T) {
	b := newBed(t, richmedia.WithReplyLimits(richmedia.ScopeGroup, 1, time.Minute))
	club := b.Group("club")
	c := b.context(t, club)
	results := make([]error, 8)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() { _, results[i] = c.ReplyImage(t.Context(), cat()) })
	}
	wg.Wait()
	var sent int
	for _, err := range results {
		if err == nil {
			sent++
			continue
		}
		require.ErrorIs(t, err, richmedia.ErrReplyLimit)
	}
	assert.Equal(t, 1, sent)
	assert.Len(t, club.Answers(), 1)
}

func TestWithReplyLimitsZeroLiftsTheLimits(t *testing.T) {
	b := newBed(t, richmedia.WithReplyLimits(richmedia.ScopeGroup, 0, 0))
	c := b.context(t, b.Group("club"))
	n, until := c.RepliesLeft()
	assert.Equal(t, math.MaxInt, n)
	assert.True(t, until.IsZero())
	for range 5 {
		_, err := c.ReplyText(t.Context(), "x")
		require.NoError(t, err)
	}
	_, err := c.ReplyText(t.Context(), "the sixth")
	require.ErrorIs(t, err, richmedia.ErrReplyLimit, "the platform's word")
	require.ErrorIs(t, err, richmedia.ErrReplyWindow, "40034128 says either")
}

func TestACancelledReplyReportsItsCause(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.Group("club"))
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	_, err := c.ReplyImage(ctx, cat())
	require.ErrorIs(t, err, gone)
	n, _ := c.RepliesLeft()
	assert.Equal(t, 5, n)
}
