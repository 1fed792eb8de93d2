package richmedia

import (
	"context"
	"errors"
	"io"
)

// encoder makes a voice of audio that the platform does not accept; see WithVoiceEncoder.
type encoder func(ctx context.Context, in io.Reader) (io.ReadCloser, error)

// encode returns what the encoder makes of c. Freeing it frees c too.
func (encode encoder) encode(ctx context.Context, c *content) (voice *content, err error) {
	protect(func() (err error) {
		voice, err = encode.run(ctx, c)
		return err
	}, func(failed error) { err = failed })
	if err != nil {
		return nil, err
	}
	own := voice.free
	voice.free = func() {
		own()
		if c.free != nil {
			c.free()
		}
	}
	return voice, nil
}

func (encode encoder) run(ctx context.Context, c *content) (*content, error) {
	in, err := c.open(ctx)
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
	voice, err := spooled(ctx, out, look{limit: kindRules[KindVoice].hard})
	if closed := out.Close(); err == nil && closed != nil { // of a program: its exit status
		voice.free()
		return nil, closed
	}
	return voice, err
}
