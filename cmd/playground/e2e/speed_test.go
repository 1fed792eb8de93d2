package e2e

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
)

// flood lets users write n messages, evenly over the time; 0 is as fast as it goes.
func flood(t *testing.T, address, text string, n int, over time.Duration) {
	t.Helper()
	const hands = 8
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: hands}}
	defer client.CloseIdleConnections()
	form := url.Values{"chat": {"group/cats"}, "user": {"bob"}, "text": {text}, "mention": {"false"}}.Encode()
	began := time.Now()
	var all sync.WaitGroup
	for hand := range hands {
		all.Go(func() {
			for i := hand; i < n; i += hands {
				time.Sleep(time.Until(began.Add(over * time.Duration(i) / time.Duration(n))))
				req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address+"/api/say", strings.NewReader(form))
				if !assert.NoError(t, err) {
					return
				}
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				resp, err := client.Do(req)
				if !assert.NoError(t, err) {
					return
				}
				_ = resp.Body.Close()
				if !assert.Equal(t, http.StatusOK, resp.StatusCode) {
					return
				}
			}
		})
	}
	all.Wait()
}

// watchFrames notes the gaps between frames, in ms.
const watchFrames = `(() => {
	window.gaps = []
	let last = performance.now()
	const next = now => { window.gaps.push(now - last); last = now; if (window.watching) requestAnimationFrame(next) }
	window.watching = true
	requestAnimationFrame(now => { last = now; requestAnimationFrame(next) })
})()`

// frames are the gaps between frames since watchFrames: the 99th of a hundred, and the longest.
func (p *tab) frames() {
	p.t.Helper()
	got := eval[[]float64](p, `(() => { window.watching = false; const g = window.gaps.sort((a, b) => a - b); return [g[Math.floor(g.length * .99)], g.at(-1), g.length] })()`)
	p.t.Logf("%d frames: 99 %% under %.0f ms, the longest %.0f ms", int(got[2]), got[0], got[1])
}

func TestTenThousandMessagesStillScroll(t *testing.T) {
	address := start(t, "-bot=false")
	began := time.Now()
	flood(t, address, "a message among many, which is long enough to be a line and a bit more than that", 10_000, 0)
	t.Logf("10,000 messages written in %v", time.Since(began))
	began = time.Now()
	p := open(t, address)
	p.until(`document.querySelectorAll('.line').length > 20`, "the newest are shown")
	t.Logf("opened in %v", time.Since(began))
	assert.Less(t, eval[int](p, `document.querySelectorAll('.line').length`), 500, "only what is near is made")
	assert.InDelta(t, 0, eval[float64](p, `(l => l.scrollHeight - l.scrollTop - l.clientHeight)(document.querySelector('#log'))`), 2, "one begins at the end")

	p.script(watchFrames)
	p.script(`(async () => { // up through all of it, three screens a frame
		const log = document.querySelector('#log')
		while (log.scrollTop > 0) { log.scrollTop -= 3 * log.clientHeight; await new Promise(requestAnimationFrame) }
	})()`)
	p.frames()
	p.until(`document.querySelector('[data-n="0"]')?.getBoundingClientRect().top > 0`, "the first is there")
	assert.Less(t, eval[int](p, `document.querySelectorAll('.line').length`), 500)
	p.say("and one more")
	p.until(`[...document.querySelectorAll('.mine .text')].at(-1)?.textContent === 'and one more'`, "one writes on")
	p.until(`(l => l.scrollHeight - l.scrollTop - l.clientHeight < 50)(document.querySelector('#log'))`, "and is at the end again")
}

func TestAThousandEventsASecondDoNotFreezeIt(t *testing.T) {
	address := start(t, "-bot=false")
	p := open(t, address)
	p.do(chromedp.Focus(css("#text")))
	p.script(watchFrames)
	const n, seconds = 5000, 5
	done := make(chan struct{})
	began := time.Now()
	go func() {
		defer close(done)
		flood(t, address, "x", n, seconds*time.Second)
	}()
	typed := time.Now()
	for _, key := range "still typing" {
		p.do(chromedp.KeyEvent(string(key)))
	}
	slow := time.Since(typed)
	<-done
	written := time.Since(began)
	p.until(`[...document.querySelectorAll('.line')].at(-1).dataset.n === '4999'`, "all of it is shown")
	shown := time.Since(began)
	p.frames()
	t.Logf("%d events in %v, shown after %v; 12 keys typed meanwhile in %v", n, written, shown, slow)
	assert.Equal(t, "still typing", eval[string](p, `document.querySelector('#text').value`))
	assert.Less(t, eval[int](p, `document.querySelectorAll('.line').length`), 500)
}
