// The panels beside the inspector: the faults with the clock, and how to connect a bot.

import { $, h, icon, toast } from './dom.js'
import { duration, seconds, t } from './words.js'
import { post } from './server.js'

const switches = ['slow', 'lost', '5xx', 'busy', 'unreachable', 'noinline', 'deadparts', 'twice', 'fresh']

export function faults(page) {
  const { on, struck } = page.faults
  const row = name => h('button', {
    type: 'button', class: 'switch', role: 'switch', id: `w-${name}`, 'aria-checked': String(!!on[name]),
    onclick: () => post('/api/faults', { name, on: !on[name] }),
  }, h('span', { class: 'switch-text' }, h('b', {}, t('w.' + name), struck[name] ? h('span', { class: 'struck' }, t('struck', { n: struck[name] })) : ''), h('span', { class: 'muted' }, t(`w.${name}.hint`))), h('span', { class: 'knob' }))
  const once = name => h('button', { type: 'button', class: 'plain', id: `w-${name}`, onclick: () => post('/api/faults', { name }) }, t('w.' + name), struck[name] && name !== 'off' ? h('span', { class: 'struck' }, t('struck', { n: struck[name] })) : '')
  const focus = document.activeElement?.id
  const clock = page.clockPanel?.()
  $('pane-faults').replaceChildren(h('p', { class: 'muted lead' }, t('faultsHint')), h('div', { class: 'switches' }, switches.map(row)),
    h('div', { class: 'deeds' }, once('expire'), once('attachments'), once('restart'), once('cut'), once('off')), clock ?? '')
  if (focus?.startsWith('w-')) $(focus)?.focus()
  $('faults-dot').hidden = !Object.values(on).some(Boolean)
}

function copyable(text) {
  return h('div', { class: 'copyable' }, h('pre', {}, text), h('button', {
    type: 'button', class: 'plain small', onclick: () => navigator.clipboard?.writeText(text).then(() => toast(t('copied')), () => {}),
  }, t('copy')))
}

export function own(page) {
  const { url, appID, secret, demo, webhook, tls, ca } = page
  const field = h('input', { type: 'url', id: 'hook', placeholder: 'http://127.0.0.1:8080/qqbot', 'aria-label': t('ownWebhookURL'), value: webhook || '' })
  const result = page.hookResult ?? {}
  const said = h('p', { class: result.err ? 'trouble' : 'muted', role: 'status' }, result.err ?? (result.url ? t('webhookGood') : ''))
  const set = async address => {
    page.hookResult = await post('/api/webhook', { url: address })
    own(page)
  }
  const key = secret || t('ownSecretHidden')
  $('pane-own').replaceChildren(...[
    h('p', { class: 'muted lead' }, t('ownHint')),
    h('dl', { class: 'facts' },
      h('div', {}, h('dt', {}, t('ownBase')), h('dd', {}, h('code', {}, url))),
      h('div', {}, h('dt', {}, t('ownID')), h('dd', {}, h('code', {}, appID))),
      h('div', {}, h('dt', {}, t('ownSecret')), h('dd', {}, h('code', {}, key)))),
    h('h3', {}, t('ownBotgo')), h('p', { class: 'muted' }, t('ownBotgoHint')),
    copyable(`constant.APIDomain = "${url}"\nconstant.TokenDomain = "${url}"`),
    h('p', { class: 'muted' }, t('ownTry')),
    copyable(`export QQBOT_API_DOMAIN=${url} QQBOT_TOKEN_DOMAIN=${url}\nexport QQBOT_APPID=${appID} QQBOT_SECRET=${secret || '…'}\ngo run ./examples/quickstart -live`),
    h('h3', {}, t('ownOther')), h('p', { class: 'muted' }, t('ownOtherHint')),
    h('h3', {}, t('ownFixed')), h('p', { class: 'muted' }, t(tls ? 'ownFixedHint' : 'ownFixedOff')),
    tls && copyable(`export PLAYGROUND_TLS=${tls} NODE_EXTRA_CA_CERTS=${ca} SSL_CERT_FILE=${ca}`),
    h('h3', {}, t('ownWebhook')), h('p', { class: 'muted' }, t('ownWebhookHint')),
    h('form', { class: 'hook', onsubmit: e => { e.preventDefault(); set(field.value).catch(() => {}) } }, field,
      h('button', { class: 'primary small' }, t('set')), webhook && h('button', { type: 'button', class: 'plain small', onclick: () => { field.value = ''; set('').catch(() => {}) } }, t('unset'))), said,
    h('h3', {}, t('demo')),
    demo.there ? h('button', { type: 'button', class: 'switch', role: 'switch', id: 'demo', 'aria-checked': String(demo.awake), onclick: () => post('/api/demo', { on: !page.demo.awake }) },
      h('span', { class: 'switch-text' }, h('span', { class: 'muted' }, t('demoHint'))), h('span', { class: 'knob' })) : h('p', { class: 'muted' }, t('none')),
  ].filter(Boolean))
}

// banner shows that the demonstration bot is asleep.
export function banner(page) {
  const el = $('banner')
  const { demo } = page
  el.hidden = !(demo.there && !demo.awake)
  el.replaceChildren(h('span', {}, t(demo.hush ? 'hush' : 'asleep')), h('button', { type: 'button', class: 'plain small', onclick: () => post('/api/demo', { on: true }) }, t('wake')))
}

export function status(page) {
  const el = $('status')
  const down = page.webhook && page.hook.down
  el.className = `status ${page.connected && !down ? (page.bots || page.webhook || page.demo.awake ? 'good' : 'none') : 'off'}`
  const text = !page.connected ? t('offline') : down ? t('webhookDown', { url: page.webhook }) : page.webhook ? t('webhook', { url: page.webhook }) : page.bots > 1 ? t('online', { n: page.bots }) : page.bots === 1 ? t('online1') : t('nobody')
  el.replaceChildren(h('span', {}, text)) // a text of its own box ends with an ellipsis, one of a flex box is cut
  el.title = down ? `${text}: ${page.hook.why}` : text
}

export function clockPanel(page) {
  const steps = [[60e3, '+1 min'], [300e3, '+5 min'], [3600e3, '+1 h'], [86400e3, '+1 d']]
  return h('div', { class: 'clock' }, h('h3', {}, icon('clock'), t('clock')), h('p', { class: 'muted' }, t('clockHint'), ' ', t('clockBack')),
    h('p', { class: 'clock-now' }, `${t('clockNow')} ${seconds(page.now())}`, page.ahead ? h('span', { class: 'struck' }, t('ahead', { d: duration(page.ahead) })) : ''),
    h('div', { class: 'deeds' }, steps.map(([ms, label]) => h('button', { type: 'button', class: 'plain', id: `w-clock${ms}`, onclick: () => post('/api/clock', { ms }) }, label))))
}
