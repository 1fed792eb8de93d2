package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// smoke sends messages to the demonstration bot, waits for its answers, and prints the chats.
func (pg *playground) smoke(ctx context.Context, out io.Writer) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 60*time.Second, errors.New("gave up after 60 s"))
	defer cancel()
	for _, path := range []string{"/", "/assets/app.js", "/assets/style.css", "/api/state"} {
		if err := fetch(ctx, pg.local+path); err != nil {
			return err
		}
	}
	group, single := pg.platform.Group("cats"), pg.platform.C2C("carol")
	n := 0
	for _, word := range []string{"cat", "clip", "hello", "report", "big", "photo", "buttons", "cat"} {
		group.Say("ann", word)
		n++
		if _, err := group.WaitAnswers(ctx, n); err != nil {
			return fmt.Errorf("say %q: %w", word, err)
		}
	}
	group.Press("ann", "purr")
	single.Say("carol", "猫")
	if _, err := group.WaitAnswers(ctx, n+1); err != nil {
		return err
	}
	if _, err := single.WaitAnswers(ctx, 1); err != nil {
		return err
	}
	for _, m := range append(group.Messages(), single.Messages()...) {
		_, _ = fmt.Fprintln(out, m)
	}
	_, _ = fmt.Fprintf(out, "playground: %d calls, %d uploads, and the page is there\n", len(pg.platform.Calls()), len(pg.platform.Uploads()))
	return nil
}

func fetch(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return nil
}
