package web

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/gif"  // for the sizes of what users send
	_ "image/jpeg" // for the sizes of what users send
	_ "image/png"  // for the sizes of what users send
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

const (
	maxSaid  = 64 << 20 // bytes of one message with its files
	maxFiles = 10
	maxText  = 16 << 10 // bytes
)

// say sends a user's message: chat, user, text, and up to ten files. mention=false omits the mention of the bot.
func (s *Server) say(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxSaid)
	if err := r.ParseMultipartForm(8 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		fail(w, err)
		return
	}
	defer func() {
		if r.MultipartForm != nil {
			_ = r.MultipartForm.RemoveAll()
		}
	}()
	c, sc, err := s.chat(r.FormValue("chat"))
	if err != nil {
		fail(w, err)
		return
	}
	name, err := user(r)
	if err != nil {
		fail(w, err)
		return
	}
	text := r.FormValue("text")
	files, err := attachments(r)
	switch {
	case err != nil:
		fail(w, err)
		return
	case len(text) > maxText || !utf8.ValidString(text):
		fail(w, fmt.Errorf("text: up to %d bytes of UTF-8", maxText))
		return
	case strings.TrimSpace(text) == "" && len(files) == 0:
		fail(w, errors.New("text, or a file, is needed"))
		return
	}
	if sc.Mention && r.FormValue("mention") == "false" {
		s.happened(w, sc.unmentioned(c, name, text, files...))
		return
	}
	s.happened(w, c.Say(name, text, files...))
}

// attachments returns the files of a message, described as the platform describes them.
func attachments(r *http.Request) ([]richmediatest.Attachment, error) {
	if r.MultipartForm == nil {
		return nil, nil
	}
	headers := r.MultipartForm.File["file"]
	if len(headers) > maxFiles {
		return nil, fmt.Errorf("at most %d files", maxFiles)
	}
	var out []richmediatest.Attachment
	for _, h := range headers {
		a, err := attachment(h)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func attachment(h *multipart.FileHeader) (richmediatest.Attachment, error) {
	a := richmediatest.Attachment{FileName: path.Base(strings.ReplaceAll(h.Filename, `\`, "/"))}
	f, err := h.Open()
	if err != nil {
		return a, err
	}
	defer func() { _ = f.Close() }()
	if a.Data, err = io.ReadAll(f); err != nil {
		return a, err
	}
	if len(a.Data) == 0 {
		return a, fmt.Errorf("%s is empty", a.FileName)
	}
	a.ContentType = "file"
	switch kind := mimetype.Detect(a.Data).String(); {
	case playable[kind] && strings.HasPrefix(kind, "image/"), strings.HasPrefix(kind, "video/"):
		a.ContentType = kind
		if size, _, err := image.DecodeConfig(bytes.NewReader(a.Data)); err == nil {
			a.Width, a.Height = size.Width, size.Height
		}
	case strings.HasPrefix(kind, "audio/"), bytes.Contains(a.Data[:min(len(a.Data), 16)], []byte("#!SILK")):
		a.ContentType = "voice"
	}
	return a, nil
}
