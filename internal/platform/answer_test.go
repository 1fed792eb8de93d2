package platform

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheErrCodeCountsBeforeTheCode(t *testing.T) {
	c, _, _, _ := newTestClient(status(200, `{"message":"富媒体文件格式不支持","code":850019,"err_code":40034002,"trace_id":"9af3e5f2"}`))
	_, err := c.Upload(t.Context(), group, Media{Kind: 1, URL: "https://example.com/a"})
	var e *Error
	require.ErrorAs(t, err, &e, "an error that came with HTTP 200")
	assert.Equal(t, 40034002, e.Code)
	assert.Equal(t, 850019, e.Alias)
	assert.Equal(t, Unsupported, ReasonOf(e.Status, e.Code, e.Alias))
	assert.Equal(t, Unsupported, ReasonOf(e.Status, 1, 850019), "either code decides")
}

func TestAnswersAreReadBounded(t *testing.T) {
	c, _, _, _ := newTestClient(step{code: 200, header: http.Header{}, body: zeros{}})
	_, err := c.Send(t.Context(), group, []byte(`{}`), true)
	require.ErrorIs(t, err, errTooLong)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestEveryShapeOfAnOfferIsRead(t *testing.T) {
	parts := `"upload_id":"u","block_size":"10","parts":[{"index":1,"presigned_url":"https://a","block_size":"10"},{"index":"2","presigned_url":"https://b","block_size":4}]`
	want := Offer{
		UploadID: "u", BlockSize: 10, Concurrency: 1, RetryTimeout: 300 * time.Second, RetryDelay: time.Second,
		Parts: []OfferedPart{{1, "https://a", 10}, {2, "https://b", 4}},
	}
	for name, c := range map[string]struct {
		body string
		with func(*Offer)
	}{
		"no config": {`{` + parts + `}`, nil},
		"nested": {`{` + parts + `,"upload_config":{"concurrency":3,"retry_timeout":60,"retry_delay":2}}`, func(o *Offer) {
			o.Concurrency, o.RetryTimeout, o.RetryDelay = 3, time.Minute, 2*time.Second
		}},
		"flat and wrapped": {`{"code":0,"data":{` + parts + `,"concurrency":"99999","retry_timeout":99999,"retry_delay":99999}}`, func(o *Offer) {
			o.Concurrency, o.RetryTimeout, o.RetryDelay = 64, 600*time.Second, 30*time.Second
		}},
		"nonsense": {`{` + parts + `,"concurrency":-3,"retry_timeout":-1,"retry_delay":-1}`, nil},
		"zero":     {`{` + parts + `,"upload_config":{"concurrency":0,"retry_timeout":0,"retry_delay":0}}`, func(o *Offer) { o.RetryTimeout = 0 }},
	} {
		w := want
		if c.with != nil {
			c.with(&w)
		}
		got, err := decodeOffer(readAnswer([]byte(c.body)))
		require.NoError(t, err, name)
		assert.Equal(t, w, got, name)
	}
	got, err := decodeOffer(readAnswer([]byte(`{"file_info":"X","file_uuid":"U","ttl":86400}`)))
	require.NoError(t, err)
	assert.Equal(t, &Uploaded{FileInfo: "X", FileUUID: "U", TTL: 24 * time.Hour}, got.Done)
}

// FuzzAnswers feeds whatever a platform, a proxy or a captive portal may answer to every decoder.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, sentOK, uploadedOK, `{"code":"11244"}`, `{"code":1e99}`, `{"ttl":-1,"file_info":"x"}`,
		`{"message":"call inner proxy error","code":850012}`, `{"id":7,"timestamp":{}}`, `<html>413</html>`, "\xff\xfe",
		`{"upload_id":"u","block_size":"9","parts":[{"index":0,"presigned_url":"https://x","block_size":9}],"upload_config":{"concurrency":1}}`,
		`{"data":{"upload_id":"u","block_size":9,"concurrency":"4","retry_timeout":1e9}}`, `{"data":{"file_info":"x","ttl":1}}`,
		`{"code":304023,"message":"push message is waiting for audit now","data":{"message_audit":{"audit_id":"audit_1"}}}`,
	} {
		f.Add(200, []byte(seed))
		f.Add(500, []byte(seed))
	}
	f.Fuzz(func(t *testing.T, code int, body []byte) {
		e := &Error{Op: "send", Status: code}
		ok := e.judge(readAnswer(body), func() secrets { return nil })
		if !ok && e.Code == 0 && code >= 200 && code < 300 {
			t.Error("a success without a code was refused")
		}
		if strings.ContainsAny(e.Error(), "\n\r") || len(e.Error()) > 4096 {
			t.Errorf("an error that is no line: %q", e.Error())
		}
		if up, err := decodeUploaded(readAnswer(body)); err == nil && (up.FileInfo == "" || up.TTL < 0) {
			t.Errorf("an upload without file_info, or with a negative ttl: %+v", up)
		}
		if o, err := decodeOffer(readAnswer(body)); err == nil && o.Done == nil && (o.Concurrency < 1 || o.RetryTimeout < 0 || o.RetryDelay < 0 || o.UploadID == "") {
			t.Errorf("an offer that is neither parts nor a file, or out of bounds: %+v", o)
		}
		if sent, err := decodeSent(readAnswer(body), true); err == nil && sent.ID == "" && !bytes.Contains(body, []byte("30402")) {
			t.Errorf("a message without an id was taken for sent: %q", body)
		}
	})
}

func TestOneOddFieldDoesNotHideTheCode(t *testing.T) {
	for _, body := range []string{
		`{"code":40054005,"err_code":40054005,"trace_id":12345}`,
		`{"err_code":40054005,"trace_id":{"a":1},"message":["x"]}`,
		`{"err_code":40054005,"message":7}`,
		`{"err_code":"40054005","message":null}`,
		`{"err_code":40054005,"code":"no number"}`,
		`{"err_code":40054005,"code":[1]}`,
		`{"code":40054005,"err_code":{}}`,
		`{"code":40054005,"err_code":null}`,
	} {
		c, s, _, _ := newTestClient(status(400, body))
		sent, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.NoError(t, err, body)
		assert.True(t, sent.Duplicate, body)
		assert.Len(t, s.bodies, 1, body)
	}
	c, _, _, _ := newTestClient(status(400, `{"err_code":850018,"trace_id":12345,"message":"muted"}`, "X-Tps-trace-ID", "H"))
	_, err := c.Send(t.Context(), group, []byte(`{}`), true)
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "H", e.TraceID, "the header's, where the body's is none")
	assert.Equal(t, "muted", e.Message)
}

func TestWhatIsKeptOfAnAnswerDoesNotKeepItsRest(t *testing.T) {
	const fields = `"id":"M1","timestamp":"2026-07-21T10:00:00+08:00","ext_info":{"ref_idx":"R"},"file_info":"QR==","file_uuid":"u","raw_url":"https://a.b/c"`
	a := readAnswer([]byte(`{` + fields + `,"rest":"` + strings.Repeat("x", 100) + `"}`))
	sent, err := decodeSent(a, true)
	require.NoError(t, err)
	up, err := decodeUploaded(a)
	require.NoError(t, err)
	all := uintptr(unsafe.Pointer(unsafe.StringData(a.object.Raw)))
	for _, kept := range []string{sent.ID, sent.Timestamp, sent.RefIdx, up.FileInfo, up.FileUUID, up.RawURL} {
		require.NotEmpty(t, kept)
		at := uintptr(unsafe.Pointer(unsafe.StringData(kept)))
		assert.False(t, at >= all && at < all+uintptr(len(a.object.Raw)), kept)
	}
}
