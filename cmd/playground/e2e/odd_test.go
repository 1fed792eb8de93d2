package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// call posts a bot's request, and returns the answer.
func call(t *testing.T, address, token string, v any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, bytes.NewReader(raw))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "QQBot "+token)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close() //nolint:errcheck // only read from
	var out map[string]any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&out))
	require.Equal(t, http.StatusOK, resp.StatusCode, "%v", out)
	return out
}

var groupOpenID = regexp.MustCompile(`group_openid\\": \\"([0-9A-F]+)`)

func TestAMessageThatCannotBeShownKeepsNoOtherBack(t *testing.T) {
	hi := map[string]any{"content": "hi"}
	for name, body := range map[string]map[string]any{
		"rows":     {"msg_type": 2, "markdown": hi, "keyboard": map[string]any{"content": map[string]any{"rows": map[string]any{}}}},
		"no row":   {"msg_type": 2, "markdown": hi, "keyboard": map[string]any{"content": map[string]any{"rows": []any{nil}}}},
		"markdown": {"msg_type": 2, "markdown": map[string]any{"content": 5}},
		"params":   {"msg_type": 2, "markdown": map[string]any{"custom_template_id": "x", "params": map[string]any{"a": 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			at := start(t, "-bot=false")
			token, _ := call(t, at+"/app/getAppAccessToken", "", map[string]string{"appId": "102000001", "clientSecret": "playground-secret"})["access_token"].(string)
			p := open(t, at)
			say := func(text string) (id, group string) {
				id = eval[string](p, `(async () => (await (await fetch('/api/say', { method: 'POST', body: new URLSearchParams({ chat: 'group/cats', user: 'ann', text: '`+text+`' }) })).json()).msg_id)()`)
				seen := eval[string](p, `(async () => (await fetch('/api/inspect?id=`+url.QueryEscape(id)+`')).text())()`)
				found := groupOpenID.FindStringSubmatch(seen)
				require.NotNil(t, found, seen)
				return id, found[1]
			}
			id, group := say("one")
			body["msg_id"] = id
			call(t, at+"/v2/groups/"+group+"/messages", token, body)
			id, _ = say("two")
			call(t, at+"/v2/groups/"+group+"/messages", token, map[string]any{"msg_type": 0, "content": "a good answer", "msg_id": id})
			p.until(`document.querySelector('#log').textContent.includes('a good answer')`, "what comes after it")
		})
	}
}
