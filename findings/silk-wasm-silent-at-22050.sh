#!/usr/bin/env bash
# silk-wasm encodes sound of 22,050 samples a second without an error into a file 18 times as large, which is silent.
#
# Versions:  npm silk-wasm 3.7.1
# Behaviour: SILK takes 8, 12, 16, 24, 32, 44.1 and 48 kHz. For 96 kHz encode throws, for 22.05 kHz it returns a file with the
#            right header and duration, 125,000 bytes for two seconds of a tone instead of 6,600. Decoded, its loudness (the
#            root mean square of its samples) is that of rounding noise.
# Expected:  an error as for 96 kHz. 22,050 Hz is half of a CD's rate and common in WAV files; WAV input takes its rate from the
#            header, so that the caller never writes the number. A chat shows the voice with its length, and plays nothing.
# Seen:      24000 Hz: 2000 ms, large: no, loud: yes
#            44100 Hz: 2000 ms, large: no, loud: yes
#            22050 Hz: 2000 ms, large: yes, loud: no
#            96000 Hz: silk encoding failure
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent silk-wasm@3.7.1 >&2
cat >main.mjs <<'JS'
import { encode, decode } from 'silk-wasm'

const tone = (rate, seconds) => {
  const samples = new Int16Array(rate * seconds)
  for (let i = 0; i < samples.length; i++) samples[i] = 12000 * Math.sin(2 * Math.PI * 440 * i / rate)
  return new Uint8Array(samples.buffer)
}
const loudness = ({ data }) => {
  const samples = new Int16Array(data.buffer, data.byteOffset, data.byteLength >> 1)
  return Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length)
}
const yes = (is) => is ? 'yes' : 'no'
for (const rate of [24000, 44100, 22050, 96000]) {
  try {
    const voice = await encode(tone(rate, 2), rate)
    const loud = loudness(await decode(voice.data, 24000))
    console.log(`${rate} Hz: ${voice.duration} ms, large: ${yes(voice.data.length > 100000)}, loud: ${yes(loud > 1000)}`)
  } catch (err) {
    console.log(`${rate} Hz: ${err.message ?? err}`)
  }
}
JS
got=$(node main.mjs)
echo "$got"
[ "$got" = '24000 Hz: 2000 ms, large: no, loud: yes
44100 Hz: 2000 ms, large: no, loud: yes
22050 Hz: 2000 ms, large: yes, loud: no
96000 Hz: silk encoding failure' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
