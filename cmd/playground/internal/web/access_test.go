package web_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/botgo-contrib/richmedia/cmd/playground/internal/board"
	"github.com/botgo-contrib/richmedia/cmd/playground/internal/web"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestHostAndOriginCountWithTheirScheme(t *testing.T) {
	p := richmediatest.New()
	b := board.New(p, nil)
	defer b.Close()
	s := web.New(web.Config{
		Platform: p, Board: b, URL: "https://play.example", Hosts: []string{"127.0.0.1:7471"},
		SecureHosts: []string{"127.0.0.1:7472"}, PlatformHosts: []string{"api.sgroup.qq.com"},
	})
	const page, platform = "/api/state", "/gateway"
	for _, c := range []struct {
		host   string
		secure bool
		origin string
		path   string
		want   int
	}{
		{"127.0.0.1:7471", false, "", page, 200},
		{"127.0.0.1:7471", true, "", page, 421},
		{"127.0.0.1:7472", true, "", page, 200},
		{"127.0.0.1:7472", false, "", page, 421},
		{"localhost:7472", true, "", page, 200},
		{"127.0.0.1:7471", false, "http://127.0.0.1:7471", page, 200},
		{"127.0.0.1:7471", false, "https://127.0.0.1:7471", page, 403},
		{"127.0.0.1:7472", true, "https://127.0.0.1:7472", page, 200},
		{"127.0.0.1:7472", true, "http://127.0.0.1:7472", page, 403},
		{"127.0.0.1:7471", false, "ftp://127.0.0.1:7471", page, 403},
		{"127.0.0.1:7471", false, "null", page, 403},
		{"play.example", false, "https://play.example", page, 200}, // a proxy ends TLS
		{"play.example", false, "http://play.example", page, 403},
		{"play.example:8080", false, "", page, 421},
		{"api.sgroup.qq.com", true, "", platform, 401},
		{"api.sgroup.qq.com:443", true, "", platform, 401},
		{"API.sgroup.qq.com:7472", true, "", platform, 401},
		{"api.sgroup.qq.com", false, "", platform, 421},
		{"api.sgroup.qq.com", true, "https://api.sgroup.qq.com", platform, 403},
		{"api.sgroup.qq.com", true, "", page, 404},
		{"x.api.sgroup.qq.com", true, "", platform, 421},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, c.path, nil)
		r.Host, r.TLS = c.host, nil
		if c.secure {
			r.TLS = &tls.ConnectionState{}
		}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		assert.Equal(t, c.want, w.Code, "%+v", c)
	}
}
