package richmedia

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia/internal/sniff"
)

// Attachment is what a user sent with a message.
type Attachment struct {
	dto.MessageAttachment
	VoiceWAVURL string `json:"voice_wav_url"`  // voice only: the same as WAV
	VoiceText   string `json:"asr_refer_text"` // voice only: the platform's transcript
}

// UnmarshalJSON reads what the platform sends: a number may be a string and the other way round. A field of another type
// stays empty, and does not cost the others.
func (a *Attachment) UnmarshalJSON(b []byte) error {
	var d struct {
		URL         looseText   `json:"url"`
		FileName    looseText   `json:"filename"`
		Height      looseNumber `json:"height"`
		Size        looseNumber `json:"size"`
		Width       looseNumber `json:"width"`
		ContentType looseText   `json:"content_type"`
		VoiceWAVURL looseText   `json:"voice_wav_url"`
		VoiceText   looseText   `json:"asr_refer_text"`
	}
	if err := tolerant(json.Unmarshal(b, &d)); err != nil {
		return err
	}
	*a = Attachment{VoiceWAVURL: string(d.VoiceWAVURL), VoiceText: string(d.VoiceText)}
	a.URL, a.FileName, a.ContentType = string(d.URL), string(d.FileName), string(d.ContentType)
	a.Height, a.Size, a.Width = int(max(d.Height, 0)), int(max(d.Size, 0)), int(max(d.Width, 0))
	return nil
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

// WAV returns the WAV form of a voice, to open, save or send it: users record in formats that few programs read. Of anything
// else, and of a voice without a WAV form, it is a itself.
func (a Attachment) WAV() Attachment {
	if a.VoiceWAVURL == "" || a.URL == a.VoiceWAVURL {
		return a
	}
	name, _ := cutExtension(sanitize(a.FileName))
	a.URL, a.FileName, a.ContentType = a.VoiceWAVURL, cmp.Or(name, "voice")+".wav", "audio/wav"
	a.Size = 0 // the event has the size of the other form
	return a
}

// name returns the name of a's file, whose format is typ, without a path.
func (a Attachment) name(typ string) string {
	return cmp.Or(sanitize(a.FileName), "attachment"+sniff.Extension(typ))
}

// completed returns all with the scheme of every address, which some lack (nonebot).
func completed(all []Attachment) []Attachment {
	for i := range all {
		a := &all[i]
		a.URL, a.VoiceWAVURL = withScheme(a.URL), withScheme(a.VoiceWAVURL)
	}
	return all
}
