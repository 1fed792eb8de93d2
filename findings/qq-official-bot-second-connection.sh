#!/usr/bin/env bash
# Asked to reconnect, qq-official-bot opens two connections; when the idle one ends, it closes the good one and never settles.
#
# Versions:  npm qq-official-bot 1.0.13, whose ws 8.18.3 is the gateway too; Node.js (seen with 20.20.2)
# Behaviour: two parts of the package wait for the end of a connection, its receiver and its manager, and each opens another one.
#            After op 7 one of the two is resumed, the other one never says a word, because what it should send goes to the
#            newer socket. Nobody closes it. Its end, whenever it comes, counts as the end of the bot's connection: the
#            bot closes the one that works, which ends too, and so on. Each new one identifies, is ready, and is closed.
# Expected:  one connection, resumed: op 7 is routine, and a gateway or a proxy ends what is idle sooner or later. The SDK has
#            a limit of ten attempts and a delay, but both start anew with each success. An identification is one of those that
#            the platform counts by the day (session_start_limit), and these are hundreds in a second.
# Seen:      op 7: resumed: 1, open connections: 2, of which one has sent nothing
#            the idle one ends: the good one is closed by the bot: true, identified again: more than 20 times in 3 s
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent qq-official-bot@1.0.13 ws@8.18.3 >&2
cat >main.cjs <<'JS'
const http = require('node:http')
const { WebSocketServer } = require('ws')
const { Bot, ReceiverMode } = require('qq-official-bot')

let identified = 0, resumed = 0
const silent = new Set(), talking = new Set()
const platform = http.createServer((req, res) => {
  req.resume().on('end', () => {
    res.writeHead(200, { 'Content-Type': 'application/json' })
    res.end(JSON.stringify(req.url.includes('getAppAccessToken')
      ? { access_token: 'token', expires_in: '7200' } : { url: `ws://127.0.0.1:${platform.address().port}`, shards: 1 }))
  })
})
new WebSocketServer({ server: platform }).on('connection', (socket) => {
  silent.add(socket)
  const write = (frame) => socket.send(JSON.stringify(frame))
  write({ op: 10, d: { heartbeat_interval: 45000 } })
  socket.on('message', (data) => {
    silent.delete(socket)
    talking.add(socket)
    const { op } = JSON.parse(data)
    if (op === 1) return write({ op: 11 })
    if (op === 2) identified++
    if (op === 6) resumed++
    write({ op: 0, s: 1, t: op === 2 ? 'READY' : 'RESUMED', d: { session_id: 'session', user: { id: '1', username: 'bot' } } })
  })
  socket.on('close', () => { silent.delete(socket); talking.delete(socket) })
})
const wait = (ms) => new Promise((next) => setTimeout(next, ms))
platform.listen(0, '127.0.0.1', async () => {
  const bot = new Bot({ appid: '102000001', secret: 's'.repeat(32), mode: ReceiverMode.WEBSOCKET, intents: [], logLevel: 'off' })
  // The address of the tokens is a constant of the SDK: all requests are sent here.
  bot.request.interceptors.request.use((config) => {
    config.baseURL = `http://127.0.0.1:${platform.address().port}`
    config.url = config.url.replace(/^https:\/\/[^/]+/, '')
    return config
  })
  await bot.start()
  ;[...talking][0].send('{"op":7}')
  await wait(3000)
  console.log(`op 7: resumed: ${resumed}, open connections: ${silent.size + talking.size}, of which ${silent.size === 1 ? 'one has' : `${silent.size} have`} sent nothing`)
  const [good] = talking
  identified = 0
  for (const socket of silent) socket.close(1000)
  await wait(3000)
  console.log(`the idle one ends: the good one is closed by the bot: ${!talking.has(good)}, identified again: ${identified > 20 ? 'more than 20' : identified} times in 3 s`)
  process.exit(0)
})
JS
got=$(timeout 60 node main.cjs)
echo "$got"
[ "$got" = 'op 7: resumed: 1, open connections: 2, of which one has sent nothing
the idle one ends: the good one is closed by the bot: true, identified again: more than 20 times in 3 s' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
