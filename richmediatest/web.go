package richmediatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// maxRedirects is how many redirects the platform's downloader follows. The documents say nothing of redirects.
const maxRedirects = 5

// page is what the fake web has at a URL: data, a redirect or a handler.
type page struct {
	data    []byte
	sent    time.Time // of a user's attachment; zero for what was hosted
	expires time.Time // of an attachment's address; zero: never
	retcode int       // of an attachment's address that has ended
	to      string
	handler http.Handler
}

// Host publishes data at rawURL, for the platform's downloader and for requests through [Platform.Client], which may
// ask for ranges of it. The URL must match exactly, query included. It panics if rawURL is no absolute URL. The
// data is not copied.
//
// Hosting a URL does not make it public: the platform still refuses private and loopback hosts and ports other than 80
// and 443 with 850026, as it does every URL that is not hosted.
func (p *Platform) Host(rawURL string, data []byte) { p.host("Host", rawURL, page{data: data}) }

// HostRedirect publishes a redirect: rawURL answers 302 to the URL to, which may be relative to it. The platform's
// downloader follows up to five in a row, and none to a host that it would refuse by itself.
func (p *Platform) HostRedirect(rawURL, to string) {
	target, err := parseAbsolute("HostRedirect", rawURL).Parse(to)
	if err != nil {
		panic("richmediatest: HostRedirect cannot go to " + to)
	}
	p.host("HostRedirect", rawURL, page{to: target.String()})
}

// HostFunc publishes h at rawURL: it answers every request there in the requesting goroutine. The platform's downloader
// accepts a 200 and follows redirects; anything else is a failed download.
func (p *Platform) HostFunc(rawURL string, h http.Handler) {
	p.host("HostFunc", rawURL, page{handler: h})
}

func (p *Platform) host(method, rawURL string, at page) {
	key := webKey(parseAbsolute(method, rawURL))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.web[key] = at
}

// Unreachable hides rawURL from the platform's downloader, and from no other client, while on, as servers do that refuse
// foreign sites: an upload by this URL is refused with 850026 / 40034001, an image in a guild with 304010.
func (p *Platform) Unreachable(rawURL string, on bool) {
	key := webKey(parseAbsolute("Unreachable", rawURL))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faraway[key] = on
}

func parseAbsolute(method, rawURL string) *url.URL {
	u, err := url.Parse(rawURL)
	if err != nil || !u.IsAbs() || u.Host == "" {
		panic("richmediatest: " + method + " needs an absolute URL, not " + rawURL)
	}
	return u
}

// webKey is the URL without the fragment and the default port.
func webKey(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if u.Scheme == "http" {
		host = strings.TrimSuffix(host, ":80")
	} else {
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host + u.RequestURI()
}

// hosted returns the page at an absolute URL. Requests of a real connection have a relative one; they reach only the
// attachments on the platform's own listener.
func (p *Platform) hosted(u *url.URL) (page, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var key string
	switch {
	case u.IsAbs():
		key = webKey(u)
	case u.Path == downloadPath:
		key = p.base() + u.RequestURI()
	}
	at, ok := p.web[key]
	switch {
	case ok && !at.expires.IsZero() && !p.now().Before(at.expires):
		return page{retcode: retcodeExpired}, true
	case !ok && u.Path == downloadPath && (!u.IsAbs() || u.Host == downloadHost):
		return page{retcode: retcodeInvalid}, true
	}
	return at, ok
}

// serve answers a client.
func (at page) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case at.handler != nil:
		at.handler.ServeHTTP(w, r)
	case at.retcode != 0:
		serveExpired(w, r, at.retcode)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case at.to != "":
		w.Header().Set("Location", at.to)
		w.WriteHeader(http.StatusFound)
	default:
		serveData(w, r, at.data)
	}
}

// serveData answers GET and HEAD with data, whole or in ranges.
func serveData(w http.ResponseWriter, r *http.Request, data []byte) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", sniff(data))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// download is the platform fetching a URL.
func (p *Platform) download(ctx context.Context, rawURL string) ([]byte, *refusal) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errUploadField("url must start with http")
	}
	for range maxRedirects + 1 {
		data, to, why := p.fetch(ctx, u)
		if why != nil {
			return nil, errDownload(why.Error())
		}
		if to == "" {
			return data, nil
		}
		if u, err = u.Parse(to); err != nil {
			return nil, errDownload("the redirect is malformed")
		}
	}
	return nil, errDownload("too many redirects")
}

// fetch is one request of the platform's downloader; it returns data or a redirect.
func (p *Platform) fetch(ctx context.Context, u *url.URL) (data []byte, to string, why error) {
	p.mu.Lock()
	faraway, own := p.faraway[webKey(u)], p.ownDownload(u)
	p.mu.Unlock()
	at, found := p.hosted(u)
	switch {
	case faraway:
		return nil, "", errors.New("the server refuses the platform")
	case !own && !public(u):
		if p.cfg.loopback && loopback(u) {
			return p.dial(ctx, u)
		}
		return nil, "", errors.New("the address is not public")
	case !found && p.cfg.loopback:
		return nil, "", errors.New("this playground is offline: it fetches loopback addresses and its own files only")
	case !found:
		return nil, "", errors.New("the host does not answer")
	case at.retcode != 0:
		return nil, "", fmt.Errorf("HTTP %d", http.StatusBadRequest)
	case at.handler == nil:
		return at.data, at.to, nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, "", err
	}
	r, _ = serverRequest(r)
	w := newMemoryWriter()
	if err := serveInMemory(at.handler, w, r); err != nil {
		return nil, "", err
	}
	w.WriteHeader(http.StatusOK)
	return fetched(w.status, w.sent, w.body.Bytes())
}

// fetched returns the data or the redirect of an answer.
func fetched(status int, header http.Header, body []byte) (data []byte, to string, why error) {
	switch to := header.Get("Location"); {
	case status == http.StatusOK:
		return body, "", nil
	case status/100 == 3 && to != "":
		return nil, to, nil
	}
	return nil, "", fmt.Errorf("HTTP %d", status)
}

// public reports whether a server on the internet could reach the URL: no private host, and only ports 80 and 443.
func public(u *url.URL) bool {
	if port := u.Port(); port != "" && port != "80" && port != "443" {
		return false
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsGlobalUnicast() && !addr.IsPrivate()
	}
	return host != "localhost" && strings.Contains(host, ".") &&
		!strings.HasSuffix(host, ".localhost") && !strings.HasSuffix(host, ".local") &&
		!strings.HasSuffix(host, ".internal")
}
