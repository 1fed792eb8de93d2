package richmedia

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/tencent-connect/botgo/constant"
	"github.com/tencent-connect/botgo/log"

	"github.com/botgo-contrib/richmedia/internal/guard"
)

// The defaults of the options, and of the platform's reply limits (docs 2026-08). The platform documents no
// limits for replies by event_id: those of msg_id are kept.
const (
	defaultWorkers     = 16
	defaultQueue       = 4096
	defaultMemory      = 1 << 19
	defaultRetries     = 3
	defaultStoreSize   = 4096
	defaultInlineLimit = 5 << 20
	defaultConcurrency = 4
	defaultDownload    = 200 << 20

	defaultGroupReplies = 5
	defaultGroupWindow  = 5 * time.Minute
	defaultC2CReplies   = 4
	defaultC2CWindow    = 60 * time.Minute
	defaultGuildWindow  = 5 * time.Minute // of channels and DMs; how many replies is not documented
)

// The most that WithWorkers, WithQueue and WithMemory accept.
const (
	maxWorkers = 100_000
	maxQueue   = 10_000_000
	maxMemory  = 1 << 26
)

// maxDownload is the most that WithDownloads accepts.
const maxDownload = 1 << 40

// Option changes a Plugin. New checks all of them at once.
type Option func(*config)

type config struct {
	store        Store
	workers      int
	queue        int
	memory       int // events
	inline       bool
	sharedEvents bool
	manualAck    bool

	handlerTimeout time.Duration // 0: the default
	errorHandler   func(ctx context.Context, c *Context, err error)
	log            log.Logger
	trace          Trace
	http           *http.Client
	ownHTTP        bool // made here, so that its idle connections are closed here
	baseURL        string
	noPlatform     bool // WithPlatform was called with nothing to connect to
	sandbox        bool
	retries        int
	inlineLimit    int64
	concurrency    int
	fallback       *http.Client
	ownFallback    bool // as ownHTTP
	downloadLimit  int64
	downloadClient *http.Client // nil: platformClient, or the guarded one
	platformClient *http.Client // of WithPlatform
	encoder        encoder
	limits         map[Scope]replyLimits
	refreshAhead   int
}

type replyLimits struct {
	replies int
	window  time.Duration
}

func defaultConfig() config {
	return config{
		store:   NewMemoryStore(defaultStoreSize),
		workers: defaultWorkers,
		queue:   defaultQueue,
		log:     log.DefaultLogger,
		retries: defaultRetries,
		memory:  defaultMemory,
		ownHTTP: true,

		inlineLimit: defaultInlineLimit,
		concurrency: defaultConcurrency,

		downloadLimit: defaultDownload,

		limits: map[Scope]replyLimits{
			ScopeGroup: {defaultGroupReplies, defaultGroupWindow},
			ScopeC2C:   {defaultC2CReplies, defaultC2CWindow},

			ScopeChannel: {0, defaultGuildWindow},
			ScopeDM:      {0, defaultGuildWindow},
		},
	}
}

// WithStore says where file_info is kept, overriding the default of NewMemoryStore(4096). nil keeps nothing:
// every reply uploads. Instances of a bot share one on Redis: see the module redisstore.
func WithStore(s Store) Option { return func(c *config) { c.store = s } }

// WithWorkers bounds the handlers that run at once, overriding the default of 16.
func WithWorkers(n int) Option { return func(c *config) { c.workers = n } }

// WithQueue bounds the events that wait for a handler, overriding the default of 4096. The last quarter of the queue is kept
// for chats that hold less than a quarter of it: once the rest is full, an event of a livelier chat is refused with ErrBusy.
// Behind a webhook the platform pushes it again; over a websocket it is lost, and the error handler gets it. A queue below 8 has
// no such shares. If the queue is full the adapter blocks botgo's loop, which buffers behind it.
func WithQueue(n int) Option { return func(c *config) { c.queue = n } }

// WithHandlerTimeout ends a handler's ctx after d, with the cause ErrHandlerTimeout, overriding the default of 0: the reply
// window, or 5 minutes if the event has none. The reply window ends it in any case. A handler that ignores its ctx goes on.
func WithHandlerTimeout(d time.Duration) Option { return func(c *config) { c.handlerTimeout = d } }

// WithMemory is how many events are remembered, overriding the default of 1<<19 (524288). It scales every such bound: that of the
// events whose repeated delivery is known for 15 minutes, and that of the answered messages. Beyond it the oldest are
// forgotten early. docs/operations.md has the bytes for each.
func WithMemory(events int) Option { return func(c *config) { c.memory = events } }

// WithInline runs handlers on botgo's goroutine and returns their error to it, overriding the default of running
// them on the plugin's own. Behind a webhook a failed event is then pushed again by the platform; but the
// platform waits for about 3 s only, and botgo's websocket loop waits for every handler. WithWorkers, WithQueue and the
// order within a chat have no meaning then: a webhook's events run side by side, as they are pushed.
func WithInline() Option { return func(c *config) { c.inline = true } }

// WithManualAck leaves the acknowledgement of interactions to the handler (Context.Ack, within 3 s), overriding
// the default of acknowledging them with code 0 as they arrive.
func WithManualAck() Option { return func(c *config) { c.manualAck = true } }

// WithErrorHandler is told of every handler that returned an error or panicked (*PanicError), overriding the
// default of a line in the log. It runs on the handler's goroutine with the handler's ctx, which may be over.
func WithErrorHandler(fn func(ctx context.Context, c *Context, err error)) Option {
	return func(c *config) { c.errorHandler = fn }
}

// WithLogger takes the log, overriding the default of botgo's log.DefaultLogger as it is when New is called. l must not wait for
// Shutdown, which waits for the lines that are being written.
func WithLogger(l log.Logger) Option { return func(c *config) { c.log = l } }

// WithHTTPClient is the transport to the platform, overriding the default of a client of the plugin's own. Its
// Timeout, if any, bounds every attempt from the first to the last byte. Redirects are never followed.
func WithHTTPClient(hc *http.Client) Option {
	return func(c *config) { c.http, c.ownHTTP = hc, false }
}

// WithBaseURL is the address of the platform's API, such as "https://api.sgroup.qq.com", overriding the default
// of botgo's constant.APIDomain, which is read at every call.
func WithBaseURL(u string) Option { return func(c *config) { c.baseURL = u } }

// WithPlatform connects the plugin to p, such as a *richmediatest.Platform in a test: WithHTTPClient(p.Client()) and
// WithBaseURL(p.URL()) in one option, overriding the default of a client of the plugin's own and the live platform. Of this
// option and those two, the last one counts. Attachments are read with p.Client() too, unless WithDownloads has a client. p must
// not be nil.
func WithPlatform(p interface {
	Client() *http.Client
	URL() string
},
) Option {
	return func(c *config) {
		if v := reflect.ValueOf(p); p == nil || v.Kind() == reflect.Pointer && v.IsNil() {
			c.noPlatform = true
			return
		}
		c.http, c.ownHTTP, c.baseURL = p.Client(), false, p.URL()
		c.platformClient = c.http
		c.noPlatform = c.http == nil || c.baseURL == "" // the live platform must not stand in for it
	}
}

// WithSandbox calls botgo's constant.SandBoxAPIDomain, overriding the default of constant.APIDomain.
func WithSandbox() Option { return func(c *config) { c.sandbox = true } }

// WithRetries is how often a call that failed for a passing reason is repeated, overriding the default of 3. A
// message is repeated with its own msg_seq, so that it is in the chat once. 0 repeats nothing.
func WithRetries(n int) Option { return func(c *config) { c.retries = n } }

// WithInlineLimit is the size up to which bytes travel in one call, as file_data, overriding the default of 5 MiB.
// Larger ones go in parts, and so do smaller ones where the platform turns out to refuse them. 0 sends all in parts,
// which is what the platform documents.
func WithInlineLimit(bytes int64) Option { return func(c *config) { c.inlineLimit = bytes } }

// WithPartConcurrency caps how many parts of an upload are sent at once, overriding the default of 4. The platform
// offers a number with each upload, often 1; the lower of both counts.
func WithPartConcurrency(n int) Option { return func(c *config) { c.concurrency = n } }

// WithURLFallback fetches a URL here and uploads the bytes where the platform cannot download it (850026, 40034001,
// 304082, 304083; 304010 and its neighbours in guilds), does not understand what it got (850019) or refuses it without a
// code, overriding the default of giving up with ErrFetchFailed. The content is kept in a temporary file while it goes on;
// the kind's hard limit of size holds, 30 s without a byte end it and so does a minute below 16 KiB/s, and the upload is
// kept in the store under the URL. What fails here as well is ErrFetchFailed too. A nil client stands for one of the plugin's own, which connects to
// public addresses on the ports 80 and 443 only, follows 5 redirects at most and uses no proxy: what a user writes cannot
// make the bot read its own network. A client that is given decides all of that itself, for an intranet. The bot's token
// is never sent there.
func WithURLFallback(client *http.Client) Option {
	return func(c *config) {
		if c.fallback, c.ownFallback = client, client == nil; client == nil {
			c.fallback = guard.Client()
		}
	}
}

// WithDownloads bounds what Context.Open and Context.Save read of an attachment, and with which client, overriding the defaults of
// 200 MiB and a client of the plugin's own: that one connects to public addresses on the ports 80 and 443 only, reads https only,
// follows 5 redirects at most and uses no proxy, so that an event cannot make the bot read its own network. A client that is
// given decides all of that itself, for a proxy or an intranet, and reads http too; a redirect from https to http is never
// followed, and the bot's token is never sent. More than limit bytes are ErrTooLarge. A limit of 0 and a nil client stand for
// the defaults.
func WithDownloads(limit int64, client *http.Client) Option {
	return func(c *config) {
		if c.downloadLimit, c.downloadClient = limit, client; limit == 0 {
			c.downloadLimit = defaultDownload
		}
	}
}

// WithVoiceEncoder makes voices of audio that the platform does not take as such, overriding the default of refusing it
// with ErrUnsupported. fn reads in, which is valid until the reader that it returns is closed, and returns silk, mp3, wav or
// ogg; it runs once for an upload, for at most a quarter of WithWorkers uploads (at least one) at once, and must end when ctx
// does. An error of its reader's Read or Close fails the upload. Its result is kept in a temporary file.
// The package voice has one on ffmpeg. A URL is the platform's to judge, so that WithURLFallback is needed for one.
func WithVoiceEncoder(fn func(ctx context.Context, in io.Reader) (io.ReadCloser, error)) Option {
	return func(c *config) { c.encoder = fn }
}

// WithReplyLimits is how many replies one message takes and for how long, overriding the default of the
// platform's: 5 in 5 minutes in groups, 4 in 60 minutes in single chats, any number in 5 minutes in guild channels and
// DMs (docs 2026-08). 0 means that this side sets no limit.
func WithReplyLimits(s Scope, replies int, window time.Duration) Option {
	return func(c *config) { c.limits[s] = replyLimits{replies, window} }
}

// WithSharedEvents lets instances that share a store agree on who handles an event, overriding the default of each
// handling what is delivered to it. The store must be a Leaser. A webhook's event that is pushed to two instances then runs
// one handler. Without this it runs two, and the platform refuses the second's replies by their msg_seq: in groups and
// single chats users see each answer once either way. Guilds know no msg_seq: there they would see two.
//
// An event is claimed for 15 minutes when it is queued; one that has to wait for a place in a full queue is claimed when its
// handler would run. With WithInline an event is claimed while its handler runs, for 30 s at most; a push beside that waits for
// the outcome, and takes the event over when the handler has failed, or when the 30 s are over because its instance has died or
// the handler takes longer: inline handlers should not, the platform waits for 3 s. A store that fails claims nothing, and each
// instance handles what it gets. An instance that is killed loses the events in its queue, as it does without this.
func WithSharedEvents() Option { return func(c *config) { c.sharedEvents = true } }

// WithRefreshAhead renews up to max uploads that are used often, in the background before they end, so that no reply
// waits for the same upload twice; overriding the default of 0, which renews none. It takes at most 10000.
//
// An upload is renewed when some three quarters of the time are over for which the store would keep it, through the chat
// that used it last, and only if it was used at least twice since it was made: what is used no more ends. Where more than
// max are used that often, those that are used most are renewed. Content is read again, and left alone when it has
// changed; a URL is fetched again by the platform. What came FromReader cannot be read again, and what the platform keeps
// forever need not be renewed. Where another process has renewed an upload in the store that they share, that is taken; where
// the store is a Leaser, one of them renews it and the others find it there.
//
// A renewal that fails is logged and not begun again: the upload is used to its end, and the next one is made as without
// this option. Two renewals run at once, each with one part at a time. They count towards the bot's upload volume of the
// day, and what was given to FromBytes stays in memory for as long as it is remembered. Shutdown and Close cancel them.
// With WithStore(nil) there is nothing to renew, which New refuses.
func WithRefreshAhead(max int) Option { return func(c *config) { c.refreshAhead = max } } //nolint:revive,predeclared // the name in the documentation

// WithTrace reports what happens to events, uploads and replies, overriding the default of nothing. Its functions must not wait
// for Shutdown, which waits for them.
func WithTrace(t Trace) Option { return func(c *config) { c.trace = t } }

// check is the one place where options are judged. Its error names the option and says what it takes.
func (c *config) check() error {
	var errList []error
	refuse := func(format string, args ...any) { errList = append(errList, fmt.Errorf("richmedia: "+format, args...)) }
	if c.workers < 1 || c.workers > maxWorkers {
		refuse("WithWorkers(%d): give 1 to %d handlers that can run at once", c.workers, maxWorkers)
	}
	if c.queue < 1 || c.queue > maxQueue {
		refuse("WithQueue(%d): give 1 to %d events that can wait", c.queue, maxQueue)
	}
	if c.memory < 1 || c.memory > maxMemory {
		refuse("WithMemory(%d): give 1 to %d events to remember", c.memory, maxMemory)
	}
	if c.handlerTimeout < 0 {
		refuse("WithHandlerTimeout(%s): give a duration above 0, or 0 for the reply window", c.handlerTimeout)
	}
	if c.retries < 0 || c.retries > 100 {
		refuse("WithRetries(%d): give 0 to 100 attempts after the first", c.retries)
	}
	if c.inlineLimit < 0 || c.inlineLimit > hardLimit {
		refuse("WithInlineLimit(%d): give 0 to %d bytes", c.inlineLimit, int64(hardLimit))
	}
	if c.downloadLimit < 0 || c.downloadLimit > maxDownload {
		refuse("WithDownloads(%d, ...): give a limit of 1 to %d bytes, or 0 for %d", c.downloadLimit, int64(maxDownload), defaultDownload)
	}
	if c.concurrency < 1 {
		refuse("WithPartConcurrency(%d): at least 1 part must be sent at once", c.concurrency)
	}
	if c.refreshAhead < 0 || c.refreshAhead > maxRefreshAhead {
		refuse("WithRefreshAhead(%d): give 0 to %d uploads to renew", c.refreshAhead, maxRefreshAhead)
	}
	if c.refreshAhead > 0 && c.store == nil {
		refuse("WithRefreshAhead(%d) and WithStore(nil): give one of them; without a store there is nothing to renew", c.refreshAhead)
	}
	if _, ok := c.store.(Leaser); c.sharedEvents && !ok {
		refuse("WithSharedEvents: the Store is no Leaser; give one that is with WithStore, such as redisstore's")
	}
	if c.log == nil {
		refuse("WithLogger(nil): give a logger, or leave the option out for botgo's")
	}
	if c.noPlatform {
		refuse("WithPlatform(nil): give a platform with a client and a URL, such as richmediatest.New()")
	} else if c.http == nil && !c.ownHTTP {
		refuse("WithHTTPClient(nil): give a client, or leave the option out for the plugin's own")
	}
	if c.baseURL != "" && c.sandbox {
		refuse("WithBaseURL and WithSandbox: give one of them")
	}
	if c.baseURL != "" {
		u, err := url.Parse(c.baseURL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.User != nil {
			refuse("WithBaseURL: give an absolute http or https address such as https://api.sgroup.qq.com")
		}
	}
	for scope, l := range c.limits {
		if _, ok := scopes[scope]; !ok {
			refuse("WithReplyLimits(%s, ...): give ScopeGroup, ScopeC2C, ScopeChannel or ScopeDM", scope)
		}
		if l.replies < 0 || l.window < 0 {
			refuse("WithReplyLimits(%s, %d, %s): give limits above 0, or 0 for no limit", scope, l.replies, l.window)
		}
	}
	return errors.Join(errList...)
}

// base returns the API's address. It reads botgo's variables at every call.
func (c *config) base() string {
	base := constant.APIDomain
	switch {
	case c.baseURL != "":
		base = c.baseURL
	case c.sandbox:
		base = constant.SandBoxAPIDomain
	}
	return strings.TrimRight(base, "/")
}

// UploadOption changes one upload. It is a ReplyOption too.
type UploadOption interface {
	ReplyOption
	applyUpload(*uploadConfig)
}

type uploadConfig struct {
	noCache  bool
	cacheKey string
	progress func(Progress)
	picture  bool // the upload is for Markdown, which shows it by its address and needs its size
}

type uploadOption func(*uploadConfig)

func (o uploadOption) applyUpload(c *uploadConfig) { o(c) }
func (o uploadOption) applyReply(c *replyConfig)   { o(&c.upload) }

// WithoutCache uploads anew and keeps nothing: for content that must not be found again.
func WithoutCache() UploadOption { return uploadOption(func(c *uploadConfig) { c.noCache = true }) }

// WithCacheKey names the content, instead of its SHA-256 or its URL: for content that is expensive to read, which is then
// not even opened while its upload lives, or for a URL whose content changes (put a version into the key). An empty
// key is the same as none.
func WithCacheKey(key string) UploadOption {
	return uploadOption(func(c *uploadConfig) { c.cacheKey = key })
}

// WithProgress calls fn while the upload goes on, at most once for each 256 KiB and at each part's end. fn runs on the
// upload's goroutines, never twice at once, and not after the call that it belongs to has returned; while it runs
// the upload waits. A panic in it is logged.
func WithProgress(fn func(Progress)) UploadOption {
	return uploadOption(func(c *uploadConfig) { c.progress = fn })
}
