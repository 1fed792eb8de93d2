package web

import (
	"bytes"
	"mime"
	"net/http"
	"strings"
	"time"
)

// playable are the formats that browsers show and that cannot carry code. Everything else is a download.
var playable = map[string]bool{
	"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true, "image/bmp": true,
	"video/mp4": true, "video/webm": true,
	"audio/mpeg": true, "audio/wav": true, "audio/ogg": true, "audio/aac": true, "audio/flac": true, "audio/mp4": true,
}

// media serves the files of users and bots. Everything that is not playable is served as a download.
func (s *Server) media(w http.ResponseWriter, r *http.Request) {
	data, format, ok := s.Board.Media(r.PathValue("id"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	format, _, _ = strings.Cut(format, ";")
	h := w.Header()
	if !playable[format] {
		format = "application/octet-stream"
	}
	if !playable[format] || r.URL.Query().Has("save") {
		name := r.URL.Query().Get("name")
		if name == "" {
			name = "file"
		}
		disposition := mime.FormatMediaType("attachment", map[string]string{"filename": name})
		if disposition == "" {
			disposition = "attachment"
		}
		h.Set("Content-Disposition", disposition)
	}
	h.Set("Content-Type", format)
	h.Set("Cache-Control", "private, max-age=3600")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data)) // players request ranges
}
