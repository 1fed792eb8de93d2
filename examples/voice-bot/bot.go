package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
)

const (
	maxFile = 16 << 20 // bytes of a voice that is read
	help    = "Send or quote a voice."
)

// slots bounds the processes that run at once.
var slots = make(chan struct{}, 2)

// faster answers a voice with its transcript, and with the voice at double speed.
func faster(ctx context.Context, c *richmedia.Context) error {
	a, found := voiceOf(c)
	if !found {
		_, err := c.ReplyText(ctx, help)
		return err
	}
	text := "I did not understand that."
	if a.VoiceText != "" { // what the platform has understood
		text = fmt.Sprintf("You said: %q", a.VoiceText)
	}
	if _, err := c.ReplyText(ctx, text, richmedia.WithQuote()); err != nil {
		return err
	}
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	// The voice is read, played faster and uploaded at the same time.
	src := richmedia.FromOpener("fast.mp3", func(ctx context.Context) (io.ReadCloser, error) {
		file, err := c.Open(ctx, a.WAV())
		if err != nil {
			return nil, err
		}
		return atDoubleSpeed(ctx, file, file.Type)
	})
	_, err := c.ReplyVoice(ctx, src, richmedia.WithQuote())
	var said string
	switch {
	case errors.Is(err, richmedia.ErrExpired):
		said = "That voice is too old. Please send it again."
	case errors.Is(err, richmedia.ErrTooLarge):
		said = "That voice is too long for me."
	case errors.Is(err, errNoSound):
		said = "I cannot play that voice."
	default:
		return err
	}
	_, err = c.ReplyText(ctx, said)
	return err
}

// voiceOf returns the voice that the message has, or else the one of the message that it quotes.
func voiceOf(c *richmedia.Context) (a richmedia.Attachment, found bool) {
	all := c.Attachments()
	if q := c.Quoted(); q != nil {
		all = append(all[:len(all):len(all)], q.Attachments...)
	}
	for _, a := range all {
		if a.Kind() == richmedia.KindVoice {
			return a, true
		}
	}
	return a, false
}

// newBot lets faster have the messages of groups and single chats.
func newBot(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
	media, err := richmedia.New(src, append([]richmedia.Option{richmedia.WithDownloads(maxFile, nil)}, opts...)...)
	if err != nil {
		return nil, 0, err
	}
	return media, event.RegisterHandlers(media.GroupATMessage(faster), media.C2CMessage(faster)), nil
}
