// A bot on qq-official-bot. Its hosts are fixed, see official-hosts.cjs.
const { Bot, ReceiverMode, segment } = require('qq-official-bot')
const my = require('./bot.cjs')

const hook = my.transport === 'webhook'
const bot = new Bot({
  appid: my.appID, secret: my.secret, sandbox: false, logLevel: 'warn', maxRetry: 10,
  intents: ['GROUP_AND_C2C_EVENT', 'INTERACTION'],
  ...(hook ? { mode: ReceiverMode.WEBHOOK, port: my.port, path: '/qq' } : { mode: ReceiverMode.WEBSOCKET }),
})

const answers = {
  text: () => 'hello',
  photo: () => segment.image(my.photo),
  image: () => segment.image(my.image()),
  voice: () => segment.audio(my.voice()),
  video: () => segment.video(my.video()),
  buttons: () => [segment.markdown('# pick'), { type: 'keyboard', data: { content: { rows: [{ buttons: [{ id: 'yes', render_data: { label: 'Yes', visited_label: 'Yes', style: 1 }, action: { type: 1, permission: { type: 2 }, data: 'the-answer' } }] }] } } }],
  attachment: async e => my.fetched(e.message.find(part => part.type === 'image').data.url),
}

bot.on('message', async e => {
  const word = Object.keys(answers).find(w => e.raw_message.trim().startsWith(w)) // the rest describes the attachments
  if (!word) return
  try {
    await e.reply(await answers[word](e))
  } catch (err) {
    my.report({ failed: `${word}: ${err.message}` })
  }
})
bot.on('notice', async e => {
  if (e.sub_type !== 'action') return
  my.report({ button: e.data.resolved.button_id, data: e.data.resolved.button_data })
  await e.reply(0)
})
const ready = bot.start()
if (hook) my.report({ listening: `http://127.0.0.1:${my.port}/qq` })
ready.then(() => my.report({ ready: true }))
