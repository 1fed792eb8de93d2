// Package platform makes the calls to the QQ bot platform: one HTTP client with its token, its rates and its retries, and
// the decoding of what the platform answers.
package platform

import (
	"context"
	"net/http"

	"github.com/tencent-connect/botgo/log"
	"golang.org/x/oauth2"
)

// Config is what a Client needs. Every field but AppID must be set.
type Config struct {
	HTTP    *http.Client
	Base    func() string // called for each request, because botgo's hosts are variables
	Source  oauth2.TokenSource
	AppID   string // sent as X-Union-Appid unless empty
	Retries int    // attempts after the first, of calls and of token requests
	Log     log.Logger
}

// Client calls the platform. It is safe for concurrent use.
type Client struct {
	cfg    Config
	http   *http.Client
	rates  [endpoints]*rate
	chats  chatRates // of guilds
	tokens tokens
}

// New returns a Client. It never follows redirects, whatever cfg.HTTP does: the bot's token goes to the base URL's host
// only.
func New(cfg Config) *Client {
	hc := *cfg.HTTP
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		cfg: cfg, http: &hc, rates: newRates(),
		tokens: tokens{source: cfg.Source, retries: cfg.Retries, log: cfg.Log},
	}
}

// Wait returns when no goroutine of the client is left, or the cause of ctx: the token source runs on a goroutine of its
// own, because it takes no context.
func (c *Client) Wait(ctx context.Context) error { return c.tokens.wait(ctx) }
