package platform

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/oauth2"
)

// Error is a call that failed: what the platform said, or why there was no answer.
type Error struct {
	Op       string
	Status   int // HTTP; 0 when there was no answer
	Code     int // err_code, else code
	Alias    int // code where it differs from err_code, else 0
	Message  string
	TraceID  string
	Unknown  bool // the platform may have acted, now or at an earlier attempt
	Attempts int
	Err      error // why there was no usable answer; the cause of the ctx's end if that ended the attempts

	Dedup bool // the platform knows the message by its msg_seq: it can be sent again in any case

	Body bool // the request's body could not be read: Err says why

	final  bool // no attempt can mend it
	inline bool // a call with file_data, which may go in parts
	before bool // an earlier attempt may have been acted upon
	after  time.Duration
	token  *oauth2.Token
}

// Error says what happened in one line, without an address, a token or a body.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Status != 0 {
		if e.Code != 0 {
			fmt.Fprintf(&b, ": %d", e.Code)
			if meaning := codes[e.Code].meaning; meaning != "" {
				b.WriteString(" " + meaning)
			}
		}
		fmt.Fprintf(&b, ": HTTP %d", e.Status)
		if e.Message != "" {
			b.WriteString(" " + e.Message)
		}
	}
	if e.Err != nil {
		b.WriteString(": " + Clean(e.Err.Error()))
	}
	if e.TraceID != "" {
		fmt.Fprintf(&b, " (trace %s)", e.TraceID)
	}
	return b.String()
}

// Unwrap gives the reason why there was no usable answer.
func (e *Error) Unwrap() error { return e.Err }

// Class tells what can be done about e.
func (e *Error) Class() Class {
	switch {
	case e.final:
		return Terminal
	case known(e.Code):
		return e.fit(codes[e.Code].class)
	case known(e.Alias):
		return e.fit(codes[e.Alias].class)
	case e.Status == http.StatusRequestEntityTooLarge && e.inline:
		return InParts
	case e.Status == http.StatusTooManyRequests:
		return Throttled
	case e.Status == 0, e.Err != nil, e.Status >= http.StatusInternalServerError, e.Status == http.StatusRequestTimeout:
		return Retry
	}
	return Terminal
}

// fit corrects the table where the call matters: an "inner proxy error" says that the body is too big only where the
// body holds the file; anywhere else it is the proxy's trouble.
func (e *Error) fit(c Class) Class {
	if c == InParts && !e.inline {
		return Retry
	}
	return c
}

// Final tells whether no repetition can mend e: the request itself could not be made.
func (e *Error) Final() bool { return e.final }

// Doubted tells whether an attempt before the last one may have been acted upon.
func (e *Error) Doubted() bool { return e.before }

// Unsaid tells whether the platform refused without naming a reason that the table knows, or for one that says only
// that the request as such is wrong.
func (e *Error) Unsaid() bool {
	switch c := cmp.Or(e.Code, e.Alias); c {
	case 10000, 22006, 40011000:
		return true
	default:
		return !known(c)
	}
}

// again tells whether the same request may be sent once more, after times failures of this class.
func (e *Error) again(ctx context.Context, repeatable bool, times int) bool {
	if e.final || ctx.Err() != nil || (e.Unknown && !repeatable) {
		return false
	}
	switch e.Class() {
	case Retry, Throttled:
		return true
	case RetryOnce, NewToken:
		return times == 1
	default:
		return false
	}
}

var (
	errTooLong = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	errEmpty   = errors.New("the answer is empty")
)

type timeoutError time.Duration

func (e timeoutError) Error() string { return fmt.Sprintf("no answer within %s", time.Duration(e)) }

// Timeout makes timeoutError a net.Error for those who ask.
func (e timeoutError) Timeout() bool { return true }

// Is makes errors.Is(err, context.DeadlineExceeded) true, as it is for any other timeout.
func (e timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// joined hands backoff the wait that the platform asked for, and keeps the error that it belongs to.
type joined struct {
	err   *Error
	after *backoff.RetryAfterError
}

func (j joined) Error() string   { return j.err.Error() }
func (j joined) Unwrap() []error { return []error{j.err, j.after} }

// answer is the part that every answer of the platform may hold: {"message","code","err_code","trace_id"}. Each is
// read by itself: one of an unexpected type must not hide the others.
type answer struct {
	Code    json.RawMessage `json:"code"`
	ErrCode json.RawMessage `json:"err_code"`
	Message json.RawMessage `json:"message"`
	TraceID json.RawMessage `json:"trace_id"`
}

func integer(raw json.RawMessage) int {
	if len(raw) == 0 { // the usual case, in which json would make an error
		return 0
	}
	var n number
	_ = json.Unmarshal(raw, &n) // what is no integer is no code
	return int(n)
}

func text(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	var s string
	_ = json.Unmarshal(raw, &s) // what is no string is no text
	return s
}

// number is an integer that may come as a JSON string.
type number int64

// UnmarshalJSON takes 300 and "300"; null and "" are 0.
func (n *number) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s == "" || s == "null" {
		return nil
	}
	i, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return fmt.Errorf("%.40q is no integer", s)
	}
	*n = number(i)
	return nil
}

// judge reads the verdict out of the answer's body into e, and tells whether it is a success. An error may
// come with HTTP 200, so the body counts first (protocol: judge by err_code, else code, never by text).
func (e *Error) judge(body []byte) (ok bool) {
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		a = answer{} // an HTML page, or nothing
	}
	e.Code, e.Alias = integer(a.ErrCode), integer(a.Code)
	if e.Code == 0 {
		e.Code = e.Alias
	}
	if e.Alias == e.Code {
		e.Alias = 0
	}
	e.TraceID = Clean(cmp.Or(text(a.TraceID), e.TraceID))
	if e.Class() == Audit {
		return true
	}
	success := e.Status >= 200 && e.Status < 300
	if success && e.Code == 0 {
		return true
	}
	e.Message = Clean(text(a.Message))
	if e.Message == "" {
		e.Message = http.StatusText(e.Status)
	}
	if e.Status >= 300 && e.Status < 400 {
		e.Message += ": the platform redirects to another address, and the bot's token goes to none but the base URL"
	}
	// A server that failed may have done so after it acted, unless the code says that it refused.
	e.Unknown = e.Status >= http.StatusInternalServerError && e.Class() == Retry
	e.after = max(e.after, e.pause())
	return false
}

// pause is how long the platform wants to be left alone, where that is known.
func (e *Error) pause() time.Duration {
	switch {
	case e.Code == eventIDInvalid:
		return 1500 * time.Millisecond // helped where 1 s did not (remilia)
	case e.Class() == Throttled:
		return 2 * time.Second
	}
	return 0
}

var query = regexp.MustCompile(`(?i)(https?://[^\s?"']*)\?[^\s"']*`)

// Clean makes a foreign text fit for an error: bounded, one line, and no query of an address, which may be a
// credential.
func Clean(s string) string {
	s = query.ReplaceAllString(strings.Join(strings.Fields(s), " "), "$1?...")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "..."
	}
	return s
}
