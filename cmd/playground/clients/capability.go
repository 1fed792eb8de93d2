package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// client is a framework with a bot on it.
type client struct {
	name, version string
	command       []string
}

// column is a client over one transport.
type column struct {
	client
	transport string
	results   map[string]error // by capability; absent if the transport does not have it
	err       error            // why it could not be tried at all
}

func (c column) title() string { return c.name + ", " + c.transport }

// The capabilities, in the order of the table.
const (
	login      = "log in"
	attachment = "receive a message with an attachment, and fetch it"
	text       = "answer with text"
	imageURL   = "answer with an image by URL"
	imageBytes = "answer with an image by bytes"
	voice      = "answer with a voice"
	video      = "answer with a video"
	button     = "get the id of a pressed button, and acknowledge it"
	reconnect  = "resume after op 7, without a lost or doubled message"
	cut        = "resume after a cut, without a lost or doubled message"
)

var capabilities = []string{login, attachment, text, imageURL, imageBytes, voice, video, button, reconnect, cut}

var chats = []string{"group/cats", "c2c/carol"}

// bed is a bot that runs against a playground of its own.
type bed struct {
	pg    *playground
	bot   *process
	image string
}

// try runs a bot and tries every capability in a group and in a single chat.
func try(ctx context.Context, c column, binary, dir string, env []string, verbose bool) (results map[string]error, err error) {
	pg, err := newPlayground(ctx, binary, dir+"/"+c.name+"-"+c.transport+".pem")
	if err != nil {
		return nil, err
	}
	defer pg.end()
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	env = append(env[:len(env):len(env)], "PLAYGROUND="+pg.url, "PLAYGROUND_TLS="+pg.tls, "NODE_EXTRA_CA_CERTS="+pg.ca,
		"TRANSPORT="+c.transport, "HOOK_PORT="+strconv.Itoa(port))
	bot, err := begin(ctx, env, verbose, c.command...)
	if err != nil {
		return nil, err
	}
	defer bot.end()
	b := &bed{pg: pg, bot: bot}
	for _, v := range env {
		if name, ok := strings.CutPrefix(v, "IMAGE="); ok {
			b.image = name
		}
	}
	results = map[string]error{login: b.login(ctx, c.transport)}
	if results[login] != nil {
		return results, nil
	}
	photo, err := os.Stat(b.image)
	if err != nil {
		return nil, err
	}
	results[attachment] = b.everywhere(ctx, "attachment", b.image, says(fmt.Sprintf("got %d bytes", photo.Size())))
	results[text] = b.everywhere(ctx, "text", "", says("hello"))
	results[imageURL] = b.everywhere(ctx, "photo", "", shows("image"))
	results[imageBytes] = b.everywhere(ctx, "image", "", shows("image"))
	results[voice] = b.everywhere(ctx, "voice", "", shows("voice"))
	results[video] = b.everywhere(ctx, "video", "", shows("video"))
	results[button] = b.press(ctx)
	if c.transport == "websocket" {
		results[reconnect] = b.resume(ctx, "restart")
		results[cut] = b.resume(ctx, "cut")
	}
	return results, nil
}

func freePort(ctx context.Context) (int, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = ln.Close() }()
	at, _ := ln.Addr().(*net.TCPAddr) // by net
	return at.Port, nil
}

// login waits until the bot is connected, or enters its webhook as the console does.
func (b *bed) login(ctx context.Context, transport string) error {
	if transport == "websocket" {
		return until(ctx, 30*time.Second, func() (bool, error) {
			var state struct{ Bots int }
			err := b.pg.get(ctx, "/api/state", &state)
			return state.Bots > 0, err
		})
	}
	r, err := b.bot.report(ctx, 30*time.Second, func(r report) bool { return r.Listening != "" })
	if err != nil {
		return err
	}
	return until(ctx, 20*time.Second, func() (bool, error) { // it may say so a little early
		var said struct{ Err string }
		err := b.pg.post(ctx, "/api/webhook", &said, "url", r.Listening)
		return said.Err == "", err
	})
}

// says accepts a text, shows a file of that kind that is no card.
func says(want string) func(message) bool { return func(m message) bool { return m.Text == want } }

func shows(kind string) func(message) bool {
	return func(m message) bool { return len(m.Files) == 1 && m.Files[0].Kind == kind && !m.Files[0].Card }
}

// everywhere says a word in each chat, and waits for one answer that fits.
func (b *bed) everywhere(ctx context.Context, word, file string, fits func(message) bool) error {
	for _, chat := range chats {
		said, err := b.pg.say(ctx, chat, word, file)
		if err != nil {
			return err
		}
		if _, err := b.answer(ctx, chat, said, 10*time.Second, fits); err != nil {
			return err
		}
	}
	return nil
}

// answer waits for one answer that fits. The error has what the playground and the bot say about a failure.
func (b *bed) answer(ctx context.Context, chat string, to ids, within time.Duration, fits func(message) bool) (found message, err error) {
	err = until(ctx, within, func() (bool, error) {
		got, err := b.pg.answers(ctx, chat, to.MsgID)
		if err != nil || len(got) == 0 {
			return false, err
		}
		found = got[0]
		switch {
		case len(got) > 1:
			return false, fmt.Errorf("%d answers", len(got))
		case !fits(found):
			return false, fmt.Errorf("the answer is %+v", found)
		}
		return true, nil
	})
	if err == nil {
		return found, nil
	}
	var seen struct{ Notes []string }
	_ = b.pg.get(ctx, "/api/inspect?id="+to.MsgID, &seen) // the failure itself is known
	return found, fmt.Errorf("%s: %w; refused: %q; the bot: %q", chat, err, seen.Notes, b.bot.failures())
}

// press presses the bot's button in each chat.
func (b *bed) press(ctx context.Context) error {
	for _, chat := range chats {
		said, err := b.pg.say(ctx, chat, "buttons", "")
		if err != nil {
			return err
		}
		if _, err := b.answer(ctx, chat, said, 10*time.Second, func(m message) bool { return len(m.Keyboard) > 0 }); err != nil {
			return err
		}
		var pressed ids
		if err := b.pg.post(ctx, "/api/press", &pressed, "chat", chat, "user", "carol", "id", "yes"); err != nil {
			return err
		}
		r, err := b.bot.report(ctx, 10*time.Second, func(r report) bool { return r.Button != "" })
		if err != nil {
			return fmt.Errorf("%s: the press: %w", chat, err)
		}
		if r.Button != "yes" {
			return fmt.Errorf("%s: the bot was told of the button %q", chat, r.Button)
		}
		err = until(ctx, 5*time.Second, func() (bool, error) {
			var seen struct{ Ack *int }
			err := b.pg.get(ctx, "/api/inspect?id="+pressed.ID, &seen)
			return seen.Ack != nil && *seen.Ack == 0, err
		})
		if err != nil {
			return fmt.Errorf("%s: acknowledge: %w", chat, err)
		}
	}
	return nil
}

// resume breaks the connection, writes while the bot is away, and waits for the answer. A bot that identifies anew never
// receives the message.
func (b *bed) resume(ctx context.Context, fault string) error {
	if err := b.pg.post(ctx, "/api/faults", new(map[string]any), "name", fault); err != nil {
		return err
	}
	for _, chat := range chats {
		said, err := b.pg.say(ctx, chat, "text", "")
		if err != nil {
			return err
		}
		if _, err := b.answer(ctx, chat, said, 20*time.Second, says("hello")); err != nil {
			return err
		}
	}
	return nil
}
