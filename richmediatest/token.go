package richmediatest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tencent-connect/botgo/token"
	"golang.org/x/oauth2"
)

// tokenOverlap is the last part of a token's life, in which the platform issues a new one while both are valid.
const tokenOverlap = 60 * time.Second

type accessToken struct {
	value   string
	expires time.Time
	revoked bool
}

func (t *accessToken) good(now time.Time) bool { return !t.revoked && now.Before(t.expires) }

// issueToken is POST /app/getAppAccessToken. Its errors come under HTTP 200: 100007 for an unknown app id, 100016 for a
// wrong secret. expires_in is a string, the seconds that are left.
func (p *Platform) issueToken(_ *http.Request, _ route, body []byte) (any, *refusal) {
	bad := func(code int, message string) *refusal {
		return &refusal{status: http.StatusOK, code: code, message: message}
	}
	f, err := parseFields(body)
	if err != nil {
		return nil, bad(100007, "invalid appid")
	}
	appID, err := f.text("appId")
	if err != nil || appID != p.cfg.appID {
		return nil, bad(100007, "invalid appid")
	}
	secret, err := f.text("clientSecret")
	if err != nil || secret != p.cfg.secret {
		return nil, bad(100016, "invalid appid or secret")
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.currentToken(now)
	seconds := int64(t.expires.Sub(now) / time.Second)
	return map[string]any{"access_token": t.value, "expires_in": strconv.FormatInt(seconds, 10)}, nil
}

// currentToken returns the newest token while more than a minute of it is left, else a new one. The caller holds p.mu.
func (p *Platform) currentToken(now time.Time) *accessToken {
	if n := len(p.tokens); n > 0 {
		if t := p.tokens[n-1]; t.good(now.Add(tokenOverlap)) {
			return t
		}
	}
	t := &accessToken{value: p.hexID(64), expires: now.Add(p.cfg.tokenLife)}
	p.tokens = append(p.tokens, t)
	return t
}

// RevokeTokens ends every token issued so far: calls with one are refused with 11244 / 40011027, and the next token asked
// for is a new one.
func (p *Platform) RevokeTokens() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.tokens {
		t.revoked = true
	}
}

// checkToken refuses a token that was never issued, has ended, or was revoked.
func (p *Platform) checkToken(value string) *refusal {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.tokens {
		if t.value == value && t.good(now) {
			return nil
		}
	}
	return &refusal{
		status: http.StatusUnauthorized, code: 11244, errCode: 40011027, message: "AccessToken无效或过期",
	}
}

// authorize checks Authorization: QQBot <access_token>, and X-Union-Appid if it is sent, as by botgo.
func (p *Platform) authorize(r *http.Request) *refusal {
	unauthorized := func(code int, message string) *refusal {
		return &refusal{status: http.StatusUnauthorized, code: code, errCode: code, message: message}
	}
	auth := r.Header.Get("Authorization")
	if auth == "" {
		return unauthorized(11241, "缺少Authorization头")
	}
	value, ok := strings.CutPrefix(auth, token.TypeQQBot+" ")
	if !ok || value == "" {
		return unauthorized(11243, "Authorization头格式错误，应为 QQBot <access_token>")
	}
	if bad := p.checkToken(value); bad != nil {
		return bad
	}
	if appID := r.Header.Get("X-Union-Appid"); appID != "" && appID != p.cfg.appID {
		return unauthorized(11255, "invalid request: 该AccessToken不属于此appid")
	}
	return nil
}

// TokenSource is an oauth2.TokenSource over [Platform.Client] for code under test. It has botgo's GetAppID() string too.
// Every Token asks the platform, which answers with the same token until its last minute; so that it recovers from
// [Platform.RevokeTokens], unlike botgo's own source. Calls are counted as OpToken and are subject to faults.
func (p *Platform) TokenSource() oauth2.TokenSource { return &tokenSource{p} }

type tokenSource struct{ p *Platform }

// GetAppID returns the app id that the tokens belong to.
func (s *tokenSource) GetAppID() string { return s.p.cfg.appID }

// Token asks the platform for a token.
func (s *tokenSource) Token() (*oauth2.Token, error) {
	body, err := json.Marshal(map[string]string{"appId": s.p.cfg.appID, "clientSecret": s.p.cfg.secret})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost,
		offlineURL+"/app/getAppAccessToken", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.p.Client().Do(req)
	if err != nil {
		return nil, fmt.Errorf("access token: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("access token: %w", err)
	}
	var said struct {
		Code        int    `json:"code"`
		Message     string `json:"message"`
		AccessToken string `json:"access_token"`
		ExpiresIn   string `json:"expires_in"`
	}
	if err := json.Unmarshal(raw, &said); err != nil {
		return nil, fmt.Errorf("access token: HTTP %d, no JSON: %w", resp.StatusCode, err)
	}
	if said.Code != 0 || said.AccessToken == "" {
		return nil, fmt.Errorf("access token: HTTP %d, %d %s", resp.StatusCode, said.Code, said.Message)
	}
	seconds, err := strconv.ParseInt(said.ExpiresIn, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("access token: expires_in: %w", err)
	}
	return &oauth2.Token{
		AccessToken: said.AccessToken, TokenType: token.TypeQQBot,
		Expiry: time.Now().Add(time.Duration(seconds) * time.Second), ExpiresIn: seconds,
	}, nil
}
