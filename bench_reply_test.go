package richmedia_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/openapi"
	"golang.org/x/sync/errgroup"

	"github.com/botgo-contrib/richmedia"
)

// numbers keep messages and images apart.
var numbers atomic.Int64

func newImage() string { return fmt.Sprintf("https://example.com/cat-%d.png", numbers.Add(1)) }
func newMsgID() string { return fmt.Sprintf("ROBOT1.0_%048d", numbers.Add(1)) }

const benchGroup = "B7D0F5A1C3E24968B1F0A2C4E6D8091A"

// replied answers a new message of a chat with the image.
func replied(ctx context.Context, p *richmedia.Plugin, chat, image string) error {
	c := p.For(richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: chat, MsgID: newMsgID(), Time: time.Now()})
	_, err := c.ReplyImage(ctx, richmedia.FromURL(image))
	return err
}

// byHand is the way through botgo's own client: upload, then send.
func byHand(ctx context.Context, api openapi.OpenAPI, chat, image string) error {
	file, err := api.PostGroupMessage(ctx, chat, dto.RichMediaMessage{FileType: 1, URL: image, SrvSendMsg: false})
	if err != nil {
		return err
	}
	return sentByHand(ctx, api, chat, file.FileInfo)
}

func sentByHand(ctx context.Context, api openapi.OpenAPI, chat string, info []byte) error {
	_, err := api.PostGroupMessage(ctx, chat, dto.MessageToCreate{
		MsgType: dto.RichMediaMsg, MsgID: newMsgID(), MsgSeq: 1001, Media: &dto.MediaInfo{FileInfo: info},
	})
	return err
}

// uploadBare and sendBare are the plugin's two requests, with nothing around them.
func (b *benchBed) uploadBare(chat, image string) error {
	return b.post(b.Context(), "/v2/groups/"+chat+"/files", `{"file_type":1,"srv_send_msg":false,"url":"`+image+`"}`)
}

func (b *benchBed) sendBare(chat string) error {
	return b.post(b.Context(), "/v2/groups/"+chat+"/messages",
		`{"msg_id":"`+newMsgID()+`","msg_seq":1001,"msg_type":7,"media":{"file_info":"`+benchInfo+`"}}`)
}

func (b *benchBed) twoBare() error {
	if err := b.uploadBare(benchGroup, newImage()); err != nil {
		return err
	}
	return b.sendBare(benchGroup)
}

// platforms are how late the platform answers. At once, on the loopback, shows what the code itself costs, at its
// worst; 10 ms stand for a network.
var platforms = []struct {
	name, path string
	replies    int // a round, below the 50 uploads a second that the platform accepts from one bot
}{{"at_once", "", 40}, {"after_10ms", "/after/10ms", 10}}

// BenchmarkColdReply answers with an image that is new: an upload and a send.
func BenchmarkColdReply(b *testing.B) {
	for _, on := range platforms {
		b.Run("platform_answers_"+on.name, func(b *testing.B) {
			bed := newBenchBed(b, on.path)
			countLog(b)
			api := bed.botgo()
			require.NoError(b, byHand(b.Context(), api, benchGroup, newImage()))
			var plugin, hand, bare lane
			for b.Loop() {
				p := bed.plugin() // the rates of the platform are kept by each plugin
				for i := range on.replies {
					inTurns(i,
						func() { bare.run(b, bed.twoBare) },
						func() { plugin.run(b, func() error { return replied(b.Context(), p, benchGroup, newImage()) }) },
						func() { hand.run(b, func() error { return byHand(b.Context(), api, benchGroup, newImage()) }) })
				}
			}
			reportReplies(b, &plugin, &hand, &bare, "two_bare_requests")
		})
	}
}

// BenchmarkWarmReply answers with an image that was uploaded before: a send, where the way by hand uploads again.
func BenchmarkWarmReply(b *testing.B) {
	for _, on := range platforms {
		b.Run("platform_answers_"+on.name, func(b *testing.B) {
			bed := newBenchBed(b, on.path)
			countLog(b)
			api := bed.botgo()
			image := newImage()
			require.NoError(b, byHand(b.Context(), api, benchGroup, image))
			var plugin, hand, bare lane
			for b.Loop() {
				p := bed.plugin()
				require.NoError(b, replied(b.Context(), p, "other", image))
				for i := range on.replies {
					inTurns(i,
						func() { bare.run(b, func() error { return bed.sendBare(benchGroup) }) },
						func() { plugin.run(b, func() error { return replied(b.Context(), p, benchGroup, image) }) },
						func() { hand.run(b, func() error { return byHand(b.Context(), api, benchGroup, image) }) })
				}
			}
			reportReplies(b, &plugin, &hand, &bare, "one_bare_request")
		})
	}
}

// BenchmarkWarmReplyInProcess measures the code of a cached reply alone, without a network. After each request of a bot its
// processor sleeps until the platform answers, and what then runs is slow at first: a reply just behind another one is compared
// with a reply after such a pause.
func BenchmarkWarmReplyInProcess(b *testing.B) {
	for _, pause := range []time.Duration{0, 200 * time.Microsecond} {
		b.Run(fmt.Sprintf("after_%s", pause), func(b *testing.B) {
			bed := newBenchBed(b, "")
			platform := &inProcess{pause: pause}
			bed.hc = &http.Client{Transport: platform}
			image := newImage()
			var plugin, bare lane
			for b.Loop() {
				p := bed.plugin()
				require.NoError(b, replied(b.Context(), p, "other", image))
				for i := range 40 {
					inTurns(i,
						func() { platform.without(&bare, b, func() error { return bed.sendBare(benchGroup) }) },
						func() {
							platform.without(&plugin, b, func() error { return replied(b.Context(), p, benchGroup, image) })
						})
				}
			}
			figures{{(plugin.median() - bare.median()) / 1e3, "µs_more_than_bare"}, {bare.median() / 1e3, "µs/bare_request"}}.report(b)
		})
	}
}

// inProcess answers as the server does, after a pause.
type inProcess struct{ pause, took time.Duration }

func (p *inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	if p.pause > 0 {
		time.Sleep(p.pause)
	}
	answer := uploadedAnswer
	if strings.HasSuffix(r.URL.Path, "/messages") {
		answer = sentAnswer
	}
	_, err := io.Copy(io.Discard, r.Body)
	_ = r.Body.Close()
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer)), Request: r}
	p.took = time.Since(began)
	return resp, err
}

// without measures fn without what was spent here.
func (p *inProcess) without(l *lane, b *testing.B, fn func() error) {
	l.run(b, fn)
	l.times[len(l.times)-1] -= p.took
}

func reportReplies(b *testing.B, plugin, hand, bare *lane, what string) {
	figures{
		{plugin.x(bare), "x_of_" + what},
		{plugin.x(hand), "x_of_botgo"},
		{(plugin.median() - bare.median()) / 1e3, "µs_more_than_bare"},
		{plugin.median() / 1e3, "µs/reply"},
	}.report(b)
}

// BenchmarkFiftyChats answers 50 chats at once with the same new image. The platform takes 20 ms for each request.
func BenchmarkFiftyChats(b *testing.B) {
	const chats = 50
	bed := newBenchBed(b, "/after/20ms")
	countLog(b)
	api := bed.botgo() // one for the bot, as everybody has it, though it has races
	together := func(answer func(ctx context.Context, chat string) error) func() error {
		return func() error {
			group, ctx := errgroup.WithContext(b.Context())
			for i := range chats {
				group.Go(func() error { return answer(ctx, fmt.Sprintf("%032X", i)) })
			}
			return group.Wait()
		}
	}
	byBotgo := func(ctx context.Context, chat string) error {
		return byHand(ctx, api, chat, "https://example.com/cat.png")
	}
	require.NoError(b, together(byBotgo)()) // connections
	bed.uploads()
	var plugin, hand lane
	var uploads, uploadsByHand, rounds float64
	for b.Loop() {
		p := bed.plugin()
		image := newImage()
		plugin.run(b, together(func(ctx context.Context, chat string) error { return replied(ctx, p, chat, image) }))
		uploads += bed.uploads()
		hand.run(b, together(byBotgo))
		uploadsByHand += bed.uploads()
		rounds++
	}
	figures{
		{uploads / rounds, "uploads"},
		{uploadsByHand / rounds, "uploads_by_botgo"},
		{plugin.median() / 1e6, "ms"},
		{plugin.x(&hand), "x_of_botgo"},
	}.report(b)
}

// BenchmarkAlbum answers with four new images. By hand they are uploaded and sent one after the other. The platform takes
// 10 ms for each request.
func BenchmarkAlbum(b *testing.B) {
	const items = 4
	bed := newBenchBed(b, "/after/10ms")
	countLog(b)
	api := bed.botgo()
	require.NoError(b, byHand(b.Context(), api, benchGroup, newImage()))
	var plugin, hand lane
	for b.Loop() {
		p := bed.plugin()
		c := p.For(richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: benchGroup, MsgID: newMsgID(), Time: time.Now()})
		srcs := make([]richmedia.Source, items)
		for i := range srcs {
			srcs[i] = richmedia.FromURL(newImage())
		}
		plugin.run(b, func() error {
			_, err := c.ReplyAll(b.Context(), richmedia.KindImage, srcs)
			return err
		})
		hand.run(b, func() error {
			for range items {
				if err := byHand(b.Context(), api, benchGroup, newImage()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	figures{{plugin.median() / 1e6, "ms"}, {plugin.x(&hand), "x_of_botgo"}}.report(b)
}
