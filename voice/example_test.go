package voice_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
	"github.com/botgo-contrib/richmedia/voice"
)

// The plugin calls Encode for audio that the platform does not take. Where ffmpeg is missing the reply says so.
func ExampleFFmpeg() {
	platform := richmediatest.New() // a real bot passes botgo's token source, and neither a client nor an address
	media, err := richmedia.New(platform.TokenSource(), richmedia.WithHTTPClient(platform.Client()),
		richmedia.WithBaseURL(platform.URL()), richmedia.WithVoiceEncoder(voice.FFmpeg{Path: "/opt/missing/ffmpeg"}.Encode))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer media.Close() //nolint:errcheck // always nil

	c, err := media.Context(platform.C2C("carol").Say("carol", "sing").Payload())
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.ReplyVoice(context.Background(), richmedia.FromFile("../testdata/formats/amr-nb.amr"))
	fmt.Println(errors.Is(err, voice.ErrNotInstalled))
	// Output: true
}

// By itself it makes a file.
func ExampleFFmpeg_Encode() {
	convert := func(ctx context.Context, from, to string) error {
		in, err := os.Open(from)
		if err != nil {
			return err
		}
		defer in.Close() //nolint:errcheck // only read from
		sound, err := voice.FFmpeg{Format: voice.OGG}.Encode(ctx, in)
		if err != nil {
			return err
		}
		defer sound.Close() //nolint:errcheck // only read from
		out, err := os.Create(to)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, sound)
		return errors.Join(err, out.Close())
	}
	fmt.Println(convert(context.Background(), "missing.amr", "missing.ogg"))
	// Output: open missing.amr: no such file or directory
}
