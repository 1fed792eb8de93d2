package web_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/cmd/playground/internal/board"
	"github.com/botgo-contrib/richmedia/cmd/playground/internal/web"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestThePageLoadsItsOwnFilesAndNothingElse(t *testing.T) {
	b := newBed(t)
	page := b.ok(b.get("/"))
	policy := page.Header().Get("Content-Security-Policy")
	for _, rule := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"} {
		assert.Contains(t, policy, rule)
	}
	assert.NotContains(t, policy, "unsafe")
	assert.NotRegexp(t, `(?i)https?:`, policy)
	html := page.Body.String()
	assert.NotRegexp(t, `(?i)<script(?:\s[^>]*)?>\s*[^<\s]`, html, "no script in the page")
	assert.NotRegexp(t, `(?i)\s(?:on\w+|style)=`, html, "no handler and no style in an attribute")
	assert.Contains(t, html, `<html lang="en">`)
	for _, address := range regexp.MustCompile(`(?:src|href)="([^"#]+)"`).FindAllStringSubmatch(html, -1) {
		if !strings.HasPrefix(address[1], "data:") {
			assert.Equal(t, http.StatusOK, b.get(address[1]).Code, address[1])
		}
	}
	entries, err := os.ReadDir("assets")
	require.NoError(t, err)
	for _, e := range entries {
		w := b.ok(b.get("/assets/" + e.Name()))
		assert.Equal(t, policy, w.Header().Get("Content-Security-Policy"), e.Name())
		assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		kind := map[string]string{"html": "text/html", "js": "text/javascript", "css": "text/css"}[e.Name()[strings.LastIndex(e.Name(), ".")+1:]]
		assert.Contains(t, w.Header().Get("Content-Type"), kind, e.Name())
		assert.NotRegexp(t, `innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function`, w.Body.String(), "text is never markup: %s", e.Name())
		assert.Equal(t, http.StatusNotModified, b.get("/assets/"+e.Name(), "If-None-Match", w.Header().Get("ETag")).Code)
	}
	assert.Equal(t, http.StatusNotFound, b.get("/assets/..%2fserver.go").Code)
	assert.Equal(t, http.StatusNotFound, b.get("/nothing").Code)
}

func TestANameThatWasMadeToPointHereIsTurnedAway(t *testing.T) {
	b := newBed(t)
	for _, path := range []string{"/", "/api/state", "/api/stream", "/gateway", "/media/x"} {
		assert.Equal(t, http.StatusMisdirectedRequest, b.get(path, "Host", "evil.example:7471").Code, path)
		assert.Equal(t, http.StatusMisdirectedRequest, b.get(path, "Host", "127.0.0.1:80").Code, path)
	}
	for _, host := range []string{"127.0.0.1:7471", "localhost:7471", "LOCALHOST:7471", "[::1]:7471"} {
		assert.Equal(t, http.StatusOK, b.get("/api/state", "Host", host).Code, host)
	}
}

func TestAnotherSitesPageCanDoNothing(t *testing.T) {
	b := newBed(t)
	const form = "chat=group%2Fcats&user=ann&text=hi"
	try := func(header ...string) int {
		header = append(header, "Content-Type", "application/x-www-form-urlencoded")
		return b.do(http.MethodPost, "/api/say", strings.NewReader(form), header...).Code
	}
	assert.Equal(t, http.StatusForbidden, try("Origin", "https://evil.example"))
	assert.Equal(t, http.StatusForbidden, try("Origin", "null"))
	assert.Equal(t, http.StatusForbidden, try("Origin", "http://127.0.0.1:9999"))
	assert.Equal(t, http.StatusForbidden, try("Sec-Fetch-Site", "cross-site"))
	assert.Equal(t, http.StatusForbidden, b.get("/websocket", "Origin", "https://evil.example").Code)
	assert.Empty(t, b.messages("group/cats"))
	assert.Equal(t, http.StatusOK, try("Origin", address))
	assert.Equal(t, http.StatusOK, try(), "a script has no origin")
	assert.Len(t, b.messages("group/cats"), 2)
	for _, path := range []string{"/api/say", "/api/faults", "/api/bot"} {
		assert.Equal(t, http.StatusMethodNotAllowed, b.get(path).Code, path)
	}
	for _, key := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Methods"} {
		assert.Empty(t, b.get("/api/state", "Origin", address).Header().Get(key))
	}
}

func TestThePlatformIsOnTheSameAddressAndInert(t *testing.T) {
	b := newBed(t)
	w := b.do(http.MethodPost, "/app/getAppAccessToken", strings.NewReader(`{"appId":"102000001","clientSecret":"`+secret+`"}`))
	assert.Contains(t, w.Body.String(), "access_token")
	assert.Contains(t, w.Header().Get("Content-Security-Policy"), "sandbox")
	b.ok(b.upload("group/cats", "", "page.html", "<!doctype html><script>alert(1)</script>"))
	require.NotEmpty(t, b.messages("group/cats"))
	payload := b.inspect(b.messages("group/cats")[0].ID).Event.Payload
	assert.NotContains(t, payload, "rkey=", "the query is a credential")
	for _, path := range []string{"/v2/groups/x/messages", "/gateway", "/presigned/x/0", "/users/@me"} {
		w := b.get(path)
		assert.GreaterOrEqual(t, w.Code, 400, path)
		assert.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"), path)
		assert.Equal(t, "attachment", w.Header().Get("Content-Disposition"), path)
	}
}

func TestMediaThatCouldCarryCodeIsADownload(t *testing.T) {
	b := newBed(t)
	b.ok(b.upload("group/cats", "", "a.gif", gif, "page.html", "<!doctype html><script>alert(1)</script>",
		"image.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`, "script.js", "alert(1)", "doc.pdf", "%PDF-1.4\n"))
	files := b.messages("group/cats")[0].Files
	require.Len(t, files, 5)
	for i, f := range files {
		w := b.ok(b.get(f.URL + "?name=" + f.Name))
		h := w.Header()
		assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), f.Name)
		assert.Contains(t, h.Get("Content-Security-Policy"), "sandbox", f.Name)
		if i == 0 {
			assert.Equal(t, "image", f.Kind)
			assert.Equal(t, "image/gif", h.Get("Content-Type"))
			assert.Empty(t, h.Get("Content-Disposition"))
			continue
		}
		assert.Equal(t, "file", f.Kind, f.Name)
		assert.Equal(t, "application/octet-stream", h.Get("Content-Type"), f.Name)
		assert.Equal(t, "attachment; filename="+f.Name, h.Get("Content-Disposition"))
	}
	part := b.get(files[0].URL, "Range", "bytes=0-3")
	assert.Equal(t, http.StatusPartialContent, part.Code, "players ask for ranges")
	assert.Equal(t, "GIF8", part.Body.String())
	named := b.get(files[1].URL + "?name=" + "a%22%0d%0aX:%20y%2F..%2F%E7%8C%AB.html")
	assert.NotContains(t, named.Header().Get("Content-Disposition"), "\n")
	assert.Contains(t, named.Header().Get("Content-Disposition"), "attachment")
	assert.Equal(t, http.StatusNotFound, b.get("/media/none").Code)
}

func TestThePortThatBrowsersLeaveOutIsLeftOutHere(t *testing.T) {
	p := richmediatest.New()
	p.ServeAt("http://127.0.0.1:80")
	b := board.New(p, nil)
	defer b.Close()
	s := web.New(web.Config{Platform: p, Board: b, URL: "http://127.0.0.1:80", Hosts: []string{"127.0.0.1:80"}})
	for host, want := range map[string]int{"127.0.0.1": http.StatusOK, "127.0.0.1:80": http.StatusOK, "": http.StatusMisdirectedRequest, "evil.example": http.StatusMisdirectedRequest} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		assert.Equal(t, want, w.Code, host)
	}
}
