package richmediatest

import (
	"crypto/md5"  // the wire's digest, not a protection
	"crypto/sha1" // the wire's digest, not a protection
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// md5PrefixLen is how much of a file md5_10m covers: 10,002,432 bytes, not 10 MiB (docs 2026-08).
	md5PrefixLen     = 10002432
	defaultBlockSize = 10485760 // the documents' sample
	maxParts         = 10000    // COS
)

// PartShape is how the platform offers an upload in parts. Captures differ from the documents, see each field. The zero value
// is the form that official clients meet.
type PartShape struct {
	BlockSize        int64   // bytes of a part; default 10485760, the documents' sample
	Sizes            []int64 // bytes of the first parts, when they are to be uneven; the rest is of BlockSize
	ZeroBased        bool    // the first part has index 0, as in docs 2026-08; default 1, as in captures
	StrictSize       bool    // file_size must be a string, as documented; by default a number is accepted, too
	Config           string  // where upload_config is: "nested" (default, documented), "flat" (top level), "none"
	NumbersAsNumbers bool    // block_size as numbers; strings are documented
	Concurrency      int     // offered parts at once; default 1
	RetryTimeout     int     // seconds; default 300
	RetryDelay       int     // seconds; default 1
	Instant          bool    // prepare of content that this scene has already answers file_info and no parts
	WrapData         bool    // the answer of prepare sits in a "data" object
	RefuseToken      bool    // a PUT with an Authorization header gets 403; by default it is accepted with a warning in the Call
	Resume           bool    // prepare of an upload that is not merged yet goes on with it: same upload_id, fresh addresses
	OneShot          bool    // a part URL is dead after the first request that reached it, also when that was cut
}

func (s *PartShape) fill() {
	if s.BlockSize <= 0 {
		s.BlockSize = defaultBlockSize
	}
	if s.Config == "" {
		s.Config = "nested"
	}
	if s.Concurrency <= 0 {
		s.Concurrency = 1
	}
	if s.RetryTimeout <= 0 {
		s.RetryTimeout = 300
	}
	if s.RetryDelay <= 0 {
		s.RetryDelay = 1
	}
}

// base is the index of the first part.
func (s *PartShape) base() int {
	if s.ZeroBased {
		return 0
	}
	return 1
}

// WithParts sets the shape of uploads in parts, overriding the zero PartShape. [New] panics on a Config that is not named
// in PartShape or a size below 1.
func WithParts(shape PartShape) Option {
	return func(c *config) {
		if !slices.Contains([]string{"", "nested", "flat", "none"}, shape.Config) {
			panic("richmediatest: PartShape.Config is " + strconv.Quote(shape.Config))
		}
		if len(shape.Sizes) > 0 && slices.Min(shape.Sizes) < 1 {
			panic("richmediatest: PartShape.Sizes has a size below 1")
		}
		c.parts = shape
	}
}

// multipart is one upload in parts, from prepare to merge. Guarded by Platform.mu.
type multipart struct {
	id, name            string
	chat                *Chat
	kind                int
	size                int64
	md5, sha1, md5First string
	parts               []*part

	// The digests run over the parts in order, as far as they are finished, so that bytes need not be kept.
	next                              int
	sumMD5, sumSHA1, sumFirst, sum256 hash.Hash
	first                             int64 // bytes in sumFirst
	head, data                        []byte
	merging                           bool
	stored                            *storedFile // after the merge
}

// part is a slice of the file with its presigned URL.
type part struct {
	index    int
	size     int64
	sign     string
	expires  time.Time
	dead     bool // by ExpirePartURLs, or used up
	put      bool
	data     []byte // from PUT until it went into the digests
	md5      string // of what was PUT
	finished bool
}

// prepare is POST .../upload_prepare. Every field is required and strict; a malformed one gets 850012, as reported of an
// empty sha1.
func (p *Platform) prepare(_ *http.Request, to route, body []byte) (any, *refusal) {
	c, bad := p.uploadTarget(to)
	if bad != nil {
		return nil, bad
	}
	m, bad := parsePrepare(body, p.cfg.parts.StrictSize)
	if bad != nil {
		return nil, bad
	}
	m.chat = c
	if m.size > hardLimit {
		return nil, refuse(850031, "上传文件超过大小限制")
	}
	if answer, ok := p.instant(m); ok {
		return answer, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if old := p.unfinished(m); old != nil {
		for _, t := range old.parts {
			t.sign, t.expires, t.dead = p.hexID(40), p.now().Add(presignedLife), false
		}
		return p.prepareAnswer(old), nil
	}
	m.id = fmt.Sprintf("upload_%d_%s", p.now().UnixNano(), p.hexID(8))
	m.sumMD5, m.sumSHA1, m.sumFirst, m.sum256 = md5.New(), sha1.New(), md5.New(), sha256.New()
	for left := m.size; left > 0; {
		if len(m.parts) == maxParts {
			return nil, errProxy()
		}
		n := p.cfg.parts.BlockSize
		if i := len(m.parts); i < len(p.cfg.parts.Sizes) {
			n = p.cfg.parts.Sizes[i]
		}
		n = min(n, left)
		m.parts = append(m.parts, &part{
			index: p.cfg.parts.base() + len(m.parts), size: n, sign: p.hexID(40), expires: p.now().Add(presignedLife),
		})
		left -= n
	}
	p.multiparts[m.id] = m
	return p.prepareAnswer(m), nil
}

// unfinished returns the upload that m continues, if the shape says so. The caller holds p.mu.
func (p *Platform) unfinished(m *multipart) *multipart {
	if !p.cfg.parts.Resume {
		return nil
	}
	for _, old := range p.multiparts {
		if old.stored == nil && old.chat == m.chat && old.kind == m.kind && old.name == m.name && old.size == m.size && old.md5 == m.md5 && old.sha1 == m.sha1 {
			return old
		}
	}
	return nil
}

func parsePrepare(body []byte, strictSize bool) (*multipart, *refusal) {
	f, err := parseFields(body)
	if err != nil {
		return nil, errProxy()
	}
	m := &multipart{}
	kind, ok, err := f.integer("file_type")
	if err != nil || !ok || kind < kindImage || kind > kindFile {
		return nil, errProxy()
	}
	m.kind = int(kind)
	number, isNumber, err := f.integer("file_size")
	switch {
	case isNumber && err == nil && !strictSize: // AstrBotDevs/AstrBot#9443 saw a refusal; official clients send numbers
		m.size = number
	default:
		if m.size, err = parseSize(f); err != nil {
			return nil, errProxy()
		}
	}
	if m.size < 1 {
		return nil, errProxy()
	}
	if m.name, err = f.text("file_name"); err != nil || m.name == "" {
		return nil, errProxy()
	}
	digests := []struct {
		name string
		len  int
		to   *string
	}{{"md5", md5.Size, &m.md5}, {"sha1", sha1.Size, &m.sha1}, {"md5_10m", md5.Size, &m.md5First}}
	for _, d := range digests {
		if *d.to, err = f.text(d.name); err != nil || !lowerHex(*d.to, 2*d.len) {
			return nil, errProxy()
		}
	}
	return m, nil
}

// parseSize reads file_size in its documented form, a string of digits.
func parseSize(f fields) (int64, error) {
	size, err := f.text("file_size")
	if err != nil {
		return 0, err
	}
	if strings.HasPrefix(size, "+") {
		return 0, errors.New("file_size has a sign")
	}
	return strconv.ParseInt(size, 10, 64)
}

func lowerHex(s string, length int) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(s) == length && hex.EncodeToString(raw) == s
}

func (p *Platform) prepareAnswer(m *multipart) map[string]any {
	shape := p.cfg.parts
	size := func(n int64) any {
		if shape.NumbersAsNumbers {
			return n
		}
		return strconv.FormatInt(n, 10)
	}
	parts := make([]map[string]any, len(m.parts))
	for i, part := range m.parts {
		parts[i] = map[string]any{"index": part.index, "block_size": size(part.size), "presigned_url": p.partURL(m, i)}
	}
	answer := map[string]any{"upload_id": m.id, "block_size": size(shape.BlockSize), "parts": parts}
	config := map[string]any{
		"concurrency": shape.Concurrency, "retry_timeout": shape.RetryTimeout, "retry_delay": shape.RetryDelay,
	}
	switch shape.Config {
	case "nested":
		answer["upload_config"] = config
	case "flat":
		for k, v := range config {
			answer[k] = v
		}
	}
	return p.wrapped(answer)
}

func (p *Platform) wrapped(answer map[string]any) map[string]any {
	if p.cfg.parts.WrapData {
		return map[string]any{"data": answer}
	}
	return answer
}

// instant answers a prepare with a fresh file_info if the scene already has the same content.
func (p *Platform) instant(m *multipart) (map[string]any, bool) {
	if !p.cfg.parts.Instant {
		return nil, false
	}
	p.mu.Lock()
	old := p.contents[contentKey(m.chat.scene, m.kind, m.name, m.md5, m.sha1, m.size)]
	if old == nil {
		p.mu.Unlock()
		return nil, false
	}
	up := *old
	up.Chat, up.Name, up.URL, up.Route = m.chat.openid, m.name, "", RouteInstant
	file := p.keep(up, p.byFileInfo[old.FileInfo].format)
	p.mu.Unlock()
	return p.wrapped(p.uploadAnswer(m.chat, file, false, "")), true
}

// ExpirePartURLs ends every presigned URL issued so far: a PUT to one gets HTTP 403.
func (p *Platform) ExpirePartURLs() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.multiparts {
		for _, part := range m.parts {
			part.dead = true
		}
	}
}
