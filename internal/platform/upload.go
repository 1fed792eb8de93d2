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
)

// Timeouts of one attempt. The answer to a URL comes only after the platform has fetched it; bytes take the time that
// the line needs for them. SDKs use 120 to 300 s for /files (openclaw-qqbot, AstrBot).
const (
	urlTimeout    = 120 * time.Second
	inlineTimeout = 60 * time.Second // from the last byte
)

// Media is what one call to /files uploads: a URL that the platform fetches, or Size bytes.
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
	TTL      time.Duration // 0: long-lived
	Asked    time.Time     // when the request that was answered began: the ttl counts from some moment after it
}

// errNoFileInfo is an answer that says success without the thing itself; it happens now and then and a
// repetition mends it (ElainaBot v2, AstrBot).
var errNoFileInfo = errors.New("the answer holds no file_info")

// Upload makes one call to /files with srv_send_msg=false. Bytes travel as base64 that is made while it is sent.
func (c *Client) Upload(ctx context.Context, chat Chat, m Media) (Uploaded, error) {
	r := &request{
		op: "upload", endpoint: endpointFiles, method: http.MethodPost, path: chat.path("/files"), repeatable: true,
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
		r.length, r.open = fixed(head)
	} else {
		r.timeout = inlineTimeout
		r.length, r.open = inline(string(head), m)
		r.inline, r.streamed = true, true
	}
	var up Uploaded
	r.decode = func(body []byte) (err error) {
		up, err = decodeUploaded(body)
		up.Asked = r.began
		return err
	}
	err = c.do(ctx, r)
	return up, err
}

// inline is head with the bytes of m as one more field, file_data.
func inline(head string, m Media) (length int64, open func(context.Context) (io.ReadCloser, error)) {
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

func decodeUploaded(body []byte) (Uploaded, error) {
	if len(body) == 0 {
		return Uploaded{}, errEmpty
	}
	var a struct {
		uploadedFields
		Data *uploadedFields `json:"data"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return Uploaded{}, undecodable(err)
	}
	if a.FileInfo == "" && a.Data != nil {
		a.uploadedFields = *a.Data
	}
	if a.FileInfo == "" {
		return Uploaded{}, errNoFileInfo
	}
	return a.uploaded(), nil
}

// uploadedFields are read one by one: only without a file_info there is no upload.
type uploadedFields struct {
	FileInfo string          `json:"file_info"`
	FileUUID json.RawMessage `json:"file_uuid"`
	TTL      json.RawMessage `json:"ttl"`
}

func (f *uploadedFields) uploaded() Uploaded {
	return Uploaded{FileInfo: f.FileInfo, FileUUID: text(f.FileUUID), TTL: ttl(f.TTL)}
}

// ttl reads a number of seconds, also as a string. What is none, or negative, is "has ended": that costs an upload, where
// to take it for 0 would keep it for ever. Many years are cut, before they leave the range of a Duration.
func ttl(raw json.RawMessage) time.Duration {
	const years = 10 * 365 * 24 * 3600
	s := strings.Trim(string(raw), `"`)
	if s == "" || s == "null" {
		return 0
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || !(seconds >= 0) {
		return time.Nanosecond
	}
	return time.Duration(min(seconds, years) * float64(time.Second))
}

// undecodable says that an answer was not understood, without quoting it: it may hold a file_info.
func undecodable(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return errors.New("the answer is not JSON, or was cut off")
	}
	var field *json.UnmarshalTypeError
	if errors.As(err, &field) {
		return errors.New("the answer's field " + field.Field + " is a JSON " + field.Value)
	}
	return errors.New("the answer was not understood")
}
