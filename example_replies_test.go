package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// A user's message in the single chat is answered with a file that is made on the spot.
func ExamplePlugin_C2CMessage() {
	platform, media, end := offline()
	defer end()

	event.RegisterHandlers(media.C2CMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyFile(ctx, richmedia.FromBytes("note.txt", []byte(c.Text()+"\n")))
		return err
	}))

	carol := platform.C2C("carol")
	carol.Say("carol", "buy milk")
	show(carol, 1)

	// Output:
	// carol: buy milk
	// bot: [file note.txt text/plain; charset=utf-8, 9 bytes]
}

// FRIEND_ADD can be answered, FRIEND_DEL cannot. The payload's type says which of them the event is.
func ExamplePlugin_C2CFriend() {
	platform, media, end := offline()
	defer end()

	event.RegisterHandlers(media.C2CFriend(func(ctx context.Context, c *richmedia.Context) error {
		if c.Payload().Type == dto.EventC2CFriendDel {
			return nil
		}
		_, err := c.ReplyImage(ctx, richmedia.FromFile("examples/quickstart/media/cat.png"), richmedia.WithCaption("Hello!"))
		return err
	}))

	carol := platform.C2C("carol")
	carol.AddBot("carol")
	show(carol, 1)

	// Output:
	// carol added the bot
	// bot: [image image/png, 16113 bytes] Hello!
}

// In a guild's direct messages an image travels in its message.
func ExamplePlugin_DirectMessage() {
	platform, media, end := offline()
	defer end()

	event.RegisterHandlers(media.DirectMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyImage(ctx, richmedia.FromFile("examples/quickstart/media/cat.png"))
		return err
	}))

	dave := platform.DM("dave")
	dave.Say("dave", "cat")
	show(dave, 1)
	fmt.Println("uploads:", len(platform.Uploads()))

	// Output:
	// dave: cat
	// bot: [image image/png, 16113 bytes]
	// uploads: 0
}

// The platform fetches a URL itself, and its upload serves every group.
func ExampleFromURL() {
	platform, media, end := offline()
	defer end()

	event.RegisterHandlers(media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyImage(ctx, richmedia.FromURL("https://example.com/cat.png"))
		return err
	}))

	platform.Host("https://example.com/cat.png", quickCat)
	for _, name := range []string{"cats", "dogs"} {
		platform.Group(name).Say("ann", "cat")
		show(platform.Group(name), 1)
	}

	// Output:
	// ann: cat
	// bot: [image image/png, 16113 bytes]
	// ann: cat
	// bot: [image image/png, 16113 bytes, reused]
}

// A stream is good for one use: its second says so.
func ExampleFromReader() {
	platform, media, end := offline()
	defer end()

	c, err := media.Context(platform.C2C("carol").Say("carol", "the list").Payload())
	if err != nil {
		fmt.Println(err)
		return
	}
	list := richmedia.FromReader("list.txt", strings.NewReader("milk\nbread\n"))
	for range 2 {
		_, err := c.ReplyFile(context.Background(), list)
		fmt.Println(err)
	}

	// Output:
	// <nil>
	// upload list.txt: open: this reader was used before, and a reader can be read one time; make a Source for each use, or use FromOpener
}

// What a user has sent goes back as what it is.
func ExampleFromAttachment() {
	platform, media, end := offline()
	defer end()

	event.RegisterHandlers(media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
		for _, a := range c.Attachments() {
			if _, err := c.Reply(ctx, a.Kind(), richmedia.FromAttachment(a)); err != nil {
				return err
			}
		}
		return nil
	}))

	cats := platform.Group("cats")
	cats.Say("ann", "look", richmediatest.Attachment{FileName: "cat.png", Data: quickCat})
	show(cats, 1)

	// Output:
	// ann: look [image/png cat.png]
	// bot: [image image/png, 16113 bytes]
}

// The last report of a successful upload is complete.
func ExampleWithProgress() {
	platform, media, end := offline(richmedia.WithInlineLimit(0)) // in parts, whatever its size
	defer end()

	c, err := media.Context(platform.C2C("carol").Say("carol", "cat").Payload())
	if err != nil {
		fmt.Println(err)
		return
	}
	var last richmedia.Progress
	_, err = c.ReplyImage(context.Background(), richmedia.FromBytes("cat.png", quickCat),
		richmedia.WithProgress(func(p richmedia.Progress) { last = p }))
	fmt.Printf("%s: %d of %d bytes, %d of %d parts, %v\n", last.Name, last.Sent, last.Total, last.Part, last.Parts, err)

	// Output:
	// cat.png: 16113 of 16113 bytes, 1 of 1 parts, <nil>
}

// A trace is called with the result of each upload and each reply.
func ExampleWithTrace() {
	platform, media, end := offline(richmedia.WithTrace(richmedia.Trace{
		Upload: func(u richmedia.UploadInfo) {
			fmt.Println("upload:", u.Route, u.Bytes, "bytes,", u.Attempts, "requests")
		},
		Reply: func(r richmedia.ReplyInfo) { fmt.Println("reply:", r.Kind, r.Seq, r.Err) },
	}))
	defer end()

	cat := richmedia.FromBytes("cat.png", quickCat)
	for _, name := range []string{"cats", "dogs"} {
		c, err := media.Context(platform.Group(name).Say("ann", "cat").Payload())
		if err != nil {
			fmt.Println(err)
			return
		}
		if _, err := c.ReplyImage(context.Background(), cat); err != nil {
			fmt.Println(err)
		}
	}

	// Output:
	// upload: inline 16113 bytes, 1 requests
	// reply: image 1001 <nil>
	// upload: cache 16113 bytes, 0 requests
	// reply: image 1001 <nil>
}

// A text stands in for media that certainly cannot be sent, in the same reply.
func ExampleWithFallbackText() {
	platform, media, end := offline(richmedia.WithLogger(&logger{}))
	defer end()

	event.RegisterHandlers(media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyImage(ctx, richmedia.FromURL("https://example.com/gone.png"), richmedia.WithFallbackText("The picture is gone."))
		return err
	}))

	cats := platform.Group("cats")
	cats.Say("ann", "cat")
	show(cats, 1)

	// Output:
	// ann: cat
	// bot: The picture is gone.
}

// A job that is repeated, here by another process, is in the chat once.
func ExampleWithSeq() {
	platform, first, end := offline()
	defer end()
	second, endSecond := offlineOn(platform)
	defer endSecond()

	carol := platform.C2C("carol")
	c, err := first.Context(carol.Say("carol", "the report").Payload())
	if err != nil {
		fmt.Println(err)
		return
	}
	job := c.Target() // plain data, as it would stand in a queue
	for _, media := range []*richmedia.Plugin{first, second} {
		if _, err := media.For(job).ReplyText(context.Background(), "here it is", richmedia.WithSeq(500)); err != nil {
			fmt.Println(err)
		}
	}
	show(carol, 1)

	// Output:
	// carol: the report
	// bot: here it is
}

// An UploadError says which step of which upload failed; the sentinels say what a bot can do about it.
func ExampleUploadError() {
	platform, media, end := offline()
	defer end()

	c, err := media.Context(platform.C2C("carol").Say("carol", "play").Payload())
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.ReplyVideo(context.Background(), richmedia.FromBytes("clip.mp4", quickCat))
	var upload *richmedia.UploadError
	fmt.Println(errors.As(err, &upload), upload.Name, upload.Step, errors.Is(err, richmedia.ErrUnsupported))
	fmt.Println(err)

	// Output:
	// true clip.mp4 check true
	// upload clip.mp4: check: not supported by the platform: the content is image/png, and as a video the platform takes mp4; ReplyFile takes anything
}
