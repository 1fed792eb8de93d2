package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestATokenInThePutOfAPartIsWarnedOf(t *testing.T) {
	at := start(t, "-bot=false")
	p := open(t, at)
	b := newBot(t, p, at)
	offer := call(t, b.group+"/upload_prepare", b.token, map[string]any{ // five bytes
		"file_type": 4, "file_name": "a.txt", "file_size": 5, "md5": "5d41402abc4b2a76b9719d911017c592",
		"sha1": "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d", "md5_10m": "5d41402abc4b2a76b9719d911017c592",
	})
	parts, _ := offer["parts"].([]any)
	require.Len(t, parts, 1)
	part, _ := parts[0].(map[string]any)
	assert.InDelta(t, 1, part["index"], 0, "counted from 1")
	address, _ := part["presigned_url"].(string)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, address, strings.NewReader("hello"))
	require.NoError(t, err)
	req.Header.Set("Authorization", "QQBot "+b.token)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode, "no source says that the store refuses it")
	p.do(click(css(`.mine .bubble`)))
	p.until(`document.querySelector('.call .warned')`, "the inspector marks the call")
	p.do(click(css(`.call:has(.warned) summary`)))
	p.until(`document.querySelector('.warning')?.textContent.includes('Authorization')`, "and says why")
	assert.NotContains(t, eval[string](p, `document.body.textContent`), b.token)
}

func TestAStreamGrowsInTheChatAndIsOneReply(t *testing.T) {
	at := start(t, "-bot=false")
	p := open(t, at)
	p.do(click(css(`[data-chat="c2c/carol"]`)))
	p.until(`document.querySelector('#chat-name').textContent === 'carol'`, "the single chat")
	token, _ := call(t, at+"/app/getAppAccessToken", "", map[string]string{"appId": "102000001", "clientSecret": "playground-secret"})["access_token"].(string)
	said := eval[map[string]string](p, `(async () => (await fetch('/api/say', { method: 'POST', body: new URLSearchParams({ chat: 'c2c/carol', user: 'carol', text: 'tell me' }) })).json())()`)
	seen := eval[string](p, `(async () => (await fetch('/api/inspect?id=`+url.QueryEscape(said["id"])+`')).text())()`)
	found := strings.SplitN(strings.SplitN(seen, `user_openid\": \"`, 2)[1], `\"`, 2)[0]
	frame := map[string]any{"content_raw": "Once", "content_type": "text", "input_mode": "append", "input_state": 1, "index": 0, "msg_id": said["msg_id"], "msg_seq": 1}
	stream := at + "/v2/users/" + found + "/stream_messages"
	first := call(t, stream, token, frame)
	p.until(`document.querySelector('.from-bot .text')?.textContent === 'Once'`, "the first frame")
	frame["stream_msg_id"], frame["index"], frame["content_raw"] = first["id"], 1, " upon a time"
	call(t, stream, token, frame)
	frame["index"], frame["content_raw"], frame["input_state"] = 2, "…", 10
	call(t, stream, token, frame)
	p.until(`document.querySelector('.from-bot .text')?.textContent === 'Once upon a time…'`, "and the others")
	assert.Equal(t, 1, eval[int](p, `document.querySelectorAll('.from-bot').length`))
	p.do(click(css(`.sum`)))
	p.until(`document.querySelectorAll('#pane-inspector .call').length === 3`, "its frames")
	facts := eval[string](p, `document.querySelector('#pane-inspector .facts').textContent`)
	assert.Contains(t, facts, "3 more", "one reply of four")
	assert.NotContains(t, eval[string](p, `document.querySelector('#pane-inspector').textContent`), "retr")
}

func TestAReactionIsShown(t *testing.T) {
	at := start(t, "-bot=false")
	p := open(t, at)
	p.do(click(css(`[data-chat="channel/news"]`)))
	p.until(`document.querySelector('#chat-name').textContent === 'news'`, "the channel")
	token, _ := call(t, at+"/app/getAppAccessToken", "", map[string]string{"appId": "102000001", "clientSecret": "playground-secret"})["access_token"].(string)
	said := eval[map[string]string](p, `(async () => (await fetch('/api/say', { method: 'POST', body: new URLSearchParams({ chat: 'channel/news', user: 'ann', text: 'look' }) })).json())()`)
	seen := eval[string](p, `(async () => (await fetch('/api/inspect?id=`+url.QueryEscape(said["msg_id"])+`')).text())()`)
	channel := strings.SplitN(strings.SplitN(seen, `channel_id\": \"`, 2)[1], `\"`, 2)[0]
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, at+"/channels/"+channel+"/messages/"+said["msg_id"]+"/reactions/2/128512", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Authorization", "QQBot "+token)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusNoContent, resp.StatusCode)
	p.until(`document.querySelector('.reaction')?.textContent === '😀'`, "the emoji")
}

func TestTheCutOfEveryWebsocketIsRecoveredFrom(t *testing.T) {
	p := open(t, start(t))
	p.do(click(css(`#tab-faults`)), click(css(`#w-cut`)))
	p.until(`document.querySelector('#status').textContent === 'No bot is connected'`, "it was cut off")
	p.until(`document.querySelector('#status').textContent === 'A bot is connected'`, "it came back")
	p.say("cat")
	p.answers(1)
}
