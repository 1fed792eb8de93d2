package sniff

import "github.com/gabriel-vasile/mimetype"

// The formats that this package tells apart, and those that a kind accepts. All other names are the mimetype library's.
const (
	PNG  = "image/png"
	APNG = "image/apng"
	JPEG = "image/jpeg"
	GIF  = "image/gif"
	WebP = "image/webp"
	BMP  = "image/bmp"
	TGA  = "image/x-tga"

	MP4       = "video/mp4"
	MP4Cut    = "video/x-mp4-cut" // the content ends before its samples or its index do, and no index comes first
	QuickTime = "video/quicktime"
	MPEGTS    = "video/mp2t"
	M2TS      = "video/vnd.dlna.mpeg-tts" // a transport stream in packets of 192 bytes
	OggVideo  = "video/ogg"
	OggOther  = "application/ogg"
	ISOOther  = "application/mp4" // of the mp4 family, without a known brand
	RealMedia = "application/vnd.rn-realmedia"

	Silk          = "audio/silk"             // Tencent's too; it has no registered name
	SilkOversized = "audio/x-silk-oversized" // a packet is too large for any decoder
	SilkInAMR     = "audio/x-silk-amr"       // behind the mark of an AMR file
	MP3           = "audio/mpeg"             // layer III only
	MP2           = "audio/mp2"              // layers I and II
	WAV           = "audio/wav"
	RF64          = "audio/x-rf64"
	W64           = "audio/x-w64"
	Ogg           = "audio/ogg"
	M4A           = "audio/mp4"
	AAC           = "audio/aac"
	FLAC          = "audio/flac"
	AIFF          = "audio/aiff"
	AMRWB         = "audio/amr-wb"
	CAF           = "audio/x-caf"
	TTA           = "audio/x-tta"
	WavPack       = "audio/x-wavpack"
	Musepack      = "audio/musepack"
	AC3           = "audio/ac3"
	EAC3          = "audio/eac3"
	DTS           = "audio/vnd.dts"
	DSD           = "audio/x-dsd"
	VOC           = "audio/x-voc"

	Unknown = "application/octet-stream"
)

// Plain returns what an error calls format: the MIME type, behind plain words if it alone does not tell a bot's author what
// the content is.
func Plain(format string) string {
	if plain := plainNames[format]; plain != "" {
		return plain + " (" + format + ")"
	}
	return format
}

// plainNames follow "the content is".
var plainNames = map[string]string{
	TGA:                         "a Targa image",
	"image/heic":                "a heic image",
	"image/heic-sequence":       "heic images",
	"image/heif":                "a heif image",
	"image/heif-sequence":       "heif images",
	"image/avif":                "an avif image",
	"image/tiff":                "a tiff image",
	"image/jxl":                 "a JPEG XL image",
	"image/jp2":                 "a JPEG 2000 image",
	"image/jpx":                 "a JPEG 2000 image",
	"image/x-icon":              "an icon",
	"image/x-icns":              "an icon",
	"image/vnd.adobe.photoshop": "a Photoshop image",
	"image/x-xcf":               "a GIMP image",
	"image/vnd.radiance":        "a Radiance image",
	"image/svg+xml":             "an svg drawing",
	"image/x-canon-cr3":         "a Canon raw image",

	MP4Cut:            "an mp4 that was cut short before its index, which no player plays",
	QuickTime:         "a QuickTime movie, which is no mp4",
	MPEGTS:            "an MPEG transport stream",
	M2TS:              "an MPEG transport stream of a camcorder or a Blu-ray (m2ts)",
	OggVideo:          "ogg video",
	OggOther:          "ogg without a known audio stream",
	ISOOther:          "of the mp4 family, without a brand that is known",
	RealMedia:         "RealMedia",
	"video/3gpp":      "3gp media",
	"video/3gpp2":     "3g2 media",
	"video/webm":      "webm media",
	"video/matroska":  "mkv media",
	"video/mpeg":      "MPEG video, which is no mp4",
	"video/x-ms-asf":  "wma or wmv media",
	"video/x-msvideo": "an avi film",
	"video/x-flv":     "flv media",

	SilkOversized: "silk in packets of over 1,024 bytes, which no decoder reads: encode sound of 24,000 Hz (or 8,000, 12,000, 16,000, 32,000, 44,100 or 48,000), and not of 22,050",
	SilkInAMR:     "silk behind the mark of amr, which decodes to noise: send what follows that mark",
	MP2:           "MPEG audio of layer I or II, which is no mp3",
	RF64:          "RF64 audio, which is no wav",
	W64:           "Wave64 audio, which is no wav",
	M4A:           "m4a audio",
	AAC:           "aac audio",
	FLAC:          "flac audio",
	AIFF:          "aiff audio",
	"audio/amr":   "amr audio",
	AMRWB:         "wideband amr audio",
	CAF:           "caf audio",
	TTA:           "TTA audio",
	WavPack:       "WavPack audio",
	Musepack:      "Musepack audio",
	"audio/ape":   "Monkey's Audio",
	AC3:           "AC-3 audio",
	EAC3:          "E-AC-3 audio",
	DTS:           "DTS audio",
	DSD:           "DSD audio",
	VOC:           "Creative voice audio",
	"audio/basic": "au audio",
	"audio/midi":  "midi, which holds notes and no sound",

	Unknown: "of no known format",
}

// extensions are those of formats that the mimetype library does not know.
var extensions = map[string]string{
	Silk: ".silk", SilkOversized: ".silk", SilkInAMR: ".silk", MP4Cut: ".mp4", MP2: ".mp2", MPEGTS: ".ts", M2TS: ".m2ts", TGA: ".tga",
	AMRWB: ".awb", CAF: ".caf", TTA: ".tta", WavPack: ".wv", W64: ".w64", RF64: ".wav", AC3: ".ac3", EAC3: ".eac3", DTS: ".dts",
	DSD: ".dsf", VOC: ".voc", RealMedia: ".rm",
}

// Extension returns the usual extension of a file of format, a result of Format, with its dot; "" if there is none.
func Extension(format string) string {
	if ext, ok := extensions[format]; ok {
		return ext
	}
	if known := mimetype.Lookup(format); known != nil {
		return known.Extension()
	}
	return ""
}
