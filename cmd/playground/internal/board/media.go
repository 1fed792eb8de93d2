package board

import (
	"bytes"
	"encoding/hex"
	"image"
	_ "image/gif"  // for the sizes of pictures
	_ "image/jpeg" // for the sizes of pictures
	_ "image/png"  // for the sizes of pictures
	"path"
	"strconv"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// media keeps the bytes of files, up to maxMedia.
type media struct {
	byID   map[string]*medium
	order  []*medium // oldest first
	bytes  int64
	serial int
}

type medium struct {
	id, format string
	data       []byte
}

// Media returns the file with that id and its MIME type by content. ok is false if it is not kept, or no longer.
func (b *Board) Media(id string) (data []byte, format string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.media.byID[id]
	if m == nil {
		return nil, "", false
	}
	return m.data, m.format, true
}

func (m *media) keep(id, format string, data []byte) (address string) {
	if data == nil {
		return ""
	}
	if m.byID[id] == nil {
		one := &medium{id, format, data}
		m.byID[id], m.order, m.bytes = one, append(m.order, one), m.bytes+int64(len(data))
	}
	for m.bytes > maxMedia && len(m.order) > 1 {
		old := m.order[0]
		m.order[0] = nil // the array under m.order would keep the bytes
		m.order, m.bytes = m.order[1:], m.bytes-int64(len(old.data))
		delete(m.byID, old.id)
	}
	return "/media/" + id
}

// sent keeps a user's attachment.
func (b *Board) sent(a richmediatest.Attachment) *File {
	b.media.serial++
	format := mimetype.Detect(a.Data).String()
	f := &File{Kind: "file", Name: a.FileName, Format: format, Size: int64(len(a.Data)), Width: a.Width, Height: a.Height}
	for _, kind := range []string{"image", "video", "voice"} {
		if a.ContentType == kind || strings.HasPrefix(a.ContentType, kind+"/") {
			f.Kind = kind
		}
	}
	f.URL = b.media.keep("user-"+strconv.Itoa(b.media.serial), format, a.Data)
	return f
}

// given keeps the media of a bot's message.
func (b *Board) given(m *richmediatest.Media) *File {
	f := &File{Kind: kinds[m.Kind], Name: m.Name, Format: m.Format, Size: m.Size, Card: m.Card, Reused: m.Reused}
	if up := m.Upload; up != nil {
		id := up.UUID
		if id == "" { // an image in a guild is part of its message
			b.media.serial++
			id = "guild-" + strconv.Itoa(b.media.serial)
			b.stored(up)
		}
		f.URL = b.media.keep(id, m.Format, up.Data)
		if size, _, err := image.DecodeConfig(bytes.NewReader(up.Data)); err == nil && f.Kind == "image" {
			f.Width, f.Height = size.Width, size.Height
		}
	}
	return f
}

// stored passes a bot's upload to saved.
func (b *Board) stored(up *richmediatest.Upload) {
	if b.saved == nil || up.Data == nil {
		return
	}
	b.saved(fileName(up), up.Data)
}

// fileName returns a name that any file system accepts: the time, eight digits of the uuid, and the cleaned name of the upload.
func fileName(up *richmediatest.Upload) string {
	name := path.Base(strings.ReplaceAll(up.Name, `\`, "/"))
	if up.Name == "" {
		name = kinds[up.Kind] + mimetype.Detect(up.Data).Extension()
	}
	ext := path.Ext(name)
	base := strings.TrimSuffix(name, ext)
	uuid := up.UUID
	if _, err := hex.DecodeString(uuid); err != nil || len(uuid) < 8 {
		uuid = up.SHA256
	}
	return up.At.Format("20060102-150405.000") + "-" + uuid[:8] + "-" + harmless(base, 80) + harmless(ext, 12)
}

func harmless(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`<>:"/\|?*`, r) || r == 0xfffd {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(s, "_"))
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return strings.TrimRight(s, " .")
}
