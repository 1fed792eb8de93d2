package platform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// Error is a call that failed: what the platform said, or why there was no answer.
type Error struct {
	Op       string
	Status   int // HTTP; 0 if there was no answer
	Code     int // err_code, else code
	Alias    int // code if it differs from err_code, else 0
	Message  string
	TraceID  string
	Unknown  bool // the platform may have acted, at this attempt or an earlier one
	Attempts int
	Err      error // why there was no usable answer; the cause of ctx if its end stopped the attempts

	Dedup bool // the platform knows the message by its msg_seq: sending it again is harmless

	Body bool // the request's body could not be read: Err is the reason

	final   bool // no retry can help
	inline  bool // a call with file_data, which may go in parts instead
	voice   bool // the file is a voice
	passive bool // a message that answers an event
	before  bool // the platform may have acted on an earlier attempt
	after   time.Duration
	token   *oauth2.Token
}

// Error returns what happened in one line, without an address, a token or a body.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Status != 0 {
		if e.Code != 0 {
			fmt.Fprintf(&b, ": %d", e.Code)
			if meaning := Meaning(e.Code); meaning != "" {
				b.WriteString(" " + meaning)
			}
		}
		fmt.Fprintf(&b, ": HTTP %d", e.Status)
		if e.Message != "" {
			b.WriteString(" " + e.Message)
		}
	}
	if e.Err != nil {
		b.WriteString(": " + e.why())
	}
	if e.TraceID != "" {
		fmt.Fprintf(&b, " (trace %s)", e.TraceID)
	}
	return b.String()
}

// Detail returns the platform's text and the reason why there was no usable answer; "" if there is neither.
func (e *Error) Detail() string {
	switch {
	case e.Err == nil:
		return e.Message
	case e.Message == "":
		return e.why()
	}
	return Clean(e.Message + ": " + e.why())
}

// why is the text of Err. The name of the call is in front of it already, and may be in it too: the reason why ctx ended
// can be the failure of another call.
func (e *Error) why() string {
	text := Clean(e.Err.Error())
	for strings.HasPrefix(text, e.Op+": ") {
		text = strings.TrimPrefix(text, e.Op+": ")
	}
	return text
}

// Unwrap returns the reason why there was no usable answer.
func (e *Error) Unwrap() error { return e.Err }

// Class returns what can be done about e.
func (e *Error) Class() Class {
	switch {
	case e.final:
		return Terminal
	case known(e.Code):
		return e.fit(e.Code)
	case known(e.Alias):
		return e.fit(e.Alias)
	case e.Status == http.StatusRequestEntityTooLarge && e.inline:
		return InParts
	case e.Status == http.StatusTooManyRequests:
		return Throttled
	case e.Status == 0, e.Err != nil, e.Status >= http.StatusInternalServerError, e.Status == http.StatusRequestTimeout:
		return Retry
	}
	return Terminal
}

// fit returns the class of code c in this call. "inner proxy error" means a body that is too large only if the body holds
// the file. "wrong fields" for a voice in the body means that it has to go in parts (tencent-connect/openclaw-qqbot#319).
func (e *Error) fit(c int) Class {
	switch class := codes[c].class; {
	case class == InParts && !e.inline:
		return Retry
	case c == wrongFields && e.inline && e.voice:
		return VoiceInParts
	default:
		return class
	}
}

// Reason returns what a bot author can decide upon.
func (e *Error) Reason() Reason {
	if e.passive && (e.Code == countOrRate || e.Alias == countOrRate) {
		return Limit
	}
	return ReasonOf(e.Status, e.Code, e.Alias)
}

// ConcernsReply reports whether the platform refused the answered message or event, and not what was sent: another
// message to it is refused too. Codes that are not in the table count by their family.
func (e *Error) ConcernsReply() bool {
	if e.Op != "send" || e.Status == 0 {
		return false
	}
	family := func(c int) bool { return c >= 40034000 && c <= 40034099 && !known(c) }
	return e.Reason()&(Window|Limit|NoReply) != 0 || family(e.Code) || family(e.Alias)
}

// Final reports whether no retry can help: the request itself could not be made.
func (e *Error) Final() bool { return e.final }

// Doubted reports whether the platform may have acted on an attempt before the last one.
func (e *Error) Doubted() bool { return e.before }

// Unsaid reports whether the platform refused without a reason that the table knows, or for one that says only that the
// request as such is wrong.
func (e *Error) Unsaid() bool {
	switch c := cmp.Or(e.Code, e.Alias); c {
	case 10000, 22006, wrongFields:
		return true
	default:
		return !known(c)
	}
}

// again reports whether the same request may be sent once more, after the given number of failures of this class.
func (e *Error) again(ctx context.Context, repeatable bool, failures int) bool {
	if e.final || ctx.Err() != nil || (e.Unknown && !repeatable) {
		return false
	}
	switch e.Class() {
	case Retry, Throttled, NewToken: // a token that the platform has refused is not sent again
		return true
	case RetryOnce:
		return failures <= 1
	case RetryTwice:
		return failures <= 2
	default:
		return false
	}
}

// pause returns the wait that the platform needs, if it is known, after the given number of failures of this class.
func (e *Error) pause(failures int) time.Duration {
	switch class := e.Class(); {
	case class == RetryTwice && failures <= 1:
		return 1500 * time.Millisecond // helped when 1 s did not (remilia)
	case class == RetryTwice, class == Throttled:
		return 2 * time.Second
	}
	return 0
}

// following returns e, the failure of the attempt after the one that failed with prev. If e says nothing about the
// platform, because ctx ended or the token source has no other token, it returns prev with that reason.
func (e *Error) following(ctx context.Context, prev *Error) *Error {
	if prev == nil || e.Status != 0 || (ctx.Err() == nil && !errors.Is(e.Err, errSameToken)) {
		return e
	}
	joined := *prev
	joined.Unknown, joined.final = e.Unknown, true
	joined.ended(e.Err)
	return &joined
}

// ended adds the reason why there was no further attempt.
func (e *Error) ended(reason error) {
	switch {
	case errors.Is(e.Err, reason):
	case e.Err == nil:
		e.Err = reason
	default:
		e.Err = join(reason, e.Err)
	}
}

// join returns the reason why the attempts ended with the failure before that.
func join(ended, failure error) error { return fmt.Errorf("%w; before that: %w", ended, failure) }

var (
	errTooLong = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	errEmpty   = errors.New("the answer is empty")
)

// judge reads the result out of the answer into e, and reports whether it is a success. An error may come with
// HTTP 200, so the body counts first, and in it err_code before code; never the text (docs 2026-08).
func (e *Error) judge(a answer, hidden func() secrets) (ok bool) {
	e.Code, e.Alias = a.codes()
	e.TraceID = cmp.Or(a.traceID, e.TraceID)
	if e.Class() == Audit {
		return true
	}
	success := e.Status >= 200 && e.Status < 300
	if success && e.Code == 0 {
		return true
	}
	hide := hidden()
	e.TraceID = hide.clean(e.TraceID)
	e.Message = cmp.Or(hide.clean(a.message), http.StatusText(e.Status))
	if e.Status >= 300 && e.Status < 400 {
		e.Message += ": the platform redirects to another address, and the bot's token goes to none but the base URL"
	}
	// A server that failed may have done so after it acted, unless its code is an answer.
	e.Unknown = e.Status >= http.StatusInternalServerError && e.Class() == Retry && !e.refused()
	return false
}

// unusable returns e for an answer that cannot be used because of err: the platform may have acted.
func (e Error) unusable(err error, final bool) *Error {
	e.Err, e.Unknown, e.final = err, true, final
	return &e
}

// refused reports whether the code says that the platform did not act.
func (e *Error) refused() bool {
	c := e.Code
	if !known(c) {
		c = e.Alias
	}
	return known(c) && codes[c].reason&Inside == 0
}
