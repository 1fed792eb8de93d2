#!/usr/bin/env bash
# Satori's QQ adapter drops a video that a user sends: the event arrives as an empty message.
#
# Versions:  npm @satorijs/adapter-qq 4.11.0 with koishi 4.18.11, @koishijs/plugin-http 0.6.3, @koishijs/plugin-server 3.2.9,
#            @koishijs/plugin-proxy-agent 0.3.3
# Behaviour: the adapter looks for the content type "video". The platform sends "video/mp4", as it sends "image/jpeg", for which the
#            adapter compares the beginning only; voices and files have types without a slash. There is no branch for the
#            rest, and no warning, so that a message that is a video has no elements and the content "".
# Expected:  h.video with the address, as its own branch for videos intends, or at least something by which a bot can tell that
#            the user has sent more than nothing. Sending videos works in the same adapter.
# Seen:      image/jpeg: <img src="https://example.com/a.jpg"/>
#            voice: <audio src="https://example.com/a.amr"/>
#            file: <file filename="a.pdf" src="https://example.com/a.pdf"/>
#            video/mp4: nothing
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
const { Context } = require('koishi')
const plugin = (name) => { const module = require(name); return module.default ?? module }

const secret = 's'.repeat(32) // is the seed of the key with which the platform signs
const key = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(secret)]), format: 'der', type: 'pkcs8',
})
const platform = http.createServer((req, res) => {
  res.writeHead(200, { 'Content-Type': 'application/json' })
  res.end(JSON.stringify({ id: '1', username: 'bot' }))
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
  const push = async (t, d) => {
    const body = JSON.stringify({ op: 0, id: `${t}:x`, t, d })
    const time = String(Math.floor(Date.now() / 1000))
    await fetch(`http://127.0.0.1:${port}/qq`, {
      method: 'POST', body, headers: {
        'Content-Type': 'application/json', 'X-Bot-Appid': '102000001', 'X-Signature-Timestamp': time,
        'X-Signature-Ed25519': sign(null, Buffer.from(time + body), key).toString('hex'),
      },
    })
  }
  for (const [type, filename] of [['image/jpeg', 'a.jpg'], ['voice', 'a.amr'], ['file', 'a.pdf'], ['video/mp4', 'a.mp4']]) {
    const received = new Promise((next) => ctx.once('message', (session) => next(session.content)))
    await push('C2C_MESSAGE_CREATE', {
      id: 'ROBOT1.0_x', content: '', timestamp: '2026-08-01T12:00:00+08:00', author: { id: 'A1B2', user_openid: 'A1B2' },
      attachments: [{ content_type: type, filename, url: `https://example.com/${filename}` }],
    })
    console.log(`> ${type}: ${await received || 'nothing'}`)
  }
  process.exit(0)
})
JS
got=$(timeout 60 node main.cjs | sed -n 's/^> //p')
echo "$got"
[ "$got" = 'image/jpeg: <img src="https://example.com/a.jpg"/>
voice: <audio src="https://example.com/a.amr"/>
file: <file filename="a.pdf" src="https://example.com/a.pdf"/>
video/mp4: nothing' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
