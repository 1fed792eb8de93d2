// Command echo is a bot that sends back what it is sent, in every scene: texts, images, videos, voices and files.
//
//	go run ./examples/echo
//
// needs no credentials and no network: users of a fake of QQ's open platform write to the bot, and their chats are printed.
// The bot is in bot.go: begin there, and see the quickstart for how a bot connects to the real platform.
package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"time"

	"github.com/tencent-connect/botgo"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

//go:embed media
var media embed.FS

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

// run lets users write to the bot, and prints their chats to w.
func run(w io.Writer) (err error) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), 30*time.Second, errors.New("gave up after 30 s"))
	defer cancel()
	botgo.SetLogger(quiet{log.New(io.Discard, "", 0)}) // what cannot be sent back is a warning there
	sent, err := attachments()
	if err != nil {
		return err
	}
	platform := richmediatest.New()
	defer func() { err = errors.Join(err, platform.Close()) }()
	plugin, err := richmedia.New(platform.TokenSource(),
		richmedia.WithHTTPClient(platform.Client()), richmedia.WithBaseURL(platform.URL())) // a real bot needs neither of these
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plugin.Close()) }()
	register(plugin)
	platform.PushTo(richmedia.WebhookHandler(platform.Credentials()))

	for _, chat := range []*richmediatest.Chat{
		platform.Group("cats"), platform.C2C("carol"), platform.Channel("lounge"), platform.DM("dave"),
	} {
		for i, a := range sent { // a message each: a message takes 4 or 5 replies
			chat.Say("carol", "", a)
			if _, err := chat.WaitAnswers(ctx, answersTo(sent[:i+1])); err != nil {
				return err
			}
		}
		_, _ = fmt.Fprintf(w, "%s %q\n", chat.Scene(), chat.Name())
		for _, m := range chat.Messages() {
			_, _ = fmt.Fprintln(w, "  "+m.String())
		}
	}
	return nil
}

// attachments are what the users send.
func attachments() ([]richmediatest.Attachment, error) {
	sent := []richmediatest.Attachment{
		{FileName: "picture.png"},
		{FileName: "clip.mp4"},
		{FileName: "voice.amr", ContentType: "voice", VoiceText: "good morning"},
		{FileName: "list.txt", ContentType: "file", Data: []byte("milk\nbread\n")},
	}
	var errs []error
	read := func(name string) []byte {
		data, err := fs.ReadFile(media, "media/"+name)
		errs = append(errs, err)
		return data
	}
	for i := range sent[:3] {
		sent[i].Data = read(sent[i].FileName)
	}
	sent[2].VoiceWAV = read("voice.wav") // the platform offers voices as WAV too
	return sent, errors.Join(errs...)
}

// answersTo is how many answers the bot makes: one for each attachment, and one for what a voice says.
func answersTo(sent []richmediatest.Attachment) int {
	n := len(sent)
	for _, a := range sent {
		if a.VoiceText != "" {
			n++
		}
	}
	return n
}
