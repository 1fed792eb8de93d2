#!/usr/bin/env bash
# qq-official-bot's middleware for koa checks the platform's signature over a text of its own, and refuses events with a picture.
#
# Versions:  npm qq-official-bot 1.0.13 with koa 2.16.2 and koa-bodyparser 4.4.1
# Behaviour: the middleware gets the body as koa-bodyparser has decoded it, encodes it again with JSON.stringify, and checks the
#            signature over that. The result is the platform's text only if that was written in the same way. The platform's
#            frames in public logs have "<" and "&" as \u003c and \u0026, which Go's encoder makes of them and JavaScript's does
#            not. So plain words pass, and a message with a mention or with the address of a picture gets 401.
# Expected:  the signature is one of bytes: the package's own server for webhooks, beside it, keeps them, and accepts all three.
#            koa-bodyparser has the text that came in ctx.request.rawBody. The short message of a first test arrives, so that
#            the secret is right; the others are refused however often they come.
# Seen:      webhook: words 200, a mention 200, a picture 200; handled: 3
#            koa: words 200, a mention 401, a picture 401; handled: 1
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent qq-official-bot@1.0.13 koa@2.16.2 koa-bodyparser@4.4.1 >&2
cat >main.cjs <<'JS'
const http = require('node:http')
const { createPrivateKey, sign } = require('node:crypto')
const Koa = require('koa')
const bodyParser = require('koa-bodyparser')
const { Bot, ReceiverMode } = require('qq-official-bot')

const secret = 's'.repeat(32) // is the seed of the key with which the platform signs
const key = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(secret)]), format: 'der', type: 'pkcs8',
})
const listen = (server) => new Promise((next) => server.listen(0, '127.0.0.1', () => next(server.address().port)))

// start returns a bot that has its token, and counts the messages that it handles.
const start = async (options) => {
  const bot = new Bot({ appid: '102000001', secret, intents: [], logLevel: 'off', ...options })
  bot.request.defaults.adapter = async (config) => ({
    data: { access_token: 'token', expires_in: '7200' }, status: 200, statusText: 'OK', headers: {}, config,
  })
  bot.handled = 0
  bot.on('message', () => bot.handled++)
  bot.start() // does not return in the mode middleware
  while (!bot.receiver.isReady) await new Promise((next) => setTimeout(next, 20))
  return bot
}
const event = (data) => `{"op":0,"id":"AT_MESSAGE_CREATE:x","t":"AT_MESSAGE_CREATE","d":{"id":"m","guild_id":"1","channel_id":"2",` +
  `"timestamp":"2026-08-01T12:00:00+08:00","author":{"id":"3","username":"user"},"mentions":[],${data}}}`
const events = {
  words: event('"content":"hi"'),
  'a mention': event(String.raw`"content":"\u003c@4\u003e hi"`),
  'a picture': event(String.raw`"content":"","attachments":[{"content_type":"image/png","url":"https://example.com/a?b=1\u0026c=2"}]`),
}
const report = async (name, port, bot) => {
  const statuses = []
  for (const [what, body] of Object.entries(events)) {
    const time = String(Math.floor(Date.now() / 1000))
    const { status } = await fetch(`http://127.0.0.1:${port}/qq`, {
      method: 'POST', body, headers: {
        'Content-Type': 'application/json', 'X-Bot-Appid': '102000001', 'X-Signature-Timestamp': time,
        'X-Signature-Ed25519': sign(null, Buffer.from(time + body), key).toString('hex'),
      },
    })
    statuses.push(`${what} ${status}`)
  }
  console.log(`> ${name}: ${statuses.join(', ')}; handled: ${bot.handled}`)
}
(async () => {
  const probe = http.createServer()
  const port = await listen(probe) // one that is free
  await new Promise((next) => probe.close(next))
  await report('webhook', port, await start({ mode: ReceiverMode.WEBHOOK, port, path: '/qq' }))

  const bot = await start({ mode: ReceiverMode.MIDDLEWARE, platform: 'koa' })
  const app = new Koa().use(bodyParser()).use(bot.middleware)
  await report('koa', await listen(http.createServer(app.callback())), bot)
  process.exit(0)
})()
JS
got=$(timeout 60 node main.cjs | sed -n 's/^> //p')
echo "$got"
[ "$got" = 'webhook: words 200, a mention 200, a picture 200; handled: 3
koa: words 200, a mention 401, a picture 401; handled: 1' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
