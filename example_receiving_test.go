package richmedia_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// A user quotes a picture. The event may list it several times, and Quoted once.
func ExampleContext_Quoted() {
	platform, media, end := offline()
	defer end()

	event.RegisterHandlers(media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
		q := c.Quoted()
		if q == nil {
			return nil
		}
		_, err := c.ReplyText(ctx, fmt.Sprintf("%q quotes %q with %d picture", c.Text(), q.Text, len(q.Attachments)), richmedia.WithQuote())
		return err
	}))

	cats := platform.Group("cats")
	first := cats.Say("ann", "look", richmediatest.Attachment{FileName: "cat.png", Data: []byte("\x89PNG\r\n\x1a\n")})
	cats.Quote("bob", "what is this?", richmediatest.Quotation{MsgID: first.MsgID(), Repeats: 2})
	show(cats, 1)

	// Output:
	// ann: look [image/png cat.png]
	// bob: what is this?
	// bot: "what is this?" quotes "look" with 1 picture
}

// What a user sends is read as a stream, with its type by content.
func ExampleContext_Open() {
	platform, media, end := offline()
	defer end()

	event.RegisterHandlers(media.C2CMessage(func(ctx context.Context, c *richmedia.Context) error {
		file, err := c.Open(ctx, c.Attachments()[0])
		if err != nil {
			return err
		}
		defer file.Close() //nolint:errcheck // only read from
		text, err := io.ReadAll(io.LimitReader(file, 1000))
		if err != nil {
			return err
		}
		_, err = c.ReplyText(ctx, fmt.Sprintf("%s, %s: %s", file.Name, file.Type, text))
		return err
	}))

	ann := platform.C2C("ann")
	ann.Say("ann", "", richmediatest.Attachment{FileName: "../list.txt", ContentType: "file", Data: []byte("milk, bread")})
	show(ann, 1)

	// Output:
	// ann: [file ../list.txt]
	// bot: list.txt, text/plain: milk, bread
}

// What a user sends is kept in a file, which is whole or not there. No file is overwritten.
func ExampleContext_Save() {
	platform, media, end := offline()
	defer end()

	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
	event.RegisterHandlers(media.C2CMessage(func(ctx context.Context, c *richmedia.Context) error {
		path, err := c.Save(ctx, c.Attachments()[0], dir)
		if err != nil {
			return err
		}
		_, err = c.ReplyText(ctx, "kept as "+filepath.Base(path))
		return err
	}))

	ann := platform.C2C("ann")
	for i := range 2 {
		ann.Say("ann", "", richmediatest.Attachment{FileName: "list.txt", ContentType: "file", Data: []byte("milk, bread")})
		_, _ = ann.WaitAnswers(context.Background(), i+1) // show reports what is missing
	}
	show(ann, 2)

	// Output:
	// ann: [file list.txt]
	// bot: kept as list.txt
	// ann: [file list.txt]
	// bot: kept as list-2.txt
}
