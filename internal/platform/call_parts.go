package platform

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// PartAgain is the code of a part, or a merge, that "failed for now" (40093001). FinishPart returns it at once: the caller
// decides how long to go on, from the platform's Offer.
const PartAgain = 40093001

// Timeouts of one attempt. SDKs use 30 s for calls and 300 s for a part (openclaw-qqbot, AstrBot); the merge puts the file
// together before it answers.
const (
	prepareTimeout = 30 * time.Second
	finishTimeout  = 30 * time.Second
	mergeTimeout   = 120 * time.Second
	mergeSpeed     = 1 << 20          // bytes a second that the platform needs to put the file together
	putTimeout     = 60 * time.Second // since the last byte
)

// Defaults and bounds of upload_config (docs 2026-08; the bounds are those of AstrBot and openclaw-qqbot).
const (
	defaultRetryTimeout = 300 * time.Second
	maxRetryTimeout     = 600 * time.Second
	defaultRetryDelay   = time.Second
	maxRetryDelay       = 30 * time.Second
)

// Announcement describes a file in a prepare. The digests are lower-case hex.
type Announcement struct {
	Kind              int
	Name              string
	Size              int64
	MD5, SHA1, MD510M string
}

// Offer is the answer to a prepare: the address of each part, or the uploaded file if the platform has it already.
type Offer struct {
	Done         *Uploaded // not nil: no part is wanted
	UploadID     string
	BlockSize    int64
	Parts        []OfferedPart
	Concurrency  int // at least 1
	RetryTimeout time.Duration
	RetryDelay   time.Duration
}

// OfferedPart is one part of an Offer. Size is 0 if the platform did not send it.
type OfferedPart struct {
	Index int
	URL   string // presigned: its query is a credential
	Size  int64
}

// Prepare announces an upload in parts.
func (c *Client) Prepare(ctx context.Context, chat Chat, file Announcement) (Offer, error) {
	var offer Offer
	r := &request{op: "prepare", endpoint: endpointPrepare, path: chat.path("/upload_prepare"), timeout: prepareTimeout}
	r.decode = func(a answer) (err error) {
		offer, err = decodeOffer(a)
		if offer.Done != nil {
			offer.Done.Asked = r.began
		}
		return err
	}
	err := c.post(ctx, r, struct {
		FileType int    `json:"file_type"`
		FileSize string `json:"file_size"` // a number gave 850012 (AstrBotDevs/AstrBot#9443)
		FileName string `json:"file_name"`
		MD5      string `json:"md5"`
		SHA1     string `json:"sha1"`
		MD510M   string `json:"md5_10m"`
	}{file.Kind, strconv.FormatInt(file.Size, 10), file.Name, file.MD5, file.SHA1, file.MD510M})
	return offer, err
}

// FinishPart reports that a part was PUT.
func (c *Client) FinishPart(ctx context.Context, chat Chat, uploadID string, index int, size int64, md5 string) error {
	return c.post(ctx, &request{
		op: "finish", endpoint: endpointPartFinish, path: chat.path("/upload_part_finish"), timeout: finishTimeout,
		ownCode: PartAgain,
		decode:  func(answer) error { return nil }, // {} or nothing
	}, struct {
		UploadID  string `json:"upload_id"`
		PartIndex int    `json:"part_index"`
		BlockSize string `json:"block_size"` // of the bytes really sent
		MD5       string `json:"md5"`
	}{uploadID, index, strconv.FormatInt(size, 10), md5})
}

// Merge makes one file of the parts. name is sent for kind 4 only: a voice with a name may become a file card.
func (c *Client) Merge(ctx context.Context, chat Chat, uploadID string, kind int, name string, size int64) (Uploaded, error) {
	var up Uploaded
	r := &request{
		op: "merge", endpoint: endpointFiles, path: chat.path("/files"),
		timeout: mergeTimeout + time.Duration(size/mergeSpeed)*time.Second,
	}
	r.decode = func(a answer) (err error) {
		up, err = decodeUploaded(a)
		up.Asked = r.began
		return err
	}
	if kind != kindFile {
		name = ""
	}
	err := c.post(ctx, r, struct { // upload_id alone works in practice, docs 2026-08 have all four
		FileType   int    `json:"file_type"`
		SrvSendMsg bool   `json:"srv_send_msg"`
		FileName   string `json:"file_name,omitempty"`
		UploadID   string `json:"upload_id"`
	}{kind, false, name, uploadID})
	return up, err
}

// post sends message as JSON.
func (c *Client) post(ctx context.Context, r *request, message any) error {
	body, err := json.Marshal(message)
	if err != nil {
		return &Error{Op: r.op, Err: err, final: true}
	}
	r.method, r.repeatable = http.MethodPost, true
	r.content = body
	return c.do(ctx, r)
}

// PutPart sends one part to its presigned address, once: the caller finds out whether the address still works after a
// failure. It sends no token, and bypasses the bot's filters, which may add one.
func (c *Client) PutPart(ctx context.Context, address string, size int64, open func(context.Context) (io.ReadCloser, error)) error {
	e := c.putPart(ctx, address, size, open)
	if e == nil {
		return nil
	}
	var hide secrets
	hide.addAddress(address)
	e.Err, e.TraceID = hide.hide(e.Err), hide.clean(e.TraceID)
	return e
}

func (c *Client) putPart(ctx context.Context, address string, size int64, open func(context.Context) (io.ReadCloser, error)) *Error {
	ctx, moved, cancel := patience(ctx, putTimeout, size)
	defer cancel()
	e := &Error{Op: "part"}
	if u, err := url.Parse(address); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		e.Err, e.final = errNoAddress, true
		return e
	}
	b := &body{ctx: ctx, open: open, moved: moved}
	rc, err := b.Open()
	if err != nil {
		e.Err, e.Body, e.final = err, true, true
		return e
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, address, rc)
	if err != nil {
		_ = rc.Close()
		e.Err, e.final = errNoAddress, true
		return e
	}
	req.ContentLength, req.GetBody = size, b.Open
	req.Header.Set("Content-Type", "application/octet-stream")
	observed(ctx, func(o *Observation) { o.attempts.Add(1) })
	resp, err := roundTrip(c.http, req)
	if err != nil {
		e.Err = cause(ctx, err)
		if broken := b.failure(); broken != nil {
			e.Err, e.Body, e.final = broken, true, true
		}
		return e
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // any 2xx is success, whether its body can be read or not
	_ = resp.Body.Close()
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		return nil
	}
	e.Status, e.TraceID = resp.StatusCode, resp.Header.Get("X-Cos-Request-Id")
	e.Message = http.StatusText(resp.StatusCode)
	return e
}

var errNoAddress = errors.New("the platform sent no usable address for the part")

// decodeOffer accepts every form in which the platform is known to answer: upload_config nested, flat or missing, sizes as
// strings or numbers, a wrapping data object, and a file_info at once.
func decodeOffer(a answer) (Offer, error) {
	if err := a.unusable(); err != nil {
		return Offer{}, err
	}
	type config struct {
		Concurrency  *number `json:"concurrency"`
		RetryTimeout *number `json:"retry_timeout"`
		RetryDelay   *number `json:"retry_delay"`
	}
	type shape struct {
		config
		UploadID  string `json:"upload_id"`
		BlockSize number `json:"block_size"`
		Parts     []struct {
			Index     number `json:"index"`
			URL       string `json:"presigned_url"`
			BlockSize number `json:"block_size"`
		} `json:"parts"`
		Nested config `json:"upload_config"`
	}
	var all struct {
		shape
		Data *shape `json:"data"`
	}
	if err := json.Unmarshal(a.body, &all); err != nil {
		return Offer{}, undecodable(err)
	}
	s, done := &all.shape, uploaded(a.object)
	if all.Data != nil && s.UploadID == "" && done.FileInfo == "" {
		s, done = all.Data, uploaded(field(a.object, "data"))
	}
	if done.FileInfo != "" {
		return Offer{Done: &done}, nil
	}
	if s.UploadID == "" {
		return Offer{}, errors.New("the answer holds no upload_id")
	}
	offer := Offer{UploadID: s.UploadID, BlockSize: int64(s.BlockSize)}
	for _, p := range s.Parts {
		offer.Parts = append(offer.Parts, OfferedPart{Index: int(p.Index), URL: p.URL, Size: int64(p.BlockSize)})
	}
	const most = 64 // parts at once, whatever is offered
	offer.Concurrency = int(min(max(either(s.Nested.Concurrency, s.Concurrency, 1), 1), most))
	offer.RetryTimeout = seconds(either(s.Nested.RetryTimeout, s.RetryTimeout, -1), defaultRetryTimeout, maxRetryTimeout)
	offer.RetryDelay = max(seconds(either(s.Nested.RetryDelay, s.RetryDelay, -1), defaultRetryDelay, maxRetryDelay), defaultRetryDelay)
	return offer, nil
}

func either(nested, flat *number, otherwise number) number {
	switch {
	case nested != nil:
		return *nested
	case flat != nil:
		return *flat
	}
	return otherwise
}

// seconds returns n seconds, at most most; usual if the platform sent none or a negative number.
func seconds(n number, usual, most time.Duration) time.Duration {
	if n < 0 {
		return usual
	}
	return time.Duration(min(n, number(most/time.Second))) * time.Second
}
