package richmedia_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestWithPlatformConnectsToThePlatform(t *testing.T) {
	p := richmediatest.New()
	media, err := richmedia.New(p.TokenSource(), richmedia.WithPlatform(p))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, media.Close()) })
	club := p.Group("club")
	c, err := media.Context(club.Say("alice", "hi").Payload())
	require.NoError(t, err)
	_, err = c.ReplyText(t.Context(), "meow")
	require.NoError(t, err)
	assert.Equal(t, "bot: meow", answers(t, club, 1)[0].String())
}

// halfPlatform lacks what a platform has.
type halfPlatform struct {
	client *http.Client
	url    string
}

func (p halfPlatform) Client() *http.Client { return p.client }
func (p halfPlatform) URL() string          { return p.url }

func TestWithPlatformRefusesANilPlatform(t *testing.T) {
	src := richmediatest.New().TokenSource()
	for name, opt := range map[string]richmedia.Option{
		"nil":         richmedia.WithPlatform(nil),
		"nil pointer": richmedia.WithPlatform((*richmediatest.Platform)(nil)),
		"no client":   richmedia.WithPlatform(halfPlatform{url: "http://127.0.0.1:1"}),
		"no URL":      richmedia.WithPlatform(halfPlatform{client: http.DefaultClient}),
	} {
		_, err := richmedia.New(src, opt)
		assert.ErrorContains(t, err, "WithPlatform(nil): give a platform", name)
	}
	p := richmediatest.New()
	media, err := richmedia.New(src, richmedia.WithPlatform(nil), richmedia.WithPlatform(p))
	require.NoError(t, err, "the last one counts")
	require.NoError(t, media.Close())
}
