#!/usr/bin/env bash
# qq-official-bot leaves out what stands between a "<" and a ">" of a text, with a warning about an unknown element.
#
# Versions:  npm qq-official-bot 1.0.13
# Behaviour: a string is parsed as a template: "<", a type, attributes, ">". What has no known type is dropped from the message.
#            The text may be as far from markup as "1 < 2 and 3 > 2". There is no way to escape a sign within a string; only
#            the element segment.text keeps it.
# Expected:  text that is no template comes through, as it does with one sign alone. What a user wrote and a bot repeats reads
#            differently, and the call succeeds.
# Seen:      string: "1  2"
#            segment.text: "1 < 2 and 3 > 2"
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent qq-official-bot@1.0.13 >&2
cat >main.cjs <<'JS'
const { MessageBuilder, segment } = require('qq-official-bot')

const build = (message) => new MessageBuilder('102000001', false, { id: 'ROBOT1.0_x' }).build(message)
const text = '1 < 2 and 3 > 2'
Promise.all([build(text), build(segment.text(text))]).then(([string, element]) => {
  console.log(`string: ${JSON.stringify(string.messagePayload.content)}`)
  console.log(`segment.text: ${JSON.stringify(element.messagePayload.content)}`)
})
JS
got=$(node main.cjs 2>/dev/null)
echo "$got"
[ "$got" = 'string: "1  2"
segment.text: "1 < 2 and 3 > 2"' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
