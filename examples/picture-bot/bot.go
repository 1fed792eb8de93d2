package main

import (
	"context"
	"errors"
	"image"
	"io"
	"strings"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
)

const (
	maxFile = 20 << 20 // bytes of a picture that is read
	help    = "Send or quote a picture with one of the words half, double, turn, grey."
)

// changes are what users can ask for.
var changes = map[string]func(image.Image) image.Image{
	"half":   func(img image.Image) image.Image { return scaled(img, 1, 2) },
	"double": func(img image.Image) image.Image { return scaled(img, 2, 1) },
	"turn":   turned,
	"grey":   grey,
}

// slots bounds the pictures that are in memory at once: one has up to 400 MB with its copy.
var slots = make(chan struct{}, 2)

// picture answers a picture and a word with the changed picture.
func picture(ctx context.Context, c *richmedia.Context) error {
	change, known := changes[strings.ToLower(c.Text())]
	a, found := pictureOf(c)
	if !known || !found {
		_, err := c.ReplyText(ctx, help)
		return err
	}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	file, err := c.Open(ctx, a)
	switch {
	case errors.Is(err, richmedia.ErrExpired):
		_, err = c.ReplyText(ctx, "That picture is too old. Please send it again.", richmedia.WithQuote())
		return err
	case errors.Is(err, richmedia.ErrTooLarge):
		_, err = c.ReplyText(ctx, "That picture is too large for me.", richmedia.WithQuote())
		return err
	case err != nil:
		return err
	}
	img, err := decode(file)
	_ = file.Close() // only read from
	if err != nil {
		_, err = c.ReplyText(ctx, "I cannot read that picture: "+err.Error(), richmedia.WithQuote())
		return err
	}
	img, err = fitted(change(img), cardLimit)
	if err != nil {
		return err
	}
	// The picture is encoded while it is uploaded: no second copy of it is in memory.
	src := richmedia.FromOpener("picture.jpg", func(context.Context) (io.ReadCloser, error) { return encoded(img), nil })
	_, err = c.ReplyImage(ctx, src, richmedia.WithQuote())
	return err
}

// pictureOf returns the picture that the message has, or else the one of the message that it quotes.
func pictureOf(c *richmedia.Context) (a richmedia.Attachment, found bool) {
	all := c.Attachments()
	if q := c.Quoted(); q != nil {
		all = append(all[:len(all):len(all)], q.Attachments...)
	}
	for _, a := range all {
		if a.Kind() == richmedia.KindImage {
			return a, true
		}
	}
	return a, false
}

// newBot lets picture have the messages of groups and single chats.
func newBot(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
	media, err := richmedia.New(src, append([]richmedia.Option{richmedia.WithDownloads(maxFile, nil)}, opts...)...)
	if err != nil {
		return nil, 0, err
	}
	return media, event.RegisterHandlers(media.GroupATMessage(picture), media.C2CMessage(picture)), nil
}
