package platform

import "net/http"

// Class is what can be done about a failed call.
type Class uint8

// The classes. The words of the protocol reference are in brackets.
const (
	Terminal         Class = iota // give up
	Retry                         // the same request again after a pause, on /messages with the same msg_seq [retry]
	RetryOnce                     // as Retry, one time
	RetryTwice                    // as Retry, two times
	Throttled                     // the same request again after a longer pause [retry later]
	Later                         // not within this reply [retry later]
	NewToken                      // with another token [repair]
	Reupload                      // file_info refused: upload again, send with the same msg_seq [repair]
	InParts                       // too large for one call: in parts [repair]
	VoiceInParts                  // a voice that is refused in one call: in parts [repair]
	Duplicate                     // this (msg_id, msg_seq) is in the chat already
	ProactiveRefused              // regarded as a proactive message, and those are not permitted
	Audit                         // accepted, shown after an audit: no error
)

// Reason groups the codes by what a caller decides upon them. Its values are bits: a code can have two.
type Reason uint16

// The reasons. Those up to RateLimited have a sentinel error in the root package.
const (
	Window Reason = 1 << iota
	Limit
	Unsupported
	TooLarge
	DailyLimit
	FetchFailed
	BadFile
	NotPermitted
	RateLimited
	GuildImage // which of the ways an image can fail is not documented
	NoReply    // the message or event cannot be answered, whatever the answer is
	Inside     // failed inside the platform, perhaps after it acted
)

type code struct {
	class   Class
	reason  Reason
	meaning string
}

// Codes that the classes and reasons depend on the call for.
const (
	wrongFields = 40011000
	countOrRate = 22009
)

// codes is the platform's error table (docs 2026-08 unless noted; section 6 of the protocol reference). A code that is
// not in it is judged by its HTTP status.
var codes = map[int]code{
	// Uploads.
	850012:   {InParts, Inside, "inner proxy error: the body is too large for one call, or malformed"}, // field report 2026
	850019:   {Terminal, Unsupported, "the format does not fit the file_type"},
	40034002: {Terminal, Unsupported, "the format does not fit the file_type"},
	850026:   {RetryOnce, FetchFailed, "the platform could not download the URL"},
	40034001: {RetryOnce, FetchFailed, "the platform could not download the URL"},
	40093010: {Terminal, FetchFailed, "the platform does not accept the URL"}, // an AstrBot fork and one more, 2026
	304082:   {Retry, FetchFailed, "fetching the uploaded media failed"},      // docs 2025-04
	304083:   {Retry, FetchFailed, "converting the uploaded media failed"},    // docs 2025-04
	850027:   {Retry, Inside, "timed out inside the platform"},
	850031:   {Terminal, TooLarge, "over the hard size"},
	10000:    {Terminal, Unsupported, "operation not supported"},
	40093001: {Retry, 0, "the part or the merge failed for now"},
	40093002: {Terminal, DailyLimit, "daily upload volume used up"},

	// Sending.
	304080:      {Reupload, BadFile, "file_info invalid"},
	40034004:    {Reupload, BadFile, "media transfer failed"},
	40034005:    {Terminal, Window | NoReply, "msg_id expired"},
	40034031:    {Terminal, Window | NoReply, "msg_id expired"}, // remilia and two more, 2026
	304103:      {Terminal, Window | NoReply, "msg_id expired"},
	304027:      {Terminal, Window | NoReply, "msg_id expired"},
	40034128:    {Terminal, Window | Limit | NoReply, "window or count of passive replies exceeded"},
	40034024:    {Terminal, NoReply, "msg_id invalid, or of another chat or bot"},
	304026:      {Terminal, NoReply, "msg_id invalid, or of another chat or bot"},
	40034025:    {RetryTwice, NoReply, "event_id invalid"}, // for a moment, if the event is very fresh (remilia)
	40034026:    {Terminal, Window | NoReply, "event_id expired"},
	40034027:    {Terminal, Unsupported | NoReply, "this event cannot be answered"},
	40054005:    {Duplicate, 0, "msg_seq used"},
	40034100:    {Later, RateLimited, "proactive messages too frequent"},
	countOrRate: {Later, RateLimited, "no reply left for this message, or proactive messages too frequent"},
	40034102:    {ProactiveRefused, NotPermitted, "proactive message not permitted"},
	40034105:    {ProactiveRefused, NotPermitted, "proactive message not permitted"},
	40034122:    {Terminal, RateLimited, "the quota of wake-up messages is used up"},
	40034123:    {Terminal, NotPermitted, "a wake-up message is not possible"},
	40054006:    {Retry, 0, "friendship check failed"},
	50055001:    {Retry, Inside, "sending failed inside the platform"},
	50055002:    {Retry, Inside, "sending failed inside the platform"},
	50055006:    {Retry, Inside, "sending failed inside the platform"},
	304023:      {Audit, 0, "waiting for audit"},
	304024:      {Audit, 0, "waiting for audit"},

	// Streams.
	40007: {Terminal, 0, "stream: text that was sent already has changed"},
	50001: {Retry, Inside, "stream: failed inside the platform"},
	50002: {Throttled, RateLimited, "stream: too many requests"},

	// Not permitted: muted, not a member, content refused.
	850018:   {Terminal, NotPermitted, "the group or the bot is muted"},
	40054002: {Terminal, NotPermitted, "the group or the bot is muted"},
	40034101: {Terminal, NotPermitted, "the bot is not in the group"},
	40054003: {Terminal, NotPermitted, "the bot is not in the group"},
	40054004: {Terminal, NotPermitted, "not a friend, or the user refuses messages"},
	40054013: {Terminal, NotPermitted, "not a friend, or the user refuses messages"},
	304064:   {Terminal, NotPermitted, "the user has not granted the subscription"},
	40034006: {Terminal, NotPermitted, "content refused"},
	1100100:  {Terminal, NotPermitted, "content refused"},
	1100101:  {Terminal, NotPermitted, "content refused"},
	1100102:  {Terminal, NotPermitted, "content refused"},
	1100103:  {Terminal, NotPermitted, "content refused"},
	1100104:  {Terminal, NotPermitted, "content refused"},
	40054010: {Terminal, NotPermitted, "URL in the text not allowed"},
	304003:   {Terminal, NotPermitted, "URL in the text not allowed"},
	40054016: {Later, 0, "the bot is offline"},

	// Token, privileges, address.
	11244:    {NewToken, 0, "token invalid or expired"},
	40011027: {NewToken, 0, "token invalid or expired"},
	11241:    {Terminal, 0, "token or appid missing or wrong"},
	11243:    {Terminal, 0, "token or appid missing or wrong"},
	11245:    {Terminal, 0, "token or appid missing or wrong"},
	11251:    {Terminal, 0, "token or appid missing or wrong"},
	11261:    {Terminal, 0, "token or appid missing or wrong"},
	11275:    {Terminal, 0, "token or appid missing or wrong"},
	11242:    {RetryOnce, 0, "check failed inside the platform"},
	11252:    {RetryOnce, 0, "check failed inside the platform"},
	11263:    {RetryOnce, 0, "check failed inside the platform"},
	11281:    {RetryOnce, 0, "check failed inside the platform"},
	11253:    {Terminal, NotPermitted, "no privilege, or banned"},
	11254:    {Terminal, NotPermitted, "no privilege, or banned"},
	11264:    {Terminal, NotPermitted, "no privilege, or banned"},
	11265:    {Terminal, NotPermitted, "no privilege, or banned"},
	11282:    {Terminal, NotPermitted, "no privilege, or banned"},
	11255:    {Terminal, 0, "invalid request, seen with another bot's token"}, // openclaw-qqbot 1.5.4
	11298:    {Terminal, NotPermitted, "this address is not on the bot's IP list"},
	40023002: {Terminal, NotPermitted, "this address is not on the bot's IP list"},
	40023001: {Throttled, RateLimited, "too many requests"}, // ElainaBot v2; as HTTP 429
	340067:   {Terminal, 0, "the platform could not read the bot's data"},

	// Wrong requests: a bug here or in the message that the bot composed.
	22006:       {Terminal, 0, "wrong type, content or fields"}, // tencent-connect/botpy#209
	340069:      {Terminal, 0, "wrong type, content or fields"},
	304061:      {Terminal, 0, "wrong type, content or fields"},
	40034125:    {Terminal, 0, "wrong type, content or fields"},
	wrongFields: {Terminal, 0, "wrong type, content or fields"},
	50059:       {Terminal, 0, "wrong input type of a typing notice"}, // under HTTP 500 (kuliantnt/qq-maid-bot#287)
	304062:      {Terminal, 0, "too many subscription buttons"},
	40054007:    {Terminal, 0, "text too long"},
	40054018:    {Terminal, 0, "text too long"},
	11293:       {Terminal, 0, "markdown, ark or keyboard refused"},
	304004:      {Terminal, 0, "markdown, ark or keyboard refused"},
	304036:      {Terminal, 0, "markdown, ark or keyboard refused"},
	305007:      {Terminal, 0, "markdown, ark or keyboard refused"},
	40034008:    {Terminal, 0, "markdown, ark or keyboard refused"},
	40034009:    {Terminal, 0, "markdown, ark or keyboard refused"},
	40034010:    {Terminal, 0, "markdown, ark or keyboard refused"},
	40034011:    {Terminal, 0, "markdown, ark or keyboard refused"},
	40034029:    {Terminal, 0, "markdown, ark or keyboard refused"},
	40034106:    {Terminal, 0, "markdown, ark or keyboard refused"},
	40034108:    {Terminal, 0, "markdown, ark or keyboard refused"},
	40034109:    {Terminal, 0, "markdown, ark or keyboard refused"},
	40034124:    {Terminal, 0, "markdown, ark or keyboard refused"},
	40034127:    {Terminal, 0, "markdown, ark or keyboard refused"},
	304010:      {Terminal, GuildImage, "guild image refused"},
	304017:      {Terminal, GuildImage, "guild image refused"},
	304020:      {Terminal, GuildImage, "guild image refused"},
	304021:      {Terminal, GuildImage, "guild image refused"},
	40061001:    {Terminal, 0, "recall refused"},
	40062003:    {Terminal, 0, "recall refused"},
	40064004:    {Terminal, 0, "recall refused"},
	50065001:    {Terminal, 0, "recall refused"},
}

func known(c int) bool { _, ok := codes[c]; return ok }

// Meaning returns the table's text for a code, "" if the code is not known.
func Meaning(c int) string { return codes[c].meaning }

// ReasonOf returns why a call failed, from what the platform answered; alias may be 0.
func ReasonOf(status, errCode, alias int) Reason {
	r := codes[errCode].reason | codes[alias].reason
	switch {
	case r&^(NoReply|Inside) != 0:
	case status == http.StatusRequestEntityTooLarge:
		r |= TooLarge
	case status == http.StatusTooManyRequests:
		r |= RateLimited
	}
	return r
}
