package richmediatest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	// downloadHost and downloadPath are those of attachments; the platform's own listener serves the path.
	downloadHost = "multimedia.nt.qq.com.cn"
	downloadPath = "/download"

	defaultAttachmentLife = 12 * time.Hour // undocumented; some 12 h were seen

	// What an address of an attachment answers if its rkey has ended, and if it has never been valid.
	retcodeExpired = -5503007
	retcodeInvalid = -5503022
)

// Attachment is what a user sends beside the text. With Data and without URL it is put on the web until [Platform.Forget], and empty
// ContentType and Size are filled from Data. The URL has the shape of the platform's and, while nothing listens, is found
// through [Platform.Client] only. After [Platform.Listen] or [Platform.ServeAt] it is one of the listener, http://127.0.0.1:port/download?..., that
// any client can fetch, in ranges too; and so can the platform, to which its own address is no private one.
//
// An address ends after [WithAttachmentLife], or with [Platform.ExpireAttachments]: it then answers HTTP 400 and JSON with retcode
// -5503007, and one that is not known -5503022. In guilds it does not end.
//
// In guilds the payload has a URL without its https://, as real ones do. The http:// of the listener stays: clients would
// put https:// before a bare address.
type Attachment struct {
	ContentType string // "image/png", "video/mp4", "voice", "file", ...
	FileName    string
	URL         string
	Size        int // bytes
	Width       int // pixels
	Height      int // pixels
	VoiceWAVURL string
	VoiceText   string // the platform's transcript, asr_refer_text
	Data        []byte
	VoiceWAV    []byte // the WAV form of a voice, hosted like Data, for an empty VoiceWAVURL
}

// host publishes attachments that have bytes and fills the fields that follow from them. The caller holds p.mu.
func (c *Chat) host(atts []Attachment) []Attachment {
	atts = slices.Clone(atts)
	for i := range atts {
		a := &atts[i]
		if a.Data != nil && a.URL == "" {
			a.URL = c.hostAttachment(a.Data)
		}
		if a.Data != nil && a.ContentType == "" {
			a.ContentType = sniff(a.Data)
		}
		if a.Data != nil && a.Size == 0 {
			a.Size = len(a.Data)
		}
		if a.VoiceWAV != nil && a.VoiceWAVURL == "" {
			a.VoiceWAVURL = c.hostAttachment(a.VoiceWAV)
		}
	}
	return atts
}

// hostAttachment publishes data and returns its URL. The caller holds p.mu.
func (c *Chat) hostAttachment(data []byte) string {
	p := c.p
	query := "?appid=1406&fileid=" + p.hexID(32) + "&rkey=" + p.hexID(16) + "&spec=0"
	where := "https://" + downloadHost + downloadPath + query
	at := page{data: data, sent: p.now(), expires: p.now().Add(p.cfg.attachmentLife)}
	if c.guild() {
		at.expires = time.Time{}
	}
	switch {
	case p.base() != offlineURL:
		where = p.base() + downloadPath + query
	case c.guild():
		where = "https://gchat.qpic.cn/qmeetpic/" + p.hexID(32) + "/0"
	}
	u, err := url.Parse(where)
	if err != nil {
		panic("richmediatest: an address of its own: " + err.Error())
	}
	p.web[webKey(u)] = at
	return where
}

// describe returns the JSON of hosted attachments. The caller holds p.mu.
func (c *Chat) describe(atts []Attachment) []map[string]any {
	out := make([]map[string]any, len(atts))
	for i, a := range atts {
		m := map[string]any{
			"content_type": a.ContentType, "filename": a.FileName, "url": a.URL, "size": a.Size,
		}
		if c.guild() {
			m["id"], m["url"] = c.p.hexID(16), strings.TrimPrefix(a.URL, "https://")
		}
		if a.Width > 0 || a.Height > 0 {
			m["width"], m["height"] = a.Width, a.Height
		}
		if a.VoiceWAVURL != "" {
			m["voice_wav_url"] = a.VoiceWAVURL
		}
		if a.VoiceText != "" {
			m["asr_refer_text"] = a.VoiceText
		}
		out[i] = m
	}
	return out
}

// ExpireAttachments ends the addresses of all attachments pushed so far, except those of guilds.
func (p *Platform) ExpireAttachments() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, at := range p.web {
		if !at.expires.IsZero() {
			at.expires = p.now()
			p.web[key] = at
		}
	}
}

// serveExpired answers as the attachment server does, which repeats the rkey: a credential that an error text must not quote.
func serveExpired(w http.ResponseWriter, r *http.Request, retcode int) {
	message := "download url has expired"
	if retcode == retcodeInvalid {
		message = "invalid rkey"
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write(encode(map[string]any{"retcode": retcode, "retmsg": message, "rkey": r.URL.Query().Get("rkey")})) // the client may have gone
}

// ownDownload reports whether u is an attachment on the platform's own listener. The caller holds p.mu.
func (p *Platform) ownDownload(u *url.URL) bool {
	return p.base() != offlineURL && u.Path == downloadPath && u.Scheme+"://"+u.Host == p.base()
}
