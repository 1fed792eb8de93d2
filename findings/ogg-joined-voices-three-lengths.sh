#!/usr/bin/env bash
# Of two Ogg voices in one file ffprobe returns the length of the last, music-metadata that of the first, and ffmpeg plays both.
#
# Versions:  npm music-metadata 11.16.1; ffmpeg and ffprobe on this machine (seen with 5.1.9 of Debian 12)
# Behaviour: an Ogg file may be followed by another one in the same file: RFC 3533 calls it chaining, and cat makes it. The
#            positions of the second part begin at 0 again. ffprobe subtracts the first position from the last one in the file,
#            which is a position in the last part; music-metadata stops at the page that is marked as the last of the first part.
#            Neither warns. Opus and Vorbis are alike; ffprobe's 6 ms more are the start of Opus that is not played.
# Expected:  two and three seconds are five, or a remark that the length is not known. ffprobe comes from the program that
#            decodes five seconds from the same file.
# Seen:      opus, 2 s and 3 s: ffprobe 3.01 s, music-metadata 2.00 s, decoded by ffmpeg 5.00 s
#            opus, 3 s and 2 s: ffprobe 2.01 s, music-metadata 3.00 s, decoded by ffmpeg 5.00 s
#            vorbis, 2 s and 3 s: ffprobe 3.00 s, music-metadata 2.00 s, decoded by ffmpeg 5.00 s
#            vorbis, 3 s and 2 s: ffprobe 2.00 s, music-metadata 3.00 s, decoded by ffmpeg 5.00 s
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent music-metadata@11.16.1 >&2
cat >length.mjs <<'JS'
import { parseFile } from 'music-metadata'

console.log((await parseFile(process.argv[2], { duration: true })).format.duration.toFixed(2))
JS
got=
for codec in opus vorbis; do
  for seconds in 2 3; do
    ffmpeg -v error -f lavfi -i "sine=440:duration=$seconds" -ar 48000 -ac 1 -c:a "lib$codec" "$codec-$seconds.ogg"
  done
  for parts in '2 3' '3 2'; do
    read -r first second <<<"$parts"
    cat "$codec-$first.ogg" "$codec-$second.ogg" >joined.ogg
    probed=$(ffprobe -v error -show_entries format=duration -of csv=p=0 joined.ogg)
    decoded=$(ffmpeg -v fatal -i joined.ogg -ar 48000 -ac 1 -f s16le - | wc -c)
    got+=$(printf '%s, %d s and %d s: ffprobe %.2f s, music-metadata %s s, decoded by ffmpeg %d.%02d s' "$codec" "$first" "$second" \
      "$probed" "$(node length.mjs joined.ogg)" $((decoded / 96000)) $((decoded % 96000 / 960)))$'\n'
  done
done
got=${got%$'\n'}
echo "$got"
[ "$got" = 'opus, 2 s and 3 s: ffprobe 3.01 s, music-metadata 2.00 s, decoded by ffmpeg 5.00 s
opus, 3 s and 2 s: ffprobe 2.01 s, music-metadata 3.00 s, decoded by ffmpeg 5.00 s
vorbis, 2 s and 3 s: ffprobe 3.00 s, music-metadata 2.00 s, decoded by ffmpeg 5.00 s
vorbis, 3 s and 2 s: ffprobe 2.00 s, music-metadata 3.00 s, decoded by ffmpeg 5.00 s' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
