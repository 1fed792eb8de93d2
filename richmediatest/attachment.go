package richmediatest

import "strings"

// Attachment is what a user sends beside the text. With Data and without URL it is put on the web under a URL of the shape
// that the platform uses, and empty ContentType and Size are filled from Data. In guilds the payload has the URL without
// its https://, as real ones do.
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
}

// attachments puts what has Data on the web and describes all of them. The caller holds p.mu.
func (c *Chat) attachments(atts []Attachment) []map[string]any {
	out := make([]map[string]any, len(atts))
	for i, a := range atts {
		if a.Data != nil && a.URL == "" {
			a.URL = c.p.hostAttachment(c, a.Data)
		}
		if a.Data != nil && a.ContentType == "" {
			a.ContentType = sniff(a.Data)
		}
		if a.Data != nil && a.Size == 0 {
			a.Size = len(a.Data)
		}
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

// hostAttachment puts data on the web and returns its URL. The caller holds p.mu.
func (p *Platform) hostAttachment(c *Chat, data []byte) string {
	where := "https://multimedia.nt.qq.com.cn/download?appid=1406&fileid=" + p.hexID(32) + "&rkey=" + p.hexID(16) + "&spec=0"
	if c.guild() {
		where = "https://gchat.qpic.cn/qmeetpic/" + p.hexID(32) + "/0"
	}
	p.web[where] = data
	return where
}
