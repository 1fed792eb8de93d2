package richmediatest_test

import (
	"io"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHostedMediaTellItsLengthAndServesRanges(t *testing.T) {
	b := newBot(t)
	b.p.Host("https://example.com/cat.png", png)
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		got := fetch(t, b.p.Client(), method, "https://example.com/cat.png", "")
		assert.Equal(t, 200, got.status)
		assert.EqualValues(t, len(png), got.length)
		assert.Equal(t, strconv.Itoa(len(png)), got.header.Get("Content-Length"))
		assert.Equal(t, method == http.MethodHead, len(got.body) == 0)
	}
	got := fetch(t, b.p.Client(), http.MethodGet, "https://example.com/cat.png", "bytes=8-")
	assert.Equal(t, 206, got.status)
	assert.Equal(t, png[8:], got.body)
}

func TestRedirectsAreFollowedUpToFiveTimes(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	upload := func(url string) reply { return b.files(g, object("file_type", 1, "url", url)) }
	b.p.Host("https://cdn.example.com/cat.png", png)
	b.p.HostRedirect("https://example.com/1", "https://cdn.example.com/cat.png")
	for i := 2; i <= 6; i++ {
		b.p.HostRedirect("https://example.com/"+strconv.Itoa(i), "/"+strconv.Itoa(i-1))
	}
	b.p.HostRedirect("https://example.com/loop", "https://example.com/loop")
	b.p.Host("https://10.0.0.1/cat.png", png)
	b.p.HostRedirect("https://example.com/inward", "https://10.0.0.1/cat.png")
	b.p.HostRedirect("https://example.com/nowhere", "https://example.com/nothing")

	accepted(t, upload("https://example.com/1"))
	accepted(t, upload("https://example.com/5"))
	assert.Equal(t, png, b.p.Uploads()[1].Data)
	assert.Equal(t, "https://example.com/5", b.p.Uploads()[1].URL)
	for _, url := range []string{"6", "loop", "inward", "nowhere"} {
		refused(t, upload("https://example.com/"+url), 400, 850026, 40034001)
	}

	got := fetch(t, b.p.Client(), http.MethodGet, "https://example.com/6", "")
	assert.Equal(t, png, got.body, "a client has its own limit")
	assert.Equal(t, "cdn.example.com", got.host)
	client := b.p.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	got = fetch(t, client, http.MethodGet, "https://example.com/2", "")
	assert.Equal(t, 302, got.status)
	assert.Equal(t, "https://example.com/1", got.header.Get("Location"))

	assert.Panics(t, func() { b.p.HostRedirect("1", "https://example.com/2") })
	assert.Panics(t, func() { b.p.HostRedirect("https://example.com/1", "https://[::1") })
}

func TestWhatThePlatformCannotReachTheOthersCan(t *testing.T) {
	b := newBot(t)
	g, c := b.p.Group("g"), b.p.Channel("cats")
	id := c.Say("ann", "hi").MsgID()
	const url = "https://example.com/cat.png"
	b.p.Unreachable(url, true)
	b.p.Host(url, png)
	b.p.HostRedirect("https://example.com/cat", url)
	for _, u := range []string{url, "https://example.com/cat", "https://example.com:443/cat.png"} {
		refused(t, b.files(g, object("file_type", 1, "url", u)), 400, 850026, 40034001)
		refused(t, b.message(c, object("image", u, "msg_id", id)), 400, 304010, 304010)
		got := fetch(t, b.p.Client(), http.MethodGet, u, "")
		assert.Equal(t, png, got.body)
	}
	b.p.Unreachable(url, false)
	accepted(t, b.files(g, object("file_type", 1, "url", url)))
	assert.Panics(t, func() { b.p.Unreachable("cat.png", true) })
}

func TestAHandlerOnTheWebAnswersEverybody(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	b.p.Host("https://example.com/cat.png", png)
	asked := 0
	b.p.HostFunc("https://example.com/dynamic", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		switch asked {
		case 1:
			_, _ = w.Write(png)
		case 2:
			http.Redirect(w, r, "/cat.png", http.StatusSeeOther)
		case 3:
			http.Error(w, "busy", http.StatusServiceUnavailable)
		case 4:
			panic(http.ErrAbortHandler)
		default:
			_, _ = io.WriteString(w, r.Method)
		}
	}))
	upload := func() reply { return b.files(g, object("file_type", 1, "url", "https://example.com/dynamic")) }
	accepted(t, upload())
	accepted(t, upload())
	refused(t, upload(), 400, 850026, 40034001)
	refused(t, upload(), 400, 850026, 40034001)
	got := fetch(t, b.p.Client(), http.MethodPost, "https://example.com/dynamic", "")
	assert.Equal(t, "POST", string(got.body))
	require.Len(t, b.p.Uploads(), 2)
	assert.Equal(t, png, b.p.Uploads()[1].Data)
}
