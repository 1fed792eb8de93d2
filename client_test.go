package richmedia_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/constant"
	"github.com/tencent-connect/botgo/openapi"
	"github.com/tencent-connect/botgo/token"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// TestBotgosHostsAreReadWhenTheyAreUsed goes over a real connection, with botgo's own token source and the
// plugin's own client.
func TestBotgosHostsAreReadWhenTheyAreUsed(t *testing.T) {
	p := richmediatest.New()
	src := token.NewQQBotTokenSource(p.Credentials())
	plugin, sandboxed := newBareBed(t, p, src).media, newBareBed(t, p, src, richmedia.WithSandbox()).media
	p.PushTo(nil)
	useBotgo(t, p)

	club := p.Group("club")
	c, err := plugin.Context(club.Say("alice", "hi").Payload())
	require.NoError(t, err)
	_, err = c.ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	assert.Equal(t, readMedia(t, "cat.png"), club.Answers()[0].Media.Upload.Data)

	constant.APIDomain = "http://127.0.0.1:1"
	c, err = sandboxed.Context(club.Say("alice", "hi").Payload())
	require.NoError(t, err)
	_, err = c.ReplyText(t.Context(), "in the sandbox")
	require.NoError(t, err)
	for _, call := range p.Calls() {
		if call.Op == richmediatest.OpSend {
			assert.Equal(t, p.AppID(), call.Header.Get("X-Union-Appid"))
		}
	}
}

var filters struct {
	on             atomic.Bool
	req, resp      atomic.Int32
	refuse, spoilt atomic.Bool
	explode        atomic.Bool
}

func init() { // botgo's filters belong to the process and cannot be taken back

	openapi.RegisterReqFilter("richmedia-test", func(r *http.Request, _ *http.Response) error {
		if !filters.on.Load() {
			return nil
		}
		filters.req.Add(1)
		r.Header.Set("X-Traced", "yes")
		if filters.refuse.Load() {
			return errors.New("refused by the bot's filter")
		}
		if filters.explode.Load() {
			panic("the bot's filter is broken")
		}
		return nil
	})
	openapi.RegisterRespFilter("richmedia-test", func(_ *http.Request, r *http.Response) error {
		if !filters.on.Load() {
			return nil
		}
		filters.resp.Add(1)
		if b, err := io.ReadAll(r.Body); err != nil || len(b) == 0 {
			return errors.New("a filter could not read the answer")
		}
		if filters.spoilt.Load() {
			return errors.New("spoilt by the bot's filter")
		}
		return nil
	})
}

func TestTheBotsFiltersAreRun(t *testing.T) {
	filters.on.Store(true)
	defer filters.on.Store(false)
	filters.req.Store(0)
	filters.resp.Store(0)
	b := newBed(t)
	club := b.Group("club")
	_, err := b.context(t, club).ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	assert.EqualValues(t, 2, filters.req.Load())
	assert.EqualValues(t, 2, filters.resp.Load())
	for _, call := range b.Calls() {
		if call.Op == richmediatest.OpSend {
			assert.Equal(t, "yes", call.Header.Get("X-Traced"))
		}
	}

	filters.spoilt.Store(true)
	_, err = b.context(t, club).ReplyText(t.Context(), "hi")
	filters.spoilt.Store(false)
	var api *richmedia.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, richmedia.DeliveredUnknown, api.Delivered, "the message was sent")
	assert.Len(t, club.Answers(), 2, "and is not sent again")

	filters.refuse.Store(true)
	defer filters.refuse.Store(false)
	_, err = b.context(t, club).ReplyText(t.Context(), "hi")
	require.ErrorContains(t, err, "refused by the bot's filter")
	require.ErrorAs(t, err, &api)
	assert.Equal(t, richmedia.DeliveredNo, api.Delivered)
	assert.Len(t, club.Answers(), 2)
}

// closing counts the readers that are open.
type closing struct {
	io.Reader
	open *atomic.Int32
}

func (c closing) Close() error {
	c.open.Add(-1)
	return nil
}

// closingAt can be read at an offset too, so that it is opened again for the upload.
type closingAt struct {
	closing
	io.Seeker
}

func TestAFilterThatRefusesLeavesNoSourceOpen(t *testing.T) {
	filters.on.Store(true)
	defer filters.on.Store(false)
	for name, fault := range map[string]*atomic.Bool{"refuses": &filters.refuse, "panics": &filters.explode} {
		t.Run(name, func(t *testing.T) {
			fault.Store(true)
			defer fault.Store(false)
			b := newBed(t)
			c := b.context(t, b.Group("club"))
			var opened, open atomic.Int32
			_, err := c.ReplyFile(t.Context(), richmedia.FromOpener("x.txt", func(context.Context) (io.ReadCloser, error) {
				opened.Add(1)
				open.Add(1)
				r := strings.NewReader("hello")
				return closingAt{closing{r, &open}, r}, nil
			}))
			require.ErrorContains(t, err, "the bot's filter")
			assert.EqualValues(t, 2, opened.Load(), "for its digest, and for the body")
			assert.Zero(t, open.Load())
			assert.Equal(t, 5, left(c))
			assert.Zero(t, b.Count(richmediatest.OpUpload))
		})
	}
}

// unusual is what a program may have made the default transport of its process.
type unusual struct{}

func (unusual) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("not the plugin's")
}

func TestTheDefaultTransportMayBeOfAnyType(t *testing.T) {
	usual := http.DefaultTransport
	http.DefaultTransport = unusual{}
	defer func() { http.DefaultTransport = usual }()
	b := newListeningBed(t, richmediatest.New())
	_, err := b.context(t, b.Group("club")).ReplyText(t.Context(), "hi")
	require.NoError(t, err)
}
