package richmedia_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// QQ shows captions with images only; elsewhere the words are a reply of their own.
func ExampleWithCaption() {
	platform, media, end := offline()
	defer end()

	files := os.DirFS("examples/quickstart/media")
	event.RegisterHandlers(media.C2CMessage(func(ctx context.Context, c *richmedia.Context) error {
		if _, err := c.ReplyImage(ctx, richmedia.FromFS(files, "cat.png"), richmedia.WithCaption("This is me.")); err != nil {
			return err
		}
		if _, err := c.ReplyText(ctx, "And this is me, nodding:"); err != nil {
			return err
		}
		_, err := c.ReplyVideo(ctx, richmedia.FromFS(files, "clip.mp4"))
		return err
	}))

	carol := platform.C2C("carol")
	carol.Say("carol", "who are you?")
	show(carol, 3)

	// Output:
	// carol: who are you?
	// bot: [image image/png, 16113 bytes] This is me.
	// bot: And this is me, nodding:
	// bot: [video video/mp4, 34680 bytes]
}

// countingStore counts the uploads that a store has saved.
type countingStore struct {
	richmedia.Store
	saved atomic.Int64
}

func (s *countingStore) Get(ctx context.Context, key string) ([]byte, bool, error) {
	value, ok, err := s.Store.Get(ctx, key)
	if ok {
		s.saved.Add(1)
	}
	return value, ok, err
}

// A store has three methods. This one counts what another one finds.
func ExampleWithStore() {
	store := &countingStore{Store: richmedia.NewMemoryStore(1000)}
	platform, media, end := offline(richmedia.WithStore(store))
	defer end()

	event.RegisterHandlers(media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyImage(ctx, richmedia.FromFile("examples/quickstart/media/cat.png"))
		return err
	}))

	for _, name := range []string{"cats", "dogs"} {
		group := platform.Group(name)
		group.Say("ann", "a cat, please")
		show(group, 1)
	}
	fmt.Println("uploads saved:", store.saved.Load())

	// Output:
	// ann: a cat, please
	// bot: [image image/png, 16113 bytes]
	// ann: a cat, please
	// bot: [image image/png, 16113 bytes, reused]
	// uploads saved: 1
}

// A picture that many chats get is uploaded again before the platform forgets it, and no reply waits for that. This platform
// keeps uploads for a second.
func ExampleWithRefreshAhead() {
	platform := richmediatest.New(richmediatest.WithTTL(time.Second))
	renewed := make(chan richmedia.UploadInfo, 1)
	media, end := offlineOn(platform,
		richmedia.WithRefreshAhead(100),
		richmedia.WithTrace(richmedia.Trace{Upload: func(i richmedia.UploadInfo) {
			if i.Ahead {
				renewed <- i
			}
		}}),
	)
	defer end()

	cat := richmedia.FromFile("examples/quickstart/media/cat.png")
	for _, name := range []string{"cats", "dogs"} {
		group := richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: platform.Group(name).OpenID()}
		if _, err := media.Upload(context.Background(), group, richmedia.KindImage, cat); err != nil {
			log.Panic(err)
		}
	}
	i := <-renewed
	fmt.Println(i.Name, "by", i.Route, i.Err)
	fmt.Println(platform.Count(richmediatest.OpUpload), "uploads, and no reply waited for the second")

	// Output:
	// cat.png by inline <nil>
	// 2 uploads, and no reply waited for the second
}

// The error handler gets what handlers return, and their panics. Its context may be over.
func ExampleWithErrorHandler() {
	platform, media, end := offline(
		richmedia.WithErrorHandler(func(ctx context.Context, c *richmedia.Context, err error) {
			fmt.Printf("%q failed: %v\n", c.Text(), err)
			if _, err := c.ReplyText(ctx, "Sorry, that did not work."); err != nil {
				fmt.Println(err)
			}
		}),
	)
	defer end()

	event.RegisterHandlers(media.GroupATMessage(func(context.Context, *richmedia.Context) error {
		return errors.New("the cat is asleep")
	}))

	group := platform.Group("cats")
	group.Say("ann", "a cat, please")
	show(group, 1)

	// Output:
	// "a cat, please" failed: the cat is asleep
	// ann: a cat, please
	// bot: Sorry, that did not work.
}

// Sentinels say what to do about an error; an APIError has the platform's own words.
func ExampleAPIError() {
	platform, media, end := offline()
	defer end()
	platform.Fail(richmediatest.OpSend, 1, http.StatusBadRequest, 40034006, "content refused")

	event.RegisterHandlers(media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyText(ctx, "something rude")
		var refused *richmedia.APIError
		if errors.As(err, &refused) {
			fmt.Println(refused.Op, refused.Status, refused.Code, refused.Message)
			fmt.Println("delivered:", refused.Delivered)
		}
		if errors.Is(err, richmedia.ErrNotPermitted) {
			_, err = c.ReplyText(ctx, "I had better not say that.")
		}
		return err
	}))

	group := platform.Group("cats")
	group.Say("ann", "speak")
	show(group, 1)

	// Output:
	// send 400 40034006 content refused
	// delivered: no
	// ann: speak
	// bot: I had better not say that.
}
