package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// small lists what is touched and has a side under 24 px. Links in running text are exempt (WCAG 2.2, 2.5.8).
const small = `[...document.querySelectorAll('button,a,select,input,textarea,summary,[role=switch],[role=tab],[tabindex="0"]')]
	.filter(e => e.checkVisibility() && !e.classList.contains('skip') && !(e.tagName === 'A' && e.closest('.text, .md')) && e.type !== 'file')
	.map(e => [e, e.getBoundingClientRect()]).filter(([, r]) => r.width && (r.width < 23.9 || r.height < 23.9))
	.map(([e, r]) => (e.id || e.className || e.tagName) + ' ' + Math.round(r.width) + 'x' + Math.round(r.height))`

func TestEverythingIsLargeEnoughToTouch(t *testing.T) {
	p := open(t, start(t))
	for n, word := range []string{"cat", "buttons", "report", "hello"} {
		p.say(word)
		p.answers(n + 1)
	}
	p.do(click(css(`.sum`)))
	p.until(`document.querySelector('#pane-inspector .call')`, "the inspector")
	assert.Empty(t, eval[[]string](p, small), "with the inspector")
	p.script(`(() => {
		const files = new DataTransfer()
		files.items.add(new File(['x'], 'x.txt'))
		const input = document.querySelector('#file')
		input.files = files.files
		input.dispatchEvent(new Event('change'))
	})()`)
	p.until(`document.querySelector('.pend button')`, "a file to send")
	assert.Empty(t, eval[[]string](p, small), "with a file to send")
	for _, tab := range []string{"faults", "own"} {
		p.do(click(css(`#tab-` + tab)))
		assert.Empty(t, eval[[]string](p, small), tab)
	}
	p.do(click(css(`#more`)))
	assert.Empty(t, eval[[]string](p, small), "with the menu")
}

func TestALongChatIsLeftByOneTab(t *testing.T) {
	p := open(t, start(t))
	p.say("album")
	p.answers(3)
	for n := range 6 {
		p.say("cat")
		p.answers(4 + n)
	}
	p.do(chromedp.Focus(css("#log")), chromedp.KeyEvent(kb.Tab))
	p.until(`!document.querySelector('#log').contains(document.activeElement)`, "nothing is selected: the first Tab leaves")
	p.do(chromedp.Focus(css("#log")), chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.Tab))
	p.until(`document.querySelector('.line.selected')?.contains(document.activeElement)`, "the controls of the selected message")
	p.script(`window.tabs = 0`)
	for range 6 {
		if eval[bool](p, `!document.querySelector('#log').contains(document.activeElement)`) {
			break
		}
		p.do(chromedp.KeyEvent(kb.Tab))
	}
	assert.True(t, eval[bool](p, `!document.querySelector('#log').contains(document.activeElement)`), "and of no other one")
	assert.Equal(t, 1, eval[int](p, `new Set([...document.querySelectorAll('#log button, #log a, #log img, #log video')].filter(e => e.tabIndex >= 0).map(e => e.closest('[data-id]').dataset.id)).size`))
}

func TestTheStatusEndsWithAnEllipsisAndIsToldInFull(t *testing.T) {
	p := open(t, start(t, "-bot=false"))
	long := "http://127.0.0.1:1/a/path/that/is/much/longer/than/the/column/of/the/chats"
	p.script(`fetch('/api/webhook', { method: 'POST', body: new URLSearchParams({ url: '` + long + `' }) })`)
	p.until(`document.querySelector('#status').textContent.includes('much/longer')`, "the webhook")
	assert.True(t, eval[bool](p, `(() => {
		const text = document.querySelector('#status span')
		return text.scrollWidth > text.clientWidth && getComputedStyle(text).textOverflow === 'ellipsis' && getComputedStyle(text).overflowX === 'hidden'
	})()`))
	assert.Contains(t, eval[string](p, `document.querySelector('#status').title`), long)
}

func TestAWebhookThatDiedIsShownAndItsMessagesAreMarked(t *testing.T) {
	var dead atomic.Bool
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if dead.Load() {
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write([]byte(`{"op":12}`))
	}))
	defer hook.Close()
	p := open(t, start(t, "-bot=false"))
	p.script(`fetch('/api/webhook', { method: 'POST', body: new URLSearchParams({ url: '` + hook.URL + `' }) })`)
	p.until(`document.querySelector('#status').textContent.startsWith('Events')`, "the webhook")
	p.say("hello")
	p.until(`document.querySelector('#status.good')`, "it is there")
	assert.Zero(t, eval[int](p, `document.querySelectorAll('.undelivered').length`))
	dead.Store(true)
	p.say("are you there")
	p.until(`document.querySelector('#status.off')?.textContent.startsWith('Events do not reach')`, "no green dot")
	p.until(`document.querySelector('.mine:last-child .undelivered')`, "the message is marked")
	p.shot("undelivered")
	dead.Store(false)
	p.say("and now")
	p.until(`document.querySelector('#status.good')`, "it is back")
	assert.Equal(t, 1, eval[int](p, `document.querySelectorAll('.undelivered').length`), "only the one that was lost")
}

// bot is a raw client of the platform.
type bot struct {
	t                *testing.T
	p                *tab
	at, token, group string
}

func newBot(t *testing.T, p *tab, at string) *bot {
	t.Helper()
	b := &bot{t: t, p: p, at: at}
	b.token, _ = call(t, at+"/app/getAppAccessToken", "", map[string]string{"appId": "102000001", "clientSecret": "playground-secret"})["access_token"].(string)
	seen := eval[string](p, `(async () => (await fetch('/api/inspect?id=`+url.QueryEscape(b.say("hi"))+`')).text())()`)
	found := groupOpenID.FindStringSubmatch(seen)
	require.NotNil(t, found, seen)
	b.group = at + "/v2/groups/" + found[1]
	return b
}

// say writes as ann and returns the msg_id.
func (b *bot) say(text string) string {
	b.t.Helper()
	return eval[string](b.p, `(async () => (await (await fetch('/api/say', { method: 'POST', body: new URLSearchParams({ chat: 'group/cats', user: 'ann', text: '`+text+`' }) })).json()).msg_id)()`)
}

func (b *bot) send(v any) int {
	b.t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(b.t, err)
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.group+"/messages", bytes.NewReader(raw))
	require.NoError(b.t, err)
	req.Header.Set("Authorization", "QQBot "+b.token)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(b.t, err)
	require.NoError(b.t, resp.Body.Close())
	return resp.StatusCode
}

func TestTwoRepliesWithOneNumberAreToldApartFromARepeat(t *testing.T) {
	at := start(t, "-bot=false")
	p := open(t, at)
	b := newBot(t, p, at)
	png, _ := call(t, b.group+"/files", b.token, map[string]any{"file_type": 1, "file_data": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="})["file_info"].(string)
	id := b.say("two please")
	require.Equal(t, 200, b.send(map[string]any{"content": "first", "msg_id": id}))
	require.Equal(t, 400, b.send(map[string]any{"msg_type": 7, "media": map[string]string{"file_info": png}, "msg_id": id}))
	p.until(`document.querySelector('.pill.bad')?.textContent.includes('40054005')`, "the chat says what happened")
	p.do(click(css(`.from-bot .sum`)))
	p.until(`document.querySelector('#pane-inspector .facts')?.textContent.includes('taken for a repeat')`, "and the inspector")
	assert.NotContains(t, eval[string](p, `document.querySelector('#pane-inspector').textContent`), "uploaded again")

	id = b.say("one please")
	require.Equal(t, 200, b.send(map[string]any{"content": "once", "msg_id": id}))
	require.Equal(t, 400, b.send(map[string]any{"content": "once", "msg_id": id}), "a repeat after a lost answer")
	p.until(`[...document.querySelectorAll('.sum')].at(-1).textContent.includes('1 retry')`, "is one")
	assert.Equal(t, 1, eval[int](p, `document.querySelectorAll('.pill.bad').length`))
}

func TestTheUploadOfABotThatIsGoneIsNotShownForLong(t *testing.T) {
	at := start(t, "-bot=false")
	p := open(t, at)
	b := newBot(t, p, at)
	call(t, b.group+"/upload_prepare", b.token, map[string]any{
		"file_type": 4, "file_name": "big.bin", "file_size": "31457280", "md5": "281ed1d5ae50e8419f9b978aab16de83",
		"sha1": "a869e551c0dfeaf152a594f9051b99a65d46f16d", "md5_10m": "c7d2d05339fa6dae39f34538160cf785",
	})
	p.until(`document.querySelector('#working .progress')?.textContent.includes('big.bin')`, "the upload has begun")
	p.until(`!document.querySelector('#working .progress')`, "and the bot is gone")
	assert.Empty(t, strings.TrimSpace(eval[string](p, `document.querySelector('#working').textContent`)))
}
