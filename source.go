package richmedia

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/botgo-contrib/richmedia/internal/content"
	"github.com/botgo-contrib/richmedia/internal/sniff"
)

// Source is where media comes from. It is opaque and cheap to copy; nothing is opened before the upload. The
// zero Source is an error when it is used, never a no-op. All but FromReader's can be used any number of times,
// and at the same time.
type Source struct {
	name string
	url  string
	wav  string                                       // where a voice is to be had as WAV, "" where it is not
	open func(context.Context) (io.ReadCloser, error) // from the start, every time
	once *oneShot                                     // FromReader
	err  error                                        // what the FromX found wrong
}

// FromURL is media that the platform fetches itself. The address must be absolute, http or https, and reachable
// from the platform: private addresses never are, and ports other than 80 and 443 are not known to be.
func FromURL(rawURL string) Source {
	u, err := url.Parse(rawURL)
	switch {
	case err != nil:
		return Source{err: errors.New("FromURL: this is no address; give an absolute one such as https://example.com/cat.png")}
	case u.Scheme == "" || u.Host == "":
		return Source{name: sanitize(u.Path), err: errors.New(
			"FromURL: the address is not absolute; give one such as https://example.com/cat.png, or use FromFile for a local file")}
	case u.Scheme != "http" && u.Scheme != "https":
		return Source{name: sanitize(u.Path), err: fmt.Errorf(
			"%w: FromURL: the platform fetches http and https, not %s; use FromOpener for anything else", ErrUnsupported, u.Scheme)}
	}
	return Source{url: rawURL, name: sanitize(u.Path)}
}

// FromFile is a file on disk. It is opened for each reading, so it should stay as it is until the reply is sent.
func FromFile(name string) Source {
	return Source{
		name: sanitize(filepath.ToSlash(name)),
		open: func(context.Context) (io.ReadCloser, error) {
			// Stat first: to open a named pipe would wait for its writer.
			if info, err := os.Stat(name); err != nil {
				return nil, err
			} else if err := regular(info); err != nil {
				return nil, err
			}
			return os.Open(name)
		},
	}
}

// FromFS is a file of fsys: an embed.FS, an os.Root's FS, a zip.Reader.
func FromFS(fsys fs.FS, name string) Source {
	if fsys == nil {
		return Source{name: sanitize(name), err: errors.New("FromFS: the file system is nil")}
	}
	return Source{
		name: sanitize(name),
		open: func(context.Context) (io.ReadCloser, error) {
			f, err := fsys.Open(name)
			if err != nil {
				return nil, err
			}
			info, err := f.Stat()
			if err == nil {
				err = regular(info)
			}
			if err != nil {
				_ = f.Close()
				return nil, err
			}
			return f, nil
		},
	}
}

// FromBytes is content in memory. b must not change until the reply is sent.
func FromBytes(name string, b []byte) Source {
	return Source{
		name: sanitize(name),
		open: func(context.Context) (io.ReadCloser, error) {
			return bytesReader{bytes.NewReader(b)}, nil
		},
	}
}

// bytesReader can be read at any offset, which io.NopCloser would hide.
type bytesReader struct{ *bytes.Reader }

func (bytesReader) Close() error { return nil }

// FromReader is content that can be read one time. It is kept in memory up to 256 KiB and in a temporary file
// beyond that, which is gone when the reply is. A second use of the Source is an error. r is not closed. Where a Read of
// r blocks for ever the reply still ends with its ctx, and one goroutine stays with r.
func FromReader(name string, r io.Reader) Source {
	if r == nil {
		return Source{name: sanitize(name), err: errors.New("FromReader: the reader is nil")}
	}
	return Source{name: sanitize(name), once: &oneShot{r: r}}
}

// FromOpener is content that open gives from its start every time, such as an object store's. Where its reader is an
// io.ReaderAt or an io.Seeker it is opened for each part and read at its offset; any other is opened once for an upload
// and kept like FromReader's. open must be safe for concurrent use.
func FromOpener(name string, open func(context.Context) (io.ReadCloser, error)) Source {
	if open == nil {
		return Source{name: sanitize(name), err: errors.New("FromOpener: the function is nil")}
	}
	return Source{name: sanitize(name), open: func(ctx context.Context) (io.ReadCloser, error) {
		rc, err := open(ctx)
		if err == nil && rc == nil {
			err = errors.New("FromOpener: the function gave neither a reader nor an error")
		}
		return rc, err
	}}
}

// FromAttachment sends back what the user sent. The platform fetches the attachment from its own address, which
// ends after a while: upload it soon. As a voice it is taken from VoiceWAVURL where there is one: what users record need
// not be what the platform takes from bots.
func FromAttachment(a Attachment) Source {
	s := FromURL(withScheme(a.URL))
	if a.URL == "" {
		s = Source{err: errors.New("FromAttachment: the attachment has no URL")}
	}
	if name := sanitize(a.FileName); name != "" {
		s.name = name
	}
	if a.VoiceWAVURL != "" {
		wav := FromURL(withScheme(a.VoiceWAVURL))
		s.wav = wav.url // "" where it is no address
	}
	return s
}

// Named is the same content under another file name, which the chat shows for KindFile.
func (s Source) Named(name string) Source {
	s.name = sanitize(name)
	return s
}

// oneShot is a reader that can be read one time.
type oneShot struct {
	r    io.Reader
	used atomic.Bool
}

var errUsed = errors.New("this reader was used before, and a reader can be read one time; make a Source for each use, or use FromOpener")

// take returns the reader to the first caller, and errUsed to all others.
func (o *oneShot) take() (io.Reader, error) {
	if o.used.Swap(true) {
		return nil, errUsed
	}
	return o.r, nil
}

// inspect reads s as o says, and names its format if kind does not accept every format. s is no URL.
func (s Source) inspect(ctx context.Context, kind Kind, o content.Options) (*content.Content, error) {
	if kindRules[kind].types != nil {
		o.Format = sniff.Format
	}
	if s.once == nil {
		return content.Inspect(ctx, s.open, o)
	}
	r, err := s.once.take()
	if err != nil {
		return nil, &stepError{"open", err}
	}
	return content.Spool(ctx, r, o)
}

// as returns s as it is read for kind: a voice from its WAV, if there is one.
func (s Source) as(kind Kind) Source {
	if kind == KindVoice && s.wav != "" {
		s.url, s.err = s.wav, nil
	}
	return s
}

// identity is equal for the same content, as far as it is known without reading it: by the caller's cacheKey or by the URL;
// else "".
func (s Source) identity(kind Kind, cacheKey string) string {
	if cacheKey != "" {
		return "key:" + cacheKey
	}
	if url := s.as(kind).url; url != "" {
		return "url:" + url
	}
	return ""
}

// check says what is wrong with s before anything is opened.
func (s Source) check() error {
	if s.err != nil {
		return s.err
	}
	if s.url == "" && s.open == nil && s.once == nil {
		return errors.New("the Source is empty: make one with FromURL, FromFile, FromFS, FromBytes, FromReader, FromOpener or FromAttachment")
	}
	return nil
}

// label names s in errors and logs: the file's name, or the address without its query, which may be a credential.
func (s Source) label() string {
	if s.url != "" {
		return redact(s.url)
	}
	if s.name != "" {
		return s.name
	}
	return "media"
}

func regular(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return errors.New("is a directory; give a file")
	case !info.Mode().IsRegular():
		return errors.New("is not a regular file; use FromReader for a pipe or a device")
	}
	return nil
}

// redact is an address that may be shown: without user, query and fragment.
func redact(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "an address"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// schemed is an address that needs no completing. A "://" further on belongs to its query.
var schemed = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// withScheme completes the addresses of attachments, which may lack the scheme (nonebot).
func withScheme(u string) string {
	switch {
	case u == "", schemed.MatchString(u):
		return u
	case strings.HasPrefix(u, "//"):
		return "https:" + u
	}
	return "https://" + u
}
