package richmedia

import (
	"strings"

	"github.com/tencent-connect/botgo/dto"
)

// Attachment is what a user sent with a message.
type Attachment struct {
	dto.MessageAttachment
	VoiceWAVURL string `json:"voice_wav_url"`  // voice only: the same as WAV
	VoiceText   string `json:"asr_refer_text"` // voice only: the platform's transcript
}

// Kind is what the attachment can be sent back as, by its content_type: KindImage, KindVideo, KindVoice, or KindFile for
// everything else. The platform may still refuse the format; KindFile takes any.
func (a Attachment) Kind() Kind {
	switch kind, _, _ := strings.Cut(a.ContentType, "/"); kind {
	case "image":
		return KindImage
	case "video":
		return KindVideo
	case "voice", "audio":
		return KindVoice
	}
	return KindFile
}
