//go:build unix

package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// balancer hands pushes to the instances in turn, and to the next one where one does not answer: as nginx with
// "proxy_next_upstream error timeout non_idempotent", which is safe here because an event that arrives twice is handled,
// or at any rate answered, once.
type balancer struct {
	client *http.Client
	server *http.Server
	url    string

	mu        sync.Mutex
	instances []string
	next      int
}

func startBalancer() (*balancer, error) {
	b := &balancer{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: time.Minute}}
	ln, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it does not block
	if err != nil {
		return nil, err
	}
	b.url = "http://" + ln.Addr().String()
	b.server = &http.Server{Handler: b, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = b.server.Serve(ln) }() // until close
	return b, nil
}

func (b *balancer) close() error {
	err := b.server.Close()
	b.client.CloseIdleConnections()
	return err
}

// to makes these the instances.
func (b *balancer) to(all []*process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.instances = nil
	for _, p := range all {
		b.instances = append(b.instances, p.url)
	}
}

// turn is all instances in the order to try them.
func (b *balancer) turn() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.instances) == 0 {
		return nil
	}
	b.next = (b.next + 1) % len(b.instances)
	return append(append([]string(nil), b.instances[b.next:]...), b.instances[:b.next]...)
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	for _, url := range b.turn() {
		if err != nil {
			break
		}
		var resp *http.Response
		if resp, err = b.forward(r, url, body); err != nil {
			if r.Context().Err() != nil {
				return
			}
			err = nil // the next one
			continue
		}
		defer resp.Body.Close() //nolint:errcheck // only read from
		w.WriteHeader(resp.StatusCode)
		_, _ = io.Copy(w, resp.Body) // a client that has left
		return
	}
	http.Error(w, errors.Join(errors.New("no instance answers"), err).Error(), http.StatusBadGateway)
}

func (b *balancer) forward(r *http.Request, url string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, url+r.URL.Path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = r.Header.Clone()
	return b.client.Do(req)
}
