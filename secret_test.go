package richmedia_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"golang.org/x/oauth2"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

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
				lines := logged(b.log, "")
				require.NotEmpty(t, lines)
				if c.fails {
					require.ErrorIs(t, err, failure)
					lines = append(lines, err.Error())
				}
				for _, line := range lines {
					if strings.Contains(line, "has been running for") { // the retries take long
						continue
					}
					assert.NotContains(t, line, "SECRETQUERY")
					assert.NotContains(t, line, "\n")
					assert.NotContains(t, line, "\r")
					assert.LessOrEqual(t, utf8.RuneCountInString(line), 320, "some 200 of the foreign text, and what was tried: %s", line)
					assert.Contains(t, line, "store.example.com/cat.png?...", "what is no secret stays in the text")
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
