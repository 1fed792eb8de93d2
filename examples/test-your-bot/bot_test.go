package main

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// start puts the bot on a fake platform, without a network. finish waits until it is through with what it was told.
func start(t *testing.T) (p *richmediatest.Platform, finish func()) {
	p = richmediatest.New()
	media, _, err := newBot(p.TokenSource(), richmedia.WithHTTPClient(p.Client()), richmedia.WithBaseURL(p.URL()))
	require.NoError(t, err)
	p.PushTo(richmedia.WebhookHandler(p.Credentials()))
	return p, func() { require.NoError(t, media.Shutdown(t.Context())) }
}

func TestACatIsAnImageWithWords(t *testing.T) {
	p, finish := start(t)
	p.Group("cats").Say("ann", "cat")
	finish()
	answers := p.Group("cats").Answers() // as ann sees them
	require.Len(t, answers, 1)
	require.Equal(t, "image/png", answers[0].Media.Format)
	require.Equal(t, "meow", answers[0].Text)
}

// In the bubble of synctest the plugin's pauses between attempts take no time.
func TestTheCatIsThereOnceThoughTheResponseIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, finish := start(t)
		p.Lose(richmediatest.OpSend, 1) // the message is in the chat, and the connection breaks before the bot knows
		p.Group("cats").Say("ann", "cat")
		finish()
		require.Equal(t, 2, p.Count(richmediatest.OpSend))
		require.Len(t, p.Group("cats").Answers(), 1)
	})
}

func TestWordsComeWhereTheCatCannot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, finish := start(t)
		p.Page(richmediatest.OpUpload, -1, 502) // every upload ends at a broken proxy
		p.C2C("bob").Say("bob", "cat")
		finish()
		answers := p.C2C("bob").Answers()
		require.Len(t, answers, 1)
		require.Equal(t, "The cat is asleep.", answers[0].Text)
	})
}
