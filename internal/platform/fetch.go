package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// The time that another host has: a pause before its answer and between its bytes, and an average speed, so that a host
// that sends a byte now and then does not occupy a handler for as long as its message can be answered.
const (
	fetchTimeout = 30 * time.Second
	fetchGrace   = time.Minute
	fetchSpeed   = 16 << 10 // bytes a second, after the grace
)

// ErrTooLong is the error of reading a file that is longer than its limit.
var ErrTooLong = errors.New("longer than its limit")

var (
	errSlow      = fmt.Errorf("slower than %d KiB a second", fetchSpeed>>10)
	errNoURL     = errors.New("this is no address")
	errLonger    = errors.New("the body is longer than the length that the host declared")
	errDowngrade = errors.New("the redirect leads from https to http")
	errRedirects = errors.New("too many redirects")
)

// Fetcher gets files from other hosts, without anything of the bot's. It is safe for concurrent use.
type Fetcher struct {
	HTTP    *http.Client
	Limit   int64 // of a file, in bytes, as it comes and decoded; at least 1
	Retries int   // attempts after the first, if the failure may pass

	// Begin reads what is needed before Get returns, from the start of the file in every attempt: one that fails in it is
	// repeated like one without an answer. What is read after that is not repeated. nil reads nothing.
	Begin func(*Fetched) error
}

// Get asks for the file at address. The body must be closed, and may be read as long as ctx lives; one that is longer than
// the limit fails with ErrTooLong. Errors hold no part of the address that may be a credential; an answer without a
// file is a *FetchError.
func (f Fetcher) Get(ctx context.Context, address string) (*Fetched, error) {
	var hide secrets
	hide.addAddress(address)
	var last error
	got, err := backoff.Retry(ctx, func() (*Fetched, error) {
		got, err := f.once(ctx, address, hide)
		last = err
		answered, _ := errors.AsType[*FetchError](err)
		switch {
		case err == nil:
			return got, nil
		case !MayPass(err):
			return nil, backoff.Permanent(err)
		case answered != nil && answered.after > 0:
			return nil, fetchAgain{err, &backoff.RetryAfterError{Duration: answered.after}}
		}
		return nil, err
	},
		backoff.WithMaxElapsedTime(0),
		backoff.WithMaxTries(uint(f.Retries)+1), //nolint:gosec // not negative
	)
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(last, cause) {
		return nil, join(cause, last)
	}
	return got, err
}

// fetchAgain carries the pause that the host asked for.
type fetchAgain struct {
	error
	pause *backoff.RetryAfterError
}

func (e fetchAgain) Unwrap() []error { return []error{e.error, e.pause} }

// once makes one attempt.
func (f Fetcher) once(ctx context.Context, address string, hide secrets) (*Fetched, error) {
	ctx, end := context.WithCancelCause(ctx)
	got := &Fetched{ctx: ctx, end: end, hide: hide, began: time.Now()}
	got.idle = time.AfterFunc(fetchTimeout, func() { end(timeoutError(fetchTimeout)) })
	got.slow = time.AfterFunc(fetchGrace, func() { end(errSlow) })
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		got.stop()
		return nil, errNoURL
	}
	req.Header.Set("Accept", "*/*")
	req.Header.Set("Accept-Encoding", "identity") // else net/http asks for gzip, and a file may come encoded
	req.Header.Set("User-Agent", "richmedia (+https://github.com/botgo-contrib/richmedia)")
	hc := *f.HTTP
	hc.CheckRedirect = checkRedirect(f.HTTP.CheckRedirect)
	resp, err := roundTrip(&hc, req) //nolint:bodyclose // the caller closes it, through got
	if err != nil {
		err = got.reason(err)
		got.stop()
		return nil, err
	}
	got.raw = resp.Body
	if resp.StatusCode != http.StatusOK {
		err := refusal(resp)
		_ = got.Close()
		return nil, err
	}
	got.Size, got.Type = resp.ContentLength, resp.Header.Get("Content-Type")
	got.declared = resp.ContentLength
	err = got.decode(resp.Header, f.Limit)
	if err == nil && f.Begin != nil {
		err = f.Begin(got)
	}
	if err != nil {
		_ = got.Close()
		return nil, err
	}
	return got, nil
}

// checkRedirect returns the client's own check, after two rules: never from https to http, and no Referer, which holds the
// query of the address before.
func checkRedirect(own func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, via []*http.Request) error {
		next.Header.Del("Referer")
		switch {
		case own != nil:
			if err := own(next, via); err != nil {
				return err
			}
		case len(via) >= 10: // as net/http without a check
			return errRedirects
		}
		if via[len(via)-1].URL.Scheme == "https" && next.URL.Scheme != "https" {
			return errDowngrade
		}
		return nil
	}
}

// Fetched is a file on its way.
type Fetched struct {
	Size int64  // in bytes; -1 if the host does not say it, or sends the file encoded
	Type string // Content-Type; "" if the host does not say it

	ctx        context.Context //nolint:containedctx // lives as long as the body
	end        context.CancelCauseFunc
	hide       secrets
	idle, slow *time.Timer
	began      time.Time
	n          int64
	declared   int64         // bytes that the host declared, as they come; -1 if it did not
	raw        io.ReadCloser // as it comes
	file       io.Reader     // decoded, from raw
}

// Read reads the file. Its errors are as those of Get.
func (f *Fetched) Read(p []byte) (int, error) {
	if f.ctx.Err() != nil { // a transport of the bot's own may ignore it
		return 0, context.Cause(f.ctx)
	}
	n, err := f.file.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = f.reason(err)
	}
	return n, err
}

// readRaw reads the bytes as they come, and notes their progress.
func (f *Fetched) readRaw(p []byte) (n int, err error) {
	defer rescue("the HTTP client", &err)
	n, err = f.raw.Read(p)
	if n > 0 {
		f.n += int64(n)
		f.idle.Reset(fetchTimeout)
		f.slow.Reset(time.Until(f.began.Add(fetchGrace + time.Duration(f.n)*time.Second/fetchSpeed)))
	}
	// net/http sees to it, but a transport of the bot's own may not.
	switch {
	case f.declared >= 0 && f.n > f.declared:
		return 0, errLonger
	case f.declared >= 0 && f.n < f.declared && errors.Is(err, io.EOF):
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// Close ends the transfer. It may be called more than once.
func (f *Fetched) Close() error {
	err := f.raw.Close()
	f.stop()
	return err
}

func (f *Fetched) stop() {
	f.idle.Stop()
	f.slow.Stop()
	f.end(nil)
}

// reason returns err without the address, or the cause of ctx if ctx ended.
func (f *Fetched) reason(err error) error {
	if err = cause(f.ctx, err); strings.Contains(err.Error(), "Location header") { // net/http quotes it
		return errors.New("the redirect leads to no address")
	}
	return f.hide.hide(err)
}

// FetchError is an answer without a file.
type FetchError struct {
	Status  int // HTTP
	Retcode int // of the platform's own file servers; 0 if there is none

	after time.Duration
}

func (e *FetchError) Error() string {
	text := fmt.Sprintf("HTTP %d %s", e.Status, http.StatusText(e.Status))
	switch {
	case e.Expired():
		return fmt.Sprintf("%s: the address has expired (retcode %d)", text, e.Retcode)
	case e.Retcode != 0:
		return fmt.Sprintf("%s (retcode %d)", text, e.Retcode)
	}
	return text
}

// Expired reports whether the address of an attachment is too old: its rkey has expired.
func (e *FetchError) Expired() bool {
	return e.Status == http.StatusBadRequest && (e.Retcode == -5503007 || e.Retcode == -5503022)
}

// refusal reads an answer without a file.
func refusal(resp *http.Response) error {
	e := &FetchError{Status: resp.StatusCode, after: retryAfter(resp.Header)}
	const enough = 4 << 10
	data, _ := io.ReadAll(io.LimitReader(resp.Body, enough)) // the status alone will do
	var said struct {
		Retcode json.RawMessage `json:"retcode"`
	}
	_ = json.Unmarshal(data, &said)
	e.Retcode = integer(string(said.Retcode))
	return e
}

// MayPass reports whether err, of Get or of reading a file, may not happen again: a server that is busy, a connection that
// broke, a name server that did not answer.
func MayPass(err error) bool {
	if answered, ok := errors.AsType[*FetchError](err); ok {
		switch answered.Status {
		case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusInternalServerError,
			http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	for _, passing := range []error{
		io.ErrUnexpectedEOF, io.EOF, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.EPIPE, syscall.ETIMEDOUT,
	} {
		if errors.Is(err, passing) {
			return true
		}
	}
	if name, ok := errors.AsType[*net.DNSError](err); ok {
		return name.IsTemporary || name.IsTimeout
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout() && !errors.Is(err, context.DeadlineExceeded)
}
