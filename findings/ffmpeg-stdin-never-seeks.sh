#!/usr/bin/env bash
# ffmpeg refuses an Opus file in CAF from its standard input, and decodes it from file:/dev/stdin, which is the same open file.
#
# Versions:  ffmpeg with libopus on this machine (seen with 5.1.9 of Debian 12)
# Behaviour: CAF, the format of Apple's recorders, has the lengths of its Opus packets in a table, and ffmpeg writes that table
#            behind the sound. To read it first, ffmpeg has to go forward and back. Its protocol pipe never does, also if the
#            descriptor is a regular file; the protocol file looks at what it has opened, and does.
# Expected:  "< voice.caf" is as good as the name: a program that is started with a regular file as its input can seek in it.
#            ffmpeg's documentation of the protocol pipe warns of formats that need seeking for output only. The error is
#            that of a broken file. A caller that has a descriptor but no name has to say -i file:/dev/stdin.
# Seen:      by name: 96960 samples
#            from file:/dev/stdin: 96960 samples
#            from pipe:0: Missing packet table. It is required when block size or frame size are variable.
# Here:      package voice passes what may need seeking as file:/dev/stdin.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

decode() { ffmpeg -nostdin -v error -i "$1" -f s16le -ac 1 -ar 48000 -; }
samples() { wc -c | awk '{print $1 / 2 " samples"}'; }
ffmpeg -nostdin -v error -f lavfi -i 'sine=440:duration=2' -ar 48000 -ac 1 -codec:a libopus voice.caf
got="by name: $(decode voice.caf | samples)
from file:/dev/stdin: $(decode file:/dev/stdin <voice.caf | samples)
from pipe:0: $({ decode pipe:0 <voice.caf 2>&1 >/dev/null || true; } | sed -n 's/^\[caf @ [^]]*\] //p')"
echo "$got"
[ "$got" = 'by name: 96960 samples
from file:/dev/stdin: 96960 samples
from pipe:0: Missing packet table. It is required when block size or frame size are variable.' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
