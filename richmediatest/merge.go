package richmediatest

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// finish is POST .../upload_part_finish. Its fields must match what was PUT, else 40093001.
func (p *Platform) finish(_ *http.Request, to route, body []byte) (any, *refusal) {
	f, err := parseFields(body)
	if err != nil {
		return nil, errField("%v", err)
	}
	id, err := f.text("upload_id")
	if err != nil {
		return nil, errField("%v", err)
	}
	index, ok, err := f.integer("part_index")
	if err != nil || !ok {
		return nil, errField("part_index must be an integer")
	}
	size, bad := blockSize(f)
	if bad != nil {
		return nil, bad
	}
	sum, err := f.text("md5")
	if err != nil || !lowerHex(sum, 32) {
		return nil, errField("md5 must be 32 lower-case hex digits")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	m, bad := p.findMultipart(id, to)
	if bad != nil {
		return nil, bad
	}
	at := int(index) - p.cfg.parts.base()
	if at < 0 || at >= len(m.parts) {
		return nil, errUploadField("no part %d", index)
	}
	part := m.parts[at]
	switch {
	case !part.put:
		return nil, errRetry("the part has not arrived")
	case size != part.size, sum != part.md5:
		return nil, errRetry("size or md5 is not that of the part")
	}
	part.finished = true
	m.digest(p.cfg.noData)
	return map[string]any{}, nil
}

// blockSize is a string in the documents; a number is accepted too, as has been seen.
func blockSize(f fields) (int64, *refusal) {
	if n, ok, err := f.integer("block_size"); ok && err == nil {
		return n, nil
	}
	s, err := f.text("block_size")
	if err != nil {
		return 0, errField("%v", err)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, errField("block_size is no number")
	}
	return n, nil
}

// findMultipart finds an upload in parts, which belongs to one scene and one target. The caller holds p.mu.
func (p *Platform) findMultipart(id string, to route) (*multipart, *refusal) {
	m := p.multiparts[id]
	if m == nil || m.chat.openid != to.openid || m.chat.scene != to.scene {
		return nil, errUploadField("no such upload_id here")
	}
	return m, nil
}

// digest feeds the finished parts to the digests, in order, and releases their bytes.
func (m *multipart) digest(drop bool) {
	for ; m.next < len(m.parts) && m.parts[m.next].finished; m.next++ {
		part := m.parts[m.next]
		_, _ = m.sumMD5.Write(part.data)
		_, _ = m.sumSHA1.Write(part.data)
		_, _ = m.sum256.Write(part.data)
		if room := md5PrefixLen - m.first; room > 0 {
			n, _ := m.sumFirst.Write(part.data[:min(room, int64(len(part.data)))])
			m.first += int64(n)
		}
		if room := sniffLen - len(m.head); room > 0 {
			m.head = append(m.head, part.data[:min(room, len(part.data))]...)
		}
		if !drop {
			m.data = slices.Grow(m.data, int(m.size)-len(m.data)) // once
			m.data = append(m.data, part.data...)
		}
		part.data = nil
	}
}

// merge is POST .../files with upload_id. upload_id alone is enough; file_type, when there, must be that of the prepare. A
// repeat after success gets the same answer.
func (p *Platform) merge(_ *http.Request, to route, body []byte) (any, *refusal) {
	c, bad := p.uploadTarget(to)
	if bad != nil {
		return nil, bad
	}
	form, bad := parseUpload(body)
	if bad != nil {
		return nil, bad
	}
	switch {
	case form.url != "" || form.fileData != "":
		return nil, errUploadField("upload_id excludes url and file_data")
	case form.send && !p.cfg.proactive:
		return nil, errProactive()
	}
	p.mu.Lock()
	m, bad := p.findMultipart(form.multipart, to)
	if bad == nil {
		bad = m.complete(form)
	}
	var stored *storedFile
	var whole content
	if bad == nil {
		stored, whole, m.merging = m.stored, m.content(), true
	}
	p.mu.Unlock()
	if bad != nil {
		return nil, bad
	}
	p.warnName(to.call, m.kind, form.name)
	if stored == nil {
		up := Upload{Chat: c.openid, Kind: m.kind, Name: m.name, Route: RouteParts}
		if form.name != "" {
			up.Name = form.name
		}
		stored, bad = p.store(up, whole)
		p.mu.Lock()
		m.merging = false
		if bad == nil {
			m.stored, m.data = stored, nil
		}
		p.mu.Unlock()
		if bad != nil {
			return nil, bad
		}
	}
	return p.uploadAnswer(c, stored, form.send, p.rawURL(stored)), nil
}

// complete returns why the parts are not the announced file, or nil. The caller holds p.mu.
func (m *multipart) complete(form uploadForm) *refusal {
	if form.hasKind && int(form.kind) != m.kind {
		return errUploadField("file_type is not that of the prepare")
	}
	if m.merging && m.stored == nil {
		return errRetry("the merge is running")
	}
	if m.next < len(m.parts) {
		return errRetry("part " + strconv.Itoa(m.parts[m.next].index) + " is not finished")
	}
	sums := m.content()
	first := hex.EncodeToString(m.sumFirst.Sum(nil))
	if sums.md5 != m.md5 || sums.sha1 != m.sha1 || first != m.md5First {
		return errRetry("the digests are not those of the prepare" + m.repeated())
	}
	return nil
}

// repeated names the first two parts with the same bytes, which a client sends that mistakes the base of the index.
// Such parts are valid in a file that repeats itself: only a refusal names them. The caller holds p.mu.
func (m *multipart) repeated() string {
	seen := make(map[string]int)
	for _, part := range m.parts {
		if first, ok := seen[part.md5]; ok {
			return fmt.Sprintf(": parts %d and %d have the same bytes, is each offset the sum of the sizes before it?", first, part.index)
		}
		seen[part.md5] = part.index
	}
	return ""
}

func (m *multipart) content() content {
	return content{
		data: m.data, head: m.head, size: m.size,
		md5: hex.EncodeToString(m.sumMD5.Sum(nil)), sha1: hex.EncodeToString(m.sumSHA1.Sum(nil)),
		sha256: hex.EncodeToString(m.sum256.Sum(nil)),
	}
}
