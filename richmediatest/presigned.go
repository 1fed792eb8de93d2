package richmediatest

import (
	"bytes"
	"crypto/md5" // the wire's digest, not a protection
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	partPrefix    = "/presigned/"
	rawPrefix     = partPrefix + "raw/"
	presignedLife = time.Hour // undocumented
)

// partURL is where part i of m is to be PUT. Its query is the credential. The caller holds p.mu.
func (p *Platform) partURL(m *multipart, i int) string {
	return fmt.Sprintf("%s%s%s/%d?partNumber=%d&sign=%s", p.base(), partPrefix, m.id, i, i+1, m.parts[i].sign)
}

// rawURL is the presigned GET of a merged image, video or voice; files have none (docs 2026-08).
func (p *Platform) rawURL(f *storedFile) string {
	if f.Kind == kindFile {
		return ""
	}
	return p.URL() + rawPrefix + f.UUID + "?sign=" + f.SHA256[:40]
}

// serveFile serves the presigned URLs. It answers as COS does: XML errors, ETag.
func (p *Platform) serveFile(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, rawPrefix) {
		p.serveRaw(w, r)
		return
	}
	call := p.record(OpPart, r)
	answer := &answerRecorder{ResponseWriter: w}
	defer p.recordAnswer(call, answer)
	part := p.findPart(r)
	usable := part != nil && p.use(part)
	p.intercepted(OpPart, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.putPart(w, r, call, part, usable)
	})).ServeHTTP(answer, r)
}

// findPart returns the part that the path names, or nil if the signature is not the part's.
func (p *Platform) findPart(r *http.Request) *part {
	id, number, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, partPrefix), "/")
	i, err := strconv.Atoi(number)
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.multiparts[id]
	if err != nil || m == nil || i < 0 || i >= len(m.parts) || r.URL.Query().Get("sign") != m.parts[i].sign {
		return nil
	}
	return m.parts[i]
}

// use reports whether the part's URL is alive, and kills it with PartShape.OneShot.
func (p *Platform) use(t *part) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	alive := !t.dead && p.now().Before(t.expires)
	t.dead = t.dead || p.cfg.parts.OneShot
	return alive
}

func (p *Platform) putPart(w http.ResponseWriter, r *http.Request, call *Call, t *part, usable bool) {
	switch {
	case r.Method != http.MethodPut:
		writeCOS(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "PUT only")
		return
	case r.Header.Get("Authorization") != "" && p.cfg.parts.RefuseToken:
		writeCOS(w, http.StatusForbidden, "AccessDenied", "a presigned URL accepts no Authorization: the bot's token does not belong here")
		return
	case t == nil:
		writeCOS(w, http.StatusForbidden, "SignatureDoesNotMatch", "the signature is not that of the URL")
		return
	case !usable:
		writeCOS(w, http.StatusForbidden, "AccessDenied", "Request has expired")
		return
	case r.ContentLength < 0:
		writeCOS(w, http.StatusLengthRequired, "MissingContentLength", "chunked encoding is not accepted")
		return
	case r.ContentLength != t.size:
		writeCOS(w, http.StatusBadRequest, "InvalidArgument", fmt.Sprintf("the part has %d bytes, Content-Length is %d", t.size, r.ContentLength))
		return
	}
	var data bytes.Buffer
	data.Grow(int(t.size) + bytes.MinRead)
	n, err := data.ReadFrom(io.LimitReader(r.Body, t.size+1))
	if err != nil || n != t.size {
		panic(http.ErrAbortHandler) // the client broke off
	}
	sum := md5.Sum(data.Bytes())
	etag := hex.EncodeToString(sum[:])
	p.mu.Lock()
	call.Size = n
	if r.Header.Get("Authorization") != "" { // no source says that the store refuses it
		p.warn(call, "the PUT of a part has an Authorization header: a presigned URL needs none, and the token goes to another service")
	}
	if !t.finished { // a finished part is already in the digests
		t.put, t.data, t.md5 = true, data.Bytes(), etag
	}
	requestID := p.hexID(24)
	p.mu.Unlock()
	w.Header().Set("ETag", strconv.Quote(etag))
	w.Header().Set("X-Cos-Request-Id", requestID)
	w.WriteHeader(http.StatusOK)
}

// serveRaw serves the raw_url of a merge while the file_info lives.
func (p *Platform) serveRaw(w http.ResponseWriter, r *http.Request) {
	uuid := strings.TrimPrefix(r.URL.Path, rawPrefix)
	p.mu.Lock()
	var found *Upload // Trim replaces a file's Upload
	for _, f := range p.byFileInfo {
		if f.UUID == uuid && f.alive(p.now()) && r.URL.Query().Get("sign") == f.SHA256[:40] {
			found = f.Upload
		}
	}
	p.mu.Unlock()
	if found == nil || found.Data == nil {
		writeCOS(w, http.StatusForbidden, "AccessDenied", "Request has expired")
		return
	}
	serveData(w, r, found.Data)
}

// writeCOS answers with an error of the object store.
func writeCOS(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n\t<Code>%s</Code>\n\t<Message>%s</Message>\n</Error>\n",
		html.EscapeString(code), html.EscapeString(message))
}
