#!/usr/bin/env bash
# qq-official-bot sends only the last of several pictures in a message, and logs that it has sent all of them.
#
# Versions:  npm qq-official-bot 1.0.13
# Behaviour: a message is a list of elements. The builder has one place for a file, and each picture overwrites what the one
#            before has put there. The summary that goes to the log has an entry for every picture.
# Expected:  one message for each picture, or an error: texts beside pictures are put together in order, so that a list with
#            two pictures looks supported, and the summary says that it is.
# Seen:      uploaded: https://example.com/second.png
#            pictures in the summary: 2
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent qq-official-bot@1.0.13 >&2
cat >main.cjs <<'JS'
const { MessageBuilder, segment } = require('qq-official-bot')

new MessageBuilder('102000001', false, { id: 'ROBOT1.0_x' }).build([
  'look', segment.image('https://example.com/first.png'), segment.image('https://example.com/second.png'),
]).then(({ filePayload, brief }) => {
  console.log(`uploaded: ${filePayload.url}`)
  console.log(`pictures in the summary: ${brief.match(/<image/g).length}`)
})
JS
got=$(node main.cjs)
echo "$got"
[ "$got" = 'uploaded: https://example.com/second.png
pictures in the summary: 2' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
