package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// One handler serves every scene. Guild channels and direct messages accept images and texts only, so that the fallback
// text stands in for a video there.
func ExamplePlugin_ATMessage() {
	platform, media, end := offline(richmedia.WithLogger(&logger{}))
	defer end()

	files := os.DirFS("examples/quickstart/media")
	clip := func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyVideo(ctx, richmedia.FromFS(files, "clip.mp4"), richmedia.WithFallbackText("The clip is at example.com/clip"))
		return err
	}
	event.RegisterHandlers(media.GroupATMessage(clip), media.C2CMessage(clip), media.ATMessage(clip), media.DirectMessage(clip))

	for _, chat := range []*richmediatest.Chat{platform.Group("cats"), platform.Channel("lounge")} {
		chat.Say("ann", "the clip, please")
		show(chat, 1)
	}

	// Output:
	// ann: the clip, please
	// bot: [video video/mp4, 34680 bytes]
	// ann: the clip, please
	// bot: The clip is at example.com/clip
}

// Several images, a message each: uploaded side by side, sent in order. What fails does not keep the others back.
func ExampleContext_ReplyAll() {
	platform, media, end := offline(richmedia.WithErrorHandler(func(_ context.Context, _ *richmedia.Context, err error) {
		fmt.Println("one is missing:", errors.Is(err, os.ErrNotExist))
	}))
	defer end()

	files := os.DirFS("examples/quickstart/media")
	event.RegisterHandlers(media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyAll(ctx, richmedia.KindImage, []richmedia.Source{
			richmedia.FromFS(files, "cat.png"),
			richmedia.FromFS(files, "dog.png"),
			richmedia.FromURL("https://example.com/cat.png"),
		}, richmedia.WithCaption("The cats:"))
		return err
	}))

	platform.Host("https://example.com/cat.png", quickCat)
	cats := platform.Group("cats")
	cats.Say("ann", "all of them")
	show(cats, 2)

	// Unordered output:
	// ann: all of them
	// bot: [image image/png, 16113 bytes] The cats:
	// bot: [image image/png, 16113 bytes]
	// one is missing: true
}

// The platform cannot reach the URL, but the bot can. A nil client would fetch from public addresses only.
func ExampleWithURLFallback() {
	platform := richmediatest.New()
	media, end := offlineOn(platform, richmedia.WithLogger(&logger{}), richmedia.WithURLFallback(platform.Client()))
	defer end()

	event.RegisterHandlers(media.C2CMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyImage(ctx, richmedia.FromURL(c.Text()))
		return err
	}))

	platform.Host("https://cdn.example.com/cat.png?sign=x", quickCat)
	platform.Unreachable("https://cdn.example.com/cat.png?sign=x", true)
	carol := platform.C2C("carol")
	carol.Say("carol", "https://cdn.example.com/cat.png?sign=x")
	show(carol, 1)
	fmt.Println("uploaded as", platform.Uploads()[0].Route)

	// Output:
	// carol: https://cdn.example.com/cat.png?sign=x
	// bot: [image image/png, 16113 bytes]
	// uploaded as inline
}

// An encoder converts what the platform does not accept as a voice. The package voice has one that runs ffmpeg; this one only
// shows the shape.
func ExampleWithVoiceEncoder() {
	encode := func(_ context.Context, in io.Reader) (io.ReadCloser, error) {
		if _, err := io.Copy(io.Discard, in); err != nil {
			return nil, err
		}
		return os.Open("examples/quickstart/media/hello.mp3")
	}
	platform, media, end := offline(richmedia.WithVoiceEncoder(encode)) // voice.FFmpeg{}.Encode
	defer end()

	event.RegisterHandlers(media.C2CMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyVoice(ctx, richmedia.FromFile("testdata/formats/m4a.m4a"))
		return err
	}))

	carol := platform.C2C("carol")
	carol.Say("carol", "sing")
	show(carol, 1)

	// Output:
	// carol: sing
	// bot: [voice audio/mpeg, 15069 bytes]
}

// FromOpener is for content that is kept elsewhere, such as an object store.
func ExampleFromOpener() {
	platform, media, end := offline()
	defer end()

	bucket := os.DirFS("examples/quickstart/media") // stands in for one
	report := richmedia.FromOpener("report.pdf", func(context.Context) (io.ReadCloser, error) {
		return bucket.Open("report.pdf")
	})
	event.RegisterHandlers(media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyFile(ctx, report.Named("cats 2026.pdf")) // the chat shows this name
		return err
	}))

	group := platform.Group("cats")
	group.Say("ann", "the report, please")
	show(group, 1)

	// Output:
	// ann: the report, please
	// bot: [file cats 2026.pdf application/pdf, 745 bytes]
}

// FromFS accepts any file system: an embed.FS for media that comes with the bot, a folder, a zip.
func ExampleFromFS() {
	platform, media, end := offline()
	defer end()

	files := os.DirFS("examples/quickstart/media")
	event.RegisterHandlers(media.C2CMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyVoice(ctx, richmedia.FromFS(files, "hello.mp3"))
		return err
	}))

	carol := platform.C2C("carol")
	carol.Say("carol", "hello?")
	show(carol, 1)

	// Output:
	// carol: hello?
	// bot: [voice audio/mpeg, 15069 bytes]
}
