package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"
)

// playground is one that runs, with its scripts' API.
type playground struct {
	*process
	url, tls, ca string
}

var (
	opened  = regexp.MustCompile(`open (http://[0-9.:]+) in a browser`)
	secured = regexp.MustCompile(`listener ([0-9.:]+) +CA (.+)`)
)

func newPlayground(ctx context.Context, binary, ca string) (*playground, error) {
	p, err := begin(ctx, nil, false, binary, "-addr", "127.0.0.1:0", "-tls", "127.0.0.1:0", "-ca", ca, "-bot=false")
	if err != nil {
		return nil, err
	}
	pg := &playground{process: p}
	_, err = p.line(ctx, 20*time.Second, func(line string) bool {
		if found := opened.FindStringSubmatch(line); found != nil {
			pg.url = found[1]
		}
		if found := secured.FindStringSubmatch(line); found != nil {
			pg.tls, pg.ca = found[1], found[2]
		}
		return pg.url != "" && pg.tls != ""
	})
	if err != nil {
		p.end()
		return nil, fmt.Errorf("playground: %w", err)
	}
	return pg, nil
}

// message is a line of a chat.
type message struct {
	ID      string
	Bot     bool
	Text    string
	ReplyTo *struct{ ID string }
	Files   []struct {
		Kind string
		Card bool
	}
	Keyboard json.RawMessage
}

type ids struct {
	ID    string
	MsgID string `json:"msg_id"`
}

// say writes as a user, with the file at path if it is not "".
func (p *playground) say(ctx context.Context, chat, text, path string) (out ids, err error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range map[string]string{"chat": chat, "user": "carol", "text": text} {
		if err := form.WriteField(name, value); err != nil {
			return out, err
		}
	}
	if path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return out, err
		}
		part, err := form.CreateFormFile("file", "cat.png")
		if err != nil {
			return out, err
		}
		if _, err := part.Write(data); err != nil {
			return out, err
		}
	}
	if err := form.Close(); err != nil {
		return out, err
	}
	return out, p.do(ctx, http.MethodPost, "/api/say", form.FormDataContentType(), &body, &out)
}

// post sends a form.
func (p *playground) post(ctx context.Context, path string, out any, pairs ...string) error {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return p.do(ctx, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), out)
}

func (p *playground) get(ctx context.Context, path string, out any) error {
	return p.do(ctx, http.MethodGet, path, "", http.NoBody, out)
}

func (p *playground) do(ctx context.Context, method, path, kind string, body io.Reader, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, body)
	if err != nil {
		return err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s %s", method, path, resp.Status, bytes.TrimSpace(raw))
	}
	return json.Unmarshal(raw, out)
}

// answers returns the bot's answers to the message with that id.
func (p *playground) answers(ctx context.Context, chat, id string) (out []message, err error) {
	var got struct{ Messages []message }
	if err := p.get(ctx, "/api/messages?chat="+url.QueryEscape(chat), &got); err != nil {
		return nil, err
	}
	for _, m := range got.Messages {
		if m.Bot && m.ReplyTo != nil && m.ReplyTo.ID == id {
			out = append(out, m)
		}
	}
	return out, nil
}

// until asks again and again until fn reports true.
func until(ctx context.Context, within time.Duration, fn func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		done, err := fn()
		if done || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not within %s", within)
		}
	}
}
