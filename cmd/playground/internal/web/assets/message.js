// One line of a chat, as QQ shows it.

import { avatar, h, icon, $ } from './dom.js'
import { bytes, duration, seconds, t, time } from './words.js'
import { linked, render } from './markdown.js'

// row creates the element of a message. act holds the actions inspect, press, command and jump. A bot under development may
// send any shape: without the fallback one message that cannot be shown hides all others.
export function row(m, me, act) {
  try {
    return whole(m, me, act)
  } catch (e) {
    const sent = JSON.stringify({ markdown: m.markdown, keyboard: m.keyboard, ark: m.ark, embed: m.embed })
    return note({ ...m, replyTo: { id: m.id }, text: `${e.message}: ${sent.slice(0, 300)}` }, act)
  }
}

function whole(m, me, act) {
  if (m.event === 'NOTE') return note(m, act)
  if (m.event) return deed(m, act)
  if (m.recalled) return h('div', { class: 'line system', 'data-id': m.id, 'data-n': m.n }, h('span', { class: 'pill' }, t('recalled')))
  const mine = !m.bot && m.user === me
  const name = m.bot ? t('bot') : m.user
  const line = h('article', {
    class: `line ${m.bot ? 'from-bot' : mine ? 'mine' : 'theirs'}`, 'data-id': m.id, 'data-n': m.n, 'data-at': m.at, 'aria-label': `${name}, ${time(m.at)}`,
  }, avatar(m.user, m.bot))
  const stack = h('div', { class: 'stack' })
  if (!mine) stack.append(h('span', { class: 'name' }, name, m.bot && h('span', { class: 'tag' }, 'BOT')))
  const bubble = body(m, act)
  bubble.addEventListener('click', e => { if (!e.target.closest('a,button,audio,video,img')) act.inspect(m.id) })
  stack.append(bubble)
  if (m.keyboard) stack.append(keyboard(m, act) ?? '')
  stack.append(foot(m, act))
  line.append(stack)
  return line
}

function body(m, act) {
  const files = m.files ?? []
  const bare = files.length === 1 && ['image', 'video'].includes(files[0].kind) && !files[0].card && files[0].url && !m.text && !m.markdown && !m.replyTo
  const bubble = h('div', { class: bare ? 'bubble bare' : 'bubble' })
  if (m.replyTo) bubble.append(quote(m.replyTo, act))
  for (const f of files) bubble.append(file(f))
  if (m.markdown) bubble.append(markdown(m.markdown, act))
  for (const kind of ['ark', 'embed']) if (m[kind]) bubble.append(h('div', { class: 'md' }, h('p', { class: 'muted' }, t(kind)), h('pre', {}, JSON.stringify(m[kind], null, 2).slice(0, 4000))))
  const at = m.mention && h('span', { class: 'at' }, '@' + t('bot'))
  if (m.text || at) bubble.append(h('p', {}, at, h('span', { class: 'text' }, ...linked(m.text ?? ''))))
  return bubble
}

function quote(q, act) {
  const text = q.event ? t('did.' + q.event, { user: q.user, text: q.text }) : (q.user ? `${q.bot ? t('bot') : q.user}: ` : '') + (q.text || (q.kind ? `[${t(q.kind)}]` : '…'))
  return h('button', { type: 'button', class: 'quote', onclick: () => act.jump(q.id) }, text)
}

function markdown(data, act) {
  const box = h('div', { class: 'md' })
  if (data.content) {
    box.append(render(data.content, act.command))
    return box
  }
  box.append(h('p', { class: 'muted' }, `${t('template')} ${data.custom_template_id || data.template_id || ''}`))
  for (const p of list(data.params)) box.append(h('p', {}, h('strong', {}, p.key + ': '), String(p.values ?? '')))
  return box
}

// file creates a player, or a card for a file that cannot be played.
function file(f) {
  if (f.card || !f.url) return card(f)
  switch (f.kind) {
    case 'image': {
      const img = h('img', { src: f.url, alt: f.name || t('image'), loading: 'lazy', decoding: 'async', tabindex: 0 })
      if (f.width) {
        img.width = f.width
        img.height = f.height
      }
      const open = () => { $('zoom').firstElementChild.src = f.url; $('zoom').showModal() }
      img.addEventListener('click', open)
      img.addEventListener('keydown', e => { if (e.key === 'Enter') open() })
      img.addEventListener('error', () => img.replaceWith(card(f)))
      return h('div', { class: 'picture' }, img)
    }
    case 'video': {
      const video = h('video', { src: f.url, controls: true, preload: 'metadata', playsinline: true, 'aria-label': f.name || t('video') })
      video.addEventListener('error', () => video.replaceWith(card(f)))
      return h('div', { class: 'picture' }, video)
    }
    case 'voice':
      return voice(f)
  }
  return card(f)
}

const save = f => f.url && `${f.url}?${new URLSearchParams({ save: '', name: f.name || f.kind })}`

function card(f) {
  const name = f.name || t(f.kind)
  const ending = (name.includes('.') ? name.split('.').pop() : f.format.split(/[/;]/)[1] ?? '').slice(0, 4).toUpperCase()
  const about = [bytes(f.size), f.card && t('card'), !f.url && t('notKept')].filter(Boolean).join(' · ')
  const inner = [
    h('span', { class: `sheet sheet${['PDF', 'ZIP', 'TXT', 'DOC', 'XLS', 'PPT'].indexOf(ending.slice(0, 3))}` }, icon('file'), h('b', {}, ending || '?')),
    h('span', { class: 'card-text' }, h('span', { class: 'card-name' }, name), h('span', { class: 'muted' }, about)),
  ]
  if (!f.url) return h('div', { class: 'card' }, ...inner)
  return h('a', { class: 'card', href: save(f), download: name, title: t('save') }, ...inner)
}

let playing
function voice(f) {
  const audio = h('audio', { src: f.url, preload: 'metadata' })
  const label = h('span', { class: 'length' }, '')
  const bars = h('span', { class: 'bars', 'aria-hidden': 'true' })
  for (let i = 0; i < 22; i++) {
    const bar = h('i')
    bar.style.height = `${28 + Math.abs(Math.sin(i * 1.7 + f.size) * Math.cos(i * .61)) * 72}%`
    bars.append(bar)
  }
  const button = h('button', { type: 'button', class: 'voice', 'aria-label': `${t('play')}: ${t('voice')}` }, icon('play'), bars, label, audio)
  const shown = name => button.firstElementChild.replaceWith(icon(name))
  audio.addEventListener('loadedmetadata', () => { if (isFinite(audio.duration)) label.textContent = `${Math.max(1, Math.round(audio.duration))}″` })
  audio.addEventListener('error', () => {
    button.replaceWith(h('div', { class: 'unplayable' }, card({ ...f, kind: 'voice', name: f.name || `${t('voice')}` }), h('span', { class: 'muted' }, `${f.format}: ${t('cannotPlay')}`)))
  })
  audio.addEventListener('timeupdate', () => {
    const done = audio.duration ? audio.currentTime / audio.duration : 0
    Array.from(bars.children, (bar, i) => bar.classList.toggle('done', i / bars.children.length < done))
  })
  audio.addEventListener('play', () => { if (playing !== audio) playing?.pause(); playing = audio; shown('pause'); button.classList.add('on') })
  for (const end of ['pause', 'ended']) audio.addEventListener(end, () => { shown('play'); button.classList.remove('on') })
  button.addEventListener('click', () => { audio.paused ? audio.play().catch(() => {}) : audio.pause() })
  return button
}

const visited = new Set()

// list is what a bot has sent as a list, where it is one.
const list = v => Array.isArray(v) ? v.filter(one => one && typeof one === 'object') : []

function keyboard(m, act) {
  const rows = list(m.keyboard.content?.rows)
  if (!rows.length) return h('div', { class: 'keys' }, h('span', { class: 'pill' }, `${t('template')} ${m.keyboard.id ?? ''}`))
  return h('div', { class: 'keys' }, rows.map(r => h('div', { class: 'key-row' }, list(r.buttons).map((b, i) => {
    const look = b.render_data ?? {}
    const action = b.action ?? {}
    const key = `${m.id} ${b.id ?? i} ${action.data}`
    const label = visited.has(key) && look.visited_label ? look.visited_label : look.label ?? '?'
    const button = h('button', { type: 'button', class: `key style${[0, 1, 3, 4].includes(look.style) ? look.style : 0}` }, label)
    if (visited.has(key)) button.classList.add('visited')
    button.addEventListener('click', () => {
      visited.add(key)
      button.classList.add('visited')
      if (look.visited_label) button.textContent = look.visited_label
      act.press(action, m, typeof b.id === 'string' ? b.id : '')
    })
    return button
  }))))
}

// reaction shows an emoji, which the platform names by its code point, or the number of one of QQ's own faces.
function reaction(name) {
  const [type, id] = name.split('/')
  return type === '2' && id > 31 && id <= 0x10ffff ? String.fromCodePoint(Number(id)) : `[${id}]`
}

export function foot(m, act) {
  const out = h('div', { class: 'foot' }, h('time', { datetime: new Date(m.at).toISOString(), title: seconds(m.at) }, time(m.at)))
  if (m.undelivered) out.append(h('button', { type: 'button', class: 'undelivered', title: t('inspectThis'), onclick: () => act.inspect(m.id) }, t('undelivered')))
  for (const r of m.reactions ?? []) out.append(h('span', { class: 'reaction' }, reaction(r)))
  const s = m.sum
  if (m.bot && s) {
    const said = [s.route && t('route.' + s.route), s.took && duration(s.took), s.retries === 1 ? t('retry1') : s.retries > 1 && t('retries', { n: s.retries })]
    out.append(h('button', { type: 'button', class: s.retries ? 'sum healed' : 'sum', title: t('inspectThis'), onclick: () => act.inspect(m.id) }, said.filter(Boolean).join(' · ') || t('inspector')))
  }
  return out
}

function deed(m, act) {
  return h('div', { class: 'line system', 'data-id': m.id, 'data-n': m.n, 'data-at': m.at },
    h('button', { type: 'button', class: 'pill', onclick: () => act.inspect(m.id) }, t('did.' + m.event, { user: m.user, text: m.text })))
}

function note(m, act) {
  return h('div', { class: 'line system', 'data-id': m.id, 'data-n': m.n, 'data-at': m.at },
    h('button', { type: 'button', class: 'pill bad', onclick: () => act.inspect(m.replyTo.id) }, m.text))
}

// brief is a message in one line, for the list of chats.
export function brief(m) {
  if (!m) return ''
  if (m.recalled) return t('recalled')
  if (m.event === 'NOTE') return m.text
  if (m.event) return t('did.' + m.event, { user: m.user, text: m.text })
  const what = m.text || m.markdown?.content || m.files?.map(f => `[${t(f.kind)}]`).join(' ') || (m.markdown ? `[${t('template')}]` : m.ark ? `[${t('ark')}]` : m.embed ? `[${t('embed')}]` : '')
  return (m.bot ? t('bot') : m.user) + ': ' + String(what).replace(/[#*`>]/g, '').trim().split('\n')[0].slice(0, 80)
}
