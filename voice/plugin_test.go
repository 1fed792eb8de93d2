package voice_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
	"github.com/botgo-contrib/richmedia/voice"
)

func TestThePluginAnswersWithVoicesOfAnySound(t *testing.T) {
	needFFmpeg(t)
	ownTemp(t)
	for _, name := range []string{
		"m4a.m4a", "amr-nb.amr", "amr-wb.awb", "flac.flac", "aac-adts.aac", "mp2.mp2", "wav-rf64.wav", "mp4-isom-moov-last.mp4", "mov-qt.mov",
	} {
		t.Run(name, func(t *testing.T) {
			platform := richmediatest.New()
			plugin, err := richmedia.New(platform.TokenSource(), richmedia.WithHTTPClient(platform.Client()),
				richmedia.WithBaseURL(platform.URL()), richmedia.WithVoiceEncoder(voice.FFmpeg{}.Encode))
			require.NoError(t, err)
			defer plugin.Close() //nolint:errcheck // always nil
			carol := platform.C2C("carol")
			c, err := plugin.Context(carol.Say("carol", "sing").Payload())
			require.NoError(t, err)
			_, err = c.ReplyVoice(t.Context(), richmedia.FromFile("../testdata/formats/"+name))
			require.NoError(t, err)
			assert.Equal(t, "audio/mpeg", carol.Answers()[0].Media.Format)
		})
	}
}

func TestThePluginSaysThatThereIsNoFFmpeg(t *testing.T) {
	platform := richmediatest.New()
	plugin, err := richmedia.New(platform.TokenSource(), richmedia.WithHTTPClient(platform.Client()),
		richmedia.WithBaseURL(platform.URL()), richmedia.WithVoiceEncoder(voice.FFmpeg{Path: "/no/ffmpeg"}.Encode))
	require.NoError(t, err)
	defer plugin.Close() //nolint:errcheck // always nil
	c, err := plugin.Context(platform.C2C("carol").Say("carol", "sing").Payload())
	require.NoError(t, err)
	_, err = c.ReplyVoice(t.Context(), richmedia.FromFile("../testdata/formats/m4a.m4a"))
	require.ErrorIs(t, err, voice.ErrNotInstalled)
	require.ErrorContains(t, err, "upload m4a.m4a: encode: voice: ffmpeg is not installed")
	assert.Empty(t, platform.Calls())
}
