package main

import (
	"context"
	_ "embed"
	"io"
	"strings"
	"time"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
)

//go:embed cat.png
var cat []byte

// onMessage answers with a text that grows in a single chat while the model writes it, and is one message elsewhere. Either way
// it is one reply; the picture is the next one.
func onMessage(ctx context.Context, c *richmedia.Context) error {
	stream, err := c.ReplyStream(ctx)
	if err != nil {
		return err
	}
	err = model(ctx, c.Text(), stream)
	if closed := stream.Close(); err == nil { // closed whatever happens, so that the chat does not wait for the rest
		err = closed
	}
	if err != nil {
		return err
	}
	_, err = c.ReplyImage(ctx, richmedia.FromBytes("cat.png", cat))
	return err
}

// model stands in for the model of your choice: whatever writes a piece at a time, such as the client of an AI's API.
func model(ctx context.Context, prompt string, w io.StringWriter) error {
	text := "You asked about " + prompt + ". Cats sleep for most of the day, and they purr when they are content."
	for word := range strings.SplitAfterSeq(text, " ") {
		select {
		case <-time.After(pace):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if _, err := w.WriteString(word); err != nil {
			return err // nobody reads the rest: the model can stop
		}
	}
	return nil
}

// pace is how long the model takes for a word.
const pace = 60 * time.Millisecond

func newBot(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
	media, err := richmedia.New(src, opts...)
	if err != nil {
		return nil, 0, err
	}
	return media, event.RegisterHandlers(media.GroupATMessage(onMessage), media.C2CMessage(onMessage)), nil
}
