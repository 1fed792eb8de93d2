// Package richmedia lets bots on github.com/tencent-connect/botgo answer group and single chats with images,
// videos, voices and files, and guild channels and direct messages with images.
//
// QQ's platform wants two steps for that: upload the media with srv_send_msg=false, then send a message of
// msg_type 7 with the file_info that came back, tied to the msg_id or event_id that is answered. The plugin
// makes it one line in a handler:
//
//	media, err := richmedia.New(tokenSource)
//	// ...
//	intents := event.RegisterHandlers(
//		media.GroupATMessage(func(ctx context.Context, c *richmedia.Context) error {
//			_, err := c.ReplyImage(ctx, richmedia.FromURL("https://example.com/cat.png"), richmedia.WithCaption("meow"))
//			return err
//		}),
//	)
//
// Handlers run off botgo's goroutine, in order within a chat and in parallel over chats. An upload is made once
// and used for every chat of its scope while it lives. Each reply has a msg_seq of its own, so that a repeated
// send is in the chat once. The reply window, the number of replies and the platform's request rates are kept
// on this side.
//
// The package richmediatest beside it is the platform, faked strictly, for tests and for developing offline.
package richmedia

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia/internal/dispatch"
	"github.com/botgo-contrib/richmedia/internal/ledger"
	"github.com/botgo-contrib/richmedia/internal/platform"
	"github.com/botgo-contrib/richmedia/internal/seen"
)

// Handler answers an event. ctx ends if the handler returns, if the event can no longer be answered (cause ErrReplyWindow),
// after WithHandlerTimeout (ErrHandlerTimeout), or if the plugin is shut down (ErrClosed). Work that goes on after the handler
// belongs to Context.Go. A returned error goes to the error handler.
type Handler func(ctx context.Context, c *Context) error

// Plugin is one bot's rich media. It is safe for concurrent use, and one is enough for all of the bot's shards.
type Plugin struct {
	cfg       config
	source    oauth2.TokenSource
	appID     string // "" if the source knows none
	client    *platform.Client
	uploads   *uploader
	downloads *downloads
	ledger    *ledger.Ledger
	dispatch  *dispatch.Dispatcher
	seen      *seen.Filter
	acks      *seen.Filter // interactions that were acknowledged

	life context.Context //nolint:containedctx // the plugin's own life, which outlasts every call
	end  context.CancelCauseFunc

	mu       sync.Mutex
	draining bool    // no new events
	closed   bool    // no new calls either
	inline   running // handlers on botgo's goroutine, and the claims of events that are to be queued
	calls    running

	seqless atomic.Bool // the platform took a reply by event_id with a msg_seq for a proactive message
}

// New creates a plugin for the bot whose tokens src returns, usually botgo's token.NewQQBotTokenSource. It starts no
// goroutine and makes no request. The error names every option that is out of range.
func New(src oauth2.TokenSource, opts ...Option) (*Plugin, error) {
	if src == nil {
		return nil, errors.New("richmedia: New: the token source is nil; give the one that the bot hands to botgo, token.NewQQBotTokenSource(credentials)")
	}
	cfg := defaultConfig()
	for _, opt := range opts {
		if opt != nil {
			opt(&cfg)
		}
	}
	if err := cfg.check(); err != nil {
		return nil, err
	}
	if cfg.ownHTTP {
		cfg.http = newHTTPClient()
	}
	p := &Plugin{
		cfg:    cfg,
		source: src,
		appID:  appIDOf(src),
		ledger: ledger.New(cfg.memory),
		seen:   seen.New(seenFor, cfg.memory),
		acks:   seen.New(seenFor, cfg.memory),
	}
	p.life, p.end = context.WithCancelCause(context.Background())
	p.dispatch = dispatch.New(dispatch.Config{
		Workers: cfg.workers, Queue: cfg.queue, Slow: slowHandler, Starved: noWorkerFor, Notice: p.warn,
	})

	// Without an app id uploads are kept under a name that only this Plugin has: a store may be shared, and another bot's
	// file_info would be refused.
	owner := p.appID
	if owner == "" {
		owner = rand.Text()
	}
	p.client = platform.New(platform.Config{
		HTTP: cfg.http, Base: cfg.base, Source: src, AppID: p.appID, Retries: cfg.retries, Log: cfg.log,
	})
	p.downloads = newDownloads(&cfg)
	files := &cache{store: cfg.store, owner: owner, log: cfg.log}
	p.uploads = &uploader{
		client: p.client, cache: files, leases: leases{cache: files}, life: p.life, log: cfg.log, trace: cfg.trace,
		fallback: cfg.fallback, downloads: p.downloads, encoder: cfg.encoder, encoding: make(chan struct{}, max(1, cfg.workers/4)), inlineLimit: cfg.inlineLimit, concurrency: cfg.concurrency, prepares: cfg.retries,
	}
	p.uploads.flights.Left = func(run context.Context, cause error) error { return apiError(platform.Left(run, cause)) }
	p.uploads.leases.leaser, _ = cfg.store.(Leaser) // nil if it is none
	p.uploads.refresher = newRefresher(p.life, p.uploads, cfg.refreshAhead)
	return p, nil
}

// newHTTPClient is tuned to many requests to one host. It has no Timeout: every call has one that fits its size.
func newHTTPClient() *http.Client {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	if usual, ok := http.DefaultTransport.(*http.Transport); ok { // some program may have put another one there
		transport = usual.Clone()
	}
	transport.MaxIdleConnsPerHost = 64
	return &http.Client{Transport: transport}
}

// The adapters below return handlers for event.RegisterHandlers. Each may also be wrapped, or called with a payload. In a
// process with several bots an event reaches the plugin of its own bot, whichever adapter botgo has; see ErrWrongBot. A nil
// Handler panics.

// GroupATMessage answers GROUP_AT_MESSAGE_CREATE: a group's message that mentions the bot.
func (p *Plugin) GroupATMessage(h Handler) event.GroupATMessageEventHandler {
	a := p.adapter("GroupATMessage", h, dto.EventGroupAtMessageCreate)
	return adapterOf[dto.WSGroupATMessageData](a.take)
}

// C2CMessage answers C2C_MESSAGE_CREATE: a user's message in the single chat.
func (p *Plugin) C2CMessage(h Handler) event.C2CMessageEventHandler {
	a := p.adapter("C2CMessage", h, dto.EventC2CMessageCreate)
	return adapterOf[dto.WSC2CMessageData](a.take)
}

// ATMessage answers AT_MESSAGE_CREATE: a message in a guild's channel that mentions the bot.
func (p *Plugin) ATMessage(h Handler) event.ATMessageEventHandler {
	a := p.adapter("ATMessage", h, dto.EventAtMessageCreate)
	return adapterOf[dto.WSATMessageData](a.take)
}

// Message answers MESSAGE_CREATE: any message in a guild's channel. Only private-domain bots get it.
func (p *Plugin) Message(h Handler) event.MessageEventHandler {
	a := p.adapter("Message", h, dto.EventMessageCreate)
	return adapterOf[dto.WSMessageData](a.take)
}

// DirectMessage answers DIRECT_MESSAGE_CREATE: a user's direct message in a guild.
func (p *Plugin) DirectMessage(h Handler) event.DirectMessageEventHandler {
	a := p.adapter("DirectMessage", h, dto.EventDirectMessageCreate)
	return adapterOf[dto.WSDirectMessageData](a.take)
}

// Interaction answers INTERACTION_CREATE: a button that was pressed, in a group, a single chat or a guild's channel. It
// is acknowledged as it arrives, unless WithManualAck is set.
func (p *Plugin) Interaction(h Handler) event.InteractionEventHandler {
	a := p.adapter("Interaction", h, dto.EventInteractionCreate)
	return adapterOf[dto.WSInteractionData](a.take)
}

// C2CFriend answers FRIEND_ADD and FRIEND_DEL; Context.Payload().Type says which. FRIEND_DEL cannot be answered.
func (p *Plugin) C2CFriend(h Handler) event.C2CFriendEventHandler {
	a := p.adapter("C2CFriend", h, dto.EventC2CFriendAdd, dto.EventC2CFriendDel)
	return adapterOf[dto.WSC2CFriendData](a.take)
}

// Context returns the Context of an event inside a handler of the bot's own, from the payload that botgo passed to
// it. The reply window counts from the first call for the event. A payload that is delivered again counts its replies
// from the start again, so that each of them is in the chat once. Events that cannot be answered are an error
// (ErrUnsupported), and so are events of another bot of the process (ErrWrongBot).
// Nothing is acknowledged, queued or dropped as a duplicate here: that is left to the bot's own handler.
func (p *Plugin) Context(payload *dto.WSPayload) (*Context, error) {
	if p.owner(payload) == otherBot {
		return nil, fmt.Errorf("richmedia: Context: %w", ErrWrongBot)
	}
	in, err := parse(payload, time.Now())
	if err != nil {
		return nil, err
	}
	if in.unanswerable != nil {
		return nil, in.unanswerable
	}
	return &Context{p: p, in: in}, nil
}

// For returns a Context outside a handler, to reply later or from another process: c.Target in the handler, t in the job.
//
// Its replies count from t.Seq in every run. A job that a queue runs again, in this process or another, sends each of its
// replies once, and a job that was enqueued twice by an event that was delivered twice answers once; a reply that is in the chat
// already is no error, and its message has no ID. More than 100 replies are ErrReplyLimit. A Target that was made by hand, with
// a Seq of 0, counts from 501 to 600, for all of them that answer one message in this process: a job on it that runs again
// elsewhere repeats the numbers of other jobs. Guilds know no msg_seq, and the platform takes some replies by event_id without
// one only (ReplyInfo.Seq is 0): a job that runs again there may be sent again.
//
// A Target without MsgID and EventID sends proactive messages, which the platform limits and may refuse. The replies say
// what is wrong with t, before any request.
func (p *Plugin) For(t Target) *Context {
	if t.Time.IsZero() {
		t.Time = time.Now()
	}
	return &Context{p: p, in: &incoming{target: t, unanswerable: t.check()}}
}

// Stats is a snapshot of a Plugin, for gauges.
type Stats struct {
	Queued     int // events that wait for their handler
	Running    int // handlers that run, those of WithInline and the overdue ones not counted
	Overdue    int // handlers that have been running for more than 30 s, whose places among the workers were given away
	Uploads    int // uploads under way
	Remembered int // events that are remembered, so that a repeated delivery is known
}

// Stats returns a snapshot. It may be called at any time.
func (p *Plugin) Stats() Stats {
	s := p.dispatch.Stats()
	return Stats{Queued: s.Queued, Running: s.Running, Overdue: s.Overdue, Uploads: p.uploads.flights.Running(), Remembered: p.seen.Len()}
}
