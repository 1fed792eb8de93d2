package richmediatest

import (
	"bytes"
	"crypto/md5"  // the wire's digest, not a protection
	"crypto/sha1" // the wire's digest, not a protection
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// maxInline is how long file_data may be, encoded: beyond it the platform answers HTTP 500 with 850012.
const maxInline = 10 << 20

// utc8 is the platform's zone: its timestamps are in it, and its day of upload volume.
var utc8 = time.FixedZone("CST", 8*60*60)

// The routes of an upload, as in Upload.Route.
const (
	RouteURL       = "url"       // the platform fetched a URL
	RouteInline    = "inline"    // file_data
	RouteParts     = "parts"     // upload_prepare, PUTs, merge
	RouteMultipart = "multipart" // file_image, in guilds
	RouteInstant   = "instant"   // upload_prepare of content that was there already, see PartShape.Instant
)

// Upload is a file that the platform accepted. An image of a guild's message is one, too, without UUID and FileInfo; it is in
// the message's Media only, because it cannot be sent again.
type Upload struct {
	UUID     string // file_uuid
	FileInfo string
	Scene    string // as in Chat.Scene
	Chat     string // openid of the chat that it was uploaded through
	Kind     int    // file_type: 1 image, 2 video, 3 voice, 4 file
	Name     string // file_name, or that of file_image; "" when none was sent
	URL      string // the source, of RouteURL
	Route    string
	Data     []byte // as received, not a copy; nil with WithoutData
	Size     int64
	SHA256   string        // lower-case hex
	TTL      time.Duration // 0: long-lived
	At       time.Time
}

// Uploads returns the successful uploads so far, oldest first.
func (p *Platform) Uploads() []Upload {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Upload, len(p.uploads))
	for i, u := range p.uploads {
		out[i] = *u
	}
	return out
}

// storedFile is what a file_info stands for.
type storedFile struct {
	*Upload
	format  string
	expired bool
	sends   int
}

func (f *storedFile) alive(now time.Time) bool {
	return !f.expired && (f.TTL == 0 || now.Before(f.At.Add(f.TTL)))
}

// content is an upload's bytes, or what is left of them when they are not kept.
type content struct {
	data              []byte
	head              []byte
	size              int64
	md5, sha1, sha256 string
}

func newContent(data []byte) content {
	md5Sum, sha1Sum, sha256Sum := md5.Sum(data), sha1.Sum(data), sha256.Sum256(data)
	return content{
		data: data, head: data[:min(len(data), sniffLen)], size: int64(len(data)),
		md5: hex.EncodeToString(md5Sum[:]), sha1: hex.EncodeToString(sha1Sum[:]), sha256: hex.EncodeToString(sha256Sum[:]),
	}
}

// sniffLen is how much of a file its format is judged by: an ID3 tag with a cover, or the index of an mp4, is long.
const sniffLen = 1 << 20

// uploadForm are the fields of a POST to .../files.
type uploadForm struct {
	kind                           int64
	hasKind                        bool
	url, fileData, name, multipart string
	send                           bool
}

func parseUpload(body []byte) (form uploadForm, bad *refusal) {
	f, err := parseFields(body)
	if err != nil {
		return form, errField("%v", err)
	}
	texts := []struct {
		name string
		to   *string
	}{{"url", &form.url}, {"file_data", &form.fileData}, {"file_name", &form.name}, {"upload_id", &form.multipart}}
	for _, t := range texts {
		if *t.to, err = f.text(t.name); err != nil {
			return form, errField("%v", err)
		}
	}
	if form.send, err = f.boolean("srv_send_msg"); err != nil {
		return form, errField("%v", err)
	}
	if form.kind, form.hasKind, err = f.integer("file_type"); err != nil {
		return form, errField("%v", err)
	}
	if form.hasKind && (form.kind < kindImage || form.kind > kindFile) {
		return form, errUploadField("file_type must be 1, 2, 3 or 4")
	}
	return form, nil
}

// upload is POST .../files with url or file_data.
func (p *Platform) upload(r *http.Request, to route, body []byte) (any, *refusal) {
	c, bad := p.uploadTarget(to)
	if bad != nil {
		return nil, bad
	}
	form, bad := parseUpload(body)
	if bad != nil {
		return nil, bad
	}
	if p.cfg.noInline[to.scene] {
		form.fileData = ""
	}
	switch {
	case !form.hasKind:
		return nil, errUploadField("file_type is missing")
	case form.url == "" && form.fileData == "":
		return nil, errUploadField("one of url, upload_id is needed")
	case form.url != "" && form.fileData != "":
		return nil, errUploadField("url and file_data exclude each other")
	case form.send && !p.cfg.proactive:
		return nil, errProactive()
	}
	up := Upload{Chat: c.openid, Kind: int(form.kind), Name: form.name, URL: form.url, Route: RouteURL}
	var data []byte
	if form.url != "" {
		data, bad = p.download(r.Context(), form.url)
	} else {
		up.Route = RouteInline
		data, bad = decodeInline(form.fileData)
	}
	if bad != nil {
		return nil, bad
	}
	if int64(len(data)) > hardLimit {
		return nil, refuse(850031, "上传文件超过大小限制")
	}
	if p.cfg.silkInline && up.Route == RouteInline && to.scene == sceneC2C && up.Kind == kindVoice && sniff(data) != "audio/silk" {
		return nil, errField("file_data: a voice must be silk")
	}
	p.warnName(to.call, up.Kind, form.name)
	file, bad := p.store(up, newContent(data))
	if bad != nil {
		return nil, bad
	}
	return p.uploadAnswer(c, file, form.send, ""), nil
}

// warnName warns of a file_name for another kind than a file: a voice with one became a file card (one report, 2026-10).
func (p *Platform) warnName(call *Call, kind int, name string) {
	if kind == kindFile || name == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.warn(call, "file_name is for file_type 4: another file may be shown as a file card with it")
}

// uploadTarget finds the chat of an upload. Another bot's openid, or one of the other scene, is an HTTP 500. A muted group
// accepts no uploads either (docs 2026-08 list 850018 with them).
func (p *Platform) uploadTarget(to route) (*Chat, *refusal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.openids[to.openid]
	if c == nil || c.scene != to.scene {
		return nil, errProxy()
	}
	if c.muted {
		return nil, errMuted()
	}
	return c, nil
}

// decodeInline accepts padded standard base64 on one line.
func decodeInline(fileData string) ([]byte, *refusal) {
	if len(fileData) > maxInline {
		return nil, errProxy()
	}
	if strings.HasPrefix(fileData, "data:") {
		return nil, errUploadField("file_data has a data: prefix")
	}
	data, err := base64.StdEncoding.DecodeString(fileData)
	if err != nil || strings.ContainsAny(fileData, "\r\n") {
		return nil, errUploadField("file_data is no padded standard base64")
	}
	return data, nil
}

// store stores content as a new upload.
func (p *Platform) store(up Upload, c content) (*storedFile, *refusal) {
	if c.size == 0 {
		return nil, errUploadField("the file is empty")
	}
	format, bad := checkContent(up.Kind, c.head)
	if bad != nil {
		return nil, bad
	}
	now := p.now()
	day := now.In(utc8).Format(time.DateOnly)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.volume[day]+c.size > p.cfg.dailyVolume {
		return nil, refuse(40093002, "超过今天发送文件容量上限")
	}
	p.volume[day] += c.size
	up.Size, up.SHA256 = c.size, c.sha256
	if !p.cfg.noData {
		up.Data = c.data
	}
	file := p.keep(up, format)
	p.contents[contentKey(file.Scene, up.Kind, up.Name, c.md5, c.sha1, c.size)] = file.Upload
	return file, nil
}

// keep sets an upload's ids and registers its file_info. The caller holds p.mu.
func (p *Platform) keep(up Upload, format string) *storedFile {
	up.Scene = p.openids[up.Chat].scene
	up.UUID, up.FileInfo = p.hexID(32), p.fileInfo()
	up.TTL, up.At = p.cfg.ttl, p.now()
	file := &storedFile{Upload: &up, format: format}
	p.uploads = append(p.uploads, &up)
	p.byFileInfo[up.FileInfo] = file
	p.wake()
	p.report(Happening{What: FileStored, Upload: &up})
	return file
}

// uploadAnswer is the JSON of a stored file; with srv_send_msg=true it is in the chat then, too.
func (p *Platform) uploadAnswer(c *Chat, file *storedFile, send bool, rawURL string) map[string]any {
	answer := map[string]any{
		"file_uuid": file.UUID, "file_info": file.FileInfo, "ttl": int64((file.TTL + time.Second - 1) / time.Second), "id": "",
	}
	if rawURL != "" {
		answer["raw_url"] = rawURL
	}
	if send {
		p.mu.Lock()
		defer p.mu.Unlock()
		answer["id"] = p.say(c, &Message{Media: p.showFile(file)})
	}
	return answer
}

// showFile returns the file as the chat shows it from now on. The caller holds p.mu.
func (p *Platform) showFile(f *storedFile) *Media {
	m := &Media{
		Kind: f.Kind, Name: f.Name, Format: f.format, Size: f.Size, Upload: f.Upload,
		Reused: f.sends > 0, Card: f.Size > softLimits[f.Kind],
	}
	if m.Name == "" && (f.Kind == kindFile || m.Card) {
		m.Name = strings.ToUpper(f.UUID) // a card without file_name carries a hash-like name
	}
	f.sends++
	return m
}

// contentKey names content for instant uploads. A file's name is bound into its file_info, so it is part of the key.
func contentKey(scene string, kind int, name, md5, sha1 string, size int64) string {
	if kind != kindFile {
		name = ""
	}
	var key bytes.Buffer
	_, _ = fmt.Fprintf(&key, "%s %d %s %s %d %q", scene, kind, md5, sha1, size, name)
	return key.String()
}
