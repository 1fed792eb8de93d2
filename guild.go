package richmedia

import (
	"context"
	"errors"
	"fmt"

	"github.com/botgo-contrib/richmedia/internal/platform"
)

// errNoGuildUpload is the error for everything that needs a file_info.
var errNoGuildUpload = fmt.Errorf("%w: guild channels and DMs take no uploads; send an image with ReplyImage, and a link to anything else with ReplyText", ErrUnsupported)

// sendGuildImage answers in a guild channel or a DM, where an image is a part of its message: a URL as image, bytes as
// file_image. Nothing is kept in the store: each message carries its own copy.
func sendGuildImage(kind Kind, src Source) compose {
	return func(ctx context.Context, out *outgoing) (platform.Sent, error) {
		if kind != KindImage {
			return platform.Sent{}, fmt.Errorf("%w: %s in a guild: guild channels and DMs take images only; send a link with ReplyText",
				ErrUnsupported, kind.withArticle())
		}
		c := out.c
		up, err := c.p.uploads.open(ctx, c.in.target, kind, src, out.options.upload, forGuildMessage)
		if err != nil {
			return platform.Sent{}, err
		}
		defer up.close()
		if err := out.identify(mediaContent(kind, src, up.identity, out.options)); err != nil {
			return platform.Sent{}, err
		}
		ctx, report := up.watch(ctx, false)
		var sent platform.Sent
		err = up.guard(func() (err error) {
			sent, err = out.postGuildImage(ctx, up)
			return err
		})
		report(File{}, apiError(err))
		if err == nil {
			up.progress.finish(up.size())
		}
		return sent, err
	}
}

// postGuildImage sends the image of up: by its URL, or as bytes if it has none or the platform could not fetch it.
func (out *outgoing) postGuildImage(ctx context.Context, up *upload) (platform.Sent, error) {
	up.record.took(RouteImage)
	r := &route{up: up}
	if up.src.url != "" {
		sent, err := out.post(ctx, guildURLMessage(up.src.url, out))
		if err == nil || !r.canFetch(ctx, err) || isUnknown(err) {
			return sent, err
		}
		if err := r.fetch(ctx, err); err != nil {
			return sent, err
		}
		up.record.took(RouteFetched)
	}
	file, err := up.load(ctx, true)
	if err != nil {
		return platform.Sent{}, err
	}
	up.progress.begin(file.Size, 0)
	sent, err := out.post(ctx, guildImageMessage(platform.Image{
		Type: file.Format, Size: file.Size, Open: up.progress.counted(0, file.Open),
	}, out))
	var e *platform.Error
	if errors.As(err, &e) && e.Body {
		return sent, up.failed("read", e.Err)
	}
	return sent, err
}
