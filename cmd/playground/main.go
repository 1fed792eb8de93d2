// Command playground runs the bot platform in a browser, offline: chats to write in, a bot that answers, and for each
// answer the calls that made it.
//
//	go run ./cmd/playground
//
// starts the fake platform of richmediatest, a chat page and a demonstration bot on one loopback address, and prints the
// address. It needs no credentials, no network and no build step. Your own bot, in any language, can be pointed at the same
// address; docs/playground.md says how. Everything is kept in memory; -save keeps the media that bots send.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
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
	flag.StringVar(&cfg.url, "url", "", "the address under which bots reach the playground, if it differs from the one it listens on, such as http://host.docker.internal:7471")
	flag.StringVar(&cfg.tls, "tls", "", "also listen with TLS on this address, as "+strings.Join(officialHosts, ", ")+"; such as 127.0.0.1:7472")
	flag.StringVar(&cfg.ca, "ca", "", "the file for the CA of -tls, by default richmedia-playground/ca.pem in the user's cache folder")
	flag.StringVar(&cfg.save, "save", "", "keep the media that bots send in this folder")
	flag.StringVar(&cfg.appID, "appid", defaultAppID, "the bot's AppID")
	flag.StringVar(&cfg.secret, "secret", defaultSecret, "the bot's AppSecret; only the default one is shown on the page")
	flag.BoolVar(&cfg.bot, "bot", true, "run the demonstration bot")
	smoke := flag.Bool("smoke", false, "send messages to the demonstration bot, check its answers and the page, and exit")
	flag.Parse()

	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(640 << 20) // collects earlier: large files would double the memory first
	}
	botgo.SetLogger(quiet{log.New(io.Discard, "", 0)}) // before anything else of botgo runs: it reads it without a lock
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := run(ctx, cfg, os.Stdout, *smoke); err != nil {
		fmt.Fprintln(os.Stderr, "playground:", err)
		os.Exit(1)
	}
}
