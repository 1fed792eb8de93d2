package platform

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
)

// always answers every request with the same text.
type always string

func (a always) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body)
	_ = r.Body.Close()
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"X-Tps-Trace-Id": {"0123456789abcdef"}}, ContentLength: int64(len(a)),
		Body: io.NopCloser(strings.NewReader(string(a))), Request: r,
	}, nil
}

// unlimited returns a client whose platform always answers text, at any rate.
func unlimited(text string) *Client {
	c := New(Config{
		HTTP: &http.Client{Transport: always(text)}, Base: func() string { return "https://platform.test" },
		Source: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "token", TokenType: "QQBot"}), AppID: "10001", Retries: 3, Log: &recorder{},
	})
	for i := range c.rates {
		c.rates[i] = &rate{turns: make([]time.Time, 1<<18)}
	}
	return c
}

// bare makes the request of a call with nothing around it, and reads the answer.
func bare(b *testing.B, c *Client, path string, body []byte) {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, c.cfg.Base()+path, bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "QQBot token")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "BotGoSDK/v0.0.2")
	req.Header.Set("X-Union-Appid", c.cfg.AppID)
	resp, err := c.http.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadAll(resp.Body); err != nil {
		b.Fatal(err)
	}
	_ = resp.Body.Close()
}

const (
	benchSent     = `{"id":"ROBOT1.0_5C2f8d1b7e3a9046f2c8","timestamp":"2026-07-21T10:00:00+08:00","ext_info":{"ref_idx":"REFIDX_CNsKEI2f8d"}}`
	benchUploaded = `{"file_uuid":"7e3a9046f2c85c2f8d1b","file_info":"QRgW5C2f8d1b7e3a9046f2c8QRgW5C2f8d1b7e3a9046f2c8==","ttl":86400}`
	benchMessage  = `{"msg_id":"ROBOT1.0_A","msg_seq":1001,"msg_type":7,"media":{"file_info":"QRgW5C2f8d1b7e3a9046f2c8=="}}`
)

var benchGroup = Chat{Scene: Group, ID: "B7D0F5A1C3E24968B1F0A2C4E6D8091A"}

// BenchmarkSend sends to a platform in the process, beside the bare request.
func BenchmarkSend(b *testing.B) {
	c := unlimited(benchSent)
	message := []byte(benchMessage)
	b.Run("call", func(b *testing.B) {
		b.ReportAllocs()
		ctx, _ := Observe(b.Context())
		for b.Loop() {
			sent, err := c.Send(ctx, benchGroup, message, true)
			if err != nil || sent.RefIdx == "" {
				b.Fatal(sent, err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			bare(b, c, benchGroup.path("/messages"), message)
		}
	})
	require.NoError(b, c.Wait(b.Context()))
}

// BenchmarkUpload uploads by URL, beside the bare request.
func BenchmarkUpload(b *testing.B) {
	c := unlimited(benchUploaded)
	b.Run("call", func(b *testing.B) {
		b.ReportAllocs()
		ctx, _ := Observe(b.Context())
		for b.Loop() {
			up, err := c.Upload(ctx, benchGroup, Media{Kind: 1, URL: "https://example.com/cat.png"})
			if err != nil || up.TTL != 24*time.Hour {
				b.Fatal(up, err)
			}
		}
	})
	body := []byte(`{"file_type":1,"srv_send_msg":false,"url":"https://example.com/cat.png"}`)
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			bare(b, c, benchGroup.path("/files"), body)
		}
	})
	require.NoError(b, c.Wait(b.Context()))
}
