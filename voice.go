package richmedia

import (
	"context"
	"errors"
	"io"

	"github.com/botgo-contrib/richmedia/internal/content"
	"github.com/botgo-contrib/richmedia/internal/panics"
	"github.com/botgo-contrib/richmedia/internal/sniff"
)

// encoder makes a voice of audio that the platform does not accept; see WithVoiceEncoder.
type encoder func(ctx context.Context, in io.Reader) (io.ReadCloser, error)

// encode returns what the encoder makes of c. Freeing it frees c too.
func (encode encoder) encode(ctx context.Context, c *content.Content) (voice *content.Content, err error) {
	protect("the voice encoder", func() (err error) {
		voice, err = encode.run(ctx, c)
		return err
	}, func(failed error) { err = failed })
	if err != nil {
		return nil, err
	}
	voice.OnFree(c.Free)
	return voice, nil
}

func (encode encoder) run(ctx context.Context, c *content.Content) (*content.Content, error) {
	in, err := c.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // only read from
	out, err := encode(ctx, in)
	switch {
	case err != nil:
		return nil, err
	case out == nil:
		return nil, errors.New("the voice encoder gave neither a reader nor an error")
	}
	voice, err := content.Spool(ctx, out, content.Options{Limit: kindRules[KindVoice].hard, Format: sniff.Format})
	var panicked *panics.Error
	if errors.As(err, &panicked) { // a panic of a source says so by itself
		err = newPanicError(panicked, "the voice encoder")
	}
	if closed := out.Close(); err == nil && closed != nil { // of a program: its exit status
		voice.Free()
		return nil, closed
	}
	return voice, err
}
