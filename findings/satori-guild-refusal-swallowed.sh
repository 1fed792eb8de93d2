#!/usr/bin/env bash
# Satori's QQ adapter reports a refused message for a group, and takes the same refusal in a guild channel for a success.
#
# Versions:  npm @satorijs/adapter-qq 4.11.0 with koishi 4.18.11, @koishijs/plugin-http 0.6.3, @koishijs/plugin-server 3.2.9,
#            @koishijs/plugin-proxy-agent 0.3.3
# Behaviour: the encoder for guild channels catches the platform's error and looks only whether it is one to try again. The error
#            is neither kept nor thrown; above the level debug it is logged only if a file went with the message. sendMessage
#            resolves with an empty list of ids. The encoder for groups and users, in the same file, keeps the error and throws.
# Expected:  the rejection that a group's message gets: the caller uses the same method of the same kind of bot, and an empty list
#            is also what a message that a plugin has held back returns. Whatever notes a message as sent does so here too.
# Seen:      a group: failed with 304003
#            a guild channel: succeeded with []
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent @satorijs/adapter-qq@4.11.0 koishi@4.18.11 @koishijs/plugin-http@0.6.3 \
	@koishijs/plugin-server@3.2.9 @koishijs/plugin-proxy-agent@0.3.3 >&2
cat >main.cjs <<'JS'
const http = require('node:http')
const { Context } = require('koishi')
const plugin = (name) => { const module = require(name); return module.default ?? module }

const secret = 's'.repeat(32)
const platform = http.createServer((req, res) => {
  const refused = req.url.endsWith('/messages')
  req.resume().on('end', () => {
    res.writeHead(refused ? 400 : 200, { 'Content-Type': 'application/json' })
    res.end(JSON.stringify(refused ? { code: 304003, message: 'url not allowed' } : { id: '1', username: 'bot' }))
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
    id: '102000001', secret, token: 't', type: 'public', sandbox: false, authType: 'bot', intents: 1 << 25,
    endpoint: `http://127.0.0.1:${platform.address().port}/`, protocol: 'webhook', path: '/qq', retryWhen: [],
  })
  await ctx.start()
  while (!ctx.bots.some((b) => b.platform === 'qq' && b.user)) await new Promise((next) => setTimeout(next, 50))
  for (const [name, kind, channel] of [['a group', 'qq', 'B2C3'], ['a guild channel', 'qqguild', '3004']]) {
    const sent = await ctx.bots.find((b) => b.platform === kind).sendMessage(channel, 'see https://example.com')
      .then((ids) => `succeeded with ${JSON.stringify(ids)}`, (err) => `failed with ${err.errors.map((e) => e.response.data.code)}`)
    console.log(`> ${name}: ${sent}`)
  }
  process.exit(0)
})
JS
got=$(timeout 60 node main.cjs | sed -n 's/^> //p')
echo "$got"
[ "$got" = 'a group: failed with 304003
a guild channel: succeeded with []' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
