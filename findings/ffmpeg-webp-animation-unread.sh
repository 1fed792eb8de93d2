#!/usr/bin/env bash
# ffmpeg cannot read the moving WebP that it has written, and ffprobe finds a picture of 0 by 0 pixels in it, with success.
#
# Versions:  ffmpeg and ffprobe with libwebp on this machine (seen with 5.1.9 of Debian 12)
# Behaviour: the encoder libwebp_anim writes all frames into one file. The decoder is ffmpeg's own, knows still pictures only,
#            and skips the chunks of an animation; behind them is nothing that it could decode. ffmpeg ends with an error about
#            missing image data; ffprobe names the codec, returns 0 for both sides, and ends with exit code 0.
# Expected:  what it writes it reads, as with GIF and APNG, which are shown below, or an error from ffprobe. The list of codecs
#            has "webp" for both directions. Stickers of chats are such files, and a bot that makes a GIF or a video of them
#            to send them finds out by the first one that moves; one that checks the size first works with 0.
# Seen:      webp: written 1, decoded 1 frame, ffprobe 64x64, exit codes 0 and 0
#            gif: written 10, decoded 10 frames, ffprobe 64x64, exit codes 0 and 0
#            apng: written 10, decoded 10 frames, ffprobe 64x64, exit codes 0 and 0
#            webp: written 10, decoded 0 frames, ffprobe 0x0, exit codes 1 and 0
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# check NAME FRAMES ENCODER writes that many frames, and reads them back.
check() {
	ffmpeg -v error -y -f lavfi -i testsrc=s=64x64:r=10:d=1 -frames:v "$2" -c:v "$3" "moving.$1"
	local size decoded code=0 probed=0
	size=$(ffprobe -v quiet -show_entries stream=width,height -of csv=p=0:s=x "moving.$1") || probed=$?
	decoded=$(ffmpeg -v error -i "moving.$1" -f framemd5 - 2>/dev/null) || code=$?
	decoded=$(grep -c '^0,' <<<"$decoded" || true)
	echo "$1: written $2, decoded $decoded frame$([ "$decoded" = 1 ] || echo s), ffprobe $size, exit codes $code and $probed"
}
got=$(check webp 1 libwebp_anim && check gif 10 gif && check apng 10 apng && check webp 10 libwebp_anim)
echo "$got"
[ "$got" = 'webp: written 1, decoded 1 frame, ffprobe 64x64, exit codes 0 and 0
gif: written 10, decoded 10 frames, ffprobe 64x64, exit codes 0 and 0
apng: written 10, decoded 10 frames, ffprobe 64x64, exit codes 0 and 0
webp: written 10, decoded 0 frames, ffprobe 0x0, exit codes 1 and 0' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
