// Preload for Node: connections to the platform's hosts go to the playground's TLS listener.
//   PLAYGROUND_TLS=127.0.0.1:7472 NODE_EXTRA_CA_CERTS=ca.pem node --require ./official-hosts.cjs bot.js
// The listener's certificate is checked against the host as ever, which is what NODE_EXTRA_CA_CERTS is for.
const net = require('node:net')

const official = new Set(['api.sgroup.qq.com', 'sandbox.api.sgroup.qq.com', 'bots.qq.com', 'api.bot.qq.com'])
const listener = new URL('https://' + (process.env.PLAYGROUND_TLS || '127.0.0.1:7472'))

const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...args) {
  const normalized = Array.isArray(args[0]) // by net.connect
  const options = normalized ? args[0][0] : args[0]
  if (options && official.has(options.host) && Number(options.port) === 443) {
    const moved = { ...options, host: listener.hostname, port: listener.port || 443 }
    if (normalized) args[0][0] = moved
    else args[0] = moved
  }
  return connect.apply(this, args)
}
