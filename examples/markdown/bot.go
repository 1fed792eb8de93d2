package main

import (
	"context"
	"fmt"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/dto/keyboard"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
)

// report answers with one message: Markdown with two charts, and buttons under it. It costs one reply.
func report(ctx context.Context, c *richmedia.Context) error {
	// The key says what the chart shows. While its upload lives, the chart is neither drawn nor uploaded again.
	messages, err := c.MarkdownImage(ctx, richmedia.FromOpener("messages.png", asPNG(bars)), richmedia.WithCacheKey("messages, week 47"))
	if err != nil {
		return err
	}
	seconds, err := c.MarkdownImage(ctx, richmedia.FromOpener("seconds.png", asPNG(line)), richmedia.WithCacheKey("seconds, week 47"))
	if err != nil {
		return err
	}
	_, err = c.ReplyMessage(ctx, &dto.MessageToCreate{
		MsgType: dto.MarkdownMsg,
		Markdown: &dto.Markdown{Content: fmt.Sprintf(
			"# Week 47\n\n**1810 messages**, most of them on Saturday.\n\n%s\n\nAnswers took **1.0 s**.\n\n%s", messages, seconds)},
		Keyboard: &keyboard.MessageKeyboard{Content: &keyboard.CustomKeyboard{Rows: []*keyboard.Row{
			{Buttons: []*keyboard.Button{button("again", "Again"), button("thanks", "Thanks")}},
		}}},
	})
	return err
}

// onPress answers a button.
func onPress(ctx context.Context, c *richmedia.Context) error {
	if c.ButtonData() == "again" {
		return report(ctx, c)
	}
	_, err := c.ReplyText(ctx, "You are **welcome**.", richmedia.WithMarkdown())
	return err
}

// button is one that everybody may press.
func button(data, label string) *keyboard.Button {
	return &keyboard.Button{
		ID:         data,
		RenderData: &keyboard.RenderData{Label: label, VisitedLabel: label, Style: 1},
		Action: &keyboard.Action{
			Type: keyboard.ActionTypeCallback, Permission: &keyboard.Permission{Type: keyboard.PermissionTypAll}, Data: data,
		},
	}
}

func newBot(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
	media, err := richmedia.New(src, opts...)
	if err != nil {
		return nil, 0, err
	}
	return media, event.RegisterHandlers(media.GroupATMessage(report), media.C2CMessage(report), media.Interaction(onPress)), nil
}
