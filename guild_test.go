package richmedia_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// guilds are the two scenes of a guild, each with the path of its messages.
func guilds(p *richmediatest.Platform) map[*richmediatest.Chat]string {
	return map[*richmediatest.Chat]string{p.Channel("lounge"): "/channels/", p.DM("alice"): "/dms/"}
}

func TestOneHandlerServesEveryScene(t *testing.T) {
	b := newBed(t)
	b.Host("https://example.com/cat.png", readMedia(t, "cat.png"))
	got := make(chan *richmedia.Context, 8)
	failed := make(chan error, 8)
	meow := func(ctx context.Context, c *richmedia.Context) error {
		got <- c
		_, err := c.ReplyImage(ctx, richmedia.FromURL("https://example.com/cat.png"), richmedia.WithCaption("meow"))
		if err != nil {
			failed <- err
		}
		return err
	}
	event.RegisterHandlers(b.media.GroupATMessage(meow), b.media.C2CMessage(meow),
		b.media.ATMessage(meow), b.media.Message(meow), b.media.DirectMessage(meow))
	for _, chat := range []*richmediatest.Chat{b.Group("club"), b.C2C("alice"), b.Channel("lounge"), b.DM("alice")} {
		ev := chat.Say("alice", "/cat")
		m := answers(t, chat, 1)[0]
		assert.Equal(t, "meow", m.Text, chat.Scene())
		assert.Equal(t, "image/png", m.Media.Format, chat.Scene())
		assert.Equal(t, ev.MsgID(), m.ReplyTo, chat.Scene())

		c := <-got
		assert.Equal(t, "/cat", c.Text(), chat.Scene())
		assert.Equal(t, chat.UserOpenID("alice"), c.UserID(), chat.Scene())
		assert.Equal(t, chat.OpenID(), c.Target().ChatID, chat.Scene())
		assert.Equal(t, chat.Scene(), c.Target().Scope.String())
		assert.Equal(t, ev.MsgID(), c.Message().ID)
	}
	b.Channel("lounge").SayUnmentioned("alice", "cats?") // private-domain bots get it
	answers(t, b.Channel("lounge"), 2)
	assert.Equal(t, "cats?", (<-got).Text())
	assert.Empty(t, failed)
	assert.Len(t, b.Uploads(), 2, "one for groups, one for single chats, none for guilds")
}

func TestAnImageInAGuildTravelsInItsMessage(t *testing.T) {
	b := newBed(t)
	data := readMedia(t, "cat.png")
	b.Host("https://example.com/cat.png", data)
	for chat, path := range guilds(b.Platform) {
		c := b.context(t, chat)
		for i, src := range []richmedia.Source{
			richmedia.FromURL("https://example.com/cat.png"),
			cat(),
			richmedia.FromBytes("a.png", data),
			richmedia.FromReader("b.png", iotest.HalfReader(bytes.NewReader(data))),
		} {
			m, err := c.ReplyImage(t.Context(), src, richmedia.WithCaption(fmt.Sprint(i)))
			require.NoError(t, err)
			shown := chat.Answers()[i]
			assert.Equal(t, shown.ID, m.ID)
			assert.NotEmpty(t, m.Timestamp)
			assert.Equal(t, data, shown.Media.Upload.Data)
			assert.Equal(t, fmt.Sprint(i), shown.Text)
			route := richmediatest.RouteMultipart
			if i == 0 {
				route = richmediatest.RouteURL
			}
			assert.Equal(t, route, shown.Media.Upload.Route)
		}
		for _, call := range b.Calls() {
			if call.Op == richmediatest.OpSend && bytes.Contains([]byte(call.Path), []byte(chat.OpenID())) {
				assert.Equal(t, path+chat.OpenID()+"/messages", call.Path)
				for _, field := range []string{"msg_seq", "msg_type", "media"} {
					assert.NotContains(t, string(call.Body), field)
				}
			}
		}
	}
	assert.Zero(t, b.Count(richmediatest.OpUpload)+b.Count(richmediatest.OpPrepare))
}

func TestTextsAndMessagesAnswerInGuilds(t *testing.T) {
	b := newBed(t)
	for chat := range guilds(b.Platform) {
		c := b.context(t, chat)
		_, err := c.ReplyText(t.Context(), "hello")
		require.NoError(t, err)
		_, err = c.ReplyMessage(t.Context(), &dto.MessageToCreate{
			MsgType: dto.MarkdownMsg, Markdown: &dto.Markdown{Content: "**hi**"}, MsgID: "wrong", MsgSeq: 7,
		})
		require.NoError(t, err)
		_, err = c.ReplyImage(t.Context(), richmedia.FromBytes("x.png", []byte("no image")), richmedia.WithFallbackText("no picture today"))
		require.NoError(t, err)
		got := chat.Answers()
		require.Len(t, got, 3)
		assert.Equal(t, "hello", got[0].Text)
		assert.Contains(t, string(got[1].Markdown), `"content":"**hi**"`)
		assert.Equal(t, "no picture today", got[2].Text)
		for _, m := range got {
			assert.Equal(t, c.Target().MsgID, m.ReplyTo)
		}
	}
}

func TestGuildsTakeImagesOnlyAndTheErrorSaysWhatToDo(t *testing.T) {
	b := newBed(t)
	for chat := range guilds(b.Platform) {
		c := b.context(t, chat)
		for want, reply := range map[string]func() error{
			"a video in a guild": func() error { _, err := c.ReplyVideo(t.Context(), cat()); return err },
			"a voice in a guild": func() error { _, err := c.ReplyVoice(t.Context(), cat()); return err },
			"a file in a guild":  func() error { _, err := c.ReplyFile(t.Context(), cat()); return err },
			"take no uploads": func() error {
				_, err := b.media.Upload(t.Context(), c.Target(), richmedia.KindImage, cat())
				return err
			},
			"a link to anything else with ReplyText": func() error {
				_, err := c.ReplyUploaded(t.Context(), richmedia.File{Scope: richmedia.ScopeGroup, Kind: richmedia.KindImage, Info: "x"})
				return err
			},
			"guild channels and DMs take no uploads": func() error {
				_, err := c.ReplyMessage(t.Context(), &dto.MessageToCreate{MsgType: dto.RichMediaMsg, Media: &dto.MediaInfo{FileInfo: []byte("x")}})
				return err
			},
			"the platform knows no msg_seq there": func() error {
				_, err := c.ReplyText(t.Context(), "x", richmedia.WithSeq(500))
				return err
			},
			"as an image the platform takes": func() error {
				_, err := c.ReplyImage(t.Context(), richmedia.FromBytes("x.png", []byte("no image")))
				return err
			},
		} {
			err := reply()
			require.ErrorIs(t, err, richmedia.ErrUnsupported, want)
			require.ErrorContains(t, err, want)
		}
		assert.Empty(t, chat.Answers())
	}
	assert.Empty(t, b.Calls())
}

func TestAButtonInAChannelIsAnsweredByItsEvent(t *testing.T) {
	b := newBed(t)
	b.onButton(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyImage(ctx, cat(), richmedia.WithCaption(c.ButtonData()+" by "+c.UserID()))
		return err
	})
	lounge := b.Channel("lounge")
	ev := lounge.Press("alice", "again")
	m := answers(t, lounge, 1)[0]
	assert.Equal(t, ev.ID(), m.ReplyTo)
	assert.Equal(t, "again by "+lounge.UserOpenID("alice"), m.Text)
	require.Eventually(t, func() bool { return b.Count(richmediatest.OpAck) == 1 }, 20*time.Second, time.Millisecond,
		"it is acknowledged on a goroutine of its own")
}

func TestAGuildMessageThatMayHaveArrivedIsNotRepeated(t *testing.T) {
	b := newBed(t)
	lounge := b.Channel("lounge")
	for i, reply := range []func(c *richmedia.Context) error{
		func(c *richmedia.Context) error { _, err := c.ReplyText(t.Context(), "x"); return err },
		func(c *richmedia.Context) error { _, err := c.ReplyImage(t.Context(), cat()); return err },
	} {
		b.Lose(richmediatest.OpSend, 1) // it arrives; the answer does not
		err := reply(b.context(t, lounge))
		var api *richmedia.APIError
		require.ErrorAs(t, err, &api)
		assert.Equal(t, richmedia.DeliveredUnknown, api.Delivered)
		assert.Len(t, lounge.Answers(), i+1, "once, for there is no msg_seq by which the platform would know the second")
	}
}

func TestAGuildMessageThatWasRefusedForNowIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		lounge := b.Channel("lounge")
		b.RateLimit(richmediatest.OpSend, 2, time.Second)
		_, err := b.context(t, lounge).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		assert.Len(t, lounge.Answers(), 1)
	})
}

func TestAHandlerThatIsRunAgainInAGuildSendsWhatIsMissing(t *testing.T) {
	b := newBed(t, richmedia.WithInline(), richmedia.WithErrorHandler(func(context.Context, *richmedia.Context, error) {}))
	runs := 0
	event.RegisterHandlers(b.media.ATMessage(func(ctx context.Context, c *richmedia.Context) error {
		runs++
		if _, err := c.ReplyText(ctx, "first"); err != nil {
			return err
		}
		if runs == 1 {
			return errors.New("not today")
		}
		_, err := c.ReplyImage(ctx, cat())
		return err
	}))
	lounge := b.Channel("lounge")
	ev := lounge.Say("alice", "hi")
	ev.Redeliver()
	assert.Equal(t, 2, runs)
	require.Len(t, lounge.Answers(), 2)
	assert.Equal(t, "first", lounge.Answers()[0].Text)
	assert.NotNil(t, lounge.Answers()[1].Media)
}

func TestTheWindowOfAGuildIsFiveMinutesForAnyNumberOfReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		for chat := range guilds(b.Platform) {
			c := b.context(t, chat)
			for range 50 {
				_, err := c.ReplyText(t.Context(), "x")
				require.NoError(t, err)
			}
			_, until := c.RepliesLeft()
			assert.Equal(t, c.Target().Time.Add(5*time.Minute), until)
			time.Sleep(time.Until(until))
			_, err := c.ReplyImage(t.Context(), cat())
			require.ErrorIs(t, err, richmedia.ErrReplyWindow)
		}
	})
}

func TestAChannelGetsFiveMessagesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBedOn(t, richmediatest.New(richmediatest.WithRateLimits()))
		lounge, other := b.context(t, b.Channel("lounge")), b.context(t, b.Channel("other"))
		began := time.Now()
		for range 11 {
			_, err := lounge.ReplyText(t.Context(), "x")
			require.NoError(t, err)
			_, err = other.ReplyText(t.Context(), "x")
			require.NoError(t, err)
		}
		assert.Greater(t, time.Since(began), 2*time.Second)
		for _, call := range b.Calls() {
			assert.NotEqual(t, http.StatusTooManyRequests, call.Status)
		}
	})
}

func TestAGuildImageIsStreamedAndChecked(t *testing.T) {
	b := newBed(t)
	c := b.context(t, b.Channel("lounge"))
	big := append(readMedia(t, "cat.png"), make([]byte, 3<<20)...)
	var told []richmedia.Progress
	_, err := c.ReplyImage(t.Context(), richmedia.FromBytes("big.png", big), richmedia.WithProgress(func(p richmedia.Progress) { told = append(told, p) }))
	require.NoError(t, err)
	require.NotEmpty(t, told)
	assert.Equal(t, int64(len(big)), told[len(told)-1].Sent)

	reads := 0
	_, err = c.ReplyImage(t.Context(), richmedia.FromOpener("changes.png", func(context.Context) (io.ReadCloser, error) {
		reads++
		return readSeekNopCloser{bytes.NewReader(append(big[:len(big)-1:len(big)-1], byte(reads)))}, nil
	}))
	require.ErrorContains(t, err, "the content changed")
	assert.Len(t, b.Channel("lounge").Answers(), 1)
}

type readSeekNopCloser struct{ *bytes.Reader }

func (readSeekNopCloser) Close() error { return nil }

func TestAGuildImageIsTraced(t *testing.T) {
	var uploads []richmedia.UploadInfo
	var replies []richmedia.ReplyInfo
	b := newBed(t, richmedia.WithTrace(richmedia.Trace{
		Upload: func(i richmedia.UploadInfo) { uploads = append(uploads, i) },
		Reply:  func(i richmedia.ReplyInfo) { replies = append(replies, i) },
	}))
	_, err := b.context(t, b.Channel("lounge")).ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	require.Len(t, uploads, 1)
	assert.Equal(t, richmedia.RouteImage, uploads[0].Route)
	assert.EqualValues(t, len(readMedia(t, "cat.png")), uploads[0].Bytes)
	require.Len(t, replies, 1)
	assert.Zero(t, replies[0].Seq)
	assert.NotEmpty(t, replies[0].ID)
}

func TestAnAlbumInAGuildArrivesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		lounge := b.Channel("lounge")
		_, err := b.context(t, lounge).ReplyAll(t.Context(), richmedia.KindImage, pictures(t, 7), richmedia.WithCaption("seven"))
		require.NoError(t, err)
		assert.Equal(t, []string{"0seven", "1", "2", "3", "4", "5", "6"}, shown(lounge))
		_, err = b.context(t, lounge).ReplyAll(t.Context(), richmedia.KindVideo, pictures(t, 2))
		require.ErrorIs(t, err, richmedia.ErrUnsupported)
	})
}

func TestAMessageUnderAuditIsASuccess(t *testing.T) {
	var replies []richmedia.ReplyInfo
	b := newBed(t, richmedia.WithTrace(richmedia.Trace{Reply: func(i richmedia.ReplyInfo) { replies = append(replies, i) }}))
	lounge := b.Channel("lounge")
	c := b.context(t, lounge)
	lounge.Audit(true)
	for i, reply := range []func() (*dto.Message, error){
		func() (*dto.Message, error) { return c.ReplyImage(t.Context(), cat(), richmedia.WithCaption("soon")) },
		func() (*dto.Message, error) { return c.ReplyText(t.Context(), "soon") },
	} {
		m, err := reply()
		require.NoError(t, err)
		assert.Empty(t, m.ID, "the id is not known before the audit")
		assert.Equal(t, lounge.Audits()[i].ID, replies[i].AuditID)
		assert.False(t, replies[i].Duplicate)
		assert.Contains(t, b.log.text(), "waits for the platform's audit "+replies[i].AuditID)
	}
	b.PassAudit(replies[0].AuditID)
	b.RejectAudit(replies[1].AuditID)
	require.Len(t, lounge.Answers(), 1)
	assert.NotNil(t, lounge.Answers()[0].Media)
	n := b.Count(richmediatest.OpSend)
	assert.Equal(t, 2, n, "an audit is no reason to send again")
}

func TestAGuildMessageThatIsPushedAgainWhileItIsAnsweredIsAnsweredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		lounge := b.Channel("lounge")
		p := b.context(t, lounge).Payload()
		b.Delay(richmediatest.OpSend, 1, 4*time.Second)
		var wg sync.WaitGroup
		for i := range 2 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 3 * time.Second) // the platform pushes again after 3 s
				delivery := *p
				c, err := b.media.Context(&delivery)
				require.NoError(t, err)
				_, err = c.ReplyImage(t.Context(), cat())
				require.NoError(t, err)
			})
		}
		wg.Wait()
		assert.Len(t, lounge.Answers(), 1)
	})
}

func TestAHandlerOfManyRepliesCanBeRunAgainInAGuild(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		lounge := b.Channel("lounge")
		p := b.context(t, lounge).Payload()
		for range 2 {
			delivery := *p
			c, err := b.media.Context(&delivery)
			require.NoError(t, err)
			for i := range 300 {
				_, err = c.ReplyText(t.Context(), fmt.Sprint(i))
				require.NoError(t, err)
			}
		}
		assert.Len(t, lounge.Answers(), 300)
	})
}

func TestTheTraceOfAGuildImageHasItsAttemptsAndAPublicError(t *testing.T) {
	var ups []richmedia.UploadInfo
	b := newBed(t, richmedia.WithRetries(0), richmedia.WithTrace(richmedia.Trace{Upload: func(i richmedia.UploadInfo) { ups = append(ups, i) }}))
	c := b.context(t, b.Channel("lounge"))
	_, err := c.ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	assert.Equal(t, 1, ups[0].Attempts)
	b.Fail(richmediatest.OpSend, 1, 400, 40054002, "muted")
	_, err = c.ReplyImage(t.Context(), cat())
	require.ErrorIs(t, err, richmedia.ErrNotPermitted)
	assert.ErrorIs(t, ups[1].Err, richmedia.ErrNotPermitted)
}

func TestASourceThatPanicsWhileItIsSentIsTheSameErrorEverywhere(t *testing.T) {
	for _, chat := range []func(*bed) *richmediatest.Chat{func(b *bed) *richmediatest.Chat { return b.Group("g") }, func(b *bed) *richmediatest.Chat { return b.Channel("g") }} {
		b := newBed(t)
		opens := 0
		data := readMedia(t, "cat.png")
		src := richmedia.FromOpener("x.png", func(context.Context) (io.ReadCloser, error) {
			if opens++; opens > 1 {
				panic("boom")
			}
			return readSeekNopCloser{bytes.NewReader(data)}, nil
		})
		_, err := b.context(t, chat(b)).ReplyImage(t.Context(), src)
		var p *richmedia.PanicError
		assert.ErrorAs(t, err, &p)
		var up *richmedia.UploadError
		assert.ErrorAs(t, err, &up)
	}
}

func TestABusyChannelDoesNotDelayOtherChats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		lounge := b.context(t, b.Channel("lounge"))
		carol := b.context(t, b.C2C("carol"))
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 300 {
			wg.Go(func() { _, _ = lounge.ReplyText(ctx, "x") })
		}
		synctest.Wait()
		began := time.Now()
		_, err := carol.ReplyText(t.Context(), "x")
		require.NoError(t, err)
		assert.Less(t, time.Since(began), time.Second)
		cancel()
		wg.Wait()
	})
}

func guildText(t *testing.T, b *bed, typ, content, mentions string) string {
	raw := fmt.Sprintf(`{"op":0,"id":"%s:x","t":"%s","d":{"id":"m1","channel_id":"1","guild_id":"2","content":%q,"author":{"id":"u"},"mentions":%s}}`, typ, typ, content, mentions)
	c, err := b.media.Context(&dto.WSPayload{WSPayloadBase: dto.WSPayloadBase{Type: dto.EventType(typ), EventID: typ + ":x"}, RawMessage: []byte(raw)})
	require.NoError(t, err)
	return c.Text()
}

func TestOnlyTheMentionOfTheBotIsTakenFromAGuildsText(t *testing.T) {
	b := newBed(t)
	assert.Equal(t, "<@!9> play", guildText(t, b, "MESSAGE_CREATE", "<@!9> play", `[{"id":"9","bot":true}]`), "another bot's mention")
	assert.Equal(t, "hi", guildText(t, b, "AT_MESSAGE_CREATE", "<@!7> hi <@!7>", `[{"id":"7","bot":true},{"id":"7","bot":true}]`))
}
