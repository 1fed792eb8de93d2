package sniff

// The formats that this package tells apart, and those that a platform's rule may name.
const (
	PNG      = "image/png"
	APNG     = "image/apng"
	JPEG     = "image/jpeg"
	GIF      = "image/gif"
	WebP     = "image/webp"
	BMP      = "image/bmp"
	WAV      = "audio/wav"
	Silk     = "audio/silk" // Tencent's, which has no registered name
	MP3      = "audio/mpeg" // layer III only
	MP2      = "audio/mp2"  // layers I and II
	AAC      = "audio/aac"
	FLAC     = "audio/flac"
	AMRWB    = "audio/amr-wb"
	RF64     = "audio/x-rf64"
	Ogg      = "audio/ogg"
	OggVideo = "video/ogg"
	OggOther = "application/ogg"
	MP4      = "video/mp4"
	M4A      = "audio/mp4"
	ISOOther = "application/mp4" // of the mp4 family, without a known brand
	Unknown  = "application/octet-stream"
)

// Plain returns what an error calls format: the MIME type, behind plain words if it alone does not tell a bot's author what
// the content is.
func Plain(format string) string {
	if plain := plainNames[format]; plain != "" {
		return plain + " (" + format + ")"
	}
	return format
}

var plainNames = map[string]string{
	"audio/amr":         "amr audio",
	AMRWB:               "wideband amr audio",
	MP2:                 "MPEG audio of layer I or II, which is no mp3",
	AAC:                 "aac audio",
	M4A:                 "m4a audio",
	FLAC:                "flac audio",
	RF64:                "RF64 audio, which is no wav",
	"video/quicktime":   "a QuickTime movie, which is no mp4",
	"video/3gpp":        "3gp media",
	"video/3gpp2":       "3g2 media",
	"video/webm":        "webm media",
	"video/matroska":    "mkv media",
	"video/mp2t":        "an MPEG transport stream",
	"video/x-ms-asf":    "wma or wmv media",
	OggVideo:            "ogg video",
	OggOther:            "ogg without a known audio stream",
	ISOOther:            "of the mp4 family, without a brand that is known",
	"image/heic":        "a heic image",
	"image/heif":        "a heif image",
	"image/avif":        "an avif image",
	"image/tiff":        "a tiff image",
	"image/svg+xml":     "an svg drawing",
	"image/x-canon-cr3": "a Canon raw image",
	Unknown:             "of no known format",
}
