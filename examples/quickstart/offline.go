package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// photoURL is on the fake platform's web: a reply with FromURL lets the platform fetch the media.
const photoURL = "https://example.com/photo.png"

const goLive = "On the real platform: QQBOT_APPID=... QQBOT_SECRET=... go run ./examples/quickstart -live\n"

// runOffline runs the bot on the fake platform, lets users write to it, and prints their chats to w.
func runOffline(w io.Writer) (err error) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), 30*time.Second, errors.New("gave up after 30 s"))
	defer cancel()
	ctx, fail := context.WithCancelCause(ctx) // what goes wrong first ends all waiting, as its cause
	defer fail(nil)

	photo, err := files.ReadFile("media/cat.png")
	if err != nil {
		return err
	}
	platform := richmediatest.New()
	platform.Host(photoURL, photo)
	if _, err := platform.Listen(); err != nil {
		return err
	}
	restore := platform.UseBotgo() // from here on botgo and the plugin talk to the fake
	defer func() {
		err = errors.Join(err, platform.Close())
		restore()
	}()

	b, err := newBot(platform.Credentials(), richmedia.FromURL(photoURL),
		richmedia.WithErrorHandler(func(_ context.Context, _ *richmedia.Context, err error) { fail(err) }))
	if err != nil {
		return err
	}
	if err := b.connect(ctx, fail); err != nil {
		return err
	}
	err = errors.Join(play(ctx, platform), b.stop())
	chats := transcript(platform)
	if err == nil {
		chats += goLive
	}
	_, printErr := io.WriteString(w, chats)
	return errors.Join(err, printErr)
}

// play lets users act one after the other, and waits for the bot's answers each time.
func play(ctx context.Context, platform *richmediatest.Platform) error {
	if err := platform.WaitReady(ctx); err != nil {
		return err
	}
	cats, carol := platform.Group("cats"), platform.C2C("carol")
	answers := map[*richmediatest.Chat]int{}
	for _, step := range []struct {
		chat    *richmediatest.Chat
		user    string
		does    deed
		answers int
	}{
		{cats, "alice", adds, 1},
		{cats, "alice", says("cat"), 1},
		{cats, "bob", says("cat"), 1}, // the same picture: nothing is uploaded
		{cats, "bob", says("clip"), 2},
		{cats, "alice", says("hello"), 1},
		{cats, "alice", says("report"), 1},
		{cats, "bob", presses("purr"), 1},

		{carol, "carol", adds, 1}, // uploaded again: what was uploaded for groups cannot go to single chats
		{carol, "carol", says("cat"), 1},
		{carol, "carol", says("clip"), 2},
		{carol, "carol", says("hello"), 1},
		{carol, "carol", says("report"), 1},
		{carol, "carol", says("note buy milk"), 1},
		{carol, "carol", presses("purr"), 1},
	} {
		step.does(step.chat, step.user)
		answers[step.chat] += step.answers
		if _, err := step.chat.WaitAnswers(ctx, answers[step.chat]); err != nil {
			return err
		}
	}
	return nil
}

// deed is what a user does in a chat.
type deed func(chat *richmediatest.Chat, user string)

func adds(chat *richmediatest.Chat, user string) { chat.AddBot(user) }

func says(text string) deed {
	return func(chat *richmediatest.Chat, user string) { chat.Say(user, text) }
}

func presses(button string) deed {
	return func(chat *richmediatest.Chat, user string) { chat.Press(user, button) }
}
