package richmedia

import (
	"bytes"
	"context"
	"embed"
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

// Source is where media comes from. It is opaque and cheap to copy, and nothing is opened before the upload. The use of the
// zero Source is an error. A Source can be used any number of times and by several goroutines at once, except one of
// FromReader, which can be used once.
type Source struct {
	name string
	url  string
	wav  string                                       // the address of a voice's WAV form, "" if there is none
	open func(context.Context) (io.ReadCloser, error) // returns a reader at the start; nil for a URL and for FromReader
	same any                                          // a key of content that never changes; nil if it may
	once *oneShot                                     // of FromReader
	err  error                                        // what is wrong with the arguments of the constructor

	attached bool // of FromAttachment: the content can be fetched here
}

// FromURL returns a Source that the platform fetches itself. The address must be absolute, http or https, and reachable from
// the platform: private addresses are not, and ports other than 80 and 443 are not known to be. Its last element is the
// file's name. With another address the use of the Source is an error.
func FromURL(rawURL string) Source {
	u, err := url.Parse(rawURL)
	switch {
	case err != nil:
		return Source{err: errors.New("FromURL: this is no address; give an absolute one such as https://example.com/cat.png")}
	case u.Scheme == "":
		return Source{name: sanitize(u.Path), err: errors.New(
			"FromURL: the address is not absolute; give one such as https://example.com/cat.png, or use FromFile for a local file")}
	case u.Scheme != "http" && u.Scheme != "https":
		return Source{name: sanitize(u.Path), err: fmt.Errorf(
			"%w: FromURL: the platform fetches http and https, not %s; use FromFile for a local file and FromOpener for anything else", ErrUnsupported, u.Scheme)}
	case u.Host == "":
		return Source{name: sanitize(u.Path), err: errors.New("FromURL: the address names no host; give one such as https://example.com/cat.png")}
	}
	return Source{url: rawURL, name: sanitize(u.Path)}
}

// FromFile returns a Source that is a regular file on disk. The file is opened for each reading and must not change until the
// reply is sent: an upload of content that changed is an error. On Linux and macOS a file is hashed once while its device,
// inode, size, modification time and status change time stay as they are, if the last is at least 2 s old; elsewhere it is
// hashed for each reply. WithCacheKey avoids the reading altogether.
func FromFile(name string) Source {
	if name == "" {
		return Source{err: errors.New("FromFile: the name is empty; give the path of a file")}
	}
	return Source{
		name: sanitize(filepath.ToSlash(name)),
		open: func(context.Context) (io.ReadCloser, error) {
			// Stat first: to open a named pipe would wait for its writer.
			if info, err := os.Stat(name); err != nil {
				return nil, err
			} else if err := regular(info); err != nil {
				return nil, &fs.PathError{Op: "open", Path: name, Err: err}
			}
			return os.Open(name)
		},
	}
}

// FromFS returns a Source that is a file of fsys, such as an embed.FS, the FS of an os.Root or a zip.Reader. It is opened for
// each reading. A file of an embed.FS is hashed once, and one of os.DirFS or an os.Root as those of FromFile are.
func FromFS(fsys fs.FS, name string) Source {
	if fsys == nil {
		return Source{name: sanitize(name), err: errors.New("FromFS: the file system is nil")}
	}
	var same any
	if embedded, ok := fsys.(embed.FS); ok {
		same = embeddedFile{embedded, name}
	}
	return Source{
		name: sanitize(name),
		same: same,
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

// embeddedFile is content that never changes.
type embeddedFile struct {
	fsys embed.FS
	name string
}

// FromBytes returns a Source with the content b. b is not copied, and must not change until the reply is sent.
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

// FromReader returns a Source whose content is read from r, once. The content is kept in memory up to 256 KiB, and in a
// temporary file beyond that, which is removed after the reply. A second use of the Source is an error. r is not closed. If a
// Read of r blocks forever the reply still ends with its ctx, and one goroutine stays with r.
func FromReader(name string, r io.Reader) Source {
	if r == nil {
		return Source{name: sanitize(name), err: errors.New("FromReader: the reader is nil")}
	}
	return Source{name: sanitize(name), once: &oneShot{r: r}}
}

// FromOpener returns a Source that open opens, such as an object of an object store. Every call of open returns a reader at the
// start of the same content; the plugin closes it. If the reader is an io.Seeker open is called for each part, which is read at
// its offset. Other readers are opened once for an upload and kept as those of FromReader are. The ctx of open ends with the
// upload at the latest. open must be safe for concurrent use.
func FromOpener(name string, open func(context.Context) (io.ReadCloser, error)) Source {
	if open == nil {
		return Source{name: sanitize(name), err: errors.New("FromOpener: the function is nil")}
	}
	return Source{name: sanitize(name), open: func(ctx context.Context) (io.ReadCloser, error) {
		rc, err := open(ctx)
		if err == nil && rc == nil {
			err = errors.New("FromOpener: the function returned neither a reader nor an error")
		}
		return rc, err
	}}
}

// FromAttachment returns a Source with the content of a, which a user sent. The platform fetches it from the address of the
// attachment, so that nothing is downloaded here, also if Context.Open or Context.Save has read it before. If the platform cannot,
// the bytes are fetched as Context.Open does and sent. An address that has expired is ErrExpired then. A voice is fetched from VoiceWAVURL if there is one, because the platform does not
// accept every format from bots that users record in.
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
		s.wav = wav.url // "" if it is no address
	}
	s.attached = true
	return s
}

// Named returns a Source with the content of s and another file name, which the chat shows for KindFile. Of a path the last
// element counts, and characters that do not show are removed.
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
		o.Immutable = s.same
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

// check returns what is wrong with s that can be known before anything is opened.
func (s Source) check() error {
	if s.err != nil {
		return s.err
	}
	if s.url == "" && s.open == nil && s.once == nil {
		return errors.New("the Source is empty: make one with FromURL, FromFile, FromFS, FromBytes, FromReader, FromOpener or FromAttachment")
	}
	return nil
}

// label returns what errors and logs call s: the file's name, or the address without its query, which may be a credential.
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

// redact returns rawURL without user, query and fragment, so that it can be shown.
func redact(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return "an address"
	}
	if strings.ContainsAny(u.Path, "@?#") { // another address in it, with what it should not show
		u.Path = "/..."
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// schemed matches an address that has a scheme. A "://" further on belongs to its query.
var schemed = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://`)

// withScheme returns u with a scheme, which addresses of attachments may lack (nonebot).
func withScheme(u string) string {
	switch {
	case u == "", schemed.MatchString(u):
		return u
	case strings.HasPrefix(u, "//"):
		return "https:" + u
	}
	return "https://" + u
}
