#!/usr/bin/env bash
# silk-wasm's decode leaves out what a voice says from its 40th to its 80th millisecond, and all after it comes 40 ms early.
#
# Versions:  npm silk-wasm 3.7.1
# Behaviour: the third and the fourth packet of 20 ms are never decoded: a voice in which they are replaced by two of another
#            voice decodes to the same bytes. decode keeps two packets ahead, as the example of Skype's SDK does for a lossy
#            line, and two get lost while the first two are played. At the end it fills in 40 ms, so that the samples are as
#            many as they should be; the duration that it returns is 40 ms longer still. The SDK's own decoder (C, from npm
#            silk-sdk 0.2.2) gives the whole voice from the same file, so that it is not the encoder.
# Expected:  the voice that was encoded, with a constant delay, as codecs have it: here the 5 ms of the first two tones. As the
#            number of samples is right, whoever compares lengths finds nothing. What is laid over the decoded voice,
#            captions or another track, is out of step, and each further round of encode and decode takes another 40 ms.
# Seen:      a tone of 20 ms at   0 ms comes at   5 ms
#            a tone of 20 ms at  20 ms comes at  25 ms
#            a tone of 20 ms at  45 ms does not come
#            a tone of 20 ms at  55 ms does not come
#            a tone of 20 ms at  80 ms comes at  45 ms
#            a tone of 20 ms at 500 ms comes at 465 ms
#            decoded 1000 ms, and says that they are 1040
#            with the packets 3 and 4 of another voice: the same bytes
#            with the packets 5 and 6 of another voice: other bytes
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent silk-wasm@3.7.1 >&2
cat >main.mjs <<'JS'
import { encode, decode } from 'silk-wasm'

const rate = 24000, perMs = rate / 1000

// One second of a low tone, which is 160 times as loud for 20 ms.
const voice = async (at) => {
  const samples = new Int16Array(rate)
  for (let i = 0; i < rate; i++) {
    const loud = i >= at * perMs && i < (at + 20) * perMs
    samples[i] = (loud ? 16000 : 100) * Math.sin(2 * Math.PI * 440 * i / rate)
  }
  return (await encode(samples, rate)).data
}
const played = async (silk) => {
  const { data, duration } = await decode(silk, rate)
  return { data, duration, samples: new Int16Array(data.buffer, data.byteOffset, data.byteLength >> 1) }
}
// The 20 ms with the most sound in them, to 5 ms.
const loudest = (samples) => {
  let found = { at: 0, level: 0 }
  for (let at = 0; (at + 20) * perMs <= samples.length; at += 5) {
    const part = samples.subarray(at * perMs, (at + 20) * perMs)
    const level = part.reduce((sum, s) => sum + Math.abs(s), 0) / part.length
    if (level > found.level) found = { at, level }
  }
  return found
}
for (const at of [0, 20, 45, 55, 80, 500]) {
  const found = loudest((await played(await voice(at))).samples)
  const comes = found.level > 5000 ? `comes at ${String(found.at).padStart(3)} ms` : 'does not come'
  console.log(`a tone of 20 ms at ${String(at).padStart(3)} ms ${comes}`)
}

// The header of QQ's variant is of 10 bytes, a packet is a length of 2 bytes and so many more.
const packets = (silk) => {
  const list = []
  for (let at = 10; at < silk.length;) {
    const end = at + 2 + silk[at] + 256 * silk[at + 1]
    list.push(silk.subarray(at, end))
    at = end
  }
  return list
}
const one = await voice(500), other = await voice(55)
const whole = await played(one)
console.log(`decoded ${whole.samples.length / perMs} ms, and says that they are ${whole.duration}`)
for (const [a, b] of [[3, 4], [5, 6]]) {
  const mixed = packets(one)
  for (const n of [a, b]) mixed[n - 1] = packets(other)[n - 1]
  const changed = await played(Buffer.concat([one.subarray(0, 10), ...mixed]))
  const same = Buffer.compare(changed.data, whole.data) === 0
  console.log(`with the packets ${a} and ${b} of another voice: ${same ? 'the same' : 'other'} bytes`)
}
JS
got=$(node main.mjs)
echo "$got"
[ "$got" = 'a tone of 20 ms at   0 ms comes at   5 ms
a tone of 20 ms at  20 ms comes at  25 ms
a tone of 20 ms at  45 ms does not come
a tone of 20 ms at  55 ms does not come
a tone of 20 ms at  80 ms comes at  45 ms
a tone of 20 ms at 500 ms comes at 465 ms
decoded 1000 ms, and says that they are 1040
with the packets 3 and 4 of another voice: the same bytes
with the packets 5 and 6 of another voice: other bytes' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
