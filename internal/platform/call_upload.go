package platform

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// Timeouts of one attempt. The answer to a URL comes after the platform has fetched it; bytes take the time that the line
// needs for them. SDKs use 120 to 300 s for /files (openclaw-qqbot, AstrBot).
const (
	urlTimeout    = 120 * time.Second
	inlineTimeout = 60 * time.Second // since the last byte
)

// The kinds (file_type) that have rules of their own.
const (
	kindVoice = 3
	kindFile  = 4
)

// Media is the file of one call to /files: a URL that the platform fetches, or Size bytes.
type Media struct {
	Kind int    // file_type
	Name string // file_name; "" sends none
	URL  string
	Size int64 // of the raw bytes
	Open func(context.Context) (io.ReadCloser, error)
}

// Uploaded is the answer of /files.
type Uploaded struct {
	FileInfo string // opaque: verbatim
	FileUUID string
	RawURL   string        // presigned, valid as long as the upload; "" if the platform sent none
	TTL      time.Duration // 0: long-lived
	Asked    time.Time     // the beginning of the request: the ttl counts from some moment after it
}

// errNoFileInfo is the error for a success without a file_info; it happens now and then, and a retry helps (ElainaBot v2,
// AstrBot).
var errNoFileInfo = errors.New("the answer holds no file_info")

// Upload makes one call to /files with srv_send_msg=false. Bytes travel as base64, which is encoded while it is sent.
func (c *Client) Upload(ctx context.Context, chat Chat, m Media) (Uploaded, error) {
	r := &request{
		op: "upload", endpoint: endpointFiles, method: http.MethodPost, path: chat.path("/files"), repeatable: true,
		secret: func(s *secrets) { s.addAddress(m.URL) },
	}
	head, err := json.Marshal(struct {
		FileType   int    `json:"file_type"`
		SrvSendMsg bool   `json:"srv_send_msg"`
		FileName   string `json:"file_name,omitempty"`
		URL        string `json:"url,omitempty"`
	}{m.Kind, false, m.Name, m.URL})
	if err != nil {
		return Uploaded{}, &Error{Op: r.op, Err: err, final: true}
	}
	if m.URL != "" {
		r.timeout = urlTimeout
		r.content = head
	} else {
		r.timeout = inlineTimeout
		r.length, r.open = inlineBody(string(head), m)
		r.inline, r.voice = true, m.Kind == kindVoice
	}
	var up Uploaded
	r.decode = func(a answer) (err error) {
		up, err = decodeUploaded(a)
		up.Asked = r.began
		return err
	}
	err = c.do(ctx, r)
	return up, err
}

// inlineBody returns head with the bytes of m as one more field, file_data.
func inlineBody(head string, m Media) (length int64, open func(context.Context) (io.ReadCloser, error)) {
	const tail = `"}`
	head = strings.TrimSuffix(head, "}") + `,"file_data":"`
	length = int64(len(head)) + encodedLen(m.Size) + int64(len(tail))
	return length, func(ctx context.Context) (io.ReadCloser, error) {
		raw, err := m.Open(ctx)
		if err != nil {
			return nil, err
		}
		data := &base64Reader{src: raw}
		return struct {
			io.Reader
			io.Closer
		}{io.MultiReader(strings.NewReader(head), data, strings.NewReader(tail)), data}, nil
	}
}

// encodedLen is base64.StdEncoding.EncodedLen without the limits of int.
func encodedLen(n int64) int64 {
	const per = 3
	return (n + per - 1) / per * int64(base64.StdEncoding.EncodedLen(per))
}

func decodeUploaded(a answer) (Uploaded, error) {
	if err := a.unusable(); err != nil {
		return Uploaded{}, err
	}
	up := uploaded(a.object)
	if up.FileInfo == "" {
		up = uploaded(field(a.object, "data"))
	}
	if up.FileInfo == "" {
		return Uploaded{}, errNoFileInfo
	}
	return up, nil
}

// uploaded returns what object holds: a file_info alone is an upload.
func uploaded(object gjson.Result) (up Uploaded) {
	for name, v := range fields(object) {
		switch name {
		case "file_info":
			up.FileInfo = text(v)
		case "file_uuid":
			up.FileUUID = text(v)
		case "raw_url":
			up.RawURL = text(v)
		case "ttl":
			up.TTL = ttl(v.Raw)
		}
	}
	return up
}

// ttl decodes a number of seconds, which may come as a string. Anything else, or a negative number, counts as expired:
// that costs an upload, while 0 would keep the file_info forever. Many years are cut before they overflow a Duration.
func ttl(raw string) time.Duration {
	const years = 10 * 365 * 24 * 3600
	s := strings.Trim(raw, `"`)
	if s == "" || s == "null" {
		return 0
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || !(seconds >= 0) {
		return time.Nanosecond
	}
	return time.Duration(min(seconds, years) * float64(time.Second))
}
