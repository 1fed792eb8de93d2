package richmedia

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/botgo-contrib/richmedia/internal/content"
	"github.com/botgo-contrib/richmedia/internal/sniff"
)

// encoder makes a voice of audio that the platform does not take; see WithVoiceEncoder.
type encoder func(ctx context.Context, in io.Reader) (io.ReadCloser, error)

// encodes tells whether content that does not fit kind may be made to.
func (u *uploader) encodes(kind Kind) bool { return kind == KindVoice && u.encoder != nil }

// fit gives content that the platform takes: c itself, or what the voice encoder makes of it, which takes c's place.
func (up *upload) fit(ctx context.Context, c *content.Content) (*content.Content, error) {
	if !up.u.encodes(up.kind) || checkFormat(up.kind, c.Format) == nil {
		return c, nil
	}
	made, err := up.encode(ctx, c)
	if err != nil {
		return nil, up.failed("encode", up.plain(err))
	}
	made.OnFree(c.Free)
	up.content.Store(made)
	switch err := checkFormat(up.kind, made.Format); {
	case made.Size == 0:
		return nil, up.failed("encode", errors.New("the voice encoder gave nothing"))
	case err != nil:
		return nil, up.failed("encode", fmt.Errorf("what the voice encoder gave: %w", err))
	}
	return made, nil
}

func (up *upload) encode(ctx context.Context, c *content.Content) (made *content.Content, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	in, err := c.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // only read from
	out, err := up.u.encoder(ctx, in)
	switch {
	case err != nil:
		return nil, err
	case out == nil:
		return nil, errors.New("the voice encoder gave neither a reader nor an error")
	}
	made, err = content.Spool(ctx, out, content.Options{Limit: kindRules[up.kind].hard, Format: sniff.Format})
	if closed := out.Close(); err == nil && closed != nil { // of a program, how it has ended
		made.Free()
		return nil, closed
	}
	return made, err
}
