// Command clients runs bots on the ecosystem's own frameworks against the playground, over the websocket and the webhook: they
// log in, receive messages with attachments, answer with text, images, voice and video, acknowledge a button, and resume. It also
// runs the recipes of docs/playground.md.
//
//	./run            compares the table of docs/playground.md with what the bots did
//	./run -update    writes it
//
// The bots are the .cjs files beside this one, on the packages that package-lock.json pins, and the folder botgo. A capability
// that a client fails by a fault of its own is listed in known.go; any other failure fails the run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"time"
)

// patience bounds the whole run.
const patience = 3 * time.Minute

func main() {
	update := flag.Bool("update", false, "write the table instead of comparing it")
	verbose := flag.Bool("v", false, "print what the bots print")
	only := flag.String("only", "", "run this client only, such as satori, and leave the table alone")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("gave up after %s", patience))
	defer cancel()
	if err := run(ctx, *update, *verbose, *only); err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, update, verbose bool, only string) (err error) {
	dir, err := os.MkdirTemp("", "playground-clients-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	root, err := filepath.Abs("../../..")
	if err != nil {
		return err
	}
	playground, hand := filepath.Join(dir, "playground"), filepath.Join(dir, "botgo")
	if err := build(ctx, root, playground, "./cmd/playground"); err != nil {
		return err
	}
	if err := build(ctx, ".", hand, "./botgo"); err != nil {
		return err
	}
	image := filepath.Join(root, "cmd/playground/media/cat.png")
	photo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, image) }))
	defer photo.Close()
	env := []string{
		"PHOTO_URL=" + photo.URL + "/cat.png", "IMAGE=" + image, "VIDEO=" + filepath.Join(root, "cmd/playground/media/clip.mp4"),
		"VOICE=" + filepath.Join(root, "testdata/formats/silk-tencent.silk"),
	}
	var columns []column
	for _, c := range []client{
		{name: "botgo", version: "v0.2.1, by hand", command: []string{hand}},
		{name: "qq-official-bot", version: "1.0.13", command: []string{"node", "--require", "./official-hosts.cjs", "qq-official-bot.cjs"}},
		{name: "satori", version: "@satorijs/adapter-qq 4.11.0, koishi 4.18.11", command: []string{"node", "--require", "./official-hosts.cjs", "satori.cjs"}},
	} {
		for _, transport := range []string{"websocket", "webhook"} {
			if only == "" || only == c.name {
				columns = append(columns, column{client: c, transport: transport})
			}
		}
	}
	var wait sync.WaitGroup
	for i := range columns {
		wait.Go(func() {
			columns[i].results, columns[i].err = try(ctx, columns[i], playground, dir, env, verbose)
		})
	}
	wait.Wait()
	return errors.Join(
		recipes(ctx, playground, dir, root),
		judge(columns, filepath.Join(root, "docs/playground.md"), update, only != ""),
	)
}

func build(ctx context.Context, dir, out, what string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", out, what)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("build %s: %w", what, err)
	}
	return nil
}
