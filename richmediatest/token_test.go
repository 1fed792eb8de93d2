package richmediatest_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

const soonTimeout = 10 * time.Second

func TestTokenEndpointWantsTheBotsCredentials(t *testing.T) {
	b := newBot(t, richmediatest.WithCredentials("1", "s"))
	ask := func(body string) reply { return b.post("/app/getAppAccessToken", body) }

	r := ask(`{"appId":"1","clientSecret":"s"}`)
	accepted(t, r)
	assert.Equal(t, b.token, r.text("access_token"))
	assert.IsType(t, "", r.json["expires_in"], "expires_in is a string")

	assert.Equal(t, 100007, ask(`{"appId":"2","clientSecret":"s"}`).code())
	assert.Equal(t, 100007, ask(`{"appId":1,"clientSecret":"s"}`).code(), "appId is a string")
	assert.Equal(t, 100007, ask(`no json`).code())
	bad := ask(`{"appId":"1","clientSecret":"x"}`)
	assert.Equal(t, 100016, bad.code())
	assert.Equal(t, 200, bad.status, "token errors come under 200")
	assert.Equal(t, "1", b.p.AppID())
	assert.Equal(t, "s", b.p.Credentials().AppSecret)
}

func TestTokenIsTheSameUntilItsLastMinuteAndThenBothAreGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t, richmediatest.WithTokenLifetime(5*time.Minute))
		first := b.token
		time.Sleep(4*time.Minute - time.Second)
		require.Equal(t, first, b.newToken())
		time.Sleep(2 * time.Second)
		second := b.newToken()
		require.NotEqual(t, first, second)
		for _, tk := range []string{first, second} {
			b.token = tk
			r, err := b.do(http.MethodGet, "/users/@me", "")
			require.NoError(t, err)
			accepted(t, r)
		}
		time.Sleep(time.Minute)
		b.token = first
		r, err := b.do(http.MethodGet, "/users/@me", "")
		require.NoError(t, err)
		refused(t, r, 401, 11244, 40011027)
	})
}

func TestRevokedTokensEndAtOnceAndTheNextOneIsNew(t *testing.T) {
	b := newBot(t)
	b.p.RevokeTokens()
	r := b.post("/v2/groups/x/messages", "{}")
	refused(t, r, 401, 11244, 40011027)
	old := b.token
	b.token = b.newToken()
	assert.NotEqual(t, old, b.token)
	r, err := b.do(http.MethodGet, "/users/@me", "")
	require.NoError(t, err)
	accepted(t, r)
}

func TestTheAPIWantsTheAuthorizationHeader(t *testing.T) {
	b := newBot(t)
	call := func(auth, appID string) reply {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example.com/users/@me", nil)
		require.NoError(t, err)
		if auth != "" {
			req.Header.Set("Authorization", auth)
		}
		if appID != "" {
			req.Header.Set("X-Union-Appid", appID)
		}
		r, err := b.send(req)
		require.NoError(t, err)
		return r
	}
	refused(t, call("", ""), 401, 11241, 11241)
	refused(t, call("Bearer "+b.token, ""), 401, 11243, 11243)
	refused(t, call(b.token, ""), 401, 11243, 11243)
	refused(t, call("QQBot "+strings.Repeat("0", 64), ""), 401, 11244, 40011027)
	refused(t, call("QQBot "+b.token, "999"), 401, 11255, 11255)
	accepted(t, call("QQBot "+b.token, b.p.AppID()))
}

func TestTokenSourceReportsWhatThePlatformSaid(t *testing.T) {
	p := richmediatest.New()
	src := p.TokenSource()
	named, ok := src.(interface{ GetAppID() string })
	require.True(t, ok)
	assert.Equal(t, p.AppID(), named.GetAppID())
	tk, err := src.Token()
	require.NoError(t, err)
	assert.Equal(t, "QQBot", tk.TokenType)
	assert.True(t, tk.Valid())

	p.Fail(richmediatest.OpToken, 1, 200, 100001, "too many requests")
	_, err = src.Token()
	require.ErrorContains(t, err, "100001")
	_, err = src.Token()
	require.NoError(t, err)
	assert.Equal(t, 3, p.Count(richmediatest.OpToken))
}

func TestCallsAreRecordedWithoutSecrets(t *testing.T) {
	b := newBot(t)
	g := b.p.Group("g")
	b.message(g, `{"content":"hi"}`)
	calls := b.p.Calls()
	require.Len(t, calls, 2)
	assert.Equal(t, richmediatest.OpToken, calls[0].Op)
	assert.Nil(t, calls[0].Body, "the secret is in it")
	send := calls[1]
	assert.Equal(t, richmediatest.OpSend, send.Op)
	assert.Equal(t, "POST", send.Method)
	assert.Equal(t, base(g)+"/messages", send.Path)
	assert.JSONEq(t, `{"content":"hi"}`, string(send.Body))
	assert.Equal(t, 400, send.Status)
	assert.Equal(t, 40034105, send.Code)
	assert.NotContains(t, send.Header.Get("Authorization"), b.token)
	assert.Contains(t, send.Header.Get("Authorization"), b.token[60:])

	b.files(g, `{"file_type":1,"url":"https://example.com/missing.png"}`)
	_, err := b.do(http.MethodGet, "/users/@me?x=1", "")
	require.NoError(t, err)
	calls = b.p.Calls()
	assert.Equal(t, 40034001, calls[2].Code, "err_code comes before code")
	assert.Equal(t, "/users/@me?x=1", calls[3].Path)
}
