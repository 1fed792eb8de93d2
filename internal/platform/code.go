package platform

// Class says what can be done about a failed call.
type Class uint8

// The classes. The words of the protocol reference are in brackets.
const (
	Terminal         Class = iota // nothing: give up
	Retry                         // the same request again after a pause, on /messages with the same msg_seq [retry]
	RetryOnce                     // as Retry, but one time
	Throttled                     // the same again after a longer pause [retry later]
	Later                         // not within this reply [retry later]
	NewToken                      // a new token, then once more [repair]
	Reupload                      // file_info refused: upload again, send with the same msg_seq [repair]
	InParts                       // too large for one call: in parts [repair]
	Duplicate                     // this (msg_id, msg_seq) is in the chat already
	ProactiveRefused              // taken for a proactive message, and those are not permitted
	Audit                         // accepted, shown after an audit: no error
)

// Reason groups the codes by what a bot author decides upon them. They are bits: a code can have two.
type Reason uint16

// The reasons; each has its sentinel error in the root package.
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
)

type code struct {
	class   Class
	reason  Reason
	meaning string
}

const eventIDInvalid = 40034025

// codes is the platform's error table (docs 2026-08 unless noted; section 6 of the protocol reference). What is
// not in it is judged by its HTTP status.
var codes = map[int]code{
	// Uploads.
	850012:   {InParts, 0, "inner proxy error: the body is too big for one call, or malformed"}, // field report 2026
	850019:   {Terminal, Unsupported, "the format does not fit the file_type"},
	40034002: {Terminal, Unsupported, "the format does not fit the file_type"},
	850026:   {RetryOnce, FetchFailed, "the platform could not download the URL"},
	40034001: {RetryOnce, FetchFailed, "the platform could not download the URL"},
	304082:   {Retry, FetchFailed, "fetching the uploaded media failed"},   // docs 2025-04
	304083:   {Retry, FetchFailed, "converting the uploaded media failed"}, // docs 2025-04
	850027:   {Retry, 0, "timed out inside the platform"},
	850031:   {Terminal, TooLarge, "over the hard size"},
	10000:    {Terminal, Unsupported, "operation not supported"},
	40093001: {Retry, 0, "the part or the merge failed for now"},
	40093002: {Terminal, DailyLimit, "daily upload volume used up"},

	// Sending.
	304080:         {Reupload, BadFile, "file_info invalid"},
	40034004:       {Reupload, BadFile, "media transfer failed"},
	40034005:       {Terminal, Window, "msg_id expired"},
	304103:         {Terminal, Window, "msg_id expired"},
	304027:         {Terminal, Window, "msg_id expired"},
	40034128:       {Terminal, Window | Limit, "window or count of passive replies exceeded"},
	40034024:       {Terminal, 0, "msg_id invalid, or of another chat or bot"},
	304026:         {Terminal, 0, "msg_id invalid, or of another chat or bot"},
	eventIDInvalid: {RetryOnce, 0, "event_id invalid"}, // for a moment, when the event is very fresh (remilia)
	40034026:       {Terminal, Window, "event_id expired"},
	40034027:       {Terminal, Unsupported, "this event cannot be answered"},
	40054005:       {Duplicate, 0, "msg_seq used"},
	40034100:       {Later, RateLimited, "proactive messages too frequent"},
	22009:          {Later, RateLimited, "proactive messages too frequent"},
	40034102:       {ProactiveRefused, NotPermitted, "proactive message not permitted"},
	40034105:       {ProactiveRefused, NotPermitted, "proactive message not permitted"},
	40054006:       {Retry, 0, "friendship check failed"},
	50055001:       {Retry, 0, "sending failed inside the platform"},
	50055002:       {Retry, 0, "sending failed inside the platform"},
	50055006:       {Retry, 0, "sending failed inside the platform"},
	304023:         {Audit, 0, "waiting for audit"},
	304024:         {Audit, 0, "waiting for audit"},

	// Not permitted: muted, not a member, content refused.
	850018:   {Terminal, NotPermitted, "the group or the bot is muted"},
	40054002: {Terminal, NotPermitted, "the group or the bot is muted"},
	40034101: {Terminal, NotPermitted, "the bot is not in the group"},
	40054003: {Terminal, NotPermitted, "the bot is not in the group"},
	40054004: {Terminal, NotPermitted, "not a friend, or the user refuses messages"},
	40054013: {Terminal, NotPermitted, "not a friend, or the user refuses messages"},
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
	40023001: {Throttled, RateLimited, "too many requests"}, // ElainaBot v2; HTTP 429 is treated alike

	// Wrong requests: a bug here or in the message that the bot composed.
	22006:    {Terminal, 0, "wrong type, content or fields"}, // tencent-connect/botpy#209
	340069:   {Terminal, 0, "wrong type, content or fields"},
	304061:   {Terminal, 0, "wrong type, content or fields"},
	40034125: {Terminal, 0, "wrong type, content or fields"},
	40011000: {Terminal, 0, "wrong type, content or fields"},
	40054007: {Terminal, 0, "text too long"},
	40054018: {Terminal, 0, "text too long"},
	11293:    {Terminal, 0, "markdown, ark or keyboard refused"},
	304004:   {Terminal, 0, "markdown, ark or keyboard refused"},
	304036:   {Terminal, 0, "markdown, ark or keyboard refused"},
	305007:   {Terminal, 0, "markdown, ark or keyboard refused"},
	40034008: {Terminal, 0, "markdown, ark or keyboard refused"},
	40034009: {Terminal, 0, "markdown, ark or keyboard refused"},
	40034010: {Terminal, 0, "markdown, ark or keyboard refused"},
	40034011: {Terminal, 0, "markdown, ark or keyboard refused"},
	40034029: {Terminal, 0, "markdown, ark or keyboard refused"},
	40034106: {Terminal, 0, "markdown, ark or keyboard refused"},
	40034108: {Terminal, 0, "markdown, ark or keyboard refused"},
	40034109: {Terminal, 0, "markdown, ark or keyboard refused"},
	40034124: {Terminal, 0, "markdown, ark or keyboard refused"},
	40034127: {Terminal, 0, "markdown, ark or keyboard refused"},
	304010:   {Terminal, GuildImage, "guild image refused"},
	304017:   {Terminal, GuildImage, "guild image refused"},
	304020:   {Terminal, GuildImage, "guild image refused"},
	304021:   {Terminal, GuildImage, "guild image refused"},
	40061001: {Terminal, 0, "recall refused"},
	40062003: {Terminal, 0, "recall refused"},
	40064004: {Terminal, 0, "recall refused"},
	50065001: {Terminal, 0, "recall refused"},
}

func known(c int) bool { _, ok := codes[c]; return ok }

// Meaning is the table's text for a code, "" when it is not known.
func Meaning(c int) string { return codes[c].meaning }

// ReasonOf tells why a call failed, from what the platform answered; alias may be 0.
func ReasonOf(status, errCode, alias int) Reason {
	if r := codes[errCode].reason | codes[alias].reason; r != 0 {
		return r
	}
	switch status {
	case 413:
		return TooLarge
	case 429:
		return RateLimited
	}
	return 0
}
