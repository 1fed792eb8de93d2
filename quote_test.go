package richmedia_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// of returns the Context of ev.
func (b *bed) of(t testing.TB, ev *richmediatest.Event) *richmedia.Context {
	t.Helper()
	c, err := b.media.Context(ev.Payload())
	require.NoError(t, err)
	return c
}

// c2cEvent returns the Context of a message in a single chat whose d has fields beside the ids.
func c2cEvent(t testing.TB, b *bed, fields string) *richmedia.Context {
	t.Helper()
	raw := `{"op":0,"t":"C2C_MESSAGE_CREATE","id":"C2C_MESSAGE_CREATE:z","d":{"id":"ROBOT1.0_z","author":{"id":"U","user_openid":"U"},` + fields + `}}`
	p := &dto.WSPayload{}
	require.NoError(t, json.Unmarshal([]byte(raw), p))
	p.RawMessage = []byte(raw)
	c, err := b.media.Context(p)
	require.NoError(t, err)
	return c
}

func catPicture(t testing.TB) richmediatest.Attachment {
	return richmediatest.Attachment{FileName: "cat.png", Data: readMedia(t, "cat.png")}
}

func TestTheQuotedPictureIsThereOnceInEveryChat(t *testing.T) {
	b := newBed(t)
	b.PushTo(nil)
	for _, chat := range []*richmediatest.Chat{b.Group("club"), b.C2C("ann")} {
		for _, unmentioned := range []bool{false, true} {
			first := chat.Say("ann", "look &lt;here>", catPicture(t))
			refs := map[string]string{}
			for _, m := range chat.Messages() {
				refs[m.ID] = m.Ref
			}
			ev := chat.Quote("bob", "what is this?", richmediatest.Quotation{MsgID: first.MsgID(), Repeats: 3, Unmentioned: unmentioned})
			c := b.of(t, ev)
			assert.Equal(t, "what is this?", c.Text())
			assert.Empty(t, c.Attachments(), "the message itself has none")
			q := c.Quoted()
			require.NotNil(t, q)
			assert.Equal(t, "look &lt;here>", q.Text)
			assert.NotEmpty(t, q.Ref)
			assert.Equal(t, refs[first.MsgID()], q.Ref)
			require.Len(t, q.Attachments, 1, "three repeats at other addresses are the same picture")
			d, err := c.Open(t.Context(), q.Attachments[0])
			require.NoError(t, err)
			assert.Equal(t, readMedia(t, "cat.png"), readAll(t, d))
			assert.Same(t, q, c.Quoted(), "decoded once")
		}
	}
}

func TestAQuoteOfAQuoteIsTheMessageThatTheUserQuoted(t *testing.T) {
	b := newBed(t)
	b.PushTo(nil)
	g := b.Group("club")
	first := g.Say("ann", "one", catPicture(t))
	second := g.Quote("bob", "two", richmediatest.Quotation{MsgID: first.MsgID()})
	third := g.Quote("ann", "three", richmediatest.Quotation{MsgID: second.MsgID()})
	q := b.of(t, third).Quoted()
	require.NotNil(t, q)
	assert.Equal(t, "two", q.Text)
	assert.Empty(t, q.Attachments, "the picture is the first message's")
	assert.Equal(t, g.Messages()[1].Ref, q.Ref)

	bare := b.of(t, g.Quote("ann", "gap", richmediatest.Quotation{MsgID: first.MsgID(), WithoutMedia: true})).Quoted()
	assert.Empty(t, bare.Attachments)
	assert.Equal(t, "one", bare.Text)
}

func TestOnlyQuotesAreQuotes(t *testing.T) {
	b := newBed(t)
	b.PushTo(nil)
	g := b.Group("club")
	for name, c := range map[string]*richmedia.Context{
		"a plain message": b.of(t, g.Say("ann", "hi")),
		"a target":        b.media.For(richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: "g", MsgID: "m"}),
		"history":         c2cEvent(t, b, `"message_type":102,"msg_elements":[{"msg_idx":"REFIDX_h","content":"old"}],"message_scene":{"ext":["ref_msg_idx=REFIDX_h"]}`),
		"a chat record":   c2cEvent(t, b, `"message_type":101,"msg_elements":[{"content":"old","attachments":[{"url":"https://f.example/a"}]}]`),
		"a card":          c2cEvent(t, b, `"message_type":3,"content":"","msg_elements":[{"content":"x"}]`),
	} {
		assert.Nil(t, c.Quoted(), name)
	}
}

func TestTheQuotedReferenceIsNotTheOwn(t *testing.T) {
	b := newBed(t)
	for name, test := range map[string]struct{ fields, quoted string }{
		"equals":             {`"message_scene":{"ext":["msg_idx=REFIDX_own","ref_msg_idx=REFIDX_theirs"]}`, "REFIDX_theirs"},
		"the other way":      {`"message_scene":{"ext":["ref_msg_idx=REFIDX_theirs","msg_idx=REFIDX_own"]}`, "REFIDX_theirs"},
		"colons":             {`"message_scene":{"ext":["msgIdx:REFIDX_own","refMsgIdx: REFIDX_theirs"]}`, "REFIDX_theirs"},
		"the element first":  {`"msg_elements":[{"msg_idx":"REFIDX_element"}],"message_scene":{"ext":["ref_msg_idx=REFIDX_theirs"]}`, "REFIDX_element"},
		"no element's index": {`"msg_elements":[{"content":"x"}],"message_scene":{"ext":["ref_msg_idx=REFIDX_theirs","msg_idx=REFIDX_own"]}`, "REFIDX_theirs"},
		"odd fields":         {`"msg_elements":{"a":1},"message_scene":{"ext":[null,7,{},"ref_msg_idx=","ref_msg_idx=REFIDX_theirs"]}`, "REFIDX_theirs"},
		"only the own":       {`"message_scene":{"ext":["msg_idx=REFIDX_own"]}`, ""},
		"no list":            {`"message_scene":"default","msg_elements":[[1],"x"]`, ""},
	} {
		c := c2cEvent(t, b, `"message_type":103,`+test.fields)
		require.NotNil(t, c.Quoted(), name)
		assert.Equal(t, test.quoted, c.Quoted().Ref, name)
	}
	guild := []byte(`{"op":0,"t":"AT_MESSAGE_CREATE","id":"AT_MESSAGE_CREATE:z","d":{"id":"m","channel_id":"c","author":{"id":"U"},"message_reference":{"message_id":"theirs"}}}`)
	p := &dto.WSPayload{}
	require.NoError(t, json.Unmarshal(guild, p))
	p.RawMessage = guild
	c, err := b.media.Context(p)
	require.NoError(t, err)
	assert.Equal(t, "theirs", c.Quoted().Ref)
}

func TestRepeatsAreOneAttachmentAndDifferentOnesStay(t *testing.T) {
	b := newBed(t)
	c := c2cEvent(t, b, `"message_type":103,"msg_elements":[{"author":{"member_openid":"M"},"attachments":[
		{"content_type":"image/png","filename":"A.png","size":9,"url":"multimedia.nt.qq.com.cn/download?fileid=1"},
		{"content_type":"image/png","filename":"B.png","size":9,"url":"https://multimedia.nt.qq.com.cn/download?fileid=2"},
		null, {},
		{"filename":"A.png","size":9,"url":"https://multimedia.nt.qq.com.cn/download?fileid=3","width":4,"height":5},
		{"content_type":"voice","filename":"A.png","size":8,"url":""},
		{"filename":"A.png","size":8,"url":"https://f.example/x","voice_wav_url":"f.example/x.wav","asr_refer_text":"meow"},
		{"filename":"A.png","url":"https://f.example/y"},
		{"filename":"A.png","url":"https://f.example/z"}
	]}]`)
	q := c.Quoted()
	require.Len(t, q.Attachments, 5)
	assert.Equal(t, "M", q.UserID)
	assert.Equal(t, "https://multimedia.nt.qq.com.cn/download?fileid=1", q.Attachments[0].URL)
	assert.Equal(t, 4, q.Attachments[0].Width, "what the first lacks comes from the repeat")
	assert.Equal(t, "B.png", q.Attachments[1].FileName)
	assert.Equal(t, "https://f.example/x", q.Attachments[2].URL)
	assert.Equal(t, "https://f.example/x.wav", q.Attachments[2].VoiceWAVURL)
	assert.Equal(t, "meow", q.Attachments[2].VoiceText)
	assert.NotEqual(t, q.Attachments[3].URL, q.Attachments[4].URL, "without a size the address decides")
}

func TestEveryReplyQuotesTheMessageThatItAnswers(t *testing.T) {
	b := newBed(t)
	b.PushTo(nil)
	cat := readMedia(t, "cat.png")
	for _, chat := range []*richmediatest.Chat{b.Group("club"), b.C2C("ann"), b.Channel("lounge"), b.DM("ann")} {
		guild := chat.Scene() == "channel" || chat.Scene() == "dm"
		first := chat.Say("ann", "earlier", catPicture(t))
		ev := first
		if !guild { // a message that quotes another one has two references
			ev = chat.Quote("bob", "now", richmediatest.Quotation{MsgID: first.MsgID()})
		}
		src := richmedia.FromBytes("cat.png", cat)
		for name, reply := range map[string]func(c *richmedia.Context) (*dto.Message, error){
			"text": func(c *richmedia.Context) (*dto.Message, error) {
				return c.ReplyText(t.Context(), "text", richmedia.WithQuote())
			},
			"bytes": func(c *richmedia.Context) (*dto.Message, error) {
				return c.ReplyImage(t.Context(), src, richmedia.WithQuote(), richmedia.WithCaption("c"))
			},
			"message": func(c *richmedia.Context) (*dto.Message, error) {
				return c.ReplyMessage(t.Context(), &dto.MessageToCreate{Content: "m", MessageReference: &dto.MessageReference{MessageID: "REFIDX_other"}}, richmedia.WithQuote())
			},
			"fallback text": func(c *richmedia.Context) (*dto.Message, error) {
				return c.ReplyImage(t.Context(), richmedia.FromBytes("x.png", []byte("no picture")), richmedia.WithQuote(), richmedia.WithFallbackText("sorry"))
			},
			"album": func(c *richmedia.Context) (*dto.Message, error) {
				all, err := c.ReplyAll(t.Context(), richmedia.KindImage, []richmedia.Source{src}, richmedia.WithQuote())
				return all[0], err
			},
		} {
			before := len(chat.Answers())
			m, err := reply(b.of(t, ev))
			require.NoError(t, err, "%s in %s", name, chat.Scene())
			answers := chat.Answers()
			require.Len(t, answers, before+1)
			assert.Equal(t, ev.MsgID(), answers[before].Quotes, "%s in %s", name, chat.Scene())
			if guild {
				assert.Nil(t, m.MessageReference)
				ev = chat.Say("ann", "again")
				continue
			}
			require.NotNil(t, m.MessageReference, name)
			assert.Equal(t, answers[before].Ref, m.MessageReference.MessageID, "by which a later message can quote this one")
			ev = chat.Quote("bob", "now", richmediatest.Quotation{MsgID: first.MsgID()}) // each takes a few replies
		}
		plain := b.of(t, ev)
		_, err := plain.ReplyText(t.Context(), "no quote")
		require.NoError(t, err)
		assert.Empty(t, chat.Answers()[len(chat.Answers())-1].Quotes)
	}
	for _, call := range b.Calls() {
		assert.Empty(t, call.Warnings, "a reference of no message of this chat")
	}
}

func TestAReplyCanQuoteTheBotsOwnMessage(t *testing.T) {
	b := newBed(t)
	g := b.Group("club")
	c := b.context(t, g)
	own, err := c.ReplyText(t.Context(), "first")
	require.NoError(t, err)
	_, err = c.ReplyMessage(t.Context(), &dto.MessageToCreate{Content: "second", MessageReference: own.MessageReference})
	require.NoError(t, err)
	assert.Equal(t, g.Answers()[0].ID, g.Answers()[1].Quotes)
}

func TestWhatHasNoReferenceIsNotQuotedAndSendsNothing(t *testing.T) {
	b := newBed(t)
	b.PushTo(nil)
	g := b.Group("club")
	said := g.Say("ann", "hi")
	for name, c := range map[string]*richmedia.Context{
		"an event":      b.of(t, g.Press("ann", "x")),
		"a job":         b.media.For(b.of(t, said).Target()),
		"a hand target": b.media.For(richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: g.OpenID(), MsgID: said.MsgID()}),
		"a proactive":   b.media.For(richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: g.OpenID()}),
		"an old event":  c2cEvent(t, b, `"content":"hi"`),
	} {
		before := len(b.Calls())
		_, err := c.ReplyText(t.Context(), "hi", richmedia.WithQuote())
		require.ErrorIs(t, err, richmedia.ErrUnsupported, name)
		require.ErrorContains(t, err, "WithQuote", name)
		_, err = c.ReplyAll(t.Context(), richmedia.KindImage, []richmedia.Source{richmedia.FromBytes("a", nil)}, richmedia.WithQuote())
		require.ErrorContains(t, err, "WithQuote", name)
		assert.Len(t, b.Calls(), before, name)
	}
}

func TestADuplicatedReplyHasNoReference(t *testing.T) {
	b := newBed(t)
	g := b.Group("club")
	c := b.context(t, g)
	target := c.Target()
	for i := range 2 {
		m, err := b.media.For(target).ReplyText(t.Context(), "once")
		require.NoError(t, err)
		assert.Equal(t, i == 0, m.MessageReference != nil)
	}
}

func TestAHandlerGetsTheQuoteOfBothGroupEvents(t *testing.T) {
	b := newBed(t)
	h := func(ctx context.Context, c *richmedia.Context) error {
		q := c.Quoted()
		if q == nil {
			return nil
		}
		_, err := c.ReplyText(ctx, fmt.Sprint("quotes ", q.Text, " with ", len(q.Attachments)), richmedia.WithQuote())
		return err
	}
	event.RegisterHandlers(b.media.GroupATMessage(h))
	b.media.On(richmedia.EventGroupMessageCreate, h)
	g := b.Group("club")
	first := g.Say("ann", "one", catPicture(t))
	for i, unmentioned := range []bool{false, true} {
		g.Quote("ann", "see", richmediatest.Quotation{MsgID: first.MsgID(), Repeats: 1, Unmentioned: unmentioned})
		assert.Equal(t, "quotes one with 1", answers(t, g, i+1)[i].Text)
	}
}

// BenchmarkParseQuote compares an event with a quote to one without, per byte.
func BenchmarkParseQuote(b *testing.B) {
	bed := newBed(b)
	payload := func(fields string) *dto.WSPayload {
		raw := `{"op":0,"t":"C2C_MESSAGE_CREATE","id":"C2C_MESSAGE_CREATE:z","d":{"id":"ROBOT1.0_z","author":{"id":"U","user_openid":"U"},` + fields + `}}`
		p := &dto.WSPayload{}
		require.NoError(b, json.Unmarshal([]byte(raw), p))
		p.RawMessage = []byte(raw)
		return p
	}
	attachment := `{"content_type":"image/png","filename":"A.png","size":9,"width":4,"height":5,"url":"https://multimedia.nt.qq.com.cn/download?appid=1407&fileid=` + strings.Repeat("a", 80) + `&rkey=` + strings.Repeat("b", 80) + `"}`
	plain := payload(`"content":"what is this? ` + strings.Repeat("喵", 100) + `","attachments":[` + strings.Repeat(attachment+",", 3) + attachment + `],"message_scene":{"ext":["msg_idx=REFIDX_own"]}`)
	quote := payload(`"content":"what is this?","message_type":103,"msg_elements":[{"msg_idx":"REFIDX_theirs","content":"look ` + strings.Repeat("喵", 100) +
		`","attachments":[` + strings.Repeat(attachment+",", 3) + attachment + `]}],"message_scene":{"ext":["ref_msg_idx=REFIDX_theirs","msg_idx=REFIDX_own"]}`)
	per := func(p *dto.WSPayload, read bool) float64 {
		const n = 500
		began := time.Now()
		for range n {
			c, err := bed.media.Context(p)
			if err != nil {
				b.Fatal(err)
			}
			if read {
				_ = c.Quoted()
			}
		}
		return float64(time.Since(began)) / n / float64(len(p.RawMessage))
	}
	var quotes, read []float64
	for b.Loop() {
		one := per(plain, false)
		quotes, read = append(quotes, per(quote, false)/one), append(read, per(quote, true)/one)
	}
	b.ReportMetric(median(quotes), "x-plain/byte")
	b.ReportMetric(median(read), "x-plain/byte-read")
}
