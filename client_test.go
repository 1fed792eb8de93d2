package richmedia_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/constant"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/openapi"
	"github.com/tencent-connect/botgo/token"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

// TestBotgosHostsAreReadWhenTheyAreUsed goes over a real connection, with botgo's own token source and the
// plugin's own client.
func TestBotgosHostsAreReadWhenTheyAreUsed(t *testing.T) {
	p := richmediatest.New()
	src := token.NewQQBotTokenSource(p.Credentials())
	plugin, err := richmedia.New(src, richmedia.WithLogger(&logger{}))
	require.NoError(t, err)
	sandboxed, err := richmedia.New(src, richmedia.WithLogger(&logger{}), richmedia.WithSandbox())
	require.NoError(t, err)
	_, err = p.Listen()
	require.NoError(t, err)
	defer p.UseBotgo()()
	defer http.DefaultClient.CloseIdleConnections() // botgo's token source leaves one

	club := p.Group("club")
	c, err := plugin.Context(club.Say("alice", "hi").Payload())
	require.NoError(t, err)
	_, err = c.ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	assert.Equal(t, readMedia(t, "cat.png"), club.Answers()[0].Media.Upload.Data)

	constant.APIDomain = "http://127.0.0.1:1"
	c, err = sandboxed.Context(club.Say("alice", "hi").Payload())
	require.NoError(t, err)
	_, err = c.ReplyText(t.Context(), "in the sandbox")
	require.NoError(t, err)
	for _, call := range p.Calls() {
		if call.Op == richmediatest.OpSend {
			assert.Equal(t, p.AppID(), call.Header.Get("X-Union-Appid"))
		}
	}
	require.NoError(t, plugin.Close())
	require.NoError(t, sandboxed.Close())
	require.NoError(t, p.Close())
}

var filters struct {
	on             atomic.Bool
	req, resp      atomic.Int32
	refuse, spoilt atomic.Bool
	explode        atomic.Bool
}

func init() { // botgo's filters belong to the process and cannot be taken back
	openapi.RegisterReqFilter("richmedia-test", func(r *http.Request, _ *http.Response) error {
		if !filters.on.Load() {
			return nil
		}
		filters.req.Add(1)
		r.Header.Set("X-Traced", "yes")
		if filters.refuse.Load() {
			return errors.New("refused by the bot's filter")
		}
		if filters.explode.Load() {
			panic("the bot's filter is broken")
		}
		return nil
	})
	openapi.RegisterRespFilter("richmedia-test", func(_ *http.Request, r *http.Response) error {
		if !filters.on.Load() {
			return nil
		}
		filters.resp.Add(1)
		if b, err := io.ReadAll(r.Body); err != nil || len(b) == 0 {
			return errors.New("a filter could not read the answer")
		}
		if filters.spoilt.Load() {
			return errors.New("spoilt by the bot's filter")
		}
		return nil
	})
}

func TestTheBotsFiltersAreRun(t *testing.T) {
	filters.on.Store(true)
	defer filters.on.Store(false)
	filters.req.Store(0)
	filters.resp.Store(0)
	b := newBed(t)
	club := b.Group("club")
	_, err := b.context(t, club).ReplyImage(t.Context(), cat())
	require.NoError(t, err)
	assert.EqualValues(t, 2, filters.req.Load())
	assert.EqualValues(t, 2, filters.resp.Load())
	for _, call := range b.Calls() {
		if call.Op == richmediatest.OpSend {
			assert.Equal(t, "yes", call.Header.Get("X-Traced"))
		}
	}

	filters.spoilt.Store(true)
	_, err = b.context(t, club).ReplyText(t.Context(), "hi")
	filters.spoilt.Store(false)
	var api *richmedia.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, richmedia.DeliveredUnknown, api.Delivered, "the message was sent")
	assert.Len(t, club.Answers(), 2, "and is not sent again")

	filters.refuse.Store(true)
	defer filters.refuse.Store(false)
	_, err = b.context(t, club).ReplyText(t.Context(), "hi")
	require.ErrorContains(t, err, "refused by the bot's filter")
	require.ErrorAs(t, err, &api)
	assert.Equal(t, richmedia.DeliveredNo, api.Delivered)
	assert.Len(t, club.Answers(), 2)
}

// closing tells when it was closed.
type closing struct {
	io.Reader
	open *atomic.Int32
}

func (c closing) Close() error {
	c.open.Add(-1)
	return nil
}

// closingAt can be read at an offset too, so that it is opened again for the upload.
type closingAt struct {
	closing
	io.Seeker
}

func TestAFilterThatRefusesLeavesNoSourceOpen(t *testing.T) {
	filters.on.Store(true)
	defer filters.on.Store(false)
	for name, fault := range map[string]*atomic.Bool{"refuses": &filters.refuse, "panics": &filters.explode} {
		t.Run(name, func(t *testing.T) {
			fault.Store(true)
			defer fault.Store(false)
			b := newBed(t)
			c := b.context(t, b.Group("club"))
			var opened, open atomic.Int32
			_, err := c.ReplyFile(t.Context(), richmedia.FromOpener("x.txt", func(context.Context) (io.ReadCloser, error) {
				opened.Add(1)
				open.Add(1)
				r := strings.NewReader("hello")
				return closingAt{closing{r, &open}, r}, nil
			}))
			require.ErrorContains(t, err, "the bot's filter")
			assert.EqualValues(t, 2, opened.Load(), "for its digest, and for the body")
			assert.Zero(t, open.Load())
			assert.Equal(t, 5, left(c))
			assert.Zero(t, b.Count(richmediatest.OpUpload))
		})
	}
}

func TestARevokedTokenIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t)
		club := b.Group("club")
		_, err := b.context(t, club).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		b.RevokeTokens()
		_, err = b.context(t, club).ReplyImage(t.Context(), cat())
		require.NoError(t, err)
		assert.Len(t, club.Answers(), 2)
	})
}

// TestATokenSourceThatGivesTheSameTokenAgainIsNamed uses botgo's own, over a real connection.
func TestATokenSourceThatGivesTheSameTokenAgainIsNamed(t *testing.T) {
	p := richmediatest.New()
	_, err := p.Listen()
	require.NoError(t, err)
	defer p.UseBotgo()()
	defer http.DefaultClient.CloseIdleConnections() // botgo's token source leaves one
	plugin, err := richmedia.New(token.NewQQBotTokenSource(p.Credentials()), richmedia.WithLogger(&logger{}))
	require.NoError(t, err)
	club := p.Group("club")
	c, err := plugin.Context(club.Say("alice", "hi").Payload())
	require.NoError(t, err)
	_, err = c.ReplyText(t.Context(), "hi")
	require.NoError(t, err)
	p.RevokeTokens()
	_, err = c.ReplyText(t.Context(), "hi")
	require.ErrorContains(t, err, "the same token again")
	var api *richmedia.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, http.StatusUnauthorized, api.Status)
	assert.Equal(t, richmedia.DeliveredNo, api.Delivered)
	assert.Equal(t, 4, left(c))
	require.NoError(t, plugin.Close())
	require.NoError(t, p.Close())
}

// unusual is what a program may have made the default transport of its process.
type unusual struct{}

func (unusual) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("not the plugin's")
}

func TestTheDefaultTransportMayBeAnyones(t *testing.T) {
	usual := http.DefaultTransport
	http.DefaultTransport = unusual{}
	defer func() { http.DefaultTransport = usual }()
	p := richmediatest.New()
	base, err := p.Listen()
	require.NoError(t, err)
	plugin, err := richmedia.New(p.TokenSource(), richmedia.WithBaseURL(base), richmedia.WithLogger(&logger{}))
	require.NoError(t, err)
	c, err := plugin.Context(p.Group("club").Say("alice", "hi").Payload())
	require.NoError(t, err)
	_, err = c.ReplyText(t.Context(), "hi")
	require.NoError(t, err)
	require.NoError(t, plugin.Close())
	require.NoError(t, p.Close())
}

// anonymous is a token source that does not know its app id.
type anonymous struct{ oauth2.TokenSource }

func TestASourceWithoutAnAppIDSharesNothing(t *testing.T) {
	store := richmedia.NewMemoryStore(10)
	p := richmediatest.New()
	for i := range 2 {
		plugin, err := richmedia.New(anonymous{p.TokenSource()}, richmedia.WithHTTPClient(p.Client()),
			richmedia.WithBaseURL(p.URL()), richmedia.WithStore(store), richmedia.WithLogger(&logger{}))
		require.NoError(t, err)
		for range 2 {
			_, err = plugin.Upload(t.Context(), target(p.Group("club")), richmedia.KindImage, cat())
			require.NoError(t, err)
		}
		assert.Len(t, p.Uploads(), i+1)
		require.NoError(t, plugin.Close())
	}
}

// TestNothingSecretIsEverPrinted runs what logs and what fails, and looks into every line and every error.
func TestNothingSecretIsEverPrinted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithRetries(1))
		tok, err := b.TokenSource().Token()
		require.NoError(t, err)
		secrets := []string{tok.AccessToken, b.Credentials().AppSecret, "SECRETQUERY", "iVBORw0KGgo"}
		var texts []string
		try := func(src richmedia.Source) {
			_, err := b.context(t, b.Group("club")).ReplyImage(t.Context(), src)
			if err != nil {
				texts = append(texts, err.Error())
				for e := err; e != nil; e = errors.Unwrap(e) {
					texts = append(texts, e.Error())
				}
			}
		}
		b.Host("https://example.com/cat.png?sign=SECRETQUERY", readMedia(t, "cat.png"))
		b.onGroup(func(ctx context.Context, c *richmedia.Context) error {
			_, err := c.ReplyImage(ctx, richmedia.FromURL("https://example.com/none.png?sign=SECRETQUERY"))
			return err
		})
		try(cat())
		try(richmedia.FromURL("https://user:SECRETQUERY@example.com/none.png?sign=SECRETQUERY"))
		try(richmedia.FromURL("ftp://user:SECRETQUERY@example.com/cat.png?sign=SECRETQUERY"))
		try(richmedia.FromURL("https://example.com/%zz?sign=SECRETQUERY"))
		for _, fault := range []func(richmediatest.Op, int) func(){b.Lose, b.Drop} {
			for _, op := range []richmediatest.Op{richmediatest.OpUpload, richmediatest.OpSend} {
				remove := fault(op, -1)
				try(richmedia.FromURL("https://example.com/cat.png?sign=SECRETQUERY"))
				try(richmedia.FromBytes("x.png", append(readMedia(t, "cat.png"), byte(len(texts)))))
				remove()
			}
		}
		for _, op := range []richmediatest.Op{richmediatest.OpUpload, richmediatest.OpSend} {
			remove := b.Fail(op, -1, 400, 850026, "cannot fetch https://example.com/cat.png?sign=SECRETQUERY")
			try(richmedia.FromURL("https://example.com/cat.png?sign=SECRETQUERY&v=2"))
			remove()
		}
		b.ExpireUploads()
		try(cat())
		for _, up := range b.Uploads() {
			secrets = append(secrets, up.FileInfo)
		}
		b.PushTo(richmedia.WebhookHandler(b.Credentials()))
		b.Group("club").Say("alice", "hi")
		require.NoError(t, b.media.Shutdown(t.Context()))
		texts = append(texts, b.log.text())
		require.NotEmpty(t, b.log.text())
		require.Greater(t, len(texts), 10)
		for _, text := range texts {
			for _, secret := range secrets {
				assert.NotContains(t, text, secret)
			}
		}
	})
}

// TestForeignErrorsAreBoundedAndCleaned has a token source, an opener and a store fail with what net/http makes of a
// failed request: its whole address.
func TestForeignErrorsAreBoundedAndCleaned(t *testing.T) {
	failure := &url.Error{
		Op: "Get", URL: "https://store.example.com/cat.png?sign=SECRETQUERY&x=1",
		Err: errors.New("first line\r\nsecond line: https://other.example.com/?key=SECRETQUERY " + strings.Repeat("x", 5000)),
	}
	once := func() richmedia.Source { // fails for its digest
		return richmedia.FromOpener("cat.png", func(context.Context) (io.ReadCloser, error) { return nil, failure })
	}
	again := func() richmedia.Source { // fails for the body
		var opened atomic.Int32
		return richmedia.FromOpener("cat.png", func(context.Context) (io.ReadCloser, error) {
			if opened.Add(1) > 1 {
				return nil, failure
			}
			return seekCloser{bytes.NewReader(readMedia(t, "cat.png"))}, nil
		})
	}
	reading := func() richmedia.Source {
		return richmedia.FromReader("cat.png", iotest.ErrReader(failure))
	}
	for name, c := range map[string]struct {
		src   func() richmedia.Source
		token error
		store richmedia.Store
		fails bool
	}{
		"a token source": {cat, failure, nil, true}, "an opener": {once, nil, nil, true},
		"an opener, later": {again, nil, nil, true}, "a reader": {reading, nil, nil, true}, "a store": {cat, nil, failingStore{failure}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := richmediatest.New()
				b := newBedFrom(t, p, tokenFunc(func() (*oauth2.Token, error) {
					if c.token != nil {
						return nil, c.token
					}
					return p.TokenSource().Token()
				}), richmedia.WithStore(c.store))
				failed := make(chan error, 1)
				b.onGroup(func(ctx context.Context, rc *richmedia.Context) error {
					reply := func() (*dto.Message, error) { return rc.ReplyImage(ctx, c.src()) }
					if c.token != nil { // without an upload around it
						reply = func() (*dto.Message, error) { return rc.ReplyText(ctx, "hi") }
					}
					_, err := reply()
					failed <- err
					return err
				})
				p.Group("club").Say("alice", "hi")
				err := <-failed
				assert.Equal(t, c.fails, err != nil)
				require.NoError(t, b.media.Shutdown(t.Context()))
				lines := b.log.lines
				require.NotEmpty(t, lines)
				if c.fails {
					require.ErrorIs(t, err, failure)
					lines = append(lines, err.Error())
				}
				for _, line := range lines {
					assert.NotContains(t, line, "SECRETQUERY")
					assert.NotContains(t, line, "\n")
					assert.NotContains(t, line, "\r")
					assert.LessOrEqual(t, utf8.RuneCountInString(line), 320, "some 200 of the foreign text, and what was tried: %s", line)
					assert.Contains(t, line, "store.example.com/cat.png?...", "what is no secret is told")
				}
			})
		})
	}
}

// failingStore fails with err.
type failingStore struct{ err error }

func (s failingStore) Get(context.Context, string) ([]byte, bool, error)        { return nil, false, s.err }
func (s failingStore) Set(context.Context, string, []byte, time.Duration) error { return s.err }
func (s failingStore) Delete(context.Context, string) error                     { return s.err }

// TestBytesAreNotHeldWhole compares what an inline upload allocates with what it sends.
func TestBytesAreNotHeldWhole(t *testing.T) {
	p := richmediatest.New(richmediatest.WithoutData())
	sink := &http.Client{Transport: discard{}} // the fake reads a body whole
	plugin, err := richmedia.New(p.TokenSource(), richmedia.WithHTTPClient(sink), richmedia.WithBaseURL(p.URL()), richmedia.WithLogger(&logger{}))
	require.NoError(t, err)
	defer func() { require.NoError(t, plugin.Close()) }()
	src := richmedia.FromBytes("x.bin", make([]byte, 5<<20))
	upload := func() {
		_, err := plugin.Upload(t.Context(), target(p.Group("club")), richmedia.KindFile, src, richmedia.WithoutCache())
		require.NoError(t, err)
	}
	upload()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	upload()
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(256<<10))
}

// discard is a platform that keeps nothing.
type discard struct{}

func (discard) RoundTrip(r *http.Request) (*http.Response, error) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil || n != r.ContentLength {
		return nil, errors.New("the body is not as long as announced")
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(`{"file_info":"X","file_uuid":"U","ttl":300}`)),
	}, nil
}

func TestASpooledReaderLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	b := newBed(t)
	big := func() io.Reader { return io.LimitReader(endless{}, 1<<20) }
	_, err := b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromReader("big.bin", big()))
	require.NoError(t, err)
	b.Fail(richmediatest.OpUpload, -1, 400, 850018, "muted")
	_, err = b.context(t, b.Group("club")).ReplyFile(t.Context(), richmedia.FromReader("other.bin", big()))
	require.ErrorIs(t, err, richmedia.ErrNotPermitted)
	_, err = b.context(t, b.Group("club")).ReplyImage(t.Context(), richmedia.FromReader("no.png", big()))
	require.ErrorIs(t, err, richmedia.ErrUnsupported)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}
