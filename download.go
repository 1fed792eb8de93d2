package richmedia

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/botgo-contrib/richmedia/internal/guard"
	"github.com/botgo-contrib/richmedia/internal/platform"
	"github.com/botgo-contrib/richmedia/internal/sniff"
)

// Download is the content of an attachment on its way. The caller must close it.
type Download struct {
	io.ReadCloser
	Name string // the file's name, never a path; the event's, else "attachment" with the extension of Type
	Type string // MIME type by content, as the upload side names it; "application/octet-stream" if it is not known
	Size int64  // bytes, -1 if the server does not say
}

// Open reads what a user sent, from the attachment's address: https, or http if WithDownloads has a client. The bot's token is
// not sent there. Open returns when the content has begun, and repeats what may pass as often as WithRetries says; the rest is
// read with Download.Read, which repeats nothing. 30 s without a byte end it, and so does a minute below 16 KiB/s, the end of
// ctx, and the end of the plugin. The memory does not grow with the size.
//
// An address that has expired is ErrExpired, content over the limit of WithDownloads is ErrTooLarge, before or while it is read.
// No error holds the query of an address, which is a credential. a may be of any event, and c any Context of the plugin.
func (c *Context) Open(ctx context.Context, a Attachment) (*Download, error) {
	_, leave, err := c.p.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	// Not the ctx of enter, which ends with this call.
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.p.life, func() { cancel(ErrClosed) }) //nolint:contextcheck // the plugin ends it too
	d, err := c.p.downloads.open(ctx, a)
	if err != nil {
		stop()
		cancel(nil)
		return nil, downloadError("Open", a, err)
	}
	d.ReadCloser.(*download).release = func() { //nolint:forcetypeassert // open returns no other
		stop()
		cancel(nil)
	}
	return d, nil
}

// downloadError names the attachment, without its address.
func downloadError(method string, a Attachment, err error) error {
	return fmt.Errorf("richmedia: %s: %s: %w", method, a.name(""), err)
}

// publicFetch returns the public error for a fetch that failed.
func publicFetch(err error) error {
	if answered, ok := errors.AsType[*platform.FetchError](err); ok && answered.Expired() {
		return expiredError{err}
	}
	return err
}

// expiredError is an answer that says ErrExpired.
type expiredError struct{ error }

func (e expiredError) Unwrap() []error { return []error{ErrExpired, e.error} }

// downloads fetches what users sent.
type downloads struct {
	limit   int64 // bytes
	retries int
	given   *http.Client // the bot's own; nil: the guarded one

	mu      sync.Mutex
	guarded *http.Client // made at the first use
}

// newDownloads returns the downloads of a plugin with cfg.
func newDownloads(cfg *config) *downloads {
	return &downloads{limit: cfg.downloadLimit, retries: cfg.retries, given: cmp.Or(cfg.downloadClient, cfg.platformClient)}
}

// client returns the client of all downloads.
func (d *downloads) client() *http.Client {
	if d.given != nil {
		return d.given
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.guarded == nil {
		d.guarded = guard.Client()
	}
	return d.guarded
}

// close releases the connections of the plugin's own client.
func (d *downloads) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.guarded != nil {
		d.guarded.CloseIdleConnections()
	}
}

// check returns why a cannot be fetched, as far as that is known before a request.
func (d *downloads) check(a Attachment) error {
	if a.URL == "" {
		return errors.New("the attachment has no address: the event did not say where its content is")
	}
	if int64(a.Size) > d.limit {
		return d.tooLarge(int64(a.Size))
	}
	u, err := url.Parse(withScheme(a.URL))
	switch {
	case err != nil || u.Host == "":
		return errors.New("the attachment's address is no address")
	case u.Scheme == "http" && d.given == nil:
		return errors.New("the attachment's address is http, and only https is read without a client of the bot's own: pass one to WithDownloads")
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("the attachment's address is neither https nor http but %s", platform.Clean(u.Scheme))
	}
	return nil
}

func (d *downloads) tooLarge(size int64) error {
	return fmt.Errorf("%w: %d bytes, and WithDownloads allows %d", ErrTooLarge, size, d.limit)
}

// public returns the public error for err, of a reading.
func (d *downloads) public(err error) error {
	if errors.Is(err, platform.ErrTooLong) {
		return fmt.Errorf("%w: more than the %d bytes that WithDownloads allows", ErrTooLarge, d.limit)
	}
	return publicFetch(panicError(err))
}

// fetch begins to read a. In every attempt begin reads what is needed at once.
func (d *downloads) fetch(ctx context.Context, a Attachment, begin func(*platform.Fetched) error) (*platform.Fetched, error) {
	if err := d.check(a); err != nil {
		return nil, err
	}
	f := platform.Fetcher{HTTP: d.client(), Limit: d.limit, Retries: d.retries, Begin: func(f *platform.Fetched) error {
		if f.Size > d.limit {
			return d.tooLarge(f.Size)
		}
		return begin(f)
	}}
	got, err := f.Get(ctx, withScheme(a.URL))
	return got, d.public(err)
}

// open returns the content of a from its first byte.
func (d *downloads) open(ctx context.Context, a Attachment) (*Download, error) {
	body := &download{from: d}
	typ := ""
	got, err := d.fetch(ctx, a, func(f *platform.Fetched) (err error) {
		body.head, typ, err = beginning(f, f.Size)
		return err
	})
	if err != nil {
		return nil, err
	}
	body.rest, body.buffer = got, bufio.NewReaderSize(got, headSize)
	return &Download{ReadCloser: body, Name: a.name(typ), Type: typ, Size: got.Size}, nil
}

// What is read of content to tell its format. A tag in front of sound may hold a picture.
const (
	headSize   = 64 << 10
	taggedSize = 1 << 20
)

// beginning reads the beginning of a content of size bytes, -1 if that is not known, and names its format.
func beginning(r io.Reader, size int64) (head []byte, typ string, err error) {
	most := int64(headSize)
	for {
		n := most
		if size >= 0 {
			n = min(most, size+1) // the end belongs to it
		}
		head, err = fill(head, r, int(n))
		whole := errors.Is(err, io.EOF)
		switch {
		case whole:
			size = int64(len(head))
		case err != nil:
			return nil, "", err
		case size < 0:
			size = math.MaxInt64 / 2 // beyond what is read
		}
		if typ, err = sniff.Format(bytes.NewReader(head), size); err != nil {
			return nil, "", err
		}
		if whole || typ != sniff.Unknown || most == taggedSize || !bytes.HasPrefix(head, []byte("ID3")) {
			return head, typ, nil
		}
		most = taggedSize
	}
}

// fill appends to head what r has, up to n bytes in all, and returns the error of r that came before that.
func fill(head []byte, r io.Reader, n int) ([]byte, error) {
	read := len(head)
	head = append(head, make([]byte, n-read)...)
	for read < n {
		more, err := r.Read(head[read:])
		if read += more; err != nil {
			return head[:read], err
		}
	}
	return head, nil
}

// download is the body of a Download.
type download struct {
	from    *downloads
	head    []byte // read already
	rest    *platform.Fetched
	buffer  *bufio.Reader // of rest: callers such as io.Copy read in small pieces
	err     error         // of the last Read
	release func()
	once    sync.Once
	closed  atomic.Bool
}

// Read reads the content. After an error, io.EOF too, nothing is left open.
func (d *download) Read(p []byte) (int, error) {
	switch {
	case d.err != nil:
		return 0, d.err
	case d.closed.Load():
		return 0, errClosedDownload
	case len(d.head) > 0:
		n := copy(p, d.head)
		if d.head = d.head[n:]; len(d.head) == 0 {
			d.head = nil
		}
		return n, nil
	}
	n, err := d.buffer.Read(p)
	if err != nil {
		switch {
		case d.closed.Load():
			err = errClosedDownload
		case !errors.Is(err, io.EOF):
			err = fmt.Errorf("richmedia: Download: %w", d.from.public(err))
		}
		d.err = err
		d.end()
	}
	return n, err
}

// errClosedDownload is the error of a Read after Close.
var errClosedDownload = errors.New("richmedia: Download: it was closed")

// Close ends the transfer, and a Read that is under way. It may be called more than once.
func (d *download) Close() error {
	d.closed.Store(true)
	d.end()
	return nil
}

func (d *download) end() {
	d.once.Do(func() {
		d.release()        // first: a Read of the body ends with its ctx
		_ = d.rest.Close() // nothing was written
	})
}
