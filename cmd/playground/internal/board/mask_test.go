package board

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSecretsAreHiddenWhereverTheyStand(t *testing.T) {
	const info = "AE86C5D3F0E14B238C656C0F6DD1D0479C"
	for name, c := range map[string]struct{ body, want string }{
		"order and types stay": {`{"b":1,"a":[true,null,1.50,"x"],"c":{}}`, "{\n  \"b\": 1,\n  \"a\": [\n    true,\n    null,\n    1.50,\n    \"x\"\n  ],\n  \"c\": {}\n}"},
		"file_info":            {`{"media":{"file_info":"` + info + `"}}`, "{\n  \"media\": {\n    \"file_info\": \"AE8••••79C (34)\"\n  }\n}"},
		"short file_info":      {`{"file_info":"abc"}`, "{\n  \"file_info\": \"••••\"\n}"},
		"token":                {`{"access_token":"abcdef","expires_in":"7200"}`, "{\n  \"access_token\": \"••••\",\n  \"expires_in\": \"7200\"\n}"},
		"presigned":            {`{"parts":[{"presigned_url":"https://u:p@cos.example/a?sign=abc#f"}]}`, "{\n  \"parts\": [\n    {\n      \"presigned_url\": \"https://cos.example/a?••••\"\n    }\n  ]\n}"},
		"file_data":            {`{"file_data":"AAAA"}`, "{\n  \"file_data\": \"(base64, 4 characters)\"\n}"},
		"html stays text":      {`{"content":"<b>&"}`, "{\n  \"content\": \"<b>&\"\n}"},
		"no json":              {`access_token=abc`, "(999 bytes)"},
		"nothing":              {` `, ""},
		"a page":               {"<html>502</html>", "<html>502</html>"},
	} {
		assert.Equal(t, c.want, Mask([]byte(c.body), 999), name)
	}
}

func TestABodyThatIsCutOffIsShownAsFarAsItGoes(t *testing.T) {
	whole := `{"file_type":1,"file_info":"AE86C5D3F0E14B238C656C0F6DD1D0479C","file_data":"` + strings.Repeat("QUJD", 100) + `"}`
	for cut := range len(whole) {
		shown := Mask([]byte(whole[:cut]), 5000)
		assert.NotContains(t, shown, "C5D3F0")
		assert.NotContains(t, shown, "QUJDQUJD")
	}
	shown := Mask([]byte(whole[:len(whole)-9]), 5000)
	assert.Contains(t, shown, `"file_type": 1`)
	assert.Contains(t, shown, "5000 bytes in all")
}

func FuzzMask(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"c"}],"token":"x"}`))
	f.Add([]byte(`[[[[`))
	f.Add([]byte(`{"file_data":"`))
	f.Fuzz(func(t *testing.T, body []byte) {
		shown := Mask(body, int64(len(body)))
		if len(shown) > maxShown+64 {
			t.Fatalf("%d bytes are shown", len(shown))
		}
		secret := "s3cr3t-v4lue"
		wrapped, err := json.Marshal(map[string]any{"token": secret, "more": string(body)})
		if err != nil {
			return
		}
		if strings.Contains(Mask(wrapped, 0), secret) && !strings.Contains(string(body), secret) {
			t.Fatal("the secret is shown")
		}
	})
}

func TestNamesOfSavedFilesAreHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"cat.png": "cat.png", "../../etc/passwd": "passwd", `..\..\boot.ini`: "boot.ini", "a\x00b:c?.txt": "a_b_c_.txt",
		"猫.png": "猫.png", "con . . ": "con", strings.Repeat("x", 300) + ".png": strings.Repeat("x", 80) + ".png", "..": "", "/": "_",
	} {
		up := upload(in)
		got := fileName(up)
		assert.Equal(t, "20260721-100000.000-01234567-"+want, got, in)
		assert.NotContains(t, got, "/")
	}
	assert.Equal(t, "20260721-100000.000-01234567-file.txt", fileName(upload("")))
}

func TestACredentialIsHiddenWhereverItStands(t *testing.T) {
	for _, in := range []string{
		`{"Token":"SECRET-SECRET-SECRET"}`,
		`{"access_token":12345678}`,
		`{"content":"see http://u.example/x?sig=SECRET and more"}`,
		`{"message_scene":{"ext":["msg_idx=R","auth_token=SECRET"]}}`,
		`{"raw_url":"HTTPS://h.example/x?sign=SECRET"}`,
		`{"presigned_url":" https://h.example/x?sign=SECRET"}`,
	} {
		shown := Mask([]byte(in), int64(len(in)))
		assert.NotContains(t, shown, "SECRET", in)
		assert.NotContains(t, shown, "12345678", in)
		assert.Contains(t, shown, "••••", in)
	}
	err := &url.Error{Op: "Post", URL: "http://127.0.0.1:1/hook?key=SECRET", Err: errors.New("connection refused")}
	assert.Equal(t, `Post "http://127.0.0.1:1/hook?••••": connection refused`, MaskError(err))
}
