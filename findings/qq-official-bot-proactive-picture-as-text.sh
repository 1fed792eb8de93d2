#!/usr/bin/env bash
# qq-official-bot uploads a picture that answers nothing, and then sends it as an empty text.
#
# Versions:  npm qq-official-bot 1.0.13
# Behaviour: the message's type becomes 7 (media) only if the message has a msg_id or an event_id when the picture is reached. A
#            picture that is sent on the bot's own account has neither: the upload is made and its file_info put into the
#            message, which has no type, so that it is a text, and its text is "". It is the same for a reply by an element
#            segment.reply that stands behind the picture.
# Expected:  type 7, as for the same picture in a reply: sendGroupMessage takes the source of a reply as an optional argument,
#            and the branch for a message without it prepares the upload. The bot's upload counts, and the chat gets no picture.
# Seen:      in a reply: POST /v2/groups/g/files, then a message of type 7 with media and the text ""
#            on its own account: POST /v2/groups/g/files, then a message of type none with media and the text ""
#            with the reply behind it: POST /v2/groups/g/files, then a message of type none with media and the text ""
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent qq-official-bot@1.0.13 >&2
cat >main.cjs <<'JS'
const http = require('node:http')
const { Bot, ReceiverMode, segment } = require('qq-official-bot')

let uploaded, message
const platform = http.createServer((req, res) => {
  let body = ''
  req.on('data', (data) => { body += data }).on('end', () => {
    const upload = req.url.endsWith('/files')
    if (upload) uploaded = `${req.method} ${req.url}`
    else message = JSON.parse(body)
    res.writeHead(200, { 'Content-Type': 'application/json' })
    res.end(JSON.stringify(upload ? { file_uuid: 'u', file_info: 'aW5mbw==', ttl: 300 } : { id: 'm', timestamp: '2026-08-01T12:00:00+08:00' }))
  })
})
platform.listen(0, '127.0.0.1', async () => {
  const bot = new Bot({ appid: '102000001', secret: 's'.repeat(32), mode: ReceiverMode.WEBSOCKET, intents: [], logLevel: 'off' })
  bot.request.defaults.baseURL = `http://127.0.0.1:${platform.address().port}`
  const picture = segment.image('https://example.com/cat.png')
  for (const [name, ...args] of [
    ['in a reply', picture, { id: 'ROBOT1.0_x' }],
    ['on its own account', picture],
    ['with the reply behind it', [picture, segment.reply('ROBOT1.0_x')]],
  ]) {
    await bot.sendGroupMessage('g', ...args)
    console.log(`${name}: ${uploaded}, then a message of type ${message.msg_type ?? 'none'} ${message.media ? 'with' : 'without'} media and the text "${message.content}"`)
  }
  process.exit(0)
})
JS
got=$(timeout 60 node main.cjs)
echo "$got"
[ "$got" = 'in a reply: POST /v2/groups/g/files, then a message of type 7 with media and the text ""
on its own account: POST /v2/groups/g/files, then a message of type none with media and the text ""
with the reply behind it: POST /v2/groups/g/files, then a message of type none with media and the text ""' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
