package richmedia

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia/internal/platform"
)

// allTexts returns every text that a value shows: printed with each verb, logged, and marshalled if withJSON.
func allTexts(v any, withJSON bool) []string {
	var texts []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		texts = append(texts, fmt.Sprintf(verb, v))
	}
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "v", v)
	if withJSON {
		slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "v", v)
		j, err := json.Marshal(v)
		texts = append(texts, string(j), fmt.Sprint(err))
	}
	return append(texts, b.String())
}

// planted is what must not be shown. Each is unlike anything that a fuzzer writes around it.
const planted = "zQ7planted"

// values returns public values that hold secrets, with before and after written around them.
func values(before, after string) (all []any, jsonToo []bool) {
	address := "https://user:" + planted + "PW@cdn.example/" + url.PathEscape(before) + "/cat.png?sign=" + planted + "SIGN" + url.QueryEscape(after) + "#" + planted + "FRAGMENT"
	foreign := &url.Error{Op: "Get", URL: address, Err: errors.New(before + " " + address + after)}
	add := func(v any, withJSON bool) { all, jsonToo = append(all, v), append(jsonToo, withJSON) }
	for _, src := range []Source{
		FromURL(address), FromURL(address).Named(before + after), FromAttachment(Attachment{VoiceWAVURL: address}),
		FromURL("ftp" + strings.TrimPrefix(address, "https")), FromURL(before + address), FromURL(strings.Replace(address, "https:", "", 1)),
	} {
		add(src, true)
		add(&src, true)
		add([]Source{src}, true)
		add(struct{ S Source }{src}, true)
		add((&upload{src: src}).failed("open", foreign), true)
		add(*(&upload{src: src}).failed("read", fmt.Errorf("%s: %w", before, foreign)), true)
		if err := src.check(); err != nil {
			add(err.Error(), true)
		}
	}
	add(apiError(&platform.Error{Op: "send", Status: 400, Message: before + address + after, TraceID: after + address, Err: foreign}), true)
	add(*apiError(&platform.Error{Op: "upload", Err: foreign}).(*APIError), true) //nolint:forcetypeassert,errorlint // it is one
	file := File{Scope: ScopeGroup, Kind: KindImage, UUID: before, Info: planted + "INFO" + after, Expires: time.Unix(1_800_000_000, 0)}
	add(file, false)
	add(&file, false)
	add([]File{file}, false)
	add(map[string]File{"a": file}, false)
	sent := Attachment{MessageAttachment: dto.MessageAttachment{FileName: before + address + after, URL: address}, VoiceWAVURL: address}
	add(sent, false)
	add(&sent, false)
	add([]Attachment{sent}, false)
	add(Quote{Attachments: []Attachment{sent}}, false)
	add(&Quote{Attachments: []Attachment{sent}}, false)
	return all, jsonToo
}

func TestValuesThatHoldASecretShowNone(t *testing.T) {
	for _, around := range []string{"", " ", `"`, "'", "<", "(", "\\", "\n", "?", "&", "%", "`", "]", ","} {
		all, jsonToo := values(around, around)
		for i, v := range all {
			for _, text := range allTexts(v, jsonToo[i]) {
				require.NotContains(t, text, planted, "%T with %q around", v, around)
			}
		}
	}
	require.Contains(t, fmt.Sprint(FromURL("https://cdn.example/cat.png?sign=x")), "https://cdn.example/cat.png", "what is no secret is shown")
	cat := Attachment{MessageAttachment: dto.MessageAttachment{ContentType: "image/png", FileName: "cat.png", URL: "https://cdn.example/download?rkey=x"}}
	require.Equal(t, `image "cat.png" at https://cdn.example/download`, cat.String())
}

func TestAFileKeepsItsFileInfoInJSON(t *testing.T) {
	f := File{Scope: ScopeC2C, Kind: KindFile, UUID: "u", Info: "QR==", Card: true}
	b, err := json.Marshal(f)
	require.NoError(t, err)
	var got File
	require.NoError(t, json.Unmarshal(b, &got))
	require.Equal(t, f, got)
}

func FuzzValuesShowNoSecret(f *testing.F) {
	f.Add("", "")
	f.Add(`"`, "?")
	f.Add("https://", "@")
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.Contains(before+after, "zQ7") || len(before)+len(after) > 1000 {
			return
		}
		all, jsonToo := values(before, after)
		for i, v := range all {
			for _, text := range allTexts(v, jsonToo[i]) {
				if strings.Contains(text, planted) {
					t.Fatalf("%T shows %q", v, text)
				}
			}
		}
	})
}
