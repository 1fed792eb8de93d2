package voice_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/botgo-contrib/richmedia/voice"
)

// Encode has the signature that richmedia.WithVoiceEncoder takes; the plugin calls it for audio that the platform does
// not take.
func ExampleFFmpeg() {
	withVoiceEncoder := func(encode func(ctx context.Context, in io.Reader) (io.ReadCloser, error)) error {
		_, err := encode(context.Background(), strings.NewReader("an amr from somebody's phone"))
		return err
	}

	err := withVoiceEncoder(voice.FFmpeg{Path: "/opt/missing/ffmpeg"}.Encode)
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
