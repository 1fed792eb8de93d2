#!/usr/bin/env bash
# A WAV file that ffmpeg writes to a pipe is no WAV file for silk-wasm, and its header becomes sound.
#
# Versions:  npm silk-wasm 3.7.1; ffmpeg on this machine (seen with 5.1.9 of Debian 12)
# Behaviour: ffmpeg learns the length of its output at the end. It cannot go back in a pipe, so that both lengths in the header
#            stay 0xFFFFFFFF; the file that it writes by name is otherwise the same, byte for byte. silk-wasm compares the
#            length with what it was given: isWav is false for the pipe's, and encode takes the header for samples: the file
#            that comes out has a click at its beginning. With the rate left to the header, as for WAV, encode throws.
# Expected:  the two forms of the same command are interchangeable: players and ffmpeg itself read both. The pipe is the usual
#            way from one to the other, because both work in memory.
# Seen:      by name: 96044 bytes, isWav true
#            by pipe: 96044 bytes, isWav false
#            bytes that differ: 8
#            the beginning: by name silence, by pipe a click
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent silk-wasm@3.7.1 >&2
tone=(-v error -f lavfi -i 'sine=440:duration=2' -af 'adelay=100' -t 2 -ar 24000 -ac 1 -bitexact -f wav)
ffmpeg "${tone[@]}" name.wav
ffmpeg "${tone[@]}" - | cat >pipe.wav
cat >main.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { encode, decode, isWav } from 'silk-wasm'

const name = readFileSync('name.wav'), pipe = readFileSync('pipe.wav')
console.log(`by name: ${name.length} bytes, isWav ${isWav(name)}`)
console.log(`by pipe: ${pipe.length} bytes, isWav ${isWav(pipe)}`)
console.log(`bytes that differ: ${name.filter((b, i) => b !== pipe[i]).length}`)
const start = async (wav) => {
  const { data } = await decode((await encode(wav, 24000)).data, 24000)
  const first = new Int16Array(data.buffer, data.byteOffset, 24 * 40) // 40 ms
  return first.some((s) => Math.abs(s) > 500) ? 'a click' : 'silence'
}
console.log(`the beginning: by name ${await start(name)}, by pipe ${await start(pipe)}`)
JS
got=$(node main.mjs)
echo "$got"
[ "$got" = 'by name: 96044 bytes, isWav true
by pipe: 96044 bytes, isWav false
bytes that differ: 8
the beginning: by name silence, by pipe a click' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
