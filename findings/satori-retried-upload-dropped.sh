#!/usr/bin/env bash
# Satori's QQ adapter repeats a failed upload, and then throws away the one that succeeded.
#
# Versions:  npm @satorijs/adapter-qq 4.11.0 with koishi 4.18.11, @koishijs/plugin-http 0.6.3, @koishijs/plugin-server 3.2.9,
#            @koishijs/plugin-proxy-agent 0.3.3
# Behaviour: with a code in the option retryWhen, the adapter uploads a picture once more if the platform answered with that
#            code. The second upload's file_info is returned inside, to nobody: the caller gets undefined, no message is sent,
#            and sendMessage throws the first upload's error. The same option works for the message itself.
# Expected:  the picture in the chat, which is what the option is for. The log says "retry message sending", and the upload that
#            it made counts for the bot's volume of the day.
# Seen:      uploads: 2, the last one succeeded; messages: 0; sendMessage: failed with 850027
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent @satorijs/adapter-qq@4.11.0 koishi@4.18.11 @koishijs/plugin-http@0.6.3 \
	@koishijs/plugin-server@3.2.9 @koishijs/plugin-proxy-agent@0.3.3 >&2
cat >main.cjs <<'JS'
const http = require('node:http')
const { Context, h } = require('koishi')
const plugin = (name) => { const module = require(name); return module.default ?? module }

let uploads = 0, messages = 0
const platform = http.createServer((req, res) => {
  const answer = (status, value) => {
    res.writeHead(status, { 'Content-Type': 'application/json' })
    res.end(JSON.stringify(value))
  }
  req.resume().on('end', () => {
    if (req.url.endsWith('/files')) {
      return ++uploads === 1 ? answer(500, { code: 850027, message: 'timeout' }) : answer(200, { file_uuid: 'u', file_info: 'aW5mbw==', ttl: 300 })
    }
    if (req.url.endsWith('/messages')) messages++
    answer(200, { id: 'm', username: 'bot', timestamp: '2026-08-01T12:00:00+08:00' })
  })
})
platform.listen(0, '127.0.0.1', async () => {
  const ctx = new Context()
  const port = await new Promise((next) => { // one that is free
    const probe = http.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => next(port))
    })
  })
  ctx.plugin(plugin('@koishijs/plugin-proxy-agent'))
  ctx.plugin(plugin('@koishijs/plugin-http'))
  ctx.plugin(plugin('@koishijs/plugin-server'), { port, host: '127.0.0.1' })
  ctx.plugin(plugin('@satorijs/adapter-qq'), {
    id: '102000001', secret: 's'.repeat(32), token: 't', type: 'public', sandbox: false, authType: 'bot', intents: 1 << 25,
    endpoint: `http://127.0.0.1:${platform.address().port}/`, protocol: 'webhook', path: '/qq', retryWhen: [850027],
  })
  await ctx.start()
  let bot
  while (!(bot = ctx.bots.find((b) => b.platform === 'qq' && b.user))) await new Promise((next) => setTimeout(next, 50))
  const sent = await bot.sendMessage('group', h.image('https://example.com/cat.png'))
    .then(() => 'succeeded', (err) => `failed with ${err.errors.map((e) => e.response.data.code)}`)
  console.log(`uploads: ${uploads}, the last one succeeded; messages: ${messages}; sendMessage: ${sent}`)
  process.exit(0)
})
JS
got=$(timeout 60 node main.cjs | grep '^uploads')
echo "$got"
[ "$got" = 'uploads: 2, the last one succeeded; messages: 0; sendMessage: failed with 850027' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
