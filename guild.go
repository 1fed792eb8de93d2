package richmedia

import (
	"context"
	"errors"
	"fmt"

	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia/internal/platform"
)

// errNoGuildUpload is the answer to everything that needs a file_info.
var errNoGuildUpload = fmt.Errorf("%w: guild channels and DMs take no uploads; send an image with ReplyImage, and a link to anything else with ReplyText", ErrUnsupported)

// guildMessage is a message as guild channels and DMs take it: without msg_type and msg_seq.
type guildMessage struct {
	ref
	Content string `json:"content,omitempty"`
	Image   string `json:"image,omitempty"` // a URL, which the platform copies
}

// replyInGuild answers in a guild channel or a DM, where an image is a part of its message: a URL as image, bytes as
// file_image.
func (c *Context) replyInGuild(ctx context.Context, kind Kind, src Source, o *replyConfig) (*dto.Message, error) {
	return c.reply(ctx, kind, o, func(ctx context.Context, s *slot) (platform.Sent, error) {
		if kind != KindImage {
			return platform.Sent{}, fmt.Errorf("%w: %s in a guild: guild channels and DMs take images only; send a link with ReplyText",
				ErrUnsupported, article(kind.String()))
		}
		o.upload.noCache, o.upload.inMessage = true, true // nothing to keep: each message takes its own copy
		up, err := c.p.uploads.begin(ctx, c.in.target, kind, src, o.upload)
		if err != nil {
			return platform.Sent{}, err
		}
		defer up.leave()
		ctx, end := up.watch(ctx, false)
		sent, err := c.sendImage(ctx, s, up, o)
		end(apiError(err))
		if err == nil {
			up.progress.finish(up.size())
		}
		return sent, err
	})
}

// sendImage sends what up holds.
func (c *Context) sendImage(ctx context.Context, s *slot, up *upload, o *replyConfig) (platform.Sent, error) {
	up.took(RouteImage)
	if up.src.url != "" {
		sent, err := c.post(ctx, s, func(r ref) any { return guildMessage{ref: r, Content: o.text(), Image: up.src.url} })
		if err == nil || up.u.fallback == nil || ctx.Err() != nil || isUnknown(err) || !fetchable(err) {
			return sent, err
		}
		if _, err := up.fetch(ctx, err); err != nil {
			return sent, err
		}
		up.took(RouteFetched)
	}
	file, err := up.load(ctx, true)
	if err != nil {
		return platform.Sent{}, err
	}
	up.progress.begin(file.Size, 0)
	sent, err := c.post(ctx, s, func(r ref) any {
		return platform.Image{
			Fields: map[string]string{"msg_id": r.MsgID, "event_id": r.EventID, "content": o.text()},
			Type:   file.Format, Size: file.Size, Open: up.progress.counted(0, file.Open),
		}
	})
	var e *platform.Error
	if errors.As(err, &e) && e.Body {
		return sent, up.failed("read", e.Err)
	}
	return sent, err
}
