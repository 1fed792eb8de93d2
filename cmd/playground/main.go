// Command playground is the bot platform in a browser, offline: chats to write in, a bot that answers, and behind each
// answer the calls that made it.
//
//	go run ./cmd/playground
//
// starts the fake platform of richmediatest, a chat page and a demonstration bot on one loopback address, and prints it.
// Nothing is needed: no credentials, no network, no build step. A bot of your own, in any language, is pointed at the same
// address; the page says how. Everything is in memory; -save keeps the media that bots send.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/tencent-connect/botgo"
)

// The fake bot's credentials. They open nothing but this playground.
const (
	defaultAppID  = "102000001"
	defaultSecret = "playground-secret"
)

func main() {
	cfg := config{}
	flag.StringVar(&cfg.addr, "addr", "127.0.0.1:7471", "where to listen; a port of 0 takes a free one")
	flag.StringVar(&cfg.url, "url", "", "the address under which bots reach it, where that is not the one it listens on, such as http://host.docker.internal:7471")
	flag.StringVar(&cfg.save, "save", "", "keep the media that bots send in this folder")
	flag.StringVar(&cfg.appID, "appid", defaultAppID, "the bot's AppID")
	flag.StringVar(&cfg.secret, "secret", defaultSecret, "the bot's AppSecret; another one than the default is not shown on the page")
	flag.BoolVar(&cfg.bot, "bot", true, "run the demonstration bot")
	smoke := flag.Bool("smoke", false, "let users write to the demonstration bot, check its answers and the page, and end")
	flag.Parse()

	botgo.SetLogger(quiet{log.New(io.Discard, "", 0)}) // before anything else of botgo runs: it reads it without a lock
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, cfg, os.Stdout, *smoke); err != nil {
		fmt.Fprintln(os.Stderr, "playground:", err)
		os.Exit(1)
	}
}
