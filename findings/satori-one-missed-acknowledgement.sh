#!/usr/bin/env bash
# After one heartbeat without an answer Satori's QQ adapter closes every further connection at its first heartbeat.
#
# Versions:  npm @satorijs/adapter-qq 4.11.0 with koishi 4.18.11, @koishijs/plugin-http 0.6.3, @koishijs/plugin-server 3.2.9,
#            @koishijs/plugin-proxy-agent 0.3.3; ws 8.18.3 is the platform
# Behaviour: when it is time for a heartbeat and the last one was not acknowledged, the adapter takes the connection for dead,
#            rightly, and connects again. The note that an acknowledgement is missing belongs to the adapter, not to the
#            connection, and only an acknowledgement clears it. On the new connection none can come, because the adapter looks
#            at the note before it sends the first heartbeat, and closes. So does the next one, until the process ends.
# Expected:  a new connection starts without debts. A line that is cut between a heartbeat and its answer is enough, also when
#            all is well ever after. The bot is online for one interval, about 41 s, and then away for as long as a new connection
#            takes, again and again.
# Seen:      acknowledged always: 1 connection, ended by the bot: 0, heartbeats: some
#            not acknowledged once: 5 connections, ended by the bot: 4, heartbeats from the second connection on: 0
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent @satorijs/adapter-qq@4.11.0 koishi@4.18.11 @koishijs/plugin-http@0.6.3 \
	@koishijs/plugin-server@3.2.9 @koishijs/plugin-proxy-agent@0.3.3 ws@8.18.3 >&2
cat >main.cjs <<'JS'
const http = require('node:http')
const { WebSocketServer } = require('ws')
const { Context } = require('koishi')
const plugin = (name) => { const module = require(name); return module.default ?? module }

// run lets a bot connect until it has done so five times, or for three seconds, and returns what it did.
const run = (acknowledged) => new Promise((done) => {
  let connections = 0, ended = 0, first = 0, later = 0
  const platform = http.createServer((req, res) => {
    res.writeHead(200, { 'Content-Type': 'application/json' })
    const url = `ws://127.0.0.1:${platform.address().port}/`
    res.end(JSON.stringify(req.url.endsWith('/gateway') ? { url } : { id: '1', username: 'bot' }))
  })
  const report = () => done({ connections, ended, first, later })
  new WebSocketServer({ server: platform }).on('connection', (socket) => {
    const number = ++connections
    if (number === 5) return report()
    const write = (frame) => socket.send(JSON.stringify(frame))
    write({ op: 10, d: { heartbeat_interval: 200 } })
    socket.on('message', (data) => {
      const { op } = JSON.parse(data)
      if (op === 2) write({ op: 0, s: 1, t: 'READY', d: { session_id: 'session', user: { id: '1', username: 'bot' } } })
      if (op === 6) write({ op: 0, s: 2, t: 'RESUMED', d: '' })
      if (op !== 1) return
      if (number === 1) first++
      else later++
      if (acknowledged || number > 1) write({ op: 11 })
    })
    socket.on('close', () => ended++)
  })
  platform.listen(0, '127.0.0.1', async () => {
    const ctx = new Context()
    ctx.plugin(plugin('@koishijs/plugin-proxy-agent'))
    ctx.plugin(plugin('@koishijs/plugin-http'))
    ctx.plugin(plugin('@satorijs/adapter-qq'), {
      id: '102000001', secret: 's'.repeat(32), token: 't', type: 'public', sandbox: false, authType: 'bot', intents: 1 << 25,
      endpoint: `http://127.0.0.1:${platform.address().port}/`, protocol: 'websocket', retryWhen: [],
      retryTimes: 6, retryInterval: 100, retryLazy: 100,
    })
    await ctx.start()
    setTimeout(report, acknowledged ? 3000 : 20000)
  })
})
;(async () => {
  const good = await run(true)
  console.log(`> acknowledged always: ${good.connections} connection, ended by the bot: ${good.ended}, heartbeats: ${good.first > 1 ? 'some' : 'none'}`)
  const bad = await run(false)
  console.log(`> not acknowledged once: ${bad.connections} connections, ended by the bot: ${bad.ended}, heartbeats from the second connection on: ${bad.later}`)
  process.exit(0)
})()
JS
got=$(timeout 60 node main.cjs | sed -n 's/^> //p')
echo "$got"
[ "$got" = 'acknowledged always: 1 connection, ended by the bot: 0, heartbeats: some
not acknowledged once: 5 connections, ended by the bot: 4, heartbeats from the second connection on: 0' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
