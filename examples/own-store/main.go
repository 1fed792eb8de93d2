// Command own-store is a bot that keeps its uploads in a store of its own, here a folder: after a restart it sends the
// same picture without uploading it again.
//
//	go run ./examples/own-store
//
// needs no credentials and no network: the bot is run twice against a fake of QQ's open platform on this machine. With
// -live the same bot runs on the real platform, and keeps its uploads in -dir or in the user's cache.
//
// The store is in store.go, and bot.go hands it to the plugin.
package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/token"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/examples/internal/stage"
)

var dir = flag.String("dir", "", "with -live: the folder of the uploads; one in the user's cache when not given")

var example = stage.Example{Command: "go run ./examples/own-store", Offline: stage.Play(play), Live: live}

func main() { example.Main() }

func live(ctx context.Context, credentials *token.QQBotCredentials, opts ...richmedia.Option) error {
	folder := *dir
	if folder == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		folder = filepath.Join(cache, "richmedia-own-store")
	}
	return stage.Websocket(in(folder))(ctx, credentials, opts...) //nolint:contextcheck // a handler's ctx comes from the plugin
}

// in is the bot with its uploads in that folder.
func in(dir string) stage.Bot {
	return func(src oauth2.TokenSource, opts ...richmedia.Option) (*richmedia.Plugin, dto.Intent, error) {
		return newBot(dir, src, opts...)
	}
}

func play(s *stage.Stage) {
	var dir string
	s.Do(func() (err error) {
		dir, err = os.MkdirTemp("", "own-store-")
		return err
	})
	defer func() { _ = os.RemoveAll(dir) }() // uploads of a platform that is gone

	s.Start(in(dir))
	s.Say(s.Group("cats"), "alice", "cat", 1)
	s.Stop()
	s.Do(func() error {
		files, err := filepath.Glob(filepath.Join(dir, "*.json"))
		s.Note("the bot has ended, and left %d upload in its folder; here it is again", len(files))
		return err
	})
	s.Start(in(dir))
	s.Say(s.Group("cats"), "bob", "cat", 1)
	s.Say(s.Group("dogs"), "dave", "cat", 1) // what is uploaded for one group goes to the others
	s.Stop()
}
