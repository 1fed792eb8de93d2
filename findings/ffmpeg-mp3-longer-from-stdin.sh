#!/usr/bin/env bash
# ffmpeg decodes the same MP3 file to more samples from its standard input than by its name.
#
# Versions:  ffmpeg with libmp3lame on this machine (seen with 5.1.9 of Debian 12)
# Behaviour: an MP3 encoder fills up the last frame and notes in the file's first frame how many samples of it are padding. By
#            name ffmpeg cuts them off, and two seconds come back as two seconds. From pipe:0 it leaves them, 431 samples or
#            18 ms here, although the input is the same regular file and the note stands at its beginning.
# Expected:  the same samples from the same bytes: nothing has to be known of the end of the file, and the padding at the
#            beginning is cut off in both cases. Voices that are joined, or compared by length or by digest, differ by
#            the way in which they were handed over.
# Seen:      by name: 48000 samples
#            from standard input: 48431 samples
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

decode() { ffmpeg -v error -i "$1" -f s16le -ac 1 -ar 24000 - | wc -c | awk '{print $1 / 2}'; }
ffmpeg -v error -f lavfi -i 'sine=440:duration=2' -ar 24000 -ac 1 -codec:a libmp3lame tone.mp3
got="by name: $(decode tone.mp3) samples
from standard input: $(decode pipe:0 <tone.mp3) samples"
echo "$got"
[ "$got" = 'by name: 48000 samples
from standard input: 48431 samples' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
