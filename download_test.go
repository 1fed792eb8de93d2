package richmedia_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/internal/guard"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func readAll(t testing.TB, d *richmedia.Download) []byte {
	t.Helper()
	data, err := io.ReadAll(d)
	require.NoError(t, err)
	require.NoError(t, d.Close())
	return data
}

// attachment is one that an event has listed with that address.
func sentAt(url string) richmedia.Attachment {
	return richmedia.Attachment{MessageAttachment: dto.MessageAttachment{URL: url, FileName: "cat.png", ContentType: "image/png"}}
}

const sent = "https://multimedia.nt.qq.com.cn/download?appid=1406&rkey=credential"

// readers are the two ways to read an attachment.
var readers = map[string]func(ctx context.Context, t testing.TB, c *richmedia.Context, a richmedia.Attachment) ([]byte, error){
	"Open": func(ctx context.Context, _ testing.TB, c *richmedia.Context, a richmedia.Attachment) ([]byte, error) {
		d, err := c.Open(ctx, a)
		if err != nil {
			return nil, err
		}
		defer d.Close() //nolint:errcheck // never an error
		return io.ReadAll(d)
	},
	"Save": func(ctx context.Context, t testing.TB, c *richmedia.Context, a richmedia.Attachment) ([]byte, error) {
		return saved(ctx, t, c, a)
	},
}

func TestWhatUsersSendIsRead(t *testing.T) {
	b := newBed(t)
	b.PushTo(nil)
	for _, chat := range []*richmediatest.Chat{b.Group("club"), b.C2C("ann"), b.Channel("lounge"), b.DM("ann")} {
		for name, media := range map[string]struct{ file, typ string }{
			"image": {"cat.png", "image/png"}, "video": {"clip.mp4", "video/mp4"}, "voice": {"hello.mp3", "audio/mpeg"},
		} {
			data := readMedia(t, media.file)
			c := b.of(t, chat.Say("ann", "look", richmediatest.Attachment{FileName: `..\` + media.file, ContentType: "file", Data: data}))
			for target, c := range map[string]*richmedia.Context{"event": c, "job": b.media.For(c.Target()), "hand": b.media.For(richmedia.Target{})} {
				d, err := c.Open(t.Context(), listed(t, chat)[0])
				require.NoError(t, err, "%s of a %s in %s", name, target, chat.Scene())
				assert.Equal(t, media.file, d.Name)
				assert.Equal(t, media.typ, d.Type, "by content, whatever the event says")
				assert.EqualValues(t, len(data), d.Size)
				assert.Equal(t, data, readAll(t, d))
				_, err = d.Read(make([]byte, 1))
				require.ErrorIs(t, err, io.EOF)
			}
		}
	}
}

// listed returns the attachments of the chat's last message, as its event lists them.
func listed(t testing.TB, chat *richmediatest.Chat) []richmedia.Attachment {
	t.Helper()
	all := chat.Messages()
	var out []richmedia.Attachment
	for _, a := range all[len(all)-1].Attachments {
		out = append(out, richmedia.Attachment{MessageAttachment: dto.MessageAttachment{URL: a.URL, FileName: a.FileName, ContentType: a.ContentType, Size: a.Size}, VoiceWAVURL: a.VoiceWAVURL})
	}
	return out
}

func TestAVoiceIsReadAsItsWAV(t *testing.T) {
	b := newBed(t)
	b.PushTo(nil)
	silk, wav := []byte("\x02#!SILK_V3\x01\x00a"), readMedia(t, "hello.mp3")
	c := b.of(t, b.C2C("ann").Say("ann", "", richmediatest.Attachment{ContentType: "voice", FileName: "a.silk", Data: silk, VoiceWAV: wav, VoiceText: "meow"}))
	a := c.Attachments()[0]
	for name, want := range map[string][]byte{"a.silk": silk, "a.wav": wav} {
		it := a
		if name == "a.wav" {
			it = a.WAV()
			assert.Equal(t, it, it.WAV())
			assert.Equal(t, richmedia.KindVoice, it.Kind())
			assert.Equal(t, "meow", it.VoiceText)
		}
		d, err := c.Open(t.Context(), it)
		require.NoError(t, err)
		assert.Equal(t, name, d.Name)
		assert.Equal(t, want, readAll(t, d))
	}
	assert.Equal(t, "voice.wav", richmedia.Attachment{VoiceWAVURL: sent}.WAV().FileName)
	none := sentAt(sent)
	assert.Equal(t, none, none.WAV(), "a itself if there is none")
}

func TestAnAttachmentThatCannotBeReadIsAClearErrorWithoutARequest(t *testing.T) {
	b := newBed(t, richmedia.WithDownloads(1000, nil), richmedia.WithHTTPClient(&http.Client{}))
	c := b.media.For(richmedia.Target{})
	large := sentAt(sent)
	large.Size = 1001
	card := richmedia.Attachment{MessageAttachment: dto.MessageAttachment{ContentType: "ark", FileName: "card", URL: `{"app":"com.tencent.card"}`}}
	for want, a := range map[string]richmedia.Attachment{
		"the attachment has no address":        {},
		"card: the attachment's address is no": card, // of another message type
		"neither https nor http but ftp":       sentAt("ftp://multimedia.nt.qq.com.cn/a?rkey=credential"),
		"neither https nor http but file":      sentAt("file://localhost/etc/passwd"),
		"is no address":                        sentAt("https:///etc/passwd"),
		"1001 bytes, and WithDownloads allows": large,
	} {
		for name, read := range readers {
			_, err := read(t.Context(), t, c, a)
			require.ErrorContains(t, err, want, name)
			require.ErrorContains(t, err, "richmedia: "+name+": ")
			assert.NotContains(t, err.Error(), "credential")
			assert.Equal(t, strings.Contains(want, "allows"), errors.Is(err, richmedia.ErrTooLarge))
		}
	}
}

func TestOnlyAClientOfTheBotsOwnReadsHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(readMedia(t, "cat.png")) }))
	defer server.Close()
	p := richmediatest.New()
	guarded := newBareBed(t, p, p.TokenSource(), richmedia.WithHTTPClient(p.Client()), richmedia.WithBaseURL(p.URL()))
	own := newBed(t, richmedia.WithDownloads(0, server.Client()))
	for name, read := range readers {
		_, err := read(t.Context(), t, guarded.media.For(richmedia.Target{}), sentAt(server.URL+"/?rkey=credential"))
		require.ErrorContains(t, err, "only https is read without a client of the bot's own: pass one to WithDownloads", name)
		data, err := read(t.Context(), t, own.media.For(richmedia.Target{}), sentAt(server.URL))
		require.NoError(t, err, name)
		assert.Equal(t, readMedia(t, "cat.png"), data)
	}
}

func TestNoPrivateHostIsRead(t *testing.T) {
	p := richmediatest.New()
	b := newBareBed(t, p, p.TokenSource(), richmedia.WithHTTPClient(p.Client()), richmedia.WithBaseURL(p.URL()), richmedia.WithRetries(0))
	c := b.media.For(richmedia.Target{})
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:192.168.0.1]", "192.0.2.1:8443"} {
		for name, read := range readers {
			_, err := read(t.Context(), t, c, sentAt("https://"+host+"/?rkey=credential"))
			require.ErrorContains(t, err, "no public address on port 80 or 443", "%s of %s", name, host)
			assert.NotContains(t, err.Error(), "credential")
		}
	}
}

func TestARedirectToAPrivateHostOrToHTTPIsNotFollowed(t *testing.T) {
	var reached atomic.Int32
	private := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer private.Close()
	to := ""
	public := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }))
	defer public.Close()
	client := guardedBut(public)
	b := newBed(t, richmedia.WithDownloads(0, client), richmedia.WithRetries(0))
	defer client.CloseIdleConnections()
	c := b.media.For(richmedia.Target{})
	for address, want := range map[string]string{
		private.URL + "/?sign=credential":            "no public address on port 80 or 443",
		"https://10.0.0.1/?sign=credential":          "no public address on port 80 or 443",
		"http://example.com/cat.png?sign=credential": "from https to http",
	} {
		to = address
		for name, read := range readers {
			_, err := read(t.Context(), t, c, sentAt("https://multimedia.nt.qq.com.cn/download?rkey=credential"))
			require.ErrorContains(t, err, want, name)
			assert.NotContains(t, err.Error(), "credential")
		}
	}
	assert.Zero(t, reached.Load())

	plain := newBed(t, richmedia.WithRetries(0), richmedia.WithDownloads(0, &http.Client{Transport: web(func(*http.Request) (*http.Response, error) {
		resp := page(302, 0, strings.NewReader(""))
		resp.Header.Set("Location", "http://example.com/cat.png")
		return resp, nil
	})}))
	_, err := plain.media.For(richmedia.Target{}).Open(t.Context(), sentAt(sent))
	require.ErrorContains(t, err, "from https to http", "with a client of the bot's own as well")
}

// guardedBut returns the plugin's own client, to which the host of attachments is public, at.
func guardedBut(at *httptest.Server) *http.Client {
	client := guard.Client()
	transport := client.Transport.(*http.Transport) //nolint:forcetypeassert // it is one
	public := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == "multimedia.nt.qq.com.cn:443" {
			return (&net.Dialer{}).DialContext(ctx, network, at.Listener.Addr().String())
		}
		return public(ctx, network, address)
	}
	roots := x509.NewCertPool()
	roots.AddCert(at.Certificate())
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, ServerName: "example.com", MinVersion: tls.VersionTLS12}
	return client
}

func TestADownloadCarriesNothingOfTheBot(t *testing.T) {
	var got http.Header
	b := newBed(t, richmedia.WithDownloads(0, &http.Client{Transport: web(func(r *http.Request) (*http.Response, error) {
		got = r.Header
		return page(200, -1, bytes.NewReader(readMedia(t, "cat.png"))), nil
	})}))
	d, err := b.media.For(richmedia.Target{}).Open(t.Context(), sentAt(sent))
	require.NoError(t, err)
	assert.EqualValues(t, -1, d.Size)
	assert.Equal(t, readMedia(t, "cat.png"), readAll(t, d))
	for _, name := range []string{"Authorization", "X-Union-Appid", "Cookie", "Referer"} {
		assert.Empty(t, got.Get(name))
	}
}

func TestAnExpiredAddressIsErrExpired(t *testing.T) {
	for name, expire := range map[string]func(*richmediatest.Platform){
		"ended":   func(p *richmediatest.Platform) { p.ExpireAttachments() },
		"by time": func(p *richmediatest.Platform) { p.Advance(13 * time.Hour) },
	} {
		b := newBed(t)
		b.PushTo(nil)
		c := b.of(t, b.C2C("ann").Say("ann", "", catPicture(t)))
		a := c.Attachments()[0]
		expire(b.Platform)
		_, rkey, _ := strings.Cut(a.URL, "rkey=")
		rkey, _, _ = strings.Cut(rkey, "&")
		require.NotEmpty(t, rkey)
		for way, read := range readers {
			_, err := read(t.Context(), t, c, a)
			require.ErrorIs(t, err, richmedia.ErrExpired, "%s %s", name, way)
			require.ErrorContains(t, err, "the address has expired")
			assert.NotContains(t, err.Error(), rkey, "the answer repeats it")
			assert.NotContains(t, fmt.Sprintf("%+v %#v", err, errors.Unwrap(err)), rkey)
		}
		_, err := c.ReplyFile(t.Context(), richmedia.FromAttachment(a))
		assert.NotContains(t, err.Error(), rkey)
		if name == "ended" { // else it is too late for a reply
			require.ErrorIs(t, err, richmedia.ErrExpired)
			require.ErrorIs(t, err, richmedia.ErrFetchFailed)
		}
	}
	b := newBed(t)
	_, err := b.media.For(richmedia.Target{}).Open(t.Context(), sentAt("https://multimedia.nt.qq.com.cn/download?rkey=credential"))
	require.ErrorIs(t, err, richmedia.ErrExpired, "-5503022, of an address that is not known")
}

func TestOnlyWhatMayPassIsRepeated(t *testing.T) {
	data := append(readMedia(t, "cat.png"), make([]byte, 300<<10)...)
	late := func() *http.Response {
		return page(200, int64(len(data)), io.MultiReader(bytes.NewReader(data[:len(data)-9]), broken{io.ErrUnexpectedEOF}))
	}
	early := func() *http.Response {
		return page(200, int64(len(data)), io.MultiReader(bytes.NewReader(data[:9]), broken{io.ErrUnexpectedEOF}))
	}
	for name, test := range map[string]struct {
		failure func() *http.Response
		repeats map[string]bool
	}{
		"busy":                  {func() *http.Response { return page(503, 0, strings.NewReader("")) }, map[string]bool{"Open": true, "Save": true}},
		"gone":                  {func() *http.Response { return page(404, 0, strings.NewReader("")) }, map[string]bool{}},
		"broken at its start":   {early, map[string]bool{"Open": true, "Save": true}},
		"broken before its end": {late, map[string]bool{"Save": true}}, // what a caller has read cannot be taken back
	} {
		for way, read := range readers {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				b := newBed(t, richmedia.WithRetries(2), richmedia.WithDownloads(0, &http.Client{Transport: web(func(*http.Request) (*http.Response, error) {
					if tries++; tries < 3 {
						return test.failure(), nil
					}
					return page(200, int64(len(data)), bytes.NewReader(data)), nil
				})}))
				got, err := read(t.Context(), t, b.media.For(richmedia.Target{}), sentAt(sent))
				if !test.repeats[way] {
					require.Error(t, err, "%s %s", name, way)
					assert.Equal(t, 1, tries)
					return
				}
				require.NoError(t, err, "%s %s", name, way)
				assert.Equal(t, 3, tries)
				assert.True(t, bytes.Equal(data, got))
			})
		}
	}
}

func TestABadBodyIsAClearError(t *testing.T) {
	cat := readMedia(t, "cat.png")
	const limit = 200 << 10
	for want, answer := range map[string]web{
		"204801 bytes, and WithDownloads allows 204800": func(*http.Request) (*http.Response, error) {
			return page(200, limit+1, endless{}), nil
		},
		"more than the 204800 bytes that WithDownloads allows": func(*http.Request) (*http.Response, error) {
			return page(200, -1, endless{}), nil
		},
		"longer than the length that the host declared": func(*http.Request) (*http.Response, error) {
			return page(200, 100<<10, endless{}), nil
		},
		"unexpected EOF": func(*http.Request) (*http.Response, error) {
			return page(200, 100<<10, io.LimitReader(endless{}, 90<<10)), nil
		},
		"within 30s": func(r *http.Request) (*http.Response, error) {
			return page(200, -1, io.MultiReader(bytes.NewReader(cat), waiting{r.Context()})), nil
		},
		"answer within 30s": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
		"slower than 16 KiB a second": func(*http.Request) (*http.Response, error) {
			return page(200, -1, &slow{endless{}, 25 * time.Second, 1}), nil
		},
		"panicked": func(*http.Request) (*http.Response, error) { panic("transport") },
	} {
		for way, read := range readers {
			t.Run(want+" "+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBed(t, richmedia.WithRetries(0), richmedia.WithDownloads(limit, &http.Client{Transport: answer}))
					_, err := read(t.Context(), t, b.media.For(richmedia.Target{}), sentAt(sent))
					require.ErrorContains(t, err, want)
					assert.Equal(t, strings.Contains(want, "WithDownloads"), errors.Is(err, richmedia.ErrTooLarge))
					assert.NotContains(t, err.Error(), "credential")
				})
			})
		}
	}
}

func TestADownloadEndsWithItsCtxAndWithThePlugin(t *testing.T) {
	for name, end := range map[string]struct {
		by   func(b *bed, cancel context.CancelCauseFunc)
		want error
	}{
		"ctx":    {func(_ *bed, cancel context.CancelCauseFunc) { cancel(errEnded) }, errEnded},
		"plugin": {func(b *bed, _ context.CancelCauseFunc) { _ = b.media.Close() }, richmedia.ErrClosed},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBed(t, richmedia.WithDownloads(0, &http.Client{Transport: web(func(r *http.Request) (*http.Response, error) {
				return page(200, -1, io.MultiReader(io.LimitReader(endless{}, 64<<10), waiting{r.Context()})), nil
			})}))
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			c := b.media.For(richmedia.Target{})
			d, err := c.Open(ctx, sentAt(sent))
			require.NoError(t, err)
			go func() {
				time.Sleep(time.Second)
				end.by(b, cancel)
			}()
			_, err = io.ReadAll(d)
			require.ErrorIs(t, err, end.want, name)
			require.NoError(t, d.Close())
			if name == "plugin" {
				_, err = c.Open(t.Context(), sentAt(sent))
				require.ErrorIs(t, err, richmedia.ErrClosed)
				_, err = c.Save(t.Context(), sentAt(sent), t.TempDir())
				require.ErrorIs(t, err, richmedia.ErrClosed)
			}
		})
	}
}

var errEnded = errors.New("ended")

func TestACloseInTheMiddleLeavesNothingOpen(t *testing.T) {
	var open atomic.Int32
	b := newBed(t, richmedia.WithDownloads(0, &http.Client{Transport: web(func(*http.Request) (*http.Response, error) {
		open.Add(1)
		return &http.Response{StatusCode: 200, ContentLength: -1, Header: http.Header{}, Body: closer{endless{}, &open}}, nil
	})}))
	d, err := b.media.For(richmedia.Target{}).Open(t.Context(), sentAt(sent))
	require.NoError(t, err)
	_, err = io.CopyN(io.Discard, d, 100<<10)
	require.NoError(t, err)
	require.NoError(t, d.Close())
	require.NoError(t, d.Close())
	assert.Zero(t, open.Load())
	_, err = d.Read(make([]byte, 1))
	require.ErrorContains(t, err, "closed")
}

func TestACloseEndsAReadThatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithDownloads(0, &http.Client{Transport: web(func(r *http.Request) (*http.Response, error) {
			return page(200, -1, io.MultiReader(io.LimitReader(endless{}, 64<<10), waiting{r.Context()})), nil
		})}))
		d, err := b.media.For(richmedia.Target{}).Open(t.Context(), sentAt(sent))
		require.NoError(t, err)
		read := make(chan error)
		go func() {
			_, err := io.ReadAll(d)
			read <- err
		}()
		synctest.Wait()
		require.NoError(t, d.Close())
		require.ErrorContains(t, <-read, "it was closed")
	})
}

func TestAnAttachmentIsSentWithoutADownload(t *testing.T) {
	var fetched atomic.Int32
	p := richmediatest.New()
	b := newBedOn(t, p, richmedia.WithDownloads(0, &http.Client{Transport: web(func(r *http.Request) (*http.Response, error) {
		fetched.Add(1)
		return p.Client().Transport.RoundTrip(r)
	})}))
	g := b.Group("club")
	b.PushTo(nil)
	c := b.of(t, g.Say("ann", "", catPicture(t)))
	a := c.Attachments()[0]
	_, err := c.Save(t.Context(), a, t.TempDir())
	require.NoError(t, err)
	_, err = c.ReplyImage(t.Context(), richmedia.FromAttachment(a))
	require.NoError(t, err)
	assert.EqualValues(t, 1, fetched.Load(), "that of Save: the platform has fetched it by itself")

	refuseURLs(p, 400, 850026)
	_, err = c.ReplyFile(t.Context(), richmedia.FromAttachment(a))
	require.NoError(t, err, "the bytes, without WithURLFallback")
	assert.EqualValues(t, 2, fetched.Load())
	assert.Equal(t, readMedia(t, "cat.png"), g.Answers()[1].Media.Upload.Data)
	_, err = c.ReplyFile(t.Context(), richmedia.FromURL(a.URL+"&x=1"))
	require.ErrorIs(t, err, richmedia.ErrFetchFailed, "an address that is no attachment is not fetched")
	assert.EqualValues(t, 2, fetched.Load())
}

func TestTheLimitOfDownloadsHoldsForAttachmentsThatAreSent(t *testing.T) {
	p := richmediatest.New()
	b := newBedOn(t, p, richmedia.WithDownloads(100, nil))
	b.PushTo(nil)
	c := b.of(t, b.Group("club").Say("ann", "", catPicture(t)))
	refuseURLs(p, 400, 850026)
	_, err := c.ReplyFile(t.Context(), richmedia.FromAttachment(c.Attachments()[0]))
	require.ErrorIs(t, err, richmedia.ErrTooLarge)
	require.ErrorContains(t, err, "WithDownloads allows 100")
}

func TestAListeningPlatformServesAttachmentsToTheOwnClient(t *testing.T) {
	p := richmediatest.New()
	_, err := p.Listen()
	require.NoError(t, err)
	b := newBedOn(t, p)
	b.PushTo(nil)
	c := b.of(t, b.Group("club").Say("ann", "", catPicture(t)))
	require.True(t, strings.HasPrefix(c.Attachments()[0].URL, "http://127.0.0.1:"))
	d, err := c.Open(t.Context(), c.Attachments()[0])
	require.NoError(t, err)
	assert.Equal(t, readMedia(t, "cat.png"), readAll(t, d))
}

func TestTheTypeIsFoundBehindALongTag(t *testing.T) {
	mp3 := readMedia(t, "hello.mp3")
	const size = 300 << 10
	tag := append([]byte{'I', 'D', '3', 4, 0, 0, 0, size >> 14 & 127, size >> 7 & 127, size & 127}, make([]byte, size)...)
	for name, test := range map[string]struct {
		data []byte
		typ  string
	}{
		"a tag":   {append(tag, mp3...), "audio/mpeg"},
		"empty":   {nil, "text/plain"},
		"short":   {[]byte("hi"), "text/plain"},
		"unknown": {append([]byte{0, 1, 2, 3}, make([]byte, 100<<10)...), "application/octet-stream"},
		"mp4":     {append(readMedia(t, "clip.mp4"), make([]byte, 100<<10)...), "video/mp4"},
	} {
		for _, size := range []int64{-1, int64(len(test.data))} {
			b := newBed(t, richmedia.WithDownloads(0, &http.Client{Transport: web(func(*http.Request) (*http.Response, error) {
				return page(200, size, bytes.NewReader(test.data)), nil
			})}))
			d, err := b.media.For(richmedia.Target{}).Open(t.Context(), richmedia.Attachment{MessageAttachment: dto.MessageAttachment{URL: sent, FileName: ".."}})
			require.NoError(t, err)
			assert.Equal(t, test.typ, d.Type, name)
			assert.True(t, strings.HasPrefix(d.Name, "attachment"), d.Name)
			assert.True(t, bytes.Equal(test.data, readAll(t, d)), name)
		}
	}
}

func TestWithDownloadsChecksItsLimit(t *testing.T) {
	for _, limit := range []int64{-1, 1<<40 + 1} {
		_, err := richmedia.New(richmediatest.New().TokenSource(), richmedia.WithDownloads(limit, nil))
		require.ErrorContains(t, err, "WithDownloads(")
	}
}

// BenchmarkDownload reads 100 MiB through Open and through http.Get in turn, and reports the ratio of their times and the
// growth of the heap.
func BenchmarkDownload(b *testing.B) {
	const size = 100 << 20
	block := bytes.Repeat([]byte("0123456789abcdef"), 4<<10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(size))
		for range size / len(block) {
			_, _ = w.Write(block)
		}
	}))
	defer server.Close()
	bed := newBed(b, richmedia.WithDownloads(0, server.Client()))
	c := bed.media.For(richmedia.Target{})
	bare := func() {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, server.URL, nil)
		require.NoError(b, err)
		resp, err := server.Client().Do(req)
		require.NoError(b, err)
		n, err := io.Copy(io.Discard, resp.Body)
		require.NoError(b, err)
		require.EqualValues(b, size, n)
		_ = resp.Body.Close()
	}
	open := func() {
		d, err := c.Open(b.Context(), sentAt(server.URL))
		require.NoError(b, err)
		n, err := io.Copy(io.Discard, d)
		require.NoError(b, err)
		require.EqualValues(b, size, n)
	}
	bare()
	open()
	var ratios []float64
	var most uint64
	for b.Loop() {
		var times [2]time.Duration
		for i, read := range []func(){bare, open} {
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			read()
			times[i] = time.Since(began)
			runtime.ReadMemStats(&after)
			if i == 1 {
				most = max(most, after.TotalAlloc-before.TotalAlloc) // not less than the growth of the heap
			}
		}
		ratios = append(ratios, float64(times[1])/float64(times[0]))
	}
	b.ReportMetric(median(ratios), "x-http.Get")
	b.ReportMetric(float64(most)/(1<<20), "MiB-allocated")
}
