package richmediatest

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/tencent-connect/botgo/dto"
)

const (
	defaultTTL           = 300 * time.Second  // docs 2026-08, the sample answer of an upload
	defaultTokenLifetime = 7200 * time.Second // docs 2026-08, expires_in
	defaultDailyVolume   = 2 << 30            // per bot and day, then 40093002
)

// Option changes how a Platform behaves. Options are arguments of [New] and hold for the platform's life.
type Option func(*config)

type config struct {
	appID, secret string
	ttl           time.Duration
	tokenLife     time.Duration
	opaqueInfo    bool
	boundInfo     bool
	proactive     bool
	documented    bool
	loopback      bool
	silkInline    bool
	allMessages   bool
	integerTimes  bool
	rateLimits    bool
	noData        bool
	noInline      map[string]bool
	dailyVolume   int64
	intents       dto.Intent
	parts         PartShape

	attachmentLife time.Duration
}

// bots counts the invented bots of the process.
var bots atomic.Uint64

// inventBot returns an app id and a secret that no other Platform of the process has: with botgo, several bots share one
// process, and equal ids would hide that one bot's events or tokens reach another.
func inventBot() (appID, secret string) {
	appID = strconv.FormatUint(102000000+bots.Add(1), 10)
	sum := sha256.Sum256([]byte("secret of " + appID))
	return appID, hex.EncodeToString(sum[:8])
}

// WithCredentials sets the bot's app id and secret, overriding the default of an invented pair that no other Platform of the
// process has.
func WithCredentials(appID, secret string) Option {
	return func(c *config) { c.appID, c.secret = appID, secret }
}

// WithTTL sets how long a file_info lives, overriding the default of 300 s (docs 2026-08). The bot gets it in whole
// seconds, rounded up. 0 means long-lived: the file_info never ends.
func WithTTL(d time.Duration) Option { return func(c *config) { c.ttl = d } }

// WithAttachmentLife sets how long the address of a user's attachment is valid, overriding the default of 12 h, about what
// was seen; the documents call it short-lived.
func WithAttachmentLife(d time.Duration) Option { return func(c *config) { c.attachmentLife = d } }

// WithTokenLifetime sets how long an access token lives, overriding the default of 7200 s. The platform answers with
// the same token until its last 60 s; in those it answers with a new one, and both are valid (docs 2026-08).
func WithTokenLifetime(d time.Duration) Option { return func(c *config) { c.tokenLife = d } }

// WithOpaqueFileInfo makes every file_info have the form of the sample of docs 2026-08: 34 upper-case hex digits, which are no
// valid base64, so that code which decodes a file_info fails. The default is canonical padded base64, which field reports
// describe and which botgo's own []byte field can carry.
func WithOpaqueFileInfo() Option { return func(c *config) { c.opaqueInfo = true } }

// WithFileInfoPerChat ties every file_info to the chat that it was uploaded through: a send to another chat of the same
// scene is refused with 304080. By default a file_info is valid for its whole scene, which docs 2025-04 and 2026-06 promise
// and docs 2026-08 no longer mention.
func WithFileInfoPerChat() Option { return func(c *config) { c.boundInfo = true } }

// WithProactive lets the bot send without msg_id and event_id, and with srv_send_msg=true. By default both are refused
// with 40034105, as they are for most bots, and in guilds with 22009.
func WithProactive() Option { return func(c *config) { c.proactive = true } }

// WithDocumentedPayloads reduces events to the fields of docs 2026-08: group_openid without group_id, and an author with
// member_openid or user_openid and no other id. The default is the union of documents and captures, which is what bots
// receive: group_id and author.id repeat the openids, and the author has union_openid, bot and username.
func WithDocumentedPayloads() Option { return func(c *config) { c.documented = true } }

// WithIntegerTimestamps makes the timestamp of a send's answer an integer of unix seconds, as in docs 2025-04 and 2026-06.
// The default is the RFC 3339 string of docs 2026-08. Guilds answer with a string either way.
func WithIntegerTimestamps() Option { return func(c *config) { c.integerTimes = true } }

// WithRateLimits enforces the documented requests per second of each endpoint (messages 100, files 50, upload_prepare 10,
// upload_part_finish 10, interactions 50, recall 10; in guilds 5 messages per channel and per direct messages). A request
// over it gets HTTP 429 with 40023001. Off by default.
func WithRateLimits() Option { return func(c *config) { c.rateLimits = true } }

// WithDailyVolume sets how many bytes the bot may upload per day of UTC+8, overriding the default of 2 GB. The upload that
// would pass it is refused with 40093002.
func WithDailyVolume(bytes int64) Option { return func(c *config) { c.dailyVolume = bytes } }

// WithoutData keeps no uploaded bytes: Upload.Data is nil, Size and SHA256 are still those of what was received. A test of
// a 200 MB upload in parts then does not hold 200 MB.
func WithoutData() Option { return func(c *config) { c.noData = true } }

// WithoutInline makes the platform ignore file_data in the named scenes ("group", "c2c"; none named: in both), as the
// documents have it: such an upload has no source and is refused with HTTP 400, code 10000. By default file_data works.
func WithoutInline(scenes ...string) Option {
	return func(c *config) {
		if len(scenes) == 0 {
			scenes = []string{sceneGroup, sceneC2C}
		}
		c.noInline = make(map[string]bool, len(scenes))
		for _, s := range scenes {
			c.noInline[s] = true
		}
	}
}

// WithAllMessages switches the bot's "all messages" mode on: a message that mentions the bot in a group arrives as
// GROUP_MESSAGE_CREATE, with the bot in its mentions, and not as GROUP_AT_MESSAGE_CREATE (AstrBotDevs/AstrBot#8838).
func WithAllMessages() Option { return func(c *config) { c.allMessages = true } }

// WithSilkOnlyInline makes the platform refuse a voice in file_data in single chats with HTTP 400 and 40011000 unless it is silk,
// as was seen of mp3 and wav (tencent-connect/openclaw-qqbot#319, 2026-09); in parts they work. By default all formats of a
// voice are accepted on every route.
func WithSilkOnlyInline() Option { return func(c *config) { c.silkInline = true } }

// WithIntents sets which intents the bot was granted; an identify that asks for a known one beyond them is closed with
// 4014. By default every known intent is granted; an unknown one is closed with 4013 either way.
func WithIntents(granted dto.Intent) Option { return func(c *config) { c.intents = granted } }
