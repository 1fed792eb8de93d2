package richmedia

import (
	"encoding/json"
	"errors"
	"io/fs"
	"strconv"
	"strings"

	"github.com/tencent-connect/botgo/errs"

	"github.com/botgo-contrib/richmedia/internal/content"
	"github.com/botgo-contrib/richmedia/internal/platform"
)

// The errors that a bot author decides upon. Test for them with errors.Is; what else is known is in *APIError
// and *UploadError, found with errors.As.
var (
	// ErrClosed says that the plugin is shut down.
	ErrClosed = errors.New("the plugin is shut down")
	// ErrSeqTaken says that this run has used this msg_seq for another reply: choose another with WithSeq.
	ErrSeqTaken = errors.New("this msg_seq stands for another reply of this run")
	// ErrHandlerTimeout is the cause of a handler's ctx that ended after WithHandlerTimeout.
	ErrHandlerTimeout = errors.New("the handler took too long")
	// ErrBusy says that an event was refused, because its chat has too many events waiting and the queue is nearly full.
	ErrBusy = errors.New("this chat has too many events waiting")
	// ErrWrongBot says that an event belongs to another bot of the process, for which nothing is registered: nothing is
	// answered with another bot's token.
	ErrWrongBot = errors.New("the event belongs to another bot")
	// ErrReplyWindow says that it is too late to answer this event. The platform's 40034128 says that the window or
	// the count is exceeded: it is both ErrReplyWindow and ErrReplyLimit.
	ErrReplyWindow = errors.New("the reply window is over")
	// ErrReplyLimit says that this event was answered as often as the platform allows.
	ErrReplyLimit = errors.New("no reply is left for this message")
	// ErrUnsupported names a kind, format, scope or event that the platform does not accept; the message says
	// what it accepts.
	ErrUnsupported = errors.New("not supported by the platform")
	// ErrTooLarge says that the media is over a size limit.
	ErrTooLarge = errors.New("too large")
	// ErrDailyLimit says that the bot's upload volume of the day is used up (2 GB; 40093002).
	ErrDailyLimit = errors.New("the daily upload volume is used up")
	// ErrFetchFailed says that the platform could not download the URL.
	ErrFetchFailed = errors.New("the platform could not fetch the media")
	// ErrBadFile says that the platform refused a file_info, and a fresh upload's too.
	ErrBadFile = errors.New("file_info refused")
	// ErrNotPermitted says that the bot may not: proactive messages are off, it is muted, blocked or no member, the
	// content was refused, the bot's address is not on its IP list.
	ErrNotPermitted = errors.New("not permitted")
	// ErrExpired says that the address of an attachment has expired. The platform has no way to renew it: the user has to send
	// the attachment again, or quote it.
	ErrExpired = errors.New("the attachment's address has expired")
	// ErrRateLimited says that the platform wants fewer requests.
	ErrRateLimited = errors.New("too many requests")
)

// reasons ties what the platform's codes mean (one table, in internal/platform) to the sentinels.
var reasons = []struct {
	sentinel error
	reason   platform.Reason
}{
	{ErrReplyWindow, platform.Window},
	{ErrReplyLimit, platform.Limit},
	{ErrUnsupported, platform.Unsupported},
	{ErrTooLarge, platform.TooLarge},
	{ErrDailyLimit, platform.DailyLimit},
	{ErrFetchFailed, platform.FetchFailed},
	{ErrBadFile, platform.BadFile},
	{ErrNotPermitted, platform.NotPermitted},
	{ErrRateLimited, platform.RateLimited},
}

// Delivery says whether the platform may have acted on a call that failed.
type Delivery uint8

// What can be known of a call that failed.
const (
	DeliveredNo      Delivery = iota // certainly not: the chat is as it was
	DeliveredUnknown                 // the answer was lost, on every attempt
)

// String returns "no" or "unknown".
func (d Delivery) String() string {
	if d == DeliveredNo {
		return "no"
	}
	return "unknown"
}

// APIError is a call to the platform that failed, after its retries.
type APIError struct {
	Op        string // "upload", "prepare", "part", "finish", "merge", "send", "ack", "token"
	Status    int    // HTTP; 0 if no answer came
	Code      int    // err_code, else code; 0 if the platform sent none
	Message   string // the platform's text, or why no usable answer came; at most some 200 characters
	TraceID   string // for the platform's support
	Delivered Delivery

	alias  int             // code, if it differs from err_code
	reason platform.Reason // for the sentinels; 0 in an APIError that was made by hand: it follows from the codes
	cause  error           // why no usable answer came
}

// Error is one line without a token, an address or a body.
func (e *APIError) Error() string {
	var b strings.Builder
	b.WriteString(e.Op + ":")
	if e.Code != 0 {
		b.WriteString(" " + strconv.Itoa(e.Code))
		if meaning := platform.Meaning(e.Code); meaning != "" {
			b.WriteString(" " + meaning)
		}
		if e.Message != "" {
			b.WriteString(":")
		}
	}
	if e.Message != "" {
		b.WriteString(" " + e.Message)
	}
	var notes []string
	if e.Status != 0 {
		notes = append(notes, "HTTP "+strconv.Itoa(e.Status))
	}
	if e.TraceID != "" {
		notes = append(notes, "trace "+e.TraceID)
	}
	if e.Delivered == DeliveredUnknown && e.Op == "send" {
		notes = append(notes, "it may have been delivered")
	}
	if len(notes) > 0 {
		b.WriteString(" (" + strings.Join(notes, ", ") + ")")
	}
	return b.String()
}

// Is matches the sentinels by code, and the reason why no answer came (ErrReplyWindow, ErrClosed,
// context.Canceled, ...).
func (e *APIError) Is(target error) bool {
	// Not a map: target may be an error that cannot be a key, such as a slice.
	reason := e.reason
	if reason == 0 {
		reason = platform.ReasonOf(e.Status, e.Code, e.alias)
	}
	for _, r := range reasons {
		if target == r.sentinel && reason&r.reason != 0 {
			return true
		}
	}
	return e.cause != nil && errors.Is(e.cause, target)
}

// As finds the reason why no usable answer came, also if the platform has answered.
func (e *APIError) As(target any) bool { return e.cause != nil && errors.As(e.cause, target) }

// Unwrap returns botgo's *errs.Err, as botgo's own calls return it: its Code is the HTTP status and its Text the
// JSON of the platform's codes and message. If no answer came it returns the reason.
func (e *APIError) Unwrap() error {
	if e.Status == 0 {
		return e.cause
	}
	code := e.Code
	if e.alias != 0 {
		code = e.alias
	}
	text, err := json.Marshal(struct {
		Message string `json:"message"`
		Code    int    `json:"code"`
		ErrCode int    `json:"err_code"`
	}{e.Message, code, e.Code})
	if err != nil {
		return err
	}
	return errs.New(e.Status, string(text), e.TraceID)
}

// apiError returns the public form of a failed call; other errors stay as they are.
func apiError(err error) error {
	e, ok := errors.AsType[*platform.Error](err)
	if !ok {
		return err
	}
	public := &APIError{
		Op: e.Op, Status: e.Status, Code: e.Code, Message: e.Detail(), TraceID: platform.Clean(e.TraceID),
		alias: e.Alias, reason: e.Reason(), cause: panicError(e.Err),
	}
	if e.Unknown {
		public.Delivered = DeliveredUnknown
	}
	return public
}

// stepError is a failure with the name of its step, for UploadError.
type stepError struct {
	step string
	err  error
}

func (e *stepError) Error() string { return e.step + ": " + e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

// stepOf returns the step that err names, or step if it names none, and the failure itself.
func stepOf(err error, step string) (string, error) {
	var sending *stepError
	var reading *content.Error
	switch {
	case errors.As(err, &sending):
		return sending.step, sending.err
	case errors.As(err, &reading):
		return reading.Step, reading.Err
	}
	return step, err
}

// UploadError says which step of which upload failed.
type UploadError struct {
	Name string // the file's name, or the URL without its query
	Step string // "check", "open", "read", "fetch", "encode", "upload", "prepare", "part", "finish", "merge"
	Part int    // of an upload in parts, counted from 1; else 0
	Err  error
}

// Error reads as a path of steps: "upload cat.png: finish part 3: 40093002 ...".
func (e *UploadError) Error() string {
	path := "upload " + e.Name + ": "
	if e.Step != "upload" {
		path += e.Step
		if e.Part > 0 && e.Step != "part" {
			path += " part"
		}
		if e.Part > 0 {
			path += " " + strconv.Itoa(e.Part)
		}
		path += ": "
	}
	text := e.Err.Error()
	// The reason's own step is on the path already.
	var api *APIError
	if errors.As(e.Err, &api) && api.Op == e.Step {
		text = strings.TrimPrefix(text, api.Op+": ")
	}
	var file *fs.PathError
	if e.Step != "encode" && errors.As(e.Err, &file) { // the source's own
		text = file.Err.Error()
		if file.Path != e.Name { // else it is on the path already
			text = file.Path + ": " + text
		}
	}
	return path + platform.Clean(text)
}

// Unwrap returns the reason.
func (e *UploadError) Unwrap() error { return e.Err }
