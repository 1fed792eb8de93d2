package richmedia_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
)

// The text appears in the single chat while it is written, and costs one reply.
func ExampleContext_ReplyStream() {
	platform, media, end := offline()
	defer end()

	event.RegisterHandlers(media.C2CMessage(func(ctx context.Context, c *richmedia.Context) error {
		stream, err := c.ReplyStream(ctx)
		if err != nil {
			return err
		}
		for word := range strings.SplitAfterSeq("two, one, go", " ") { // an AI, or whatever writes a piece at a time
			if _, err = stream.WriteString(word); err != nil {
				break
			}
		}
		if closed := stream.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
		left, _ := c.RepliesLeft()
		_, err = c.ReplyText(ctx, fmt.Sprintf("%d replies were left.", left))
		return err
	}))

	carol := platform.C2C("carol")
	carol.Say("carol", "count down")
	show(carol, 2)

	// Output:
	// carol: count down
	// bot: two, one, go
	// bot: 3 replies were left.
}

// A local picture inside Markdown, with its sizes, at the address of its upload.
func ExampleContext_MarkdownImage() {
	platform, media, end := offline()
	defer end()

	event.RegisterHandlers(media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
		cat, err := c.MarkdownImage(ctx, richmedia.FromFile("examples/quickstart/media/cat.png"))
		if err != nil {
			return err
		}
		fmt.Println(regexp.MustCompile(`\(.*\)`).ReplaceAllString(cat, "(the address)"))
		_, err = c.ReplyText(ctx, "# The cat\n"+cat, richmedia.WithMarkdown())
		return err
	}))

	cats := platform.Group("cats")
	cats.Say("bob", "cat")
	if _, err := cats.WaitAnswers(context.Background(), 1); err != nil {
		fmt.Println(err)
	}

	// Output:
	// ![cat.png #320px #240px](the address)
}
