package richmediatest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestThePlatformFetchesLoopbackAddressesOnRequest(t *testing.T) {
	pictures := http.NewServeMux()
	pictures.HandleFunc("/cat.png", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(png) })
	pictures.Handle("/moved", http.RedirectHandler("/cat.png", http.StatusFound))
	pictures.Handle("/away", http.RedirectHandler("http://192.168.0.1/cat.png", http.StatusFound))
	pictures.HandleFunc("/short", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "99")
		_, _ = w.Write(png)
	})
	server := httptest.NewServer(pictures)
	defer server.Close()
	named := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)

	b := newBot(t, richmediatest.WithLoopbackURLs())
	g, channel := b.p.Group("g"), b.p.Channel("news")
	b.p.Host("https://example.com/cat.png", png)
	for _, url := range []string{server.URL + "/cat.png", named + "/cat.png", server.URL + "/moved", "https://example.com/cat.png"} {
		accepted(t, b.files(g, object("file_type", 1, "url", url)))
		accepted(t, b.message(channel, object("image", url, "msg_id", channel.Say("ann", "hi").MsgID())))
	}
	for url, why := range map[string]string{
		"https://example.org/x.png":  "this playground is offline",
		server.URL + "/none":         "HTTP 404",
		server.URL + "/short":        "broke off",
		server.URL + "/away":         "not public",
		"http://192.168.0.1/cat.png": "not public",
		"http://127.0.0.1:1/cat.png": "does not answer",
		"http://cat.invalid.local/":  "not public",
	} {
		r := b.files(g, object("file_type", 1, "url", url))
		refused(t, r, 400, 850026, 40034001)
		assert.Contains(t, r.text("message"), why, url)
		r = b.message(channel, object("image", url, "msg_id", channel.Say("ann", "hi").MsgID()))
		refused(t, r, 400, 304010, 304010)
		assert.Contains(t, r.text("message"), why, url)
	}

	b = newBot(t)
	r := b.files(b.p.Group("g"), object("file_type", 1, "url", server.URL+"/cat.png"))
	refused(t, r, 400, 850026, 40034001)
	assert.Contains(t, r.text("message"), "not public")
	require.NotContains(t, r.text("message"), "playground")
}
