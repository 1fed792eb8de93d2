package richmediatest

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tencent-connect/botgo/constant"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/token"
	"golang.org/x/time/rate"
)

// offlineURL is the base while nothing listens; the top-level domain .invalid is reserved, so that a request which leaks
// out of the process reaches no server.
const offlineURL = "http://platform.invalid"

// Platform is one bot's view of the open platform: its chats, its uploads, its tokens, and the endpoints that serve them.
// All methods are safe for concurrent use. The zero Platform is not usable; call New.
type Platform struct {
	*Faults // strike at every call; for those by chance see Chance

	cfg  config
	salt [16]byte

	life lifetime

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at every change that a waiter may wait for
	serial  uint64

	tokens  []*accessToken
	web     map[string]page
	faraway map[string]bool  // what the downloader cannot reach
	chats   map[string]*Chat // by scene and name
	openids map[string]*Chat // by openid
	inOrder []*Chat          // in the order of their creation
	events  []*Event
	byID    map[string]*Event // by outer id, msg_id and interaction id, each with its own prefix
	sent    map[string]*sentMessage
	refs    map[string]string // ids of messages by REFIDX
	refIDs  map[string]string // REFIDX by message id
	streams map[string]*stream
	audits  []*waitingAudit // oldest first

	uploads    []*Upload
	byFileInfo map[string]*storedFile
	volume     map[string]int64 // bytes by day
	multiparts map[string]*multipart
	contents   map[string]*Upload // by scene, kind, name and digests: for instant uploads

	calls      []*Call
	callSerial int
	faults     []*interceptor
	limiters   map[Op]*rate.Limiter
	acks       map[string]int
	push       pushTarget
	pushing    int // pushes whose handler still runs
	gateway    gateway
	listener   *listener
	eventLag   time.Duration // see LagEventIDs
	ahead      atomic.Int64  // ns, see Advance
	served     string        // see ServeAt
	watchers   []*watcher    // see Watch
	closeOnce  sync.Once
}

// lifetime ends with Close.
type lifetime struct {
	ctx context.Context
	end context.CancelFunc
}

// New returns a platform in process: no listener and no goroutine, nothing to close.
func New(opts ...Option) *Platform {
	cfg := config{
		ttl: defaultTTL, tokenLife: defaultTokenLifetime,
		dailyVolume: defaultDailyVolume, intents: knownIntents,
		attachmentLife: defaultAttachmentLife,
	}
	for _, o := range opts {
		o(&cfg)
	}
	if cfg.appID == "" && cfg.secret == "" {
		cfg.appID, cfg.secret = inventBot()
	}
	cfg.parts.fill()
	p := &Platform{
		cfg:        cfg,
		changed:    make(chan struct{}),
		web:        make(map[string]page),
		faraway:    make(map[string]bool),
		chats:      make(map[string]*Chat),
		openids:    make(map[string]*Chat),
		byID:       make(map[string]*Event),
		sent:       make(map[string]*sentMessage),
		refs:       make(map[string]string),
		refIDs:     make(map[string]string),
		streams:    make(map[string]*stream),
		byFileInfo: make(map[string]*storedFile),
		volume:     make(map[string]int64),
		multiparts: make(map[string]*multipart),
		contents:   make(map[string]*Upload),
		acks:       make(map[string]int),
		limiters:   newLimiters(),
	}
	p.Faults = &Faults{p: p}
	_, _ = rand.Read(p.salt[:]) // never fails
	ctx, end := context.WithCancel(context.Background())
	p.life = lifetime{ctx, end}
	p.gateway.sessions = make(map[string]*session)
	p.gateway.conns = make(map[*conn]struct{})
	return p
}

// AppID is the bot's app id.
func (p *Platform) AppID() string { return p.cfg.appID }

// Credentials returns the bot's app id and secret in botgo's type, a new value at every call.
func (p *Platform) Credentials() *token.QQBotCredentials {
	return &token.QQBotCredentials{AppID: p.cfg.appID, AppSecret: p.cfg.secret}
}

// UseBotgo points botgo's package variables (API, sandbox API and token hosts) at this platform's [Platform.URL] and
// returns a function that restores them. botgo keeps them without a lock: call both while no request of botgo's runs, and
// not in parallel tests.
func (p *Platform) UseBotgo() (restore func()) {
	api, sandbox, tokens := constant.APIDomain, constant.SandBoxAPIDomain, constant.TokenDomain
	base := p.URL()
	constant.APIDomain, constant.SandBoxAPIDomain, constant.TokenDomain = base, base, base
	return func() {
		constant.APIDomain, constant.SandBoxAPIDomain, constant.TokenDomain = api, sandbox, tokens
	}
}

// wake makes every waiter look again. The caller holds p.mu.
func (p *Platform) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// wait blocks until ok returns true or ctx ends, and returns the end's cause. ok runs with p.mu held.
func (p *Platform) wait(ctx context.Context, ok func() bool) error {
	for {
		p.mu.Lock()
		done, changed := ok(), p.changed
		p.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// limits of docs 2026-08, in requests per second.
func newLimiters() map[Op]*rate.Limiter {
	perSecond := map[Op]int{
		OpSend: 100, OpUpload: 50, OpMerge: 50, OpPrepare: 10, OpFinish: 10, OpAck: 50, OpRecall: 10, OpStream: 50,
	}
	limiters := make(map[Op]*rate.Limiter, len(perSecond))
	for op, n := range perSecond {
		limiters[op] = rate.NewLimiter(rate.Limit(n), n)
	}
	limiters[OpMerge] = limiters[OpUpload] // one endpoint
	return limiters
}

func (p *Platform) admit(to route) *refusal {
	l := p.limiters[to.op]
	if guildScene(to.scene) && to.op == OpSend {
		p.mu.Lock()
		if l = nil; p.openids[to.openid] != nil {
			l = p.openids[to.openid].pace
		}
		p.mu.Unlock()
	}
	if p.cfg.rateLimits && l != nil && !l.AllowN(p.now(), 1) {
		if to.op == OpStream {
			return refuse(50002, "流式消息频率限制")
		}
		return &refusal{status: http.StatusTooManyRequests, code: 40023001, message: "接口调用超过频率限制"}
	}
	return nil
}

// knownIntents are those of the documents and of botgo: guilds, members, guild messages, reactions, direct messages,
// ENTER_AIO, GROUP_MEMBER (1<<24), group and c2c, interaction, audit, forum, audio, public guild messages.
const knownIntents = dto.IntentGuilds | dto.IntentGuildMembers | dto.IntentGuildMessages |
	dto.IntentGuildMessageReactions | dto.IntentDirectMessages | dto.IntentEnterAIO | intentGroupMember |
	dto.IntentGroupMessages | dto.IntentInteraction | dto.IntentAudit | dto.IntentForum |
	dto.IntentAudio | dto.IntentGuildAtMessage
