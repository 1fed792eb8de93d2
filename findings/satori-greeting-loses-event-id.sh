#!/usr/bin/env bash
# Satori's QQ adapter dates an event of a new group or friend to 1970, and so sends the greeting without its event_id.
#
# Versions:  npm @satorijs/adapter-qq 4.11.0 with koishi 4.18.11, @koishijs/plugin-http 0.6.3, @koishijs/plugin-server 3.2.9,
#            @koishijs/plugin-proxy-agent 0.3.3
# Behaviour: the platform's lifecycle events (GROUP_ADD_ROBOT, FRIEND_ADD and their opposites) have their time in seconds. The
#            adapter takes the number over as the session's timestamp, which is in milliseconds. The encoder puts the event_id
#            into an answer only if the session is younger than five minutes, which such a session never is. Without the id
#            the message is a proactive one, which the platform counts, limits and may refuse.
# Expected:  the event's id, for which the encoder has a branch of its own, and which the answer to a button gets. Nothing says
#            that the greeting went out as something else: where proactive messages are allowed, it arrives.
# Seen:      added to a group: the event is of 1970, event_id none
#            added to a group, the time put right: the event is of today, event_id GROUP_ADD_ROBOT:x
#            a button in a group: the event is of today, event_id INTERACTION_CREATE:x
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
let message
const platform = http.createServer((req, res) => {
  let body = ''
  req.on('data', (data) => { body += data }).on('end', () => {
    if (req.url === '/v2/groups/B2C3/messages') message = JSON.parse(body)
    res.writeHead(200, { 'Content-Type': 'application/json' })
    res.end(JSON.stringify({ id: '1', username: 'bot', timestamp: '2026-08-01T12:00:00+08:00' }))
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
  let bot
  while (!(bot = ctx.bots.find((b) => b.platform === 'qq' && b.user))) await new Promise((next) => setTimeout(next, 50))
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
  const greet = async (name, event, data, prepare) => {
    const session = await new Promise((next) => {
      ctx.once(event, next)
      push(...data)
    })
    prepare?.(session)
    await bot.sendMessage(session.guildId, 'welcome', undefined, { session })
    const age = Math.abs(Date.now() - session.timestamp) < 864e5 ? 'today' : new Date(session.timestamp).getUTCFullYear()
    console.log(`> ${name}: the event is of ${age}, event_id ${message.event_id ?? 'none'}`)
  }
  const added = ['GROUP_ADD_ROBOT', { group_openid: 'B2C3', op_member_openid: 'A1B2', timestamp: Math.floor(Date.now() / 1000) }]
  await greet('added to a group', 'guild-added', added)
  await greet('added to a group, the time put right', 'guild-added', added, (session) => { session.timestamp *= 1000 })
  await greet('a button in a group', 'interaction/button', ['INTERACTION_CREATE', {
    id: '06915133', type: 11, chat_type: 1, scene: 'group', group_openid: 'B2C3', group_member_openid: 'A1B2', version: 1,
    application_id: '102000001', timestamp: new Date().toISOString(), data: { type: 11, resolved: { button_id: 'b', button_data: 'd' } },
  }])
  process.exit(0)
})
JS
got=$(timeout 60 node main.cjs | sed -n 's/^> //p')
echo "$got"
[ "$got" = 'added to a group: the event is of 1970, event_id none
added to a group, the time put right: the event is of today, event_id GROUP_ADD_ROBOT:x
a button in a group: the event is of today, event_id INTERACTION_CREATE:x' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
