package main

import (
	"context"
	"crypto/md5"  // the wire's digest, not a protection
	"crypto/sha1" // the wire's digest, not a protection
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// firstBytes is how much of a file md5_10m covers, docs 2026-08.
	firstBytes = 10002432
	// maxOffered bounds the parts of one upload: the platform offered 7 for 62 MB.
	maxOffered = 256
	// maxRetry is how often a finish or merge that is to be repeated (40093001) is sent.
	maxRetry  = 3
	retryCode = 40093001
)

// parcel is content that goes up in parts.
type parcel struct {
	kind int
	name string
	data []byte
	each func(context.Context, offered) error // called after each PUT; may be nil
}

func (p parcel) form() map[string]any {
	begin, rest := p.data[:min(len(p.data), firstBytes)], p.data[min(len(p.data), firstBytes):]
	h, sum := md5.New(), sha1.Sum(p.data)
	_, _ = h.Write(begin) // never fails
	first := h.Sum(nil)
	_, _ = h.Write(rest)
	return map[string]any{
		"file_type": p.kind, "file_name": p.name, "file_size": strconv.Itoa(len(p.data)),
		"md5": hex.EncodeToString(h.Sum(nil)), "sha1": hex.EncodeToString(sum[:]), "md5_10m": hex.EncodeToString(first),
	}
}

// offer is the answer to a prepare.
type offer struct {
	answer
	fields  map[string]any // of the object that holds upload_id
	wrapped bool
	id      string
	parts   []offered
}

// offered is one part of it.
type offered struct {
	index   json.Number
	address string // a credential
	data    []byte
}

// prepare asks for an upload in parts.
func (s *session) prepare(ctx context.Context, c *chat, form map[string]any) (offer, error) {
	a, err := s.client.call(ctx, toPrepare, http.MethodPost, paths[c.scope]+c.openid+"/upload_prepare", form)
	o := offer{answer: a, fields: a.body}
	if inner, ok := a.body["data"].(map[string]any); ok && a.accepted() {
		o.fields, o.wrapped = inner, true
	}
	o.id = str(o.fields["upload_id"])
	return o, err
}

// cut cuts data into the offered parts, and reports whether they cover it exactly. The offset of a part is the sum of the sizes
// before it: index begins at 0 or 1.
func (o *offer) cut(data []byte) bool {
	list, _ := o.fields["parts"].([]any)
	if len(list) > maxOffered {
		return false
	}
	for _, x := range list {
		part := object(x)
		index, _ := part["index"].(json.Number)
		size := integer(part["block_size"])
		if size < 1 || size > int64(len(data)) || index == "" {
			return false
		}
		o.parts = append(o.parts, offered{index: index, address: str(part["presigned_url"]), data: data[:size]})
		data = data[size:]
	}
	return len(data) == 0
}

// sendParts uploads in parts. The answer is the merge's, or that of the call that failed.
func (s *session) sendParts(ctx context.Context, c *chat, p parcel) (answer, error) {
	o, err := s.prepare(ctx, c, p.form())
	if err != nil || !o.accepted() {
		return o.answer, err
	}
	if str(o.fields["file_info"]) != "" { // an instant upload
		o.body = o.fields
		return o.answer, nil
	}
	return s.sendOffered(ctx, c, p, o)
}

// sendOffered uploads the parts of an offer.
func (s *session) sendOffered(ctx context.Context, c *chat, p parcel, o offer) (answer, error) {
	if o.id == "" || !o.cut(p.data) {
		return answer{status: o.status}, nil // no form that is known
	}
	began := time.Now()
	for _, part := range o.parts {
		a, err := s.put(ctx, part)
		if err != nil || a.status/100 != 2 || a.silent != "" {
			return a, err
		}
		if p.each != nil {
			if err := p.each(ctx, part); err != nil {
				return answer{}, err
			}
		}
		sum := md5.Sum(part.data)
		a, err = s.repeated(ctx, c, toFinish, "/upload_part_finish", map[string]any{
			"upload_id": o.id, "part_index": part.index, "block_size": strconv.Itoa(len(part.data)), "md5": hex.EncodeToString(sum[:]),
		})
		if err != nil || !a.accepted() {
			return a, err
		}
	}
	a, err := s.repeated(ctx, c, toFiles, "/files", map[string]any{"upload_id": o.id, "file_type": p.kind, "srv_send_msg": false})
	a.took = time.Since(began)
	return a, err
}

// put sends the bytes of a part to the object store, without a token. An address that is no http(s) URL is not called.
func (s *session) put(ctx context.Context, part offered) (answer, error) {
	u, err := url.Parse(part.address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return answer{silent: broken}, context.Cause(ctx)
	}
	return s.client.do(ctx, toPart, http.MethodPut, part.address, part.data)
}

// repeated makes a call, again while the answer asks for it.
func (s *session) repeated(ctx context.Context, c *chat, to endpoint, path string, body map[string]any) (a answer, err error) {
	for i := range maxRetry {
		if i > 0 {
			if err := sleep(ctx, s.cfg.retry); err != nil {
				return a, err
			}
		}
		if a, err = s.client.call(ctx, to, http.MethodPost, paths[c.scope]+c.openid+path, body); err != nil || a.code() != retryCode {
			return a, err
		}
	}
	return a, nil
}
