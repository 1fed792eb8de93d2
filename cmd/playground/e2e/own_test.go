package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestABotInAnotherProcessIsPointedHereByTwoVariables(t *testing.T) {
	bot := filepath.Join(t.TempDir(), "bot")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bot, "./examples/quickstart")
	build.Dir = filepath.Join("..", "..", "..")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	address := start(t)
	p := open(t, address)
	p.do(click(css(`#tab-own`)))
	p.shot("own")
	told := eval[string](p, `[...document.querySelectorAll('#pane-own pre')].map(e => e.textContent).join('\n')`)
	for _, want := range []string{`constant.APIDomain = "` + address + `"`, `constant.TokenDomain = "` + address + `"`, "QQBOT_API_DOMAIN=" + address, "QQBOT_TOKEN_DOMAIN=" + address} {
		assert.Contains(t, told, want)
	}
	cmd := exec.CommandContext(context.Background(), bot, "-live")
	cmd.Env = append(os.Environ(), "QQBOT_API_DOMAIN="+address, "QQBOT_TOKEN_DOMAIN="+address, "QQBOT_APPID=102000001", "QQBOT_SECRET=playground-secret")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	require.NoError(t, cmd.Start())
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		err := cmd.Wait()
		assert.NoError(t, err, said.String())
	}()
	p.until(`document.querySelector('#banner').checkVisibility() && document.querySelector('#status').textContent === '2 connected'`, "the page says that another bot is there")
	p.say("cat")
	p.answers(1)
	p.until(`document.querySelector('.from-bot .text')?.textContent === 'meow'`, "it answers, and the demonstration bot does not")
	p.until(`document.querySelector('.sum').textContent.startsWith('one call')`, "and its calls are seen too")
	p.do(click(css(`.sum`)))
	p.until(`document.querySelectorAll('.call').length === 2`, "as those of any bot")
	p.shot("another-bot")
	p.do(click(css(`#banner button`)))
	p.until(`!document.querySelector('#banner').checkVisibility()`, "the demonstration bot can be woken")
}

// wire is a bot in no language at all: it speaks the API by hand.
type wire struct {
	t          *testing.T
	url, token string
}

func newWire(t *testing.T, address string) *wire {
	t.Helper()
	w := &wire{t: t, url: address}
	w.token = w.post("/app/getAppAccessToken", map[string]any{"appId": "102000001", "clientSecret": "playground-secret"})["access_token"].(string)
	return w
}

func (w *wire) post(path string, body any) (said map[string]any) {
	w.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(w.t, err)
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+path, bytes.NewReader(raw))
	require.NoError(w.t, err)
	req.Header.Set("Authorization", "QQBot "+w.token)
	return w.do(req)
}

func (w *wire) do(req *http.Request) (said map[string]any) {
	w.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	require.Equal(w.t, http.StatusOK, resp.StatusCode, "%s", raw)
	require.NoError(w.t, json.Unmarshal(raw, &said))
	return said
}

// form posts to the page's own API, as a script does.
func (w *wire) form(path string, kv ...string) map[string]any {
	w.t.Helper()
	form := url.Values{}
	for i := 0; i < len(kv); i += 2 {
		form.Set(kv[i], kv[i+1])
	}
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+path, strings.NewReader(form.Encode()))
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(req)
}

// group is the group_openid of the chat of that event, as a bot reads it from the payload.
func (w *wire) group(msgID string) string {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.url+"/api/inspect?id="+url.QueryEscape(msgID), nil)
	require.NoError(w.t, err)
	payload := w.do(req)["event"].(map[string]any)["payload"].(string)
	var ev struct {
		D struct {
			Group string `json:"group_openid"`
		}
	}
	require.NoError(w.t, json.Unmarshal([]byte(payload), &ev))
	return ev.D.Group
}

func TestTextIsNeverMarkup(t *testing.T) {
	address := start(t, "-bot=false")
	w, p := newWire(t, address), open(t, address)
	const evil = `<img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script><b>bold</b>`
	id := w.form("/api/say", "chat", "group/cats", "user", "<b>ann</b>", "text", evil)["msg_id"].(string)
	messages := "/v2/groups/" + w.group(id) + "/messages"
	w.post(messages, map[string]any{"msg_type": 0, "content": evil, "msg_id": id, "msg_seq": 1})
	w.post(messages, map[string]any{
		"msg_type": 2, "msg_id": id, "msg_seq": 2,
		"markdown": map[string]any{"content": "# " + evil + "\n[go](javascript:document.title='pwned') [data](data:text/html,x) ![p](https://example.com/p.png) [ok](https://example.com/)\n\n<qqbot-cmd-input text=\"<b>cmd</b>\" />\n```\n" + evil + "\n```"},
		"keyboard": map[string]any{"content": map[string]any{"rows": []any{map[string]any{"buttons": []any{
			map[string]any{"render_data": map[string]any{"label": "<i>x</i>"}, "action": map[string]any{"type": 0, "data": "javascript:alert(1)"}},
		}}}}},
	})
	p.answers(2)
	time.Sleep(200 * time.Millisecond) // for what must not happen
	assert.Equal(t, "Playground", eval[string](p, `document.title`))
	assert.Equal(t, evil, eval[string](p, `document.querySelector('.theirs .text').textContent`))
	assert.Equal(t, evil, eval[string](p, `document.querySelector('.from-bot .text').textContent`))
	assert.Equal(t, []string{"https://example.com/"}, eval[[]string](p, `[...document.querySelectorAll('.log a')].map(a => a.href)`))
	assert.Zero(t, eval[int](p, `document.querySelectorAll('.log script, .log b:not(.code b):not(.sheet b), .log i, .log img, .log iframe').length`))
	assert.Equal(t, "<i>x</i>", eval[string](p, `document.querySelector('.key').textContent`))
	p.shot("markup")
}

func TestTheWebhookOfABotIsEntered(t *testing.T) {
	address := start(t)
	p := open(t, address)
	p.do(click(css(`#tab-own`)), chromedp.SendKeys(css(`#hook`), "http://127.0.0.1:1/hook\r"))
	p.until(`document.querySelector('#pane-own .trouble')?.textContent.includes('refused')`, "nobody answers there")
	p.until(`document.querySelector('#status').textContent.includes('http://127.0.0.1:1/hook')`, "and still it is where events go")
	p.script(fmt.Sprintf(`[...document.querySelectorAll('#pane-own .hook button')].at(-1).click(); %q`, ""))
	p.until(`document.querySelector('#status').textContent === 'A bot is connected'`, "it is taken away")
}
