#!/usr/bin/env bash
# ffmpeg takes the pauses out of an AMR voice, joins what is left, and ends with success.
#
# Versions:  ffmpeg and ffprobe on this machine (seen with 5.1.9 of Debian 12, whose decoders of AMR are its own, amrnb and amrwb)
# Behaviour: a phone stops sending speech while nobody speaks. RFC 4867 has two kinds of frames for that, a description of the
#            noise (SID) and "no data", which in a file stand for 20 ms each, like a frame of speech. ffmpeg's amrnb returns an
#            error for both, amrwb for the first one, and the program goes on with the next frame. Written as PCM, WAV or MP3,
#            which have no gaps, the voice is shorter by these frames: here half is left. ffprobe's length, which it derives
#            from the size of the file, is a third one. If the pauses are more than two thirds of the frames, the exit code is 69:
#            -max_error_rate counts them as errors.
# Expected:  five seconds, with noise or silence where the speaker paused: the frames are part of the
#            format, ffprobe counts them, and each packet has its time. The exit code is 0, the words are all there, and only a
#            number shows it. The filter aresample=async=1 fills the gaps by those times, but for one at the end of an AMR file.
# Seen:      amr: 250 packets of 20 ms, 5.0 s; ffprobe 4.69 s; decoded 2.5 s, exit code 0; with async=1 4.5 s
#            awb: 250 packets of 20 ms, 5.0 s; ffprobe 4.83 s; decoded 4.6 s, exit code 0; with async=1 5.0 s
#            amr, mostly silent: 625 packets of 20 ms, 12.5 s; decoded 2.5 s, exit code 69
# Here:      voice adds that filter for AMR and 3GP, and lets any share of the frames fail.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# repeat OCTAL TIMES writes one byte many times.
repeat() {
	local i
	for ((i = 0; i < $2; i++)); do printf %b "\\0$1"; done
}

# voice MAGIC SPEECH SIZE SID SIZE NODATA PAUSE writes five times 25 frames of speech and PAUSE of a pause, in which every
# eighth frame describes the noise. The frames begin with the octal byte given, and have zeros behind it.
voice() {
	printf '%s\n' "$1"
	local part frame
	for ((part = 0; part < 5; part++)); do
		for ((frame = 0; frame < 25; frame++)); do
			printf %b "\\0$2" && repeat 000 "$3"
		done
		for ((frame = 0; frame < $7; frame++)); do
			if ((frame % 8 == 0)); then printf %b "\\0$4" && repeat 000 "$5"; else printf %b "\\0$6"; fi
		done
	done
}

# The byte is the type of the frame, shifted by three, with the mark that it is sound (4): 12.2 and 12.65 kbit/s are the types 7
# and 2, SID is 8 and 9, no data is 15.
voice '#!AMR' 074 31 104 5 174 25 >voice.amr
voice '#!AMR-WB' 024 32 114 5 174 25 >voice.awb
voice '#!AMR' 074 31 104 5 174 100 >silent.amr

seconds() { # of 16-bit samples at that rate
	awk -v bytes="$1" -v rate="$2" 'BEGIN { printf "%.1f", bytes / 2 / rate }'
}
probe() { ffprobe -v quiet "$@" | tr -dc '0-9.'; }

got=$(for kind in amr:8000 awb:16000; do
	name=${kind%:*} rate=${kind#*:}
	packets=$(probe -count_packets -show_entries stream=nb_read_packets -of csv=p=0 "voice.$name")
	length=$(probe -show_entries format=duration -of csv=p=0 "voice.$name")
	code=0
	ffmpeg -v quiet -y -i "voice.$name" -f s16le plain.pcm || code=$?
	ffmpeg -v quiet -y -i "voice.$name" -af aresample=async=1 -f s16le async.pcm
	echo "$name: $packets packets of 20 ms, $(awk -v n="$packets" 'BEGIN { printf "%.1f", n / 50 }') s;" \
		"ffprobe $(printf %.2f "$length") s; decoded $(seconds "$(wc -c <plain.pcm)" "$rate") s, exit code $code;" \
		"with async=1 $(seconds "$(wc -c <async.pcm)" "$rate") s"
done
code=0
ffmpeg -v quiet -y -i silent.amr -f s16le plain.pcm || code=$?
packets=$(probe -count_packets -show_entries stream=nb_read_packets -of csv=p=0 silent.amr)
echo "amr, mostly silent: $packets packets of 20 ms, $(awk -v n="$packets" 'BEGIN { printf "%.1f", n / 50 }') s;" \
	"decoded $(seconds "$(wc -c <plain.pcm)" 8000) s, exit code $code")
echo "$got"
[ "$got" = 'amr: 250 packets of 20 ms, 5.0 s; ffprobe 4.69 s; decoded 2.5 s, exit code 0; with async=1 4.5 s
awb: 250 packets of 20 ms, 5.0 s; ffprobe 4.83 s; decoded 4.6 s, exit code 0; with async=1 5.0 s
amr, mostly silent: 625 packets of 20 ms, 12.5 s; decoded 2.5 s, exit code 69' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
