package richmediatest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// closePatience is how long Close waits for handlers that do not watch their context.
const closePatience = 5 * time.Second

// listener is the loopback server.
type listener struct {
	url     string
	server  *http.Server
	served  chan struct{} // closed when Serve has returned
	running int           // requests in work, guarded by Platform.mu
}

// Listen serves the platform on a free port of 127.0.0.1 and returns "http://127.0.0.1:port". Further calls return the same
// URL. Close ends it.
func (p *Platform) Listen() (url string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life.ctx.Err() != nil {
		return "", errors.New("listen: the platform is closed")
	}
	if p.listener != nil {
		return p.listener.url, nil
	}
	ln, err := (&net.ListenConfig{}).Listen(p.life.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	l := &listener{url: "http://" + ln.Addr().String(), served: make(chan struct{})}
	l.server = &http.Server{
		Handler:           p.counted(l),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return p.life.ctx },
	}
	p.listener = l
	go func() {
		defer close(l.served)
		_ = l.server.Serve(ln) // http.ErrServerClosed, after Close
	}()
	return l.url, nil
}

// counted counts the running requests, so that Close can wait for them.
func (p *Platform) counted(l *listener) http.Handler {
	count := func(n int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		l.running += n
		p.wake()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count(1)
		defer count(-1)
		p.ServeHTTP(w, r)
	})
}

// URL is the platform's base: the URL of Listen or ServeAt, before either a base that only [Platform.Client] can reach.
func (p *Platform) URL() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.base()
}

// base is URL for callers that hold p.mu.
func (p *Platform) base() string {
	if p.listener != nil {
		return p.listener.url
	}
	if p.served != "" {
		return p.served
	}
	return offlineURL
}

// ServeAt declares that a server of the caller's serves the platform, an [http.Handler], at the root of url, such as
// "http://127.0.0.1:8080": from now on [Platform.URL] is url, and the addresses in answers and events begin with it. Other
// paths of that server are the caller's. Close then ends websockets, delays and pushes; the caller ends the server.
func (p *Platform) ServeAt(url string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.served = strings.TrimSuffix(url, "/")
}

// Close closes the listener and the websockets, ends delays and pushes, and waits for every goroutine of the platform. What
// it has recorded stays readable. Further calls return nil. The error names handlers that did not end in 5 s.
func (p *Platform) Close() error {
	var err error
	p.closeOnce.Do(func() { err = p.close() })
	return err
}

func (p *Platform) close() error {
	p.life.end()
	p.mu.Lock()
	l := p.listener
	p.mu.Unlock()
	var errs []error
	if l != nil {
		errs = append(errs, l.server.Close())
		<-l.served
	}
	p.mu.Lock()
	for c := range p.gateway.conns {
		_ = c.ws.Close()
	}
	p.mu.Unlock()
	ctx, cancel := context.WithTimeoutCause(context.Background(), closePatience, errors.New("handlers still run"))
	defer cancel()
	errs = append(errs, p.wait(ctx, func() bool {
		return p.pushing == 0 && (l == nil || l.running == 0)
	}))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}
