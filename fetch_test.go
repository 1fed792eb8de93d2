package richmedia_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

const faraway = "https://cdn.example.com/media.bin?sign=credential"

// refuseURLs lets the platform refuse every URL with code, as it does with those that it cannot download. It understands
// messages of guilds too.
func refuseURLs(p *richmediatest.Platform, status, code int) {
	for _, op := range []richmediatest.Op{richmediatest.OpUpload, richmediatest.OpSend} {
		p.Intercept(op, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			body, _ := io.ReadAll(r.Body)
			var m struct{ URL, Image string }
			_ = json.Unmarshal(body, &m)
			if m.URL == "" && m.Image == "" {
				r.Body = io.NopCloser(bytes.NewReader(body))
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"message":"refused","code":%d,"err_code":%d}`, code, code)
		})
	}
}

// web answers every request by itself.
type web func(*http.Request) (*http.Response, error)

func (w web) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

// page returns a response with body. A size below 0 is not declared.
func page(status int, size int64, body io.Reader) *http.Response {
	return &http.Response{StatusCode: status, ContentLength: size, Body: io.NopCloser(body), Header: http.Header{}}
}

func TestAURLThatThePlatformCannotDownloadIsFetchedHere(t *testing.T) {
	for i, code := range []int{850026, 40034001, 304082, 304083, 850019} {
		for _, size := range []int{10 << 10, 6 << 20}[:1+i%2] {
			t.Run(fmt.Sprint(code, " ", size), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p := richmediatest.New()
					var told []richmedia.UploadInfo
					b := newBedOn(t, p, richmedia.WithURLFallback(p.Client()), richmedia.WithTrace(richmedia.Trace{
						Upload: func(i richmedia.UploadInfo) { told = append(told, i) },
					}))
					data := append(readMedia(t, "cat.png"), make([]byte, size)...)
					p.Host(faraway, data)
					refuseURLs(p, 400, code)
					for _, chat := range []*richmediatest.Chat{b.Group("club"), b.Group("other")} {
						_, err := b.context(t, chat).ReplyImage(t.Context(), richmedia.FromURL(faraway))
						require.NoError(t, err)
						assert.Equal(t, data, chat.Answers()[0].Media.Upload.Data)
					}
					assert.Len(t, p.Uploads(), 1, "kept under the URL")
					require.Len(t, told, 2)
					assert.Equal(t, richmedia.RouteFetched, told[0].Route)
					assert.EqualValues(t, len(data), told[0].Bytes)
					assert.Equal(t, size > 5<<20, told[0].Parts > 0)
					assert.Equal(t, richmedia.RouteCache, told[1].Route)
					assert.NotContains(t, b.log.text(), "credential")
				})
			})
		}
	}
}

func TestAnImageForAGuildIsFetchedHereToo(t *testing.T) {
	p := richmediatest.New()
	b := newBedOn(t, p, richmedia.WithURLFallback(p.Client()))
	p.Host(faraway, readMedia(t, "cat.png"))
	refuseURLs(p, 400, 304010)
	for chat := range guilds(p) {
		_, err := b.context(t, chat).ReplyImage(t.Context(), richmedia.FromURL(faraway), richmedia.WithCaption("meow"))
		require.NoError(t, err)
		require.Len(t, chat.Answers(), 1)
		assert.Equal(t, richmediatest.RouteMultipart, chat.Answers()[0].Media.Upload.Route)
		assert.Equal(t, "meow", chat.Answers()[0].Text)
	}
}

func TestManyChatsShareOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New()
		fetches := atomic.Int32{}
		b := newBedOn(t, p, richmedia.WithURLFallback(&http.Client{Transport: web(func(*http.Request) (*http.Response, error) {
			fetches.Add(1)
			time.Sleep(time.Second)
			return page(200, -1, bytes.NewReader(readMedia(t, "cat.png"))), nil
		})}))
		refuseURLs(p, 400, 850026)
		done := make(chan error)
		for i := range 20 {
			c := b.context(t, b.Group(fmt.Sprint(i)))
			go func() {
				_, err := c.ReplyImage(t.Context(), richmedia.FromURL(faraway))
				done <- err
			}()
		}
		for range 20 {
			require.NoError(t, <-done)
		}
		assert.EqualValues(t, 1, fetches.Load())
	})
}

func TestAFetchedFileThatIsRefusedIsUploadedAgainWithoutAFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New()
		fetches := 0
		b := newBedOn(t, p, richmedia.WithURLFallback(&http.Client{Transport: web(func(*http.Request) (*http.Response, error) {
			fetches++
			return page(200, -1, bytes.NewReader(readMedia(t, "cat.png"))), nil
		})}))
		refuseURLs(p, 400, 850026)
		p.Fail(richmediatest.OpSend, 1, 400, 304080, "x")
		_, err := b.context(t, b.Group("club")).ReplyImage(t.Context(), richmedia.FromURL(faraway))
		require.NoError(t, err)
		assert.Equal(t, 1, fetches)
		assert.Len(t, p.Uploads(), 2)
	})
}

func TestTheDefaultFallbackConnectsToNoPrivateAddress(t *testing.T) {
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close() //nolint:errcheck // nothing was sent
	b := newBed(t, richmedia.WithURLFallback(nil), richmedia.WithRetries(0))
	c := b.context(t, b.Group("club"))
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	for _, address := range []string{
		"http://127.0.0.1:" + port + "/cat.png?sign=credential",
		"http://localhost:" + port + "/cat.png?sign=credential",
		"http://[::ffff:127.0.0.1]:" + port + "/cat.png?sign=credential",
		"http://169.254.169.254/latest/meta-data?sign=credential",
		"http://10.0.0.1/cat.png?sign=credential",
		"http://[fd00:ec2::254]/cat.png?sign=credential",
		"http://192.0.2.1:8080/cat.png?sign=credential",
	} {
		_, err := c.ReplyImage(t.Context(), richmedia.FromURL(address))
		require.ErrorIs(t, err, richmedia.ErrFetchFailed, address)
		require.ErrorContains(t, err, "no public address on port 80 or 443", address)
		require.NotContains(t, err.Error(), "credential")
		var up *richmedia.UploadError
		require.ErrorAs(t, err, &up)
		assert.Equal(t, "fetch", up.Step)
	}
	require.NoError(t, l.(*net.TCPListener).SetDeadline(time.Now().Add(50*time.Millisecond))) //nolint:forcetypeassert // it is TCP
	_, err = l.Accept()
	var timeout net.Error
	require.ErrorAs(t, err, &timeout, "no connection was accepted")
	assert.True(t, timeout.Timeout())
}

func TestAGivenClientFetchesFromAnIntranet(t *testing.T) {
	var got http.Header
	intranet := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		_, _ = w.Write(readMedia(t, "cat.png"))
	}))
	defer intranet.Close()
	b := newBed(t, richmedia.WithURLFallback(intranet.Client()), richmedia.WithRetries(0))
	club := b.Group("club")
	_, err := b.context(t, club).ReplyImage(t.Context(), richmedia.FromURL(intranet.URL+"/cat.png"))
	require.NoError(t, err)
	assert.Equal(t, readMedia(t, "cat.png"), club.Answers()[0].Media.Upload.Data)
	assert.Empty(t, got.Get("Authorization"), "the bot's token goes to the platform alone")
	assert.Empty(t, got.Get("X-Union-Appid"))
}

func TestAFetchThatFailsHereTooReportsBothReasons(t *testing.T) {
	for want, answer := range map[string]web{
		"HTTP 404 Not Found":      func(*http.Request) (*http.Response, error) { return page(404, -1, strings.NewReader("")), nil },
		"no route":                func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("no route") },
		"the content is empty":    func(*http.Request) (*http.Response, error) { return page(200, 0, strings.NewReader("")), nil },
		"as an image":             func(*http.Request) (*http.Response, error) { return page(200, -1, strings.NewReader("<html>")), nil },
		"takes 209715200 at most": func(*http.Request) (*http.Response, error) { return page(200, 200<<20+1, strings.NewReader("")), nil },
		"unexpected EOF": func(*http.Request) (*http.Response, error) {
			return page(200, 1<<20, io.MultiReader(bytes.NewReader(readMedia(t, "cat.png")), broken{io.ErrUnexpectedEOF})), nil
		},
		"no answer within 30s": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
		"answer within 30s": func(r *http.Request) (*http.Response, error) { // a body that stops
			return page(200, -1, io.MultiReader(bytes.NewReader(readMedia(t, "cat.png")), waiting{r.Context()})), nil
		},
	} {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBed(t, richmedia.WithURLFallback(&http.Client{Transport: answer}), richmedia.WithRetries(0))
				refuseURLs(b.Platform, 400, 850026)
				_, err := b.context(t, b.C2C("alice")).ReplyImage(t.Context(), richmedia.FromURL(faraway))
				require.ErrorContains(t, err, "fetch: ")
				require.ErrorContains(t, err, "refused the URL: upload: 850026")
				require.ErrorContains(t, err, want)
				require.ErrorIs(t, err, richmedia.ErrFetchFailed)
				assert.Equal(t, strings.Contains(want, "at most"), errors.Is(err, richmedia.ErrTooLarge))
				assert.Equal(t, want == "as an image", errors.Is(err, richmedia.ErrUnsupported))
				require.NotContains(t, err.Error(), "credential")
				assert.Empty(t, b.Uploads())
			})
		})
	}
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

type waiting struct{ ctx context.Context }

func (w waiting) Read([]byte) (int, error) {
	<-w.ctx.Done()
	return 0, w.ctx.Err()
}

func TestAFetchMayTakeAsLongAsBytesCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithURLFallback(&http.Client{Transport: web(func(*http.Request) (*http.Response, error) {
			return page(200, -1, &slow{io.MultiReader(bytes.NewReader(readMedia(t, "cat.png")), io.LimitReader(endless{}, 10<<20)), 5 * time.Second, 200 << 10}), nil
		})}), richmedia.WithRetries(0))
		refuseURLs(b.Platform, 400, 850026)
		_, err := b.context(t, b.C2C("alice")).ReplyImage(t.Context(), richmedia.FromURL(faraway))
		require.NoError(t, err)
	})
}

// slow returns at most n bytes after every pause.
type slow struct {
	r     io.Reader
	pause time.Duration
	n     int
}

func (s *slow) Read(p []byte) (int, error) {
	time.Sleep(s.pause)
	return s.r.Read(p[:min(len(p), s.n)])
}

func TestAFetchEndsWithItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithURLFallback(&http.Client{Transport: web(func(r *http.Request) (*http.Response, error) {
			return page(200, -1, waiting{r.Context()}), nil
		})}), richmedia.WithRetries(0))
		refuseURLs(b.Platform, 400, 850026)
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, fmt.Errorf("enough"))
		defer cancel()
		_, err := b.context(t, b.C2C("alice")).ReplyImage(ctx, richmedia.FromURL(faraway))
		require.ErrorContains(t, err, "enough")
	})
}

func TestAURLThatOnlyThePlatformCannotReachIsFetchedHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New()
		b := newBedOn(t, p, richmedia.WithURLFallback(p.Client()))
		p.Host(faraway, readMedia(t, "cat.png"))
		p.HostRedirect("https://example.com/cat", faraway)
		p.Unreachable(faraway, true)
		for i, address := range []string{faraway, "https://example.com/cat"} {
			for _, chat := range []*richmediatest.Chat{p.Group("club"), p.C2C("alice"), p.Channel("lounge"), p.DM("alice")} {
				_, err := b.context(t, chat).ReplyImage(t.Context(), richmedia.FromURL(address))
				require.NoError(t, err)
				assert.Equal(t, readMedia(t, "cat.png"), chat.Answers()[i].Media.Upload.Data)
			}
		}
	})
}

func TestAFetchOfAnUnknownSizeIsBounded(t *testing.T) {
	b := newBed(t, richmedia.WithURLFallback(&http.Client{Transport: web(func(*http.Request) (*http.Response, error) {
		return page(200, -1, io.MultiReader(bytes.NewReader(readMedia(t, "cat.png")), endless{})), nil
	})}), richmedia.WithRetries(0))
	refuseURLs(b.Platform, 400, 850026)
	_, err := b.context(t, b.C2C("alice")).ReplyImage(t.Context(), richmedia.FromURL(faraway))
	require.ErrorIs(t, err, richmedia.ErrTooLarge)
}

func TestAFailedRedirectRevealsNoSecret(t *testing.T) {
	for _, loc := range []string{"/%zz?sign=credential", "https://x.example/%zz?sign=credential", "//h.example/%zz?sign=credential"} {
		b := newBed(t, richmedia.WithURLFallback(&http.Client{Transport: web(func(*http.Request) (*http.Response, error) {
			r := page(302, 0, strings.NewReader(""))
			r.Header.Set("Location", loc)
			return r, nil
		})}), richmedia.WithRetries(0))
		refuseURLs(b.Platform, 400, 850026)
		_, err := b.context(t, b.C2C("alice")).ReplyImage(t.Context(), richmedia.FromURL("https://a.example/x.png"))
		assert.NotContains(t, err.Error(), "credential")
		var up *richmedia.UploadError
		require.ErrorAs(t, err, &up)
		assert.NotContains(t, up.Err.Error(), "credential", "Err")
	}
}

func TestFetchesAndEncodingsLeaveNothingOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open atomic.Int32
		body := func(ctx context.Context, kind int) io.Reader {
			head := readMedia(t, "hello.mp3")
			big := append(head, make([]byte, 400<<10)...)
			switch kind {
			case 0:
				return bytes.NewReader(big)
			case 1:
				return io.MultiReader(bytes.NewReader(big), broken{io.ErrUnexpectedEOF})
			case 2:
				return io.MultiReader(bytes.NewReader(big), waiting{ctx})
			case 3:
				return bytes.NewReader(bytes.Repeat([]byte("text"), 100<<10))
			case 4:
				return bytes.NewReader(append([]byte("#!AMR\n"), make([]byte, 500<<10)...))
			}
			return strings.NewReader("")
		}
		for fetch := range 6 {
			for enc := range 7 {
				b := newBed(t, richmedia.WithURLFallback(&http.Client{Transport: web(func(r *http.Request) (*http.Response, error) {
					open.Add(1)
					return &http.Response{StatusCode: 200, ContentLength: -1, Header: http.Header{}, Body: closer{body(r.Context(), fetch), &open}}, nil
				})}), richmedia.WithVoiceEncoder(func(ctx context.Context, in io.Reader) (io.ReadCloser, error) {
					if enc == 6 {
						panic("boom")
					}
					_, err := io.Copy(io.Discard, in)
					if err != nil {
						return nil, err
					}
					open.Add(1)
					return closer{body(ctx, enc), &open}, nil
				}), richmedia.WithRetries(0))
				refuseURLs(b.Platform, 400, 850026)
				c := b.context(t, b.C2C("alice"))
				for _, opts := range [][]richmedia.ReplyOption{nil, {richmedia.WithoutCache()}} {
					func() {
						defer func() { _ = recover() }()
						ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
						defer cancel()
						var last richmedia.Progress
						_, err := c.ReplyVoice(ctx, richmedia.FromURL(faraway), append(opts, richmedia.WithProgress(func(p richmedia.Progress) {
							if p.Sent < last.Sent {
								t.Error("falls", p, last)
							}
							last = p
						}))...)
						if err == nil && (last.Sent != last.Total || last.Total == 0) {
							t.Error("incomplete", last)
						}
						if err == nil && fetch != 0 && fetch != 3 && fetch != 4 {
							t.Error("success?", fetch, enc)
						}
					}()
				}
			}
		}
		time.Sleep(time.Minute)
		assert.Zero(t, open.Load())
	})
	assert.Zero(t, deletedFDs())
}

func deletedFDs() int {
	n := 0
	fds, _ := os.ReadDir("/proc/self/fd")
	for _, fd := range fds {
		if to, _ := os.Readlink("/proc/self/fd/" + fd.Name()); strings.Contains(to, "richmedia-") {
			n++
		}
	}
	return n
}

type closer struct {
	io.Reader
	n *atomic.Int32
}

func (c closer) Close() error { c.n.Add(-1); return nil }

func TestAHostThatSendsAByteNowAndThenDoesNotBlockOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBed(t, richmedia.WithURLFallback(&http.Client{Transport: web(func(*http.Request) (*http.Response, error) {
			return page(200, -1, &slow{endless{}, 25 * time.Second, 1}), nil
		})}), richmedia.WithRetries(0))
		refuseURLs(b.Platform, 400, 850026)
		began := time.Now()
		_, err := b.context(t, b.C2C("alice")).ReplyFile(t.Context(), richmedia.FromURL(faraway))
		require.ErrorContains(t, err, "slower than 16 KiB a second")
		require.ErrorIs(t, err, richmedia.ErrFetchFailed)
		assert.Less(t, time.Since(began), 2*time.Minute)
	})
}
