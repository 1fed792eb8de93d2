package platform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// fetchTimeout is the pause that another host's answer may make before it, and between its bytes.
const fetchTimeout = 30 * time.Second

// Fetch gets a file from another host, with hc and without anything of the bot's. It gives the body, which must be closed
// and may be read as long as ctx lives, and its size, -1 where the host does not say it. limit is the most that the caller
// will read: the time that the whole takes is bounded by the size, or by limit where that is not known.
func Fetch(ctx context.Context, hc *http.Client, address string, limit int64) (body io.ReadCloser, size int64, err error) {
	ctx, late := context.WithCancelCause(ctx)
	ctx, moved, stop := patience(ctx, fetchTimeout, limit)
	cancel := func() {
		stop()
		late(nil)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		cancel()
		return nil, 0, errors.New("this is no address")
	}
	req.Header.Set("Accept", "*/*")
	req.Header.Set("User-Agent", "richmedia (+https://github.com/botgo-contrib/richmedia)")
	resp, err := hc.Do(req)
	if err != nil {
		defer cancel()
		return nil, 0, fetchError(ctx, err)
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		cancel()
		return nil, 0, fmt.Errorf("HTTP %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	f := &fetched{ReadCloser: resp.Body, ctx: ctx, moved: moved, cancel: cancel}
	if resp.ContentLength >= 0 {
		most := fetchTimeout + time.Duration(resp.ContentLength/slowest)*time.Second
		f.end = time.AfterFunc(most, func() { late(timeoutError(most)) })
	}
	return f, resp.ContentLength, nil
}

// fetchError is err without the address, whose query may be a credential, or our own reason when ctx ended.
func fetchError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err
	}
	return err
}

// fetched is a body on its way.
type fetched struct {
	io.ReadCloser
	ctx    context.Context //nolint:containedctx // lives as long as the body
	moved  func()
	cancel func()
	end    *time.Timer // nil where the size is not known
}

func (f *fetched) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	if n > 0 {
		f.moved()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fetchError(f.ctx, err)
	}
	return n, err
}

func (f *fetched) Close() error {
	if f.end != nil {
		f.end.Stop()
	}
	err := f.ReadCloser.Close()
	f.cancel()
	return err
}
