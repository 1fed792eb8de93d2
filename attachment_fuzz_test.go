package richmedia

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/tencent-connect/botgo/dto"
)

var absolute = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// FuzzAttachments feeds the attachments of a message in any shape to the parser: the message is read all the same,
// every address has a scheme or is empty, and what cannot be sent back is an error.
func FuzzAttachments(f *testing.F) {
	for _, raw := range captures(f) {
		var envelope struct {
			D struct {
				Attachments json.RawMessage `json:"attachments"`
			} `json:"d"`
		}
		if json.Unmarshal(raw, &envelope) == nil && envelope.D.Attachments != nil {
			f.Add([]byte(envelope.D.Attachments), "", "")
		}
	}
	f.Add([]byte(`[{"url":"//multimedia.nt.qq.com.cn/download?x=1","filename":"../a\\b.png"},null,7,{"url":7,"size":"1"}]`), "", "")
	f.Add([]byte(`[{"content_type":"voice","voice_wav_url":"gchat.qpic.cn/a.wav","asr_refer_text":"喵"}]`), "gchat.qpic.cn/a.silk", "a.silk")
	f.Add([]byte(`{"url":"x"}`), "HTTPS://user:pass@example.com:443/a%2fb.png?sign=1#x", "C:\\cat\u202e.png")
	f.Add([]byte(`[{"url":"0://"},{"url":"://"}]`), "multimedia.nt.qq.com.cn/download?to=https://x", "")
	f.Fuzz(func(t *testing.T, attachments []byte, address, name string) {
		one, err := json.Marshal([]map[string]string{{"url": address, "voice_wav_url": address, "filename": name}})
		if err != nil {
			t.Fatal(err)
		}
		checkAttachments(t, one)
		checkAttachments(t, attachments)
	})
}

func checkAttachments(t *testing.T, attachments []byte) {
	if !json.Valid(attachments) {
		return // botgo could not have decoded the payload
	}
	raw := append([]byte(`{"op":0,"t":"GROUP_AT_MESSAGE_CREATE","d":{"id":"m","group_openid":"g","content":"hi","attachments":`), attachments...)
	raw = append(raw, "}}"...)
	p := &dto.WSPayload{}
	if json.Unmarshal(raw, p) != nil {
		return // nested deeper than JSON may be
	}
	p.RawMessage = raw
	in, err := parse(p, time.Now())
	if err != nil {
		t.Fatalf("attachments cost a message: %v", err)
	}
	if in.text != "hi" || in.target.MsgID != "m" {
		t.Fatalf("attachments cost the text or the id: %+v", in)
	}
	for _, a := range in.attachments {
		for _, address := range []string{a.URL, a.VoiceWAVURL} {
			if address != "" && !absolute.MatchString(address) {
				t.Errorf("an address without a scheme: %q", address)
			}
		}
		src := FromAttachment(a)
		if strings.ContainsAny(src.name, `/\`) || strings.ContainsFunc(src.name, unicode.IsControl) {
			t.Errorf("a file name that is a path, or cannot be shown: %q", src.name)
		}
		if src.wav != "" && FromURL(src.wav).check() != nil {
			t.Errorf("a voice that cannot be fetched: %q", src.wav)
		}
		if src.check() != nil {
			continue
		}
		u, err := url.Parse(src.url)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			t.Errorf("a source that the platform cannot fetch: %q", src.url)
		} else if u.RawQuery != "" && strings.Contains(src.label(), "?"+u.RawQuery) {
			t.Errorf("a label with a query: %q", src.label())
		}
	}
}
