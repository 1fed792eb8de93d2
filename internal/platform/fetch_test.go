package platform

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// page is one answer of a host.
type page struct {
	status int
	body   io.Reader
	header http.Header
	err    error
	hangs  bool // until the request's ctx ends
	panics bool
}

func file(status int, body io.Reader, header ...string) page {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	return page{status: status, body: body, header: h}
}

func failing(err error) page { return page{err: err} }

// hosted answers every GET by a script; the last page stands for all that follow.
type hosted struct {
	mu    sync.Mutex
	pages []page
	seen  []*http.Request
}

func (h *hosted) RoundTrip(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	n := len(h.seen)
	h.seen = append(h.seen, r)
	now := h.pages[min(n, len(h.pages)-1)]
	h.mu.Unlock()
	switch {
	case now.panics:
		panic("no")
	case now.hangs:
		<-r.Context().Done()
		return nil, r.Context().Err()
	case now.err != nil:
		return nil, now.err
	}
	return &http.Response{StatusCode: now.status, Header: now.header, Body: io.NopCloser(now.body), ContentLength: -1, Request: r}, nil
}

func fetcher(limit int64, retries int, pages ...page) (Fetcher, *hosted) {
	h := &hosted{pages: pages}
	return Fetcher{HTTP: &http.Client{Transport: h}, Limit: limit, Retries: retries}, h
}

const cdn = "https://cdn.test/a.bin?sign=credential"

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func zlibbed(data []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func deflated(data []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestSpeed)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func TestAFetchedFileIsNeverStoredEncoded(t *testing.T) {
	data := bytes.Repeat([]byte("date,amount\n"), 1000)
	for name, c := range map[string]struct {
		coding string
		sent   []byte
		err    string
	}{
		"as it is":                  {"", data, ""},
		"identity":                  {"identity", data, ""},
		"gzip":                      {"gzip", gzipped(data), ""},
		"GZIP":                      {" GZIP ", gzipped(data), ""},
		"x-gzip":                    {"x-gzip", gzipped(data), ""},
		"gzip in two members":       {"gzip", append(gzipped(data[:100]), gzipped(data[100:])...), ""},
		"gzip by its name only":     {"gzip", data, ""},
		"deflate":                   {"deflate", zlibbed(data), ""},
		"deflate, bare":             {"deflate", deflated(data), ""},
		"br":                        {"br", data, `the content coding "br"`},
		"two codings":               {"gzip, br", data, `the content coding "gzip, br"`},
		"zstd":                      {"zstd", data, `the content coding "zstd"`},
		"a coding with a secret":    {"https://x.test/?sign=credential", data, "content coding"},
		"gzip that is cut":          {"gzip", gzipped(data)[:30], "unexpected EOF"},
		"gzip without its checksum": {"gzip", gzipped(data)[:len(gzipped(data))-3], "unexpected EOF"},
		"gzip with a wrong one":     {"gzip", append(gzipped(data)[:len(gzipped(data))-8], 1, 2, 3, 4, 5, 6, 7, 8), "the encoded file is damaged"},
		"deflate that is noise":     {"deflate", []byte{0x07, 0xff, 0xff, 0xff}, "the encoded file is damaged"},
		"an empty gzip":             {"gzip", nil, ""},
		"an empty deflate":          {"deflate", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, h := fetcher(1<<20, 0, file(200, bytes.NewReader(c.sent), "Content-Encoding", c.coding, "Content-Type", "text/csv"))
			got, err := f.Get(t.Context(), cdn)
			var read []byte
			if err == nil {
				assert.Equal(t, "text/csv", got.Type)
				assert.EqualValues(t, -1, got.Size)
				read, err = io.ReadAll(got)
				require.NoError(t, got.Close())
			}
			require.Len(t, h.seen, 1)
			assert.Equal(t, []string{"identity"}, h.seen[0].Header["Accept-Encoding"])
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				assert.NotContains(t, err.Error(), "credential")
				return
			}
			require.NoError(t, err)
			if len(c.sent) > 0 {
				assert.Equal(t, data, read)
			} else {
				assert.Empty(t, read)
			}
		})
	}
}

// endlessMembers is gzip members that hold nothing.
type endlessMembers struct{ member, rest []byte }

func (r *endlessMembers) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		r.rest = r.member
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func TestAFetchIsBoundedInBytes(t *testing.T) {
	const limit = 1 << 20
	bomb := gzipped(make([]byte, 16<<20))
	for name, c := range map[string]struct {
		body   io.Reader
		coding string
		err    error
	}{
		"exactly the limit":            {bytes.NewReader(make([]byte, limit)), "", nil},
		"one byte more":                {bytes.NewReader(make([]byte, limit+1)), "", ErrTooLong},
		"without an end":               {zeros{}, "", ErrTooLong},
		"the limit, encoded":           {bytes.NewReader(gzipped(make([]byte, limit))), "gzip", nil},
		"a little that becomes much":   {bytes.NewReader(bomb), "gzip", ErrTooLong},
		"much that becomes nothing":    {&endlessMembers{member: gzipped(nil)}, "gzip", ErrTooLong},
		"blocks that become nothing":   {&endlessMembers{member: []byte{0, 0, 0, 0xff, 0xff}}, "deflate", ErrTooLong},
		"noise, longer when encoded":   {bytes.NewReader(gzipped(noise(limit))), "gzip", nil},
		"noise, one byte too much":     {bytes.NewReader(gzipped(noise(limit + 1))), "gzip", ErrTooLong},
		"noise, bare, and no more":     {bytes.NewReader(noise(limit)), "", nil},
		"noise of twice the limit":     {bytes.NewReader(noise(2 * limit)), "", ErrTooLong},
		"encoded noise of four limits": {bytes.NewReader(gzipped(noise(4 * limit))), "gzip", ErrTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := fetcher(limit, 0, file(200, c.body, "Content-Encoding", c.coding))
			got, err := f.Get(t.Context(), cdn)
			require.NoError(t, err)
			n, err := io.Copy(io.Discard, got)
			require.ErrorIs(t, err, c.err)
			if c.err == nil {
				assert.EqualValues(t, limit, n)
			}
			assert.LessOrEqual(t, n, int64(limit+1))
			require.NoError(t, got.Close())
		})
	}
}

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b)
	return b
}

func TestAFetchIsRepeatedIfItsFailureMayPass(t *testing.T) {
	reset := &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	for name, c := range map[string]struct {
		first    page
		requests int
		after    time.Duration
	}{
		"a reset":                  {failing(reset), 2, 0},
		"an answer that is cut":    {failing(io.ErrUnexpectedEOF), 2, 0},
		"a closed connection":      {failing(io.EOF), 2, 0},
		"a name server":            {failing(&net.DNSError{IsTemporary: true}), 2, 0},
		"HTTP 503":                 {file(503, strings.NewReader("")), 2, 0},
		"HTTP 503 with its pause":  {file(503, strings.NewReader(""), "Retry-After", "7"), 2, 7 * time.Second},
		"HTTP 429 with its pause":  {file(429, strings.NewReader(""), "Retry-After", "5"), 2, 5 * time.Second},
		"HTTP 404":                 {file(404, strings.NewReader("")), 1, 0},
		"HTTP 400":                 {file(400, strings.NewReader(`{"retcode":-5503007}`)), 1, 0},
		"an unknown host":          {failing(&net.DNSError{IsNotFound: true}), 1, 0},
		"a refusal of the client":  {failing(errors.New("no public address")), 1, 0},
		"another content coding":   {file(200, strings.NewReader("x"), "Content-Encoding", "br"), 1, 0},
		"a panic of the client":    {page{panics: true}, 1, 0},
		"a redirect to http":       {file(302, strings.NewReader(""), "Location", "http://x.test/"), 1, 0},
		"a redirect that is empty": {file(302, strings.NewReader("")), 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, h := fetcher(100, 2, c.first, file(200, strings.NewReader("ok")))
				began := time.Now()
				got, err := f.Get(t.Context(), cdn)
				assert.Len(t, h.seen, c.requests)
				if c.requests == 1 {
					require.Error(t, err)
					assert.NotContains(t, err.Error(), "credential")
					return
				}
				require.NoError(t, err)
				read, err := io.ReadAll(got)
				require.NoError(t, err)
				assert.Equal(t, "ok", string(read))
				require.NoError(t, got.Close())
				assert.GreaterOrEqual(t, time.Since(began), c.after)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		f, h := fetcher(100, 2, file(503, strings.NewReader("")))
		_, err := f.Get(t.Context(), cdn)
		require.EqualError(t, err, "HTTP 503 Service Unavailable")
		assert.Len(t, h.seen, 3)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err = f.Get(ctx, cdn)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "before that: HTTP 503")
	})
}

func TestAnExpiredAddressIsAnErrorOfItsOwn(t *testing.T) {
	for body, expired := range map[string]bool{
		`{"retcode":-5503007,"retmsg":"rkey expired"}`: true,
		`{"retcode":"-5503022"}`:                       true,
		`{"retcode":-5503001}`:                         false,
		`{"retcode":{}}`:                               false,
		`not json`:                                     false,
		``:                                             false,
	} {
		f, h := fetcher(100, 2, file(400, io.MultiReader(strings.NewReader(body), io.LimitReader(zeros{}, 1<<30*int64(len(body)%2)))))
		_, err := f.Get(t.Context(), cdn)
		e, ok := errors.AsType[*FetchError](err)
		require.True(t, ok, err)
		assert.Equal(t, 400, e.Status)
		if len(body)%2 == 0 {
			assert.Equal(t, expired, e.Expired(), body)
			assert.Equal(t, expired, strings.Contains(err.Error(), "expired"), body)
		}
		assert.Len(t, h.seen, 1)
	}
	assert.False(t, (&FetchError{Status: 403, Retcode: -5503007}).Expired())
}

func TestARedirectKeepsTheAddressBeforeToItself(t *testing.T) {
	for name, own := range map[string]func(*http.Request, []*http.Request) error{
		"no check": nil, "a check of its own": func(*http.Request, []*http.Request) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			f, h := fetcher(100, 0, file(302, strings.NewReader(""), "Location", "https://other.test/b"), file(200, strings.NewReader("ok")))
			f.HTTP.CheckRedirect = own
			got, err := f.Get(t.Context(), cdn)
			require.NoError(t, err)
			require.NoError(t, got.Close())
			require.Len(t, h.seen, 2)
			assert.Empty(t, h.seen[1].Header.Get("Referer"), "it would hold the query")

			f, h = fetcher(100, 0, file(302, strings.NewReader(""), "Location", "http://cdn.test/b?sign=other-credential"))
			f.HTTP.CheckRedirect = own
			_, err = f.Get(t.Context(), cdn)
			require.EqualError(t, err, "the redirect leads from https to http")
			assert.Len(t, h.seen, 1)
			if own != nil {
				return
			}
			f, h = fetcher(100, 0, file(302, strings.NewReader(""), "Location", cdn))
			_, err = f.Get(t.Context(), cdn)
			require.EqualError(t, err, "too many redirects")
			assert.Len(t, h.seen, 10)
		})
	}
	stop := errors.New("not there")
	f, _ := fetcher(100, 0, file(302, strings.NewReader(""), "Location", "https://other.test/b"))
	f.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return stop }
	_, err := f.Get(t.Context(), cdn)
	require.ErrorIs(t, err, stop)
}

func TestAFetchIsBoundedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := fetcher(1<<30, 0, page{hangs: true})
		began := time.Now()
		_, err := f.Get(t.Context(), cdn)
		require.EqualError(t, err, "no answer within 30s")
		assert.Equal(t, fetchTimeout, time.Since(began))

		f, _ = fetcher(1<<30, 0, file(200, drip{time.Second}))
		got, err := f.Get(t.Context(), cdn)
		require.NoError(t, err)
		began = time.Now()
		_, err = io.Copy(io.Discard, got)
		require.EqualError(t, err, "slower than 16 KiB a second")
		assert.InDelta(t, fetchGrace, time.Since(began), float64(2*time.Second))
		require.NoError(t, got.Close())

		f, _ = fetcher(1<<30, 0, file(200, drip{29 * time.Second}))
		ctx, cancel := context.WithCancelCause(t.Context())
		got, err = f.Get(ctx, cdn)
		require.NoError(t, err)
		cancel(errors.New("the window is over"))
		_, err = io.Copy(io.Discard, got)
		require.EqualError(t, err, "the window is over")
		require.NoError(t, got.Close())
	})
}

// drip is one byte after each pause.
type drip struct{ pause time.Duration }

func (d drip) Read([]byte) (int, error) {
	time.Sleep(d.pause)
	return 1, nil
}

func TestABodyThatPanicsIsAnError(t *testing.T) {
	f, _ := fetcher(100, 0, file(200, panics{}))
	got, err := f.Get(t.Context(), cdn)
	require.NoError(t, err)
	_, err = io.ReadAll(got)
	require.ErrorContains(t, err, "the HTTP client panicked: no")
}

// FuzzEncodings reads whatever a host may send under a coding, within its bounds.
func FuzzEncodings(f *testing.F) {
	for _, seed := range [][]byte{nil, []byte("x"), gzipped([]byte("hello")), zlibbed([]byte("hello")), deflated([]byte("hello")), gzipped(make([]byte, 1<<16))} {
		for coding := range uint8(3) {
			f.Add(coding, seed)
		}
	}
	f.Fuzz(func(t *testing.T, coding uint8, data []byte) {
		const limit = 1000
		names := []string{"", "gzip", "deflate"}
		fetch, _ := fetcher(limit, 0, file(200, bytes.NewReader(data), "Content-Encoding", names[int(coding)%len(names)]))
		got, err := fetch.Get(t.Context(), cdn)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, got)
		if n > limit+1 || (n > limit && !errors.Is(err, ErrTooLong)) {
			t.Errorf("%d bytes, %v", n, err)
		}
		if err := got.Close(); err != nil {
			t.Error(err)
		}
	})
}
