package richmediatest

import (
	"cmp"
	"slices"
	"time"
)

// Trim drops the bytes of the oldest files until at most limit bytes are kept: those of uploads whose file_info lives, of finished
// parts that wait for their merge, and of users' attachments. A trimmed file_info can still be sent, its raw_url and an
// attachment's address answer as expired ones do, and an upload whose parts were trimmed is unknown. Records are dropped by
// [Platform.Forget]: call it first, since a recorded Upload keeps its bytes.
func (p *Platform) Trim(limit int64) {
	type kept struct {
		at   time.Time
		size int64
		drop func()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []kept
	trimmed := make(map[*Upload]*Upload)
	for _, f := range p.byFileInfo {
		all = append(all, kept{f.At, int64(len(f.Data)), func() {
			light := *f.Upload // a reader may hold the old one
			light.Data = nil
			trimmed[f.Upload] = &light
			f.Upload = &light
		}})
	}
	for id, m := range p.multiparts {
		size := int64(len(m.data))
		for _, part := range m.parts {
			size += int64(len(part.data))
		}
		if !m.merging && len(m.parts) > 0 { // its addresses end later than now, so that an upload at work goes last
			all = append(all, kept{m.parts[0].expires, size, func() { delete(p.multiparts, id) }})
		}
	}
	for key, at := range p.web {
		if !at.sent.IsZero() {
			all = append(all, kept{at.sent, int64(len(at.data)), func() {
				at.data, at.expires = nil, p.now()
				p.web[key] = at
			}})
		}
	}
	all = slices.DeleteFunc(all, func(k kept) bool { return k.size == 0 })
	slices.SortFunc(all, func(x, y kept) int { return cmp.Or(y.at.Compare(x.at), cmp.Compare(x.size, y.size)) })
	for _, k := range all { // newest first
		if limit -= k.size; limit < 0 {
			k.drop()
		}
	}
	for _, s := range p.sent { // messages that can be recalled
		if m := s.line.Media; m != nil && trimmed[m.Upload] != nil {
			light := *m
			light.Upload = trimmed[m.Upload]
			s.line.Media = &light
		}
	}
	for key, up := range p.contents {
		if light := trimmed[up]; light != nil {
			p.contents[key] = light
		}
	}
}
