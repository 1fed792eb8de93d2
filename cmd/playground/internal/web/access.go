package web

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// access decides which requests are served. A foreign Host is a name that was made to point here (DNS rebinding), a foreign
// Origin is another site's page.
type access struct {
	origins  map[string]bool // scheme://host of the page, without default ports
	proxied  string          // host of -url if that is https: a proxy ends TLS before the plain listener
	platform map[string]bool // hosts of the TLS listener that serve the platform only
	policy   *http.CrossOriginProtection
}

func newAccess(c Config) *access {
	a := &access{origins: make(map[string]bool), platform: make(map[string]bool), policy: http.NewCrossOriginProtection()}
	if u, err := url.Parse(c.URL); err == nil && u.Host != "" {
		a.origins[origin(u.Scheme, u.Host)] = true
		if u.Scheme == "https" {
			a.proxied = origin("http", u.Host)
		}
	}
	a.listens("http", c.Hosts)
	a.listens("https", c.SecureHosts)
	for _, h := range c.SecureHosts {
		_, port, _ := net.SplitHostPort(h) // made by net
		for _, name := range c.PlatformHosts {
			a.platform[origin("https", name)], a.platform[origin("https", net.JoinHostPort(name, port))] = true, true
		}
	}
	return a
}

// listens accepts the loopback names of a listener's port beside its own address.
func (a *access) listens(scheme string, hosts []string) {
	for _, h := range hosts {
		a.origins[origin(scheme, h)] = true
		if _, port, err := net.SplitHostPort(h); err == nil {
			for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
				a.origins[origin(scheme, net.JoinHostPort(name, port))] = true
			}
		}
	}
}

// origin returns the origin of a scheme and host as browsers write it: in lower case, without the default port.
func origin(scheme, host string) string {
	host = strings.ToLower(host)
	return scheme + "://" + strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[scheme])
}

// here returns the origin of the address that the request was sent to.
func here(r *http.Request) string {
	if r.TLS != nil {
		return origin("https", r.Host)
	}
	return origin("http", r.Host)
}

// refuses returns the HTTP status and a sentence for a request that must not be served, and 0 for all others.
func (a *access) refuses(r *http.Request) (status int, why string) {
	at := here(r)
	if !a.origins[at] && at != a.proxied && !a.platform[at] {
		return http.StatusMisdirectedRequest, "this is not an address of the playground; start it with -url to allow it"
	}
	from := r.Header.Get("Origin")
	if u, err := url.Parse(from); from != "" && (err != nil || !a.origins[origin(u.Scheme, u.Host)] || a.platform[at]) {
		return http.StatusForbidden, "requests of other sites' pages are refused"
	}
	if a.policy.Check(r) != nil {
		return http.StatusForbidden, "requests of other sites' pages are refused"
	}
	return 0, ""
}

// platformOnly reports whether the request was sent to one of the platform's own hosts.
func (a *access) platformOnly(r *http.Request) bool { return a.platform[here(r)] }
