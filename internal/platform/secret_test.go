package platform

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
)

func TestErrorsAndLogsHoldNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, rec := newTestClient(
			status(500, `{"code":850027,"message":"download https://cos.example.com/a?sign=SECRET failed"}`),
			status(200, `{"file_info":"SECRET-INFO`),
			status(400, `{"code":850026,"message":"GET https://cos.example.com/a?sign=SECRET\nSet-Cookie: x"}`),
		)
		_, err := c.Upload(t.Context(), group, Media{Kind: 1, URL: "https://cos.example.com/a?sign=SECRET"})
		require.Error(t, err)
		require.Len(t, rec.all(), 3, "850026 is worth one more try")
		for _, text := range append(rec.all(), err.Error()) {
			for _, secret := range []string{"SECRET", "token-1", "\n"} {
				assert.NotContains(t, text, secret)
			}
		}
	})
}

// planted are secrets of the calls that quote makes, none of which may be read in a text.
var planted = struct{ token, fileInfo, user, password, sign, other, fragment string }{
	"t0ken-S3CR3T.aB+/9x", "F1LE+INFO/S3CR3T==", "us3rS3CR3T", "pa55%40S3CR3T", "S1GN-S3CR3T%2Bz", "0ther'S3CR3T", "fr4gment-S3CR3T",
}

// plantedAddress has a quote, which may end an address in a text, in front of its query.
var plantedAddress = "https://" + planted.user + ":" + planted.password + "@cdn.test/it's-a-cat.png?sign=" + planted.sign + "&exp=" + planted.other +
	"#" + planted.fragment

// plantedBlank is the same with a blank, as an upload may have it.
var plantedBlank = strings.Replace(plantedAddress, "it's-a-cat", `it's a "cat`, 1)

// quotes are what a platform, or a proxy in front of it, may quote of a request, by the call that holds it.
func quotes(call string) []string {
	all := []string{planted.token, "Authorization: QQBot " + planted.token, "QQBot\n" + planted.token}
	switch call {
	case "send":
		return append(all, planted.fileInfo, `{"media":{"file_info":"`+planted.fileInfo+`"}}`, plantedBlank, planted.sign, planted.other)
	case "image", "url":
		return append(all, plantedBlank, plantedAddress, planted.sign, planted.other, planted.fragment, planted.user, planted.password,
			"sign="+planted.sign, "decoded S1GN-S3CR3T+z", "decoded pa55@S3CR3T", planted.user+":"+planted.password)
	case "inline":
		return append(all, `{"file_type":1,"file_data":"`+base64.StdEncoding.EncodeToString([]byte(planted.token+planted.token))+`"}`,
			`file_data=`+base64.StdEncoding.EncodeToString([]byte(planted.token)))
	case "part", "fetch":
		return []string{plantedAddress, planted.sign, planted.other, planted.fragment, planted.user, planted.password, "GET " + plantedAddress + " HTTP/1.1"}
	case "token":
		return []string{
			`{"appId":"1","clientSecret":"S3CR3T-app"}`, `{\"appId\":\"1\",\"clientSecret\":\"S3CR3T-app\"}`, `access_token=S3CR3T-app&x=1`,
			`{"access_token":"S3CR3T-app"}`, "https://x.test/token?secret=S3CR3T-app", "Bearer S3CR3T-app-of-some-length",
		}
	}
	return all
}

// forms are the ways in which a text may be quoted.
var forms = []func(string) string{
	func(s string) string { return s },
	url.QueryEscape,
	url.PathEscape,
	html.EscapeString,
	func(s string) string { q, _ := json.Marshal(s); return string(q) },
	strconv.Quote,
	func(s string) string { return strings.ReplaceAll(s, "/", `\/`) },
	strings.ToLower,
}

// places are where a quote may come back, as the answer or the error of a request.
var places = []func(status int, said string) step{
	func(s int, said string) step {
		m, _ := json.Marshal(said)
		return status(s, `{"code":987654,"message":`+string(m)+`}`)
	},
	func(s int, said string) step {
		m, _ := json.Marshal(said)
		return status(s, `{"code":850026,"message":"x","trace_id":`+string(m)+`}`)
	},
	func(s int, said string) step {
		return status(s, `{"code":850026}`, "X-Tps-Trace-Id", said, "X-Cos-Request-Id", said, "Location", said)
	},
	func(s int, said string) step { return status(s, "<html>"+said+"</html>") },
	func(_ int, said string) step { return status(200, `{"file_info":"`+said) },
	func(_ int, said string) step {
		m, _ := json.Marshal(said)
		return status(200, `{"file_info":{"x":`+string(m)+`},"upload_id":[`+string(m)+`]}`)
	},
	func(_ int, said string) step { return step{err: errors.New(said)} },
	func(_ int, said string) step {
		return step{err: errors.New("net/http: HTTP/1.x transport connection broken: malformed HTTP response \"" + said + "\"")}
	},
	func(_ int, said string) step {
		return step{err: &url.Error{Op: "Get", URL: said, Err: errors.New(said)}}
	},
	func(_ int, said string) step { return step{code: 200, header: http.Header{"Content-Encoding": {said}}} },
}

// FuzzSecrets has a platform, a proxy, a storage or another host quote what a call sent, somewhere in any text, and looks
// for it in the call's error, in all that is in the error, and in the log.
func FuzzSecrets(f *testing.F) {
	for call := range uint8(11) {
		for place := range uint8(10) {
			f.Add(call, place, uint8(0), uint8(0), uint16(400), "bad request: ", " (see above)")
			f.Add(call, place, place, call, uint16(500), "download '", "' failed")
		}
	}
	f.Add(uint8(11), uint8(0), uint8(5), uint8(0), uint16(400), "0", "0") // no word begins there
	open := func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(planted.token)), nil
	}
	chat := Chat{Scene: Channel, ID: "1"}
	message := []byte(`{"media":{"file_info":"` + planted.fileInfo + `"},"markdown":{"content":` + strconv.Quote("![x]("+plantedAddress+")") + `},"image":` + strconv.Quote(plantedBlank) + `}`)
	calls := []struct {
		name string
		do   func(context.Context, *Client) error
	}{
		{"send", func(ctx context.Context, c *Client) error { _, err := c.Send(ctx, group, message, true); return err }},
		{"url", func(ctx context.Context, c *Client) error {
			_, err := c.Upload(ctx, group, Media{Kind: 1, URL: plantedBlank})
			return err
		}},
		{"url", func(ctx context.Context, c *Client) error {
			_, err := c.Upload(ctx, group, Media{Kind: 1, URL: plantedAddress})
			return err
		}},
		{"inline", func(ctx context.Context, c *Client) error {
			_, err := c.Upload(ctx, group, Media{Kind: 3, Size: int64(len(planted.token)), Open: open})
			return err
		}},
		{"prepare", func(ctx context.Context, c *Client) error {
			_, err := c.Prepare(ctx, group, Announcement{})
			return err
		}},
		{"finish", func(ctx context.Context, c *Client) error { return c.FinishPart(ctx, group, "u", 1, 1, "") }},
		{"merge", func(ctx context.Context, c *Client) error { _, err := c.Merge(ctx, group, "u", 1, "", 1); return err }},
		{"image", func(ctx context.Context, c *Client) error {
			_, err := c.SendImage(ctx, chat, Image{Fields: map[string]string{"content": "see " + plantedAddress}, Type: "image/png", Size: int64(len(planted.token)), Open: open})
			return err
		}},
		{"ack", func(ctx context.Context, c *Client) error { return c.Ack(ctx, "I", 0) }},
		{"part", func(ctx context.Context, c *Client) error {
			return c.PutPart(ctx, plantedAddress, int64(len(planted.token)), open)
		}},
		{"fetch", func(ctx context.Context, c *Client) error {
			got, err := Fetcher{HTTP: c.http, Limit: 100}.Get(ctx, plantedAddress)
			if err == nil {
				_, err = io.Copy(io.Discard, got)
				_ = got.Close()
			}
			return err
		}},
		{"token", func(ctx context.Context, c *Client) error { _, err := c.Send(ctx, group, message, true); return err }},
	}
	f.Fuzz(func(t *testing.T, call, place, which, form uint8, httpStatus uint16, before, after string) {
		if strings.ContainsAny(before[max(0, len(before)-12):], `%\&`) {
			before += " " // else it may begin an escape that the secret ends
		}
		made := calls[int(call)%len(calls)]
		quoted := quotes(made.name)
		said := before + forms[int(form)%len(forms)](quoted[int(which)%len(quoted)]) + after
		s := &script{steps: []step{places[int(place)%len(places)](200+int(httpStatus)%400, said)}}
		rec := &recorder{}
		source := tokenFunc(func() (*oauth2.Token, error) { return &oauth2.Token{AccessToken: planted.token}, nil })
		if made.name == "token" {
			source = func() (*oauth2.Token, error) { return nil, errors.New(before + quoted[int(which)%len(quoted)] + after) }
		}
		c := New(Config{HTTP: &http.Client{Transport: s}, Base: func() string { return "https://platform.test" }, Source: source, Log: rec})
		err := made.do(t.Context(), c)
		texts := rec.all()
		for _, err := range chain(err) {
			texts = append(texts, err.Error(), fmt.Sprintf("%+v", err))
			if e, ok := err.(*Error); ok { //nolint:errorlint // each of the chain is looked at by itself
				texts = append(texts, e.Detail(), e.Message, e.TraceID)
			}
		}
		for _, text := range texts {
			if made.name == "token" && !strings.Contains(text, "no access token") {
				continue // the source's own error, which the bot has made
			}
			if strings.Contains(strings.ToLower(text), "s3cr3t") || strings.ContainsAny(text, "\n\r\x1b\u202e") {
				t.Errorf("%s quoted %q, and the text is %q", made.name, said, text)
			}
		}
	})
}

// TestARefusedTokenIsASecretToo though later attempts go out with others.
func TestARefusedTokenIsASecretToo(t *testing.T) {
	expired := status(401, `{"message":"token expired","code":11244}`)
	for i, place := range places {
		synctest.Test(t, func(t *testing.T) {
			c, _, tk, rec := newTestClient(expired, expired, place(400, "for t0ken-1S3CR3T, then t0ken-2S3CR3T"))
			tk.names = []string{"t0ken-1S3CR3T", "t0ken-2S3CR3T", "t0ken-3S3CR3T"}
			_, err := c.Send(t.Context(), group, []byte(`{}`), true)
			require.Error(t, err, i)
			texts := rec.all()
			for _, err := range chain(err) {
				texts = append(texts, fmt.Sprintf("%+v", err))
			}
			assert.NotContains(t, strings.Join(texts, "\n"), "S3CR3T", i)
		})
	}
}

// chain is err and all that it holds.
func chain(err error) (all []error) {
	if err == nil {
		return nil
	}
	all = append(all, err)
	switch err := err.(type) { //nolint:errorlint // as above
	case interface{ Unwrap() error }:
		return append(all, chain(err.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, err := range err.Unwrap() {
			all = append(all, chain(err)...)
		}
	}
	return all
}

// FuzzClean plants secrets in any text, quoted up to three times over, and looks for them in the cleaned text.
func FuzzClean(f *testing.F) {
	var known secrets
	known.add(planted.token)
	known.add(planted.fileInfo)
	known.addAddress(plantedBlank)
	for i := range uint8(len(forms)) {
		f.Add(i, i, i+1, i+2, "bad request: '", "' (see above)")
	}
	all := append(quotes("url"), quotes("send")...)
	f.Fuzz(func(t *testing.T, which, one, two, three uint8, before, after string) {
		said := all[int(which)%len(all)]
		for _, form := range []uint8{one, two, three} {
			said = forms[int(form)%len(forms)](said)
		}
		if strings.ContainsAny(before[max(0, len(before)-12):], `%\&`) {
			before += " " // else it may begin an escape that the secret ends
		}
		text := known.clean(before + said + after)
		if strings.Contains(strings.ToLower(text), "s3cr3t") && !strings.Contains(strings.ToLower(before+after), "s3cr3t") {
			t.Errorf("%q is %q", before+said+after, text)
		}
		if strings.ContainsAny(text, "\n\r\x1b\u202e") || utf8.RuneCountInString(text) > maxText+3 {
			t.Errorf("%q is no text for an error", text)
		}
	})
}

// BenchmarkSecrets cleans what the platform says when it refuses a message.
func BenchmarkSecrets(b *testing.B) {
	r := request{content: []byte(`{"msg_id":"ROBOT1.0_x","msg_seq":1001,"msg_type":7,"media":{"file_info":"` + strings.Repeat("a1", 60) + `"}}`)}
	s := r.secrets(&oauth2.Token{AccessToken: strings.Repeat("b2", 40)})
	b.ReportAllocs()
	for b.Loop() {
		s.clean("server busy, please try again later")
	}
}
