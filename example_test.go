package richmedia_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/tencent-connect/botgo"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// offline returns a platform within the process and a plugin on it. On the real platform the plugin is
//
//	media, err := richmedia.New(token.NewQQBotTokenSource(credentials))
func offline(opts ...richmedia.Option) (platform *richmediatest.Platform, media *richmedia.Plugin, end func()) {
	platform = richmediatest.New()
	media, end = offlineOn(platform, opts...)
	return platform, media, end
}

// offlineOn returns a plugin on a platform that is there already. botgo's handlers belong to the process: the bot begins
// without those of the example before it.
func offlineOn(platform *richmediatest.Platform, opts ...richmedia.Option) (media *richmedia.Plugin, end func()) {
	event.DefaultHandlers = noHandlers
	opts = append([]richmedia.Option{richmedia.WithPlatform(platform)}, opts...)
	media, err := richmedia.New(platform.TokenSource(), opts...)
	if err != nil {
		log.Panic(err)
	}
	platform.PushTo(richmedia.WebhookHandler(platform.Credentials()))
	return media, func() {
		if err := errors.Join(media.Shutdown(context.Background()), platform.Close()); err != nil {
			log.Panic(err)
		}
		event.DefaultHandlers = noHandlers
	}
}

// show prints a chat as its users see it, when the bot has answered n times.
func show(chat *richmediatest.Chat, n int) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if _, err := chat.WaitAnswers(ctx, n); err != nil {
		fmt.Println(err)
	}
	for _, line := range chat.Messages() {
		fmt.Println(line)
	}
}

// A user mentions the bot in a group, and the bot answers with an image and a caption. The platform is a fake
// within the process; on the real one the plugin needs botgo's token source only.
func Example() {
	platform := richmediatest.New()
	media, err := richmedia.New(
		platform.TokenSource(), // token.NewQQBotTokenSource(credentials)
		richmedia.WithPlatform(platform),
	)
	if err != nil {
		log.Panic(err)
	}

	// The bot.
	pictures := os.DirFS("examples/quickstart/media")
	event.RegisterHandlers(
		media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
			_, err := c.ReplyImage(ctx, richmedia.FromFS(pictures, "cat.png"), richmedia.WithCaption("meow"))
			return err
		}),
	)

	// The platform pushes what users write to the bot's webhook.
	platform.PushTo(richmedia.WebhookHandler(platform.Credentials()))
	group := platform.Group("cats")
	group.Say("ann", "a cat, please")

	// Shutdown waits for the answers under way.
	if err := media.Shutdown(context.Background()); err != nil {
		log.Panic(err)
	}
	for _, line := range group.Messages() {
		fmt.Println(line)
	}

	// Output:
	// ann: a cat, please
	// bot: [image image/png, 16113 bytes] meow
}

// On registers handlers for the events that botgo has no handler type for, such as the bot's arrival in a group.
func ExamplePlugin_On() {
	platform, media, end := offline()
	defer end()

	cat := richmedia.FromFile("examples/quickstart/media/cat.png")
	greet := func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyImage(ctx, cat, richmedia.WithCaption("Hello, I am the cat."))
		return err
	}
	intents := event.RegisterHandlers(media.C2CFriend(greet))
	intents |= media.On(richmedia.EventGroupAddRobot, greet)
	_ = intents // botgo's session manager wants them; a webhook does not

	group := platform.Group("cats")
	group.AddBot("ann")
	show(group, 1)

	// Output:
	// ann added the bot
	// bot: [image image/png, 16113 bytes] Hello, I am the cat.
}

// A button is acknowledged by the plugin and answered like a message.
func ExamplePlugin_Interaction() {
	platform, media, end := offline()
	defer end()

	event.RegisterHandlers(media.Interaction(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyVideo(ctx, richmedia.FromFile("examples/quickstart/media/"+c.ButtonData()+".mp4"))
		return err
	}))

	group := platform.Group("cats")
	group.Press("ann", "clip")
	show(group, 1)

	// Output:
	// ann pressed "clip"
	// bot: [video video/mp4, 34680 bytes]
}

// A bot that has handlers of botgo's own types keeps them, and gets its Context from the payload.
func ExamplePlugin_Context() {
	platform, media, end := offline()
	defer end()

	var onGroup event.GroupATMessageEventHandler = func(payload *dto.WSPayload, _ *dto.WSGroupATMessageData) error {
		c, err := media.Context(payload)
		if err != nil {
			return err
		}
		_, err = c.ReplyFile(context.Background(), richmedia.FromFile("examples/quickstart/media/report.pdf"))
		return err
	}
	event.RegisterHandlers(onGroup)

	group := platform.Group("cats")
	group.Say("ann", "the report, please")
	show(group, 1)

	// Output:
	// ann: the report, please
	// bot: [file report.pdf application/pdf, 745 bytes]
}

// What is uploaded ahead, through any group, can be sent to every group.
func ExamplePlugin_Upload() {
	platform, media, end := offline()
	defer end()

	cats, dogs := platform.Group("cats"), platform.Group("dogs")
	through := richmedia.Target{Scope: richmedia.ScopeGroup, ChatID: cats.OpenID()}
	clip, err := media.Upload(context.Background(), through, richmedia.KindVideo,
		richmedia.FromFile("examples/quickstart/media/clip.mp4"))
	if err != nil {
		fmt.Println(err)
		return
	}
	event.RegisterHandlers(media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyUploaded(ctx, clip)
		return err
	}))

	cats.Say("ann", "the clip, please")
	show(cats, 1)
	dogs.Say("bob", "me too")
	show(dogs, 1)
	fmt.Println(len(platform.Uploads()), "upload")

	// Output:
	// ann: the clip, please
	// bot: [video video/mp4, 34680 bytes]
	// bob: me too
	// bot: [video video/mp4, 34680 bytes, reused]
	// 1 upload
}

// A Target goes through a queue as JSON. The worker replies with a msg_seq that belongs to the job, so
// that a job that runs twice is in the chat once.
func ExamplePlugin_For() {
	platform, media, end := offline()
	defer end()

	queue := make(chan []byte, 1)
	event.RegisterHandlers(media.GroupATMessage(func(_ context.Context, c *richmedia.Context) error {
		job, err := json.Marshal(c.Target())
		if err != nil {
			return err
		}
		queue <- job
		return nil
	}))
	work := func(ctx context.Context, job []byte) error { // in another process, too
		var to richmedia.Target
		if err := json.Unmarshal(job, &to); err != nil {
			return err
		}
		report := richmedia.FromFile("examples/quickstart/media/report.pdf")
		_, err := media.For(to).ReplyFile(ctx, report, richmedia.WithSeq(1))
		return err
	}

	group := platform.Group("cats")
	group.Say("ann", "the report, please")
	job := <-queue
	for range 2 { // as after a restart
		if err := work(context.Background(), job); err != nil {
			fmt.Println(err)
		}
	}
	show(group, 1)

	// Output:
	// ann: the report, please
	// bot: [file report.pdf application/pdf, 745 bytes]
}

// Shutdown lets the events that were accepted be answered, for as long as its context lasts.
func ExamplePlugin_Shutdown() {
	platform, media, end := offline()
	defer end()

	event.RegisterHandlers(media.C2CMessage(func(ctx context.Context, c *richmedia.Context) error {
		time.Sleep(10 * time.Millisecond) // the webhook does not wait for this
		_, err := c.ReplyVoice(ctx, richmedia.FromFile("examples/quickstart/media/hello.mp3"))
		return err
	}))
	carol := platform.C2C("carol")
	carol.Say("carol", "hello?")

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := media.Shutdown(ctx); err != nil {
		fmt.Println("some were not answered:", err)
	}
	for _, line := range carol.Messages() {
		fmt.Println(line)
	}

	// Output:
	// carol: hello?
	// bot: [voice audio/mpeg, 15069 bytes]
}

// Markdown, keyboards and arks are botgo's messages. The ids and the msg_seq are filled in.
func ExampleContext_ReplyMessage() {
	platform, media, end := offline()
	defer end()

	event.RegisterHandlers(media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyMessage(ctx, &dto.MessageToCreate{
			MsgType:  dto.MarkdownMsg,
			Markdown: &dto.Markdown{Content: "**Tabby**, *tuxedo*"},
		})
		return err
	}))

	group := platform.Group("cats")
	group.Say("ann", "which cats?")
	show(group, 1)

	// Output:
	// ann: which cats?
	// bot: [markdown {"template_id":0,"custom_template_id":"","params":null,"content":"**Tabby**, *tuxedo*","style":null,"process_msg":""}]
}

// A bot that answers the same message through botgo as well takes the msg_seq for it from the Context.
func ExampleContext_NextSeq() {
	platform, media, end := offline()
	defer end()
	if _, err := platform.Listen(); err != nil { // botgo's client wants a real address
		log.Panic(err)
	}
	defer platform.UseBotgo()()
	api := botgo.NewOpenAPI(platform.AppID(), platform.TokenSource())

	event.RegisterHandlers(media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
		seq, err := c.NextSeq()
		if err != nil {
			return err
		}
		to := c.Target()
		_, err = api.PostGroupMessage(ctx, to.ChatID, dto.MessageToCreate{Content: "one moment", MsgID: to.MsgID, MsgSeq: seq})
		if err != nil {
			return err
		}
		_, err = c.ReplyImage(ctx, richmedia.FromFile("examples/quickstart/media/cat.png"))
		return err
	}))

	group := platform.Group("cats")
	group.Say("ann", "a cat, please")
	show(group, 2)

	// Output:
	// ann: a cat, please
	// bot: one moment
	// bot: [image image/png, 16113 bytes]
}

// WebhookHandler goes into the bot's own server. It also answers the check that the platform's console makes of a new
// address.
func ExampleWebhookHandler() {
	platform, media, end := offline()
	defer end()

	event.RegisterHandlers(media.C2CMessage(func(ctx context.Context, c *richmedia.Context) error {
		_, err := c.ReplyImage(ctx, richmedia.FromFile("examples/quickstart/media/cat.png"))
		return err
	}))
	mux := http.NewServeMux()
	mux.Handle("/qqbot", richmedia.WebhookHandler(platform.Credentials()))
	server := httptest.NewServer(mux) // http.ListenAndServe(":8080", mux), behind HTTPS
	defer server.Close()

	platform.PushToURL(server.URL + "/qqbot")
	fmt.Println("check:", platform.ValidateWebhook(context.Background()))
	carol := platform.C2C("carol")
	carol.Say("carol", "a cat, please")
	show(carol, 1)

	// Output:
	// check: <nil>
	// carol: a cat, please
	// bot: [image image/png, 16113 bytes]
}
