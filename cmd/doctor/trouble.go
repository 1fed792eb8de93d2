package main

import (
	"fmt"
	"time"
)

// trouble is why the doctor cannot go on, and what to do about it, in one sentence. It ends with exit status 2.
type trouble struct{ text }

// Error implements error.
func (t *trouble) Error() string { return t.en }

// troublef formats both sentences with the arguments. An argument that is a text takes the language of its sentence.
func troublef(t text, args ...any) error {
	return &trouble{text{fmt.Sprintf(t.en, localized(args, false)...), fmt.Sprintf(t.zh, localized(args, true)...)}}
}

// localized returns the arguments of a sentence in one language.
func localized(args []any, zh bool) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		if t, ok := arg.(text); ok {
			arg = t.in(zh)
		}
		out[i] = arg
	}
	return out
}

// maxSkew is how far this machine's clock may be from the platform's: a webhook's signature is refused beyond 10 minutes, and
// reply windows have 5.
const maxSkew = 5 * time.Minute

// checkClock compares this machine's clock with an answer's Date.
func checkClock(a answer, now time.Time) error {
	date, err := time.Parse(time.RFC1123, a.header.Get("Date"))
	if err != nil {
		return nil // a proxy may drop it
	}
	skew := now.Sub(date).Round(time.Minute)
	minutes := int(skew / time.Minute)
	switch {
	case skew > maxSkew:
		return troublef(text{
			"This machine's clock is %d minutes ahead of the platform's: set it (for example with NTP) and run the doctor again.",
			"本机时钟比平台快 %d 分钟：请校准时钟（例如启用 NTP）后重试。",
		}, minutes)
	case skew < -maxSkew:
		return troublef(text{
			"This machine's clock is %d minutes behind the platform's: set it (for example with NTP) and run the doctor again.",
			"本机时钟比平台慢 %d 分钟：请校准时钟（例如启用 NTP）后重试。",
		}, -minutes)
	}
	return nil
}

// unusable returns the trouble in an answer that every later step depends on, or nil.
func (a answer) unusable() error {
	if a.silent != "" {
		if t, ok := silences[a.silent]; ok {
			return &trouble{t}
		}
		return &trouble{silences[broken]}
	}
	code := a.code()
	if t, ok := meanings[code]; ok && blocking[code] {
		return troublef(text{"%s (code %d)", "%s（错误码 %d）"}, t, code)
	}
	switch {
	case a.accepted():
		return nil
	case code != 0:
		meaning, ok := meanings[code]
		if !ok {
			meaning = text{"The platform refuses the request: look the code up in the documents at bot.q.qq.com/wiki.", "平台拒绝了请求：请在 bot.q.qq.com/wiki 的文档里查这个错误码。"}
		}
		return troublef(text{"%s (code %d, HTTP %d)", "%s（错误码 %d，HTTP %d）"}, meaning, code, a.status)
	case a.status >= 500:
		return troublef(text{
			"The platform's own proxy answers HTTP %d: wait some minutes and run the doctor again.",
			"平台自己的代理返回 HTTP %d：请等几分钟再试。",
		}, a.status)
	}
	return troublef(text{
		"What answers (HTTP %d, no JSON of the platform) is not the platform but probably a login page or a proxy of this network: log in to the network in a browser, or set HTTPS_PROXY, and run the doctor again.",
		"应答的（HTTP %d，不是平台的 JSON）不是平台，多半是本网络的登录页或代理：请先在浏览器里登录网络，或设置 HTTPS_PROXY，再重试。",
	}, a.status)
}
