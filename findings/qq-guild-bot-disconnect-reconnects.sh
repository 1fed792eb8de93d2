#!/usr/bin/env bash
# The disconnect of qq-guild-bot, the platform's SDK for Node.js, connects and identifies again at once.
#
# Versions:  npm qq-guild-bot 2.9.5 with resty-client 0.0.5 and axios 1.8.2
# Behaviour: disconnect closes the socket. The listener for the end of a connection cannot tell that from an end that the platform
#            made, and there is no note of who wanted it: it opens the next connection. The limit on attempts (maxRetry) does
#            not help, because each success sets the counter to zero.
# Expected:  a bot that is offline. disconnect is the only method to stop one, and is described by nothing but its name; a program
#            that calls it before it is updated or handed over has a second bot online, and does not end by itself.
# Seen:      disconnect called 3 times; identified 4 times; still connected: true
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

npm init -y >/dev/null
npm install --no-audit --no-fund --silent qq-guild-bot@2.9.5 resty-client@0.0.5 axios@1.8.2 ws@7.5.14 >&2
cat >main.cjs <<'JS'
const http = require('node:http')
const axios = require('axios')
const { Server } = require('ws')
const { createWebsocket } = require('qq-guild-bot')

let identified = 0, called = 0
const gateway = http.createServer((req, res) => {
  res.writeHead(200, { 'Content-Type': 'application/json' })
  res.end(JSON.stringify({ url: `ws://127.0.0.1:${gateway.address().port}`, shards: 1 }))
})
const sockets = new Server({ server: gateway })
sockets.on('connection', (socket) => {
  socket.send(JSON.stringify({ op: 10, d: { heartbeat_interval: 60000 } }))
  socket.on('message', (data) => {
    const { op } = JSON.parse(data)
    if (op === 1) socket.send(JSON.stringify({ op: 11 }))
    if (op !== 2) return
    identified++
    socket.send(JSON.stringify({ op: 0, s: 1, t: 'READY', d: { version: 1, session_id: 'session', user: { id: '1', username: 'bot' } } }))
  })
})
gateway.listen(0, '127.0.0.1', () => {
  // The platform's address is a constant of the SDK: its requests are sent here.
  const create = axios.create
  axios.create = (options) => create.call(axios, { ...options, adapter: (config) => axios.getAdapter('http')({
    ...config, baseURL: undefined, url: `http://127.0.0.1:${gateway.address().port}/gateway/bot`,
  }) })
  const bot = createWebsocket({ appID: '102000001', token: 't', intents: ['PUBLIC_GUILD_MESSAGES'] })
  const report = () => {
    console.log(`> disconnect called ${called} times; identified ${identified} times; still connected: ${sockets.clients.size > 0}`)
    process.exit(0)
  }
  bot.on('READY', () => {
    if (called === 3) return setTimeout(report, 500)
    setTimeout(() => { called++; bot.disconnect() }, 100)
  })
  setTimeout(report, 15000) // if it stays away
})
JS
got=$(timeout 60 node main.cjs | sed -n 's/^> //p')
echo "$got"
[ "$got" = 'disconnect called 3 times; identified 4 times; still connected: true' ] || { echo 'The behaviour has changed.' >&2; exit 1; }
