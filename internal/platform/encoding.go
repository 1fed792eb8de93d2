package platform

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// decode makes f read the file without its content coding, which was not asked for: a server may send its own choice. A
// coding that is not known is an error: the file would be stored encoded. limit bounds the bytes on both sides.
func (f *Fetched) decode(h http.Header, limit int64) error {
	f.file = &limited{read: f.readRaw, left: limit}
	coding := strings.ToLower(strings.TrimSpace(strings.Join(h.Values("Content-Encoding"), ",")))
	switch coding {
	case "", "identity":
		return nil
	case "gzip", "x-gzip":
		f.file = f.decoded(openGzip, limit)
	case "deflate":
		f.file = f.decoded(openDeflate, limit)
	default:
		return fmt.Errorf("the file comes in the content coding %q, which is not decoded here", Clean(coding))
	}
	f.Size = -1
	return nil
}

// decoded returns at most limit bytes of the reader that open makes of the raw one. What cannot be compressed is longer
// with its coding, and an empty block costs bytes that say nothing.
func (f *Fetched) decoded(open func(*bufio.Reader) (io.Reader, error), limit int64) io.Reader {
	const percent, more = 100, 1 << 20
	raw := &limited{read: f.readRaw, left: limit + limit/percent + more}
	return &limited{read: (&decoder{raw: raw, open: open}).Read, left: limit}
}

// limited fails if there are more than left bytes. The first byte over is read to find that out.
type limited struct {
	read func([]byte) (int, error)
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, ErrTooLong
	}
	n, err := l.read(p[:min(int64(len(p)), l.left+1)])
	if l.left -= int64(n); l.left < 0 {
		return n, ErrTooLong
	}
	return n, err
}

// decoder opens its reader at the first Read: that blocks until the first bytes come.
type decoder struct {
	raw  io.Reader
	open func(*bufio.Reader) (io.Reader, error)
	r    io.Reader
	err  error
}

func (d *decoder) Read(p []byte) (int, error) {
	if d.r == nil && d.err == nil {
		d.r, d.err = d.open(bufio.NewReader(d.raw))
	}
	if d.err != nil {
		return 0, d.err
	}
	n, err := d.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && damaged(err) {
		err = fmt.Errorf("the encoded file is damaged: %w", err)
	}
	return n, err
}

func damaged(err error) bool {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	for _, format := range []error{gzip.ErrChecksum, gzip.ErrHeader, zlib.ErrChecksum, zlib.ErrHeader, zlib.ErrDictionary} {
		corrupt = corrupt || errors.Is(err, format)
	}
	return corrupt
}

// openGzip returns r itself if there is no gzip: some servers name a coding and do not apply it.
func openGzip(r *bufio.Reader) (io.Reader, error) {
	const magic = "\x1f\x8b"
	if head, err := r.Peek(len(magic)); string(head) != magic {
		return r, beyondEOF(err)
	}
	return gzip.NewReader(r)
}

// openDeflate accepts both forms in which "deflate" is sent: zlib, which RFC 9110 means, and bare.
func openDeflate(r *bufio.Reader) (io.Reader, error) {
	const size = 2
	head, err := r.Peek(size)
	if len(head) < size {
		return r, beyondEOF(err)
	}
	const method, deflated, check = 0x0f, 8, 31
	if head[0]&method == deflated && (int(head[0])<<8|int(head[1]))%check == 0 {
		return zlib.NewReader(r)
	}
	return flate.NewReader(r), nil
}

// beyondEOF returns err unless it is an end, which the next Read meets.
func beyondEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
