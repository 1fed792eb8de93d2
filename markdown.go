package richmedia

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/botgo-contrib/richmedia/internal/content"
	"github.com/botgo-contrib/richmedia/internal/picture"
)

var (
	errNoAddress = errors.New("the platform answered no raw_url, by which Markdown shows the picture")
	// errNotFetched is the error of a picture for Markdown by URL if nothing fetches it.
	errNotFetched = fmt.Errorf("%w: the size of a picture in Markdown is read here, and the plugin fetches a URL only with WithURLFallback", ErrUnsupported)
)

// MarkdownImage uploads src, a png, jpg, gif, webp or bmp, and returns the text that shows it in Markdown, such as
// "![cat.png #640px #480px](https://...)": for the Markdown of a ReplyText or ReplyStream WithMarkdown, or of a ReplyMessage. The
// name is that of src (Source.Named), without the characters that Markdown reads. Width and height are read from the content,
// turned by its EXIF orientation, because the platform does not draw a picture without them.
//
// It takes no reply. Like every upload it is kept in the store and, if it is used often, renewed before the address ends. The
// address is raw_url, which only an upload in parts answers: it is valid as long as the upload, for everybody who has it. A URL
// is fetched here, which needs WithURLFallback, and an attachment under the conditions of WithDownloads. Guilds have no uploads: ErrUnsupported. The error is that of
// Plugin.Upload, or ErrReplyWindow if it is too late to send anything.
func (c *Context) MarkdownImage(ctx context.Context, src Source, opts ...UploadOption) (string, error) {
	if c.in.unanswerable != nil {
		return "", c.in.unanswerable
	}
	var cfg uploadConfig
	for _, opt := range opts {
		if opt != nil {
			opt.applyUpload(&cfg)
		}
	}
	cfg.picture = true
	ctx, leave, err := c.p.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	if until := c.until(); !until.IsZero() {
		if !time.Now().Before(until) {
			return "", ErrReplyWindow
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, until, ErrReplyWindow)
		defer cancel()
	}
	up, err := c.p.uploads.open(ctx, c.in.target, KindImage, src, cfg, forReply)
	if err != nil {
		return "", err
	}
	defer up.close()
	f, err := up.file(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("![%s #%dpx #%dpx](%s)", altText(src.name), f.size.Width, f.size.Height, markdownURL.Replace(f.URL)), nil
}

// sizeOf reads the size of a picture.
func sizeOf(ctx context.Context, c *content.Content) (picture.Size, error) {
	rc, err := c.Section(ctx, 0, c.Size)
	if err != nil {
		return picture.Size{}, &stepError{"open", err}
	}
	defer rc.Close() //nolint:errcheck // only read from
	return picture.Read(rc)
}

// altText returns name as it can stand in the brackets of a picture.
func altText(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune("[]()<>\\`#!*", r) {
			return ' '
		}
		return r
	}, name)
	if name = strings.Join(strings.Fields(name), " "); name == "" {
		return KindImage.String()
	}
	return name
}

// markdownURL escapes what would end an address in Markdown. To a server it is the same address.
var markdownURL = strings.NewReplacer("(", "%28", ")", "%29", " ", "%20", "<", "%3C", ">", "%3E", "\n", "", "\r", "")
