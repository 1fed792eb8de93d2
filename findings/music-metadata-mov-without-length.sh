#!/usr/bin/env bash
# music-metadata returns length and rate of a sound in MP4, and neither for the same sound in QuickTime, without an error or a warning.
#
# Versions:  npm music-metadata 11.16.1 (12.1.0, which asks for Node.js 22, is the same); ffmpeg on this machine (seen with 5.1.9
#            of Debian 12) makes the files
# Behaviour: a box "hdlr" says what a track is. In MP4 there is one in each track; QuickTime has a second one further in, which
#            says where the data is. music-metadata takes both for the same, and the second one, "url ", wins: the track
#            is no sound then. hasAudio, which the first has set, stays true, and the codec is named.
# Expected:  the same length: the track is copied, not encoded again, and .mov and video/quicktime are in the package's list
#            of what it reads. Videos of iPhones and Macs have both boxes.
# Seen:      m4a: hasAudio true, codec MPEG-4/AAC, duration 2.04, sampleRate 24000, warnings 0
#            mp4: hasAudio true, codec MPEG-4/AAC, duration 2.04, sampleRate 24000, warnings 0
#            mov: hasAudio true, codec MPEG-4/AAC, duration undefined, sampleRate undefined, warnings 0
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent music-metadata@11.16.1 >&2
ffmpeg -v error -f lavfi -i sine=440:duration=2 -ar 24000 -ac 1 -c:a aac sound.m4a
for form in mp4 mov; do ffmpeg -v error -i sound.m4a -c copy "sound.$form"; done
cat >main.mjs <<'JS'
import { parseFile } from 'music-metadata'

for (const form of ['m4a', 'mp4', 'mov']) {
  const { format, quality } = await parseFile(`sound.${form}`, { duration: true })
  console.log(`${form}: hasAudio ${format.hasAudio}, codec ${format.codec}, duration ${format.duration?.toFixed(2)}, ` +
    `sampleRate ${format.sampleRate}, warnings ${quality.warnings.length}`)
}
JS
got=$(node main.mjs)
echo "$got"
[ "$got" = 'm4a: hasAudio true, codec MPEG-4/AAC, duration 2.04, sampleRate 24000, warnings 0
mp4: hasAudio true, codec MPEG-4/AAC, duration 2.04, sampleRate 24000, warnings 0
mov: hasAudio true, codec MPEG-4/AAC, duration undefined, sampleRate undefined, warnings 0' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
