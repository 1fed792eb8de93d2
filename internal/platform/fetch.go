package platform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The time that another host is given: a pause before its answer, and between its bytes, and an average speed, so that one
// that gives a byte now and then does not hold up a handler for as long as its message can be answered.
const (
	fetchTimeout = 30 * time.Second
	fetchGrace   = time.Minute
	fetchSpeed   = 16 << 10 // bytes a second, after the grace
)

var errSlow = fmt.Errorf("slower than %d KiB a second", fetchSpeed>>10)

// Fetch gets a file from another host, with hc and without anything of the bot's. It gives the body, which must be closed
// and may be read as long as ctx lives, and its size, -1 where the host does not say it.
func Fetch(ctx context.Context, hc *http.Client, address string) (body io.ReadCloser, size int64, err error) {
	ctx, end := context.WithCancelCause(ctx)
	f := &fetched{ctx: ctx, end: end, began: time.Now()}
	f.idle = time.AfterFunc(fetchTimeout, func() { end(timeoutError(fetchTimeout)) })
	f.slow = time.AfterFunc(fetchGrace, func() { end(errSlow) })
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		f.stop()
		return nil, 0, errors.New("this is no address")
	}
	req.Header.Set("Accept", "*/*")
	req.Header.Set("User-Agent", "richmedia (+https://github.com/botgo-contrib/richmedia)")
	resp, err := hc.Do(req) //nolint:bodyclose // the caller closes it, through f
	if err != nil {
		err = f.reason(err)
		f.stop()
		return nil, 0, err
	}
	f.body = resp.Body
	if resp.StatusCode != http.StatusOK {
		_ = f.Close()
		return nil, 0, fmt.Errorf("HTTP %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	return f, resp.ContentLength, nil
}

// fetched is a body on its way.
type fetched struct {
	ctx        context.Context //nolint:containedctx // lives as long as the body
	end        context.CancelCauseFunc
	idle, slow *time.Timer
	began      time.Time
	n          int64
	body       io.ReadCloser
}

func (f *fetched) Read(p []byte) (int, error) {
	if f.ctx.Err() != nil { // a transport of somebody else's may not heed it
		return 0, context.Cause(f.ctx)
	}
	n, err := f.body.Read(p)
	if n > 0 {
		f.n += int64(n)
		f.idle.Reset(fetchTimeout)
		f.slow.Reset(time.Until(f.began.Add(fetchGrace + time.Duration(f.n)*time.Second/fetchSpeed)))
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = f.reason(err)
	}
	return n, err
}

func (f *fetched) Close() error {
	err := f.body.Close()
	f.stop()
	return err
}

func (f *fetched) stop() {
	f.idle.Stop()
	f.slow.Stop()
	f.end(nil)
}

// reason is err without an address, whose query may be a credential, or our own reason when ctx ended.
func (f *fetched) reason(err error) error {
	if cause := context.Cause(f.ctx); cause != nil {
		return cause
	}
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	if strings.Contains(err.Error(), "Location header") { // net/http quotes it
		return errors.New("the redirect leads to no address")
	}
	return err
}
