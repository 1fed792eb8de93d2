// Package web serves the playground on one address: the page, its API, and the fake platform.
package web

import (
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"mime"
	"net"
	"net/http"
	"path"
	"sync"

	"github.com/botgo-contrib/richmedia/cmd/playground/internal/board"
	"github.com/botgo-contrib/richmedia/richmediatest"
)

const socketPath = "/websocket"

//go:embed assets
var assets embed.FS

// pagePolicy lets the page load its own files only, and no string become code or markup.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; " +
	"connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// inertPolicy is for everything that is not part of the page: a browser that shows it runs nothing.
const inertPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"

// Demo is the demonstration bot, which can be switched off.
type Demo interface {
	Awake() bool
	Wake(awake bool)
}

// Config holds the arguments of New.
type Config struct {
	Platform *richmediatest.Platform
	Board    *board.Board
	Demo     Demo     // nil if there is none
	URL      string   // the address that bots and the page use
	Secret   string   // of the bot; "" if the page must not show it
	Hosts    []string // host:port of the plain listener; the loopback names of this port are accepted too

	SecureHosts   []string // like Hosts, of the TLS listener
	PlatformHosts []string // names under which the TLS listener serves the platform, but not the page
	CA            string   // the file with the CA of the TLS listener
}

// Server is the handler of the playground's address. It is created by New and safe for concurrent use.
type Server struct {
	Config
	epoch   string // differs in every run, so that a page of an earlier run fetches everything again
	mux     *http.ServeMux
	faults  *faults
	sockets sockets
	access  *access

	mu    sync.Mutex
	flags map[string]*flags // by chat key
	hook  string            // the webhook's URL
	hush  bool              // the demonstration bot was switched off by Hush
}

// New returns the handler. It serves the page under /, and the platform under the platform's own paths.
func New(c Config) *Server {
	s := &Server{Config: c, epoch: rand.Text()[:8], flags: make(map[string]*flags)}
	s.sockets.conns = make(map[net.Conn]struct{})
	s.faults = newFaults(c.Platform, c.Board, s.sockets.cut)
	s.access = newAccess(c)
	s.mux = s.routes()
	return s
}

// api returns the calls that scripts make, too: openapi.json describes them.
func (s *Server) api() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /media/{id}":       s.media,
		"GET /api/openapi.json": serveDocument,
		"GET /api/state":        s.state,
		"GET /api/messages":     s.messages,
		"GET /api/inspect":      s.inspect,
		"GET /api/stream":       s.stream,
		"POST /api/chat":        s.openChat,
		"POST /api/say":         s.say,
		"POST /api/press":       s.press,
		"POST /api/bot":         s.bot,
		"POST /api/faults":      s.setFault,
		"POST /api/webhook":     s.setWebhook,
		"POST /api/clock":       s.setClock,
		"POST /api/demo":        s.setDemo,
	}
}

//go:embed openapi.json
var document []byte

// serveDocument serves the description of the API.
func serveDocument(w http.ResponseWriter, _ *http.Request) { writeRaw(w, document) }

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.asset)
	mux.HandleFunc("GET /assets/{name}", s.asset)
	for pattern, serve := range s.api() {
		mux.HandleFunc(pattern, serve)
	}
	for _, p := range []string{"/app/", "/v2/", "/gateway", "/gateway/bot", "/interactions/", "/channels/", "/dms/", "/guilds/", "/users/", "/presigned/", socketPath, "/download"} {
		mux.HandleFunc(p, s.platform)
	}
	return mux
}

// ServeHTTP serves a request that access allows.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", inertPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	if status, why := s.access.refuses(r); status != 0 {
		http.Error(w, why, status)
		return
	}
	if s.access.platformOnly(r) {
		s.platform(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// platform serves the fake platform. A browser shows none of it.
func (s *Server) platform(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Disposition", "attachment")
	if r.URL.Path == socketPath {
		s.sockets.serve(w, r, s.Platform)
		return
	}
	s.Platform.ServeHTTP(w, r)
}

// asset serves the page's own files.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if name == "" {
		name = "index.html"
	}
	data, err := assets.ReadFile("assets/" + path.Base(name))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	sum := sha256.Sum256(data)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	kind := mime.TypeByExtension(path.Ext(name))
	if path.Ext(name) == ".js" {
		kind = "text/javascript; charset=utf-8" // a machine's own table may say otherwise
	}
	h.Set("Content-Type", kind)
	_, _ = w.Write(data) // fails if the page is closed
}

func writeJSON(w http.ResponseWriter, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeRaw(w, raw)
}

func writeRaw(w http.ResponseWriter, raw []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(raw) // fails if the page is closed
}
