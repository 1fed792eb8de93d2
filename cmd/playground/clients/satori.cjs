// A bot on koishi with @satorijs/adapter-qq. The API's address is a setting, the token's host is fixed, see official-hosts.cjs.
const { Context, h } = require('koishi')
const http = require('@koishijs/plugin-http')
const server = require('@koishijs/plugin-server')
const proxy = require('@koishijs/plugin-proxy-agent')
const { QQBot } = require('@satorijs/adapter-qq')
const my = require('./bot.cjs')

const hook = my.transport === 'webhook'
const inline = (type, data) => `data:${type};base64,${data.toString('base64')}`

const app = new Context({ prefix: '/' })
const plugin = p => p.default ?? p
app.plugin(plugin(proxy))
app.plugin(plugin(http))
app.plugin(plugin(server), { host: '127.0.0.1', port: my.port })
app.plugin(QQBot, {
  id: my.appID, secret: my.secret, token: '', type: 'public', sandbox: false, endpoint: 'https://api.sgroup.qq.com/', authType: 'bearer',
  intents: 1 << 25 | 1 << 26, retryWhen: [], manualAcknowledge: false, protocol: hook ? 'webhook' : 'websocket', path: '/qq',
  ...(hook ? {} : { retryTimes: 6, retryInterval: 1000, retryLazy: 1000 }),
})

const answers = {
  text: () => 'hello',
  photo: () => h.image(my.photo),
  image: () => h.image(inline('image/png', my.image())),
  voice: () => h.audio(inline('audio/amr', my.voice())),
  video: () => h.video(inline('video/mp4', my.video())),
  buttons: () => h('button-group', [h('button', { id: 'yes', class: 'primary' }, 'Yes')]),
  attachment: s => my.fetched(s.elements.find(e => e.type === 'img' || e.type === 'image').attrs.src),
}

app.on('message', async session => {
  const said = session.elements.filter(e => e.type === 'text').map(e => e.attrs.content).join('').trim()
  if (!answers[said]) return
  try {
    await session.send(await answers[said](session))
  } catch (err) {
    my.report({ failed: `${said}: ${err.message}` })
  }
})
app.on('interaction/button', session => my.report({ button: session.event.button.id, data: session.event.button.data }))
app.start().then(() => my.report(hook ? { listening: `http://127.0.0.1:${my.port}/qq` } : { started: true }))
