#!/usr/bin/env bash
# Satori's QQ adapter sends a private message that answers nothing to the address of a group, with the user's openid in it.
#
# Versions:  npm @satorijs/adapter-qq 4.11.0 with koishi 4.18.11, @koishijs/plugin-http 0.6.3, @koishijs/plugin-server 3.2.9,
#            @koishijs/plugin-proxy-agent 0.3.3
# Behaviour: the encoder picks the address by session.isDirect, which is copied from the session that is answered. Without one it
#            is false. sendPrivateMessage asks createDirectChannel for a channel of the type "direct", and passes on its id
#            only. A picture goes the same way, upload and message. The platform knows no such group, and refuses it.
# Expected:  /v2/users/{openid}/messages: the method has the word in its name, createDirectChannel of this adapter returns the
#            type, and an answer to the same user arrives. A reminder, a result that took longer than five minutes or the
#            greeting of a new friend fails, with an error of the platform about a group.
# Seen:      an answer to the user: POST /v2/users/A1B2/messages
#            sendPrivateMessage: POST /v2/groups/A1B2/messages
#            sendPrivateMessage with a picture: POST /v2/groups/A1B2/files, POST /v2/groups/A1B2/messages
#            createDirectChannel: {"id":"A1B2","type":1}
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent @satorijs/adapter-qq@4.11.0 koishi@4.18.11 @koishijs/plugin-http@0.6.3 \
	@koishijs/plugin-server@3.2.9 @koishijs/plugin-proxy-agent@0.3.3 >&2
cat >main.cjs <<'JS'
const http = require('node:http')
const { createPrivateKey, sign } = require('node:crypto')
const { Context, h } = require('koishi')
const plugin = (name) => { const module = require(name); return module.default ?? module }

const secret = 's'.repeat(32) // is the seed of the key with which the platform signs
const key = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(secret)]), format: 'der', type: 'pkcs8',
})
let calls = []
const platform = http.createServer((req, res) => {
  if (req.method === 'POST') calls.push(`${req.method} ${req.url}`)
  res.writeHead(200, { 'Content-Type': 'application/json' })
  res.end(JSON.stringify({ id: '1', username: 'bot', file_info: 'aW5mbw==', timestamp: '2026-08-01T12:00:00+08:00' }))
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
  const find = () => ctx.bots.find((b) => b.platform === 'qq' && b.user)
  while (!find()) await new Promise((next) => setTimeout(next, 50))
  const bot = find()

  const answered = new Promise((next) => ctx.once('message', async (session) => next(await session.bot.sendMessage(session.channelId, 'hi', session.guildId, { session }))))
  const body = JSON.stringify({ op: 0, id: 'C2C_MESSAGE_CREATE:x', t: 'C2C_MESSAGE_CREATE', d: {
    id: 'ROBOT1.0_x', content: 'hi', timestamp: new Date().toISOString(), author: { id: 'A1B2', user_openid: 'A1B2' },
  } })
  const time = String(Math.floor(Date.now() / 1000))
  await fetch(`http://127.0.0.1:${port}/qq`, {
    method: 'POST', body, headers: {
      'Content-Type': 'application/json', 'X-Bot-Appid': '102000001', 'X-Signature-Timestamp': time,
      'X-Signature-Ed25519': sign(null, Buffer.from(time + body), key).toString('hex'),
    },
  })
  await answered
  console.log(`> an answer to the user: ${calls.join(', ')}`)
  for (const [name, message] of [['', 'hi'], [' with a picture', h.image('https://example.com/cat.png')]]) {
    calls = []
    await bot.sendPrivateMessage('A1B2', message)
    console.log(`> sendPrivateMessage${name}: ${calls.join(', ')}`)
  }
  console.log(`> createDirectChannel: ${JSON.stringify(await bot.createDirectChannel('A1B2'))}`)
  process.exit(0)
})
JS
got=$(timeout 60 node main.cjs | sed -n 's/^> //p')
echo "$got"
[ "$got" = 'an answer to the user: POST /v2/users/A1B2/messages
sendPrivateMessage: POST /v2/groups/A1B2/messages
sendPrivateMessage with a picture: POST /v2/groups/A1B2/files, POST /v2/groups/A1B2/messages
createDirectChannel: {"id":"A1B2","type":1}' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
