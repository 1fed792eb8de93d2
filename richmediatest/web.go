package richmediatest

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Host puts data on the web at rawURL, for the platform's downloader and for requests through [Platform.Client]. The URL
// must be found exactly as given, query included. It panics when rawURL is no absolute URL. The data is not copied.
//
// Hosting a URL does not make it public: the platform still refuses private and loopback hosts and ports other than 80
// and 443 with 850026, as it does every URL that nobody hosts.
func (p *Platform) Host(rawURL string, data []byte) {
	u, err := url.Parse(rawURL)
	if err != nil || !u.IsAbs() || u.Host == "" {
		panic("richmediatest: Host needs an absolute URL, not " + rawURL)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.web[webKey(u)] = data
}

// webKey is the URL without what never travels: the fragment, and the default port.
func webKey(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if u.Scheme == "http" {
		host = strings.TrimSuffix(host, ":80")
	} else {
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host + u.RequestURI()
}

// hosted finds what Host put at an absolute URL; requests of a real connection have a relative one.
func (p *Platform) hosted(u *url.URL) ([]byte, bool) {
	if !u.IsAbs() {
		return nil, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	data, ok := p.web[webKey(u)]
	return data, ok
}

func serveHosted(w http.ResponseWriter, r *http.Request, data []byte) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", sniff(data))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(data)
	}
}

// download is the platform fetching a URL.
func (p *Platform) download(rawURL string) ([]byte, *refusal) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errUploadField("url must start with http")
	}
	if !public(u) {
		return nil, errDownload()
	}
	data, ok := p.hosted(u)
	if !ok {
		return nil, errDownload()
	}
	return data, nil
}

// public tells whether a server on the internet could reach the URL: no private host, and only ports 80 and 443.
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
