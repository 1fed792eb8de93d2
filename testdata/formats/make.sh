#!/usr/bin/env bash
# Makes the files of this folder anew, each with the tool that people make such files with. They are checked in: the
# tests need none of these tools. Debian 12:
#
#   apt-get install --no-install-recommends \
#     ffmpeg imagemagick webp sox libsox-fmt-all wavpack libvo-amrwbenc0 libheif-examples libimage-exiftool-perl \
#     python3 nodejs npm
#   ./make.sh
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

ff() { ffmpeg -nostdin -hide_banner -loglevel error -y "$@"; }

# bytes HEX...: those bytes.
bytes() {
	local b
	for b in "$@"; do printf '%b' "\\x$b"; done
}

# ---- images ----
convert -size 24x24 gradient:red-blue -strip "$tmp/src.png"
convert -size 24x24 gradient:blue-green -strip "$tmp/src2.png"

convert "$tmp/src.png" -quality 70 -interlace none -strip jpeg-baseline.jpg
convert "$tmp/src.png" -quality 70 -interlace JPEG -strip jpeg-progressive.jpg
convert "$tmp/src.png" -colorspace CMYK -quality 70 -strip jpeg-cmyk.jpg
cp jpeg-baseline.jpg jpeg-exif.jpg # as phones write it: APP1 first, no JFIF
exiftool -q -overwrite_original -jfif:all= -Make=Phone -Model=One -Orientation=6 -n -DateTimeOriginal='2026:01:01 12:00:00' jpeg-exif.jpg

convert "$tmp/src.png" -strip png.png
ff -f lavfi -i testsrc=s=24x24:r=4:d=0.75 -f apng -plays 0 -bitexact png-animated.png
convert "$tmp/src.png" -strip gif.gif
convert -delay 20 "$tmp/src.png" "$tmp/src2.png" -loop 0 -strip gif-animated.gif
cwebp -quiet -q 60 "$tmp/src.png" -o webp-lossy.webp
cwebp -quiet -lossless "$tmp/src.png" -o webp-lossless.webp
img2webp -loop 0 -d 200 "$tmp/src.png" "$tmp/src2.png" -o webp-animated.webp >/dev/null 2>&1
convert "$tmp/src.png" -strip BMP3:bmp.bmp # BITMAPINFOHEADER, 40 bytes
convert "$tmp/src.png" -strip BMP2:bmp-os2.bmp # BITMAPCOREHEADER, 12 bytes
convert "$tmp/src.png" -strip -alpha on BMP:bmp-v4.bmp # BITMAPV4HEADER or V5
heif-enc -q 40 -o heic.heic "$tmp/src.png" >/dev/null
ff -i "$tmp/src.png" -frames:v 1 -c:v libaom-av1 -still-picture 1 -crf 40 -bitexact avif.avif
convert "$tmp/src.png" -strip -compress none tiff.tiff
cat >svg.svg <<'SVG'
<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24"><circle cx="12" cy="12" r="10" fill="red"/></svg>
SVG
convert "$tmp/src.png" -strip -compress none tga.tga                # without a mark of its own
ff -i "$tmp/src.png" -frames:v 1 -c:v targa -rle 0 -bitexact tga2.tga # version 2, which has one at its end
convert "$tmp/src.png" -strip ico.ico
convert "$tmp/src.png" -strip -compress rle psd.psd

# ---- video ----
pic=(-f lavfi -i testsrc=s=64x48:r=8:d=0.5)
tone=(-f lavfi -i "sine=f=440:r=24000:d=0.5")
h264=(-c:v libx264 -preset veryslow -crf 40 -pix_fmt yuv420p -x264-params sei=0 -bsf:v 'filter_units=remove_types=6')
aac=(-c:a aac -b:a 24k -ac 1)
exact=(-bitexact -map_metadata -1)

ff "${pic[@]}" "${tone[@]}" "${h264[@]}" "${aac[@]}" "${exact[@]}" "$tmp/av.mp4"
remux() { ff -i "$tmp/av.mp4" -c copy "${exact[@]}" "$@"; }

remux mp4-isom-moov-last.mp4
remux -movflags +faststart mp4-isom-moov-first.mp4
remux -brand mp42 mp4-mp42.mp4 # Android
remux -brand mp41 mp4-mp41.mp4 # GoPro
remux -brand avc1 mp4-avc1.mp4
remux -brand 'M4V ' mp4-m4v.m4v
remux -f psp mp4-msnv.mp4 # Sony
remux -movflags +frag_keyframe+empty_moov+default_base_moof -brand iso5 mp4-iso5-fragmented.mp4
remux -movflags +frag_keyframe+empty_moov+default_base_moof+dash -brand dash mp4-dash.mp4
remux -brand XAVC mp4-xavc.mp4 # Sony, professional
remux -brand 'ndsc' mp4-nero.mp4 # a brand that no table here has; isom stands among the compatible ones
ff "${pic[@]}" "${tone[@]}" -c:v libx265 -preset medium -crf 40 -pix_fmt yuv420p -x265-params log-level=none:info=0 -tag:v hvc1 \
	"${aac[@]}" "${exact[@]}" mp4-hevc.mp4 # iPhone and Android, "high efficiency"
ff "${pic[@]}" "${h264[@]}" -an "${exact[@]}" mp4-silent.mp4
remux -f mov mov-qt.mov # iPhone, camera original
# QuickTime before 2005, and what some cameras write: no ftyp at all.
python3 - mov-qt.mov mov-no-ftyp.mov <<'PY'
import struct, sys
b = open(sys.argv[1], "rb").read()
n = struct.unpack(">I", b[:4])[0]
open(sys.argv[2], "wb").write(struct.pack(">I4s", n, b"free") + bytes(n - 8) + b[n:])
PY
remux -f 3gp 3gp.3gp
remux -f 3g2 3g2.3g2
remux -f matroska mkv.mkv
ff "${pic[@]}" -c:v libvpx -b:v 20k "${exact[@]}" webm.webm
remux -f avi avi.avi
remux -f flv -flvflags no_duration_filesize -ar 22050 -c:a libmp3lame flv.flv
remux -f mpegts ts.ts
remux -f mpegts -mpegts_m2ts_mode 1 m2ts.m2ts # a camcorder's, a Blu-ray's
ff "${pic[@]}" -r 25 -c:v mpeg1video -b:v 20k "${exact[@]}" -f mpeg mpg.mpg
ff "${pic[@]}" -c:v wmv2 -b:v 20k -an "${exact[@]}" -f asf wmv.wmv
# A box free in front of the brand, as some editors leave it. The offsets of a fragmented file do not count it.
{ bytes 00 00 00 10; printf 'free'; head -c 8 /dev/zero; cat mp4-iso5-fragmented.mp4; } >mp4-free-first.mp4

# ---- audio ----
ff "${tone[@]}" -ac 1 -f s16le "$tmp/24k.pcm"
mp3=(-ac 1 -c:a libmp3lame -b:a 32k -write_xing 0 -id3v2_version 0 "${exact[@]}" -f mp3)

(cd "$tmp" && npm install --silent --no-fund --no-audit silk-wasm@3.7.1 >/dev/null && node -e '
	const fs = require("fs")
	require("silk-wasm").encode(fs.readFileSync("24k.pcm"), 24000).then(r => fs.writeFileSync("voice.silk", r.data))')
cp "$tmp/voice.silk" silk-tencent.silk                     # 0x02 first
{ tail -c +2 "$tmp/voice.silk"; bytes ff ff; } >silk.silk # the SDK's own form: no 0x02, and an end mark
{ printf '#!AMR\n'; cat "$tmp/voice.silk"; } >silk-amr.amr # what silk-sdk 0.2.2 of npm writes with tencentAmr
# A rate that silk does not have: packets of 1,250 bytes, which no decoder takes.
ff -f lavfi -i sine=f=440:r=22050:d=0.1 -ac 1 -f s16le "$tmp/22k.pcm"
(cd "$tmp" && node -e '
	const fs = require("fs")
	require("silk-wasm").encode(fs.readFileSync("22k.pcm"), 22050).then(r => fs.writeFileSync("22k.silk", r.data))')
cp "$tmp/22k.silk" silk-22050.silk

ff "${tone[@]}" -ar 44100 "${mp3[@]}" mp3-mpeg1.mp3
ff "${tone[@]}" -ar 24000 "${mp3[@]}" mp3-mpeg2.mp3
ff "${tone[@]}" -ar 8000 "${mp3[@]/32k/16k}" mp3-mpeg25.mp3
ff "${tone[@]}" -ar 44100 -ac 1 -c:a libmp3lame -q:a 9 -id3v2_version 0 -f mp3 mp3-vbr-xing.mp3
ff "${tone[@]}" -ar 44100 -ac 1 -c:a libmp3lame -b:a 32k -id3v2_version 3 -metadata title=tone -f mp3 mp3-id3v2.mp3
convert -seed 1 -size 240x240 plasma:fractal -quality 60 -strip "$tmp/cover.jpg"
ff "${tone[@]}" -i "$tmp/cover.jpg" -map 0 -map 1 -c:v copy -ac 1 -c:a libmp3lame -b:a 32k -id3v2_version 3 -disposition:v attached_pic \
	-f mp3 mp3-id3v2-cover.mp3 # the tag is longer than what is sniffed
{ head -c 700 /dev/zero; cat mp3-mpeg1.mp3; } >mp3-zero-padded.mp3
# Radio: the frames are as long as they get, so that three of them are longer than many a program looks.
ff "${tone[@]}" -t 0.16 -ar 44100 "${mp3[@]/32k/320k}" "$tmp/320.mp3"
tail -c +200 "$tmp/320.mp3" >mp3-320-cut.mp3
{ head -c 9000 /dev/zero; cat "$tmp/320.mp3"; } >mp3-320-zero-padded.mp3
# tag N: an ID3v2.3 tag of N bytes behind its header, which are padding.
tag() {
	printf 'ID3\3\0\0'
	bytes 00 "$(printf %02x $(($1 >> 14)))" "$(printf %02x $(($1 >> 7 & 127)))" "$(printf %02x $(($1 & 127)))"
	head -c "$1" /dev/zero
}
# A broken tagger: the tag says that it is empty, and a picture follows.
{ head -c 6 mp3-id3v2-cover.mp3; bytes 00 00 00 00; tail -c +11 mp3-id3v2-cover.mp3; } >mp3-id3v2-no-length.mp3
# An APEv2 tag in front: header, one item, footer.
python3 - "$tmp/ape" <<'PY'
import struct, sys
item = struct.pack("<II", 4, 0) + b"Title\0tone"
half = lambda flags: b"APETAGEX" + struct.pack("<IIII", 2000, len(item) + 32, 1, flags) + bytes(8)
open(sys.argv[1], "wb").write(half(0xA0000000) + item + half(0x80000000))
PY
cat "$tmp/ape" mp3-mpeg1.mp3 >mp3-apev2.mp3
tail -c +200 mp3-mpeg1.mp3 >mp3-cut.mp3 # a recording of a stream begins within a frame

ff "${tone[@]}" -ac 1 -c:a mp2 -b:a 32k "${exact[@]}" -f mp2 mp2.mp2
ff "${tone[@]}" "${aac[@]}" "${exact[@]}" -f adts aac-adts.aac
ff "${tone[@]}" "${aac[@]}" -write_id3v2 1 -metadata title=tone -f adts aac-id3v2.aac
ff "${tone[@]}" "${aac[@]}" "${exact[@]}" -f ipod m4a.m4a
ff "${tone[@]}" "${aac[@]}" "${exact[@]}" -f ipod -brand 'M4B ' m4b.m4b
ff "${tone[@]}" "${aac[@]}" "${exact[@]}" -movflags +frag_keyframe+empty_moov+default_base_moof+dash -f mp4 -brand dash m4a-dash.m4a # YouTube
ff "${tone[@]}" "${aac[@]}" "${exact[@]}" -movflags +faststart -f mp4 m4a-isom.mp4
ff "${tone[@]}" "${aac[@]}" "${exact[@]}" -f mp4 m4a-isom-moov-last.mp4
ff "${tone[@]}" "${aac[@]}" "${exact[@]}" -metadata comment="$(printf 'la %.0s' {1..1500})" -movflags +faststart \
	-f mp4 m4a-isom-long.mp4 # the index in front is longer than what is sniffed
ff "${tone[@]}" -ar 8000 -ac 1 -c:a pcm_s16le "${exact[@]}" wav-pcm.wav
{ tag 10; cat wav-pcm.wav; } >wav-id3v2.wav # by taggers that know mp3 only
{ tag 4000; cat aac-adts.aac; } >aac-id3v2-long.aac # longer than what is sniffed
{ tag 4000; cat mp3-mpeg1.mp3; } >mp3-id3v2-long.mp3
ff "${tone[@]}" -ar 8000 -ac 1 -c:a pcm_s16le "${exact[@]}" -t 0.1 -f w64 w64.w64
ff "${tone[@]}" -ac 1 -c:a libopus -b:a 16k "${exact[@]}" -f caf caf-opus.caf # an iPhone's memo
ff "${tone[@]}" -ar 8000 -ac 1 -c:a pcm_s16le "${exact[@]}" -t 0.1 -f caf caf-pcm.caf
ff "${tone[@]}" -ar 8000 -ac 1 -c:a tta "${exact[@]}" tta.tta
{ tag 10; cat tta.tta; } >tta-id3v2.tta
wavpack -q -y wav-pcm.wav -o wavpack.wv
ff "${tone[@]}" -ar 48000 -ac 1 -c:a ac3 -b:a 32k "${exact[@]}" -t 0.2 ac3.ac3
ff "${tone[@]}" -ar 48000 -ac 1 -c:a eac3 -b:a 32k "${exact[@]}" -t 0.2 eac3.eac3
ff "${tone[@]}" -ar 8000 -ac 1 -c:a pcm_u8 "${exact[@]}" -t 0.1 voc.voc
ff "${tone[@]}" -ac 1 -c:a libopus -b:a 16k "${exact[@]}" -f matroska mka.mka
ff "${tone[@]}" -ac 1 -c:a libopus -b:a 16k "${exact[@]}" -f webm webm-opus.weba
ff "${tone[@]}" -ar 8000 -ac 1 -c:a pcm_s24le "${exact[@]}" wav-extensible.wav
ff "${tone[@]}" -ar 8000 -ac 1 -c:a pcm_s16le -rf64 always "${exact[@]}" wav-rf64.wav
ff "${tone[@]}" -ac 1 -c:a libvorbis -q:a 0 "${exact[@]}" ogg-vorbis.ogg
ff "${tone[@]}" -ac 1 -c:a libopus -b:a 16k "${exact[@]}" ogg-opus.ogg
ff "${tone[@]}" -ac 1 -c:a flac "${exact[@]}" -f oga ogg-flac.oga
ff "${pic[@]}" -c:v libtheora -q:v 1 -an "${exact[@]}" ogg-theora.ogv
ff "${tone[@]}" "${pic[@]}" -map 0 -map 1 -c:v libtheora -q:v 1 -ac 1 -c:a libvorbis -q:a 0 "${exact[@]}" ogg-vorbis-theora.ogv
ff "${tone[@]}" -ac 1 -ar 8000 -c:a flac "${exact[@]}" flac.flac
{ printf 'ID3\4\0\0\0\0\0\24TIT2\0\0\0\5\0\0\0tone'; head -c 5 /dev/zero; cat flac.flac; } >flac-id3v2.flac
sox -D -n -r 8000 -c 1 -t amr-nb amr-nb.amr synth 0.5 sine 440
ff "${tone[@]}" -ac 1 -ar 16000 -f s16le "$tmp/16k.pcm"
python3 - "$tmp/16k.pcm" amr-wb.awb <<'PY' # no program of Debian writes it; the library does
import ctypes, sys
lib = ctypes.CDLL("libvo-amrwbenc.so.0")
lib.E_IF_init.restype = ctypes.c_void_p
lib.E_IF_encode.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
state, pcm, out = lib.E_IF_init(), open(sys.argv[1], "rb").read(), b"#!AMR-WB\n"
for at in range(0, len(pcm) - 639, 640): # 20 ms at 16 kHz
    frame = ctypes.create_string_buffer(100)
    n = lib.E_IF_encode(state, 2, pcm[at:at + 640], frame, 0)
    out += frame.raw[:n]
open(sys.argv[2], "wb").write(out)
PY
ff "${tone[@]}" -ar 8000 -ac 1 "${exact[@]}" -t 0.1 aiff.aiff
python3 - aiff.aiff aiff-sound-first.aiff <<'PY'
import sys
b = open(sys.argv[1], "rb").read() # FORM, then COMM of 18 bytes, then SSND
assert b[12:16] == b"COMM"
open(sys.argv[2], "wb").write(b[:12] + b[38:] + b[12:38])
PY
ff "${tone[@]}" -ar 8000 -ac 1 "${exact[@]}" -t 0.1 au.au
ff "${tone[@]}" -ac 1 -c:a wmav2 -b:a 24k "${exact[@]}" -f asf wma.wma

# ---- neither ----
printf 'BM is how a bitmap begins, and so does this text.\n' >text-bm.txt
printf 'ID3 tags are described here: https://id3.org\n' >text-id3.txt
printf 'plain\n' >text.txt
cat >pdf.pdf <<'PDF'
%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>endobj
trailer<</Root 1 0 R>>
%%EOF
PDF
