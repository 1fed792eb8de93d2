// The page: its state, and what changes it.

import { $, avatar, h, hue, icon, toast } from './dom.js'
import { say, t, time } from './words.js'
import { get, post, Stream } from './server.js'
import { Log } from './log.js'
import { brief, foot, row } from './message.js'
import { Composer } from './composer.js'
import { Inspector, progress } from './inspector.js'
import * as panels from './panels.js'

say()

const suggestions = ['cat', 'clip', 'hello', 'report', 'big', 'photo', 'album', 'buttons', 'late']
const suggestionsZh = ['猫', '视频', '语音', '文件', '大文件', '网图', '相册', '按钮', '稍后']

const page = {
  chats: new Map(), scenes: [], flags: {}, users: new Map(), faults: { on: {}, struck: {} },
  demo: {}, bots: 0, webhook: '', hook: {}, connected: false, chat: null, me: 'ann', offset: 0, ahead: 0,
  busy: {}, ups: {},
  now() { return Date.now() + this.offset },
  get scene() { return this.scenes.find(s => s.id === this.chat?.scene) ?? {} },
  inspect,
  become(name) {
    if (name === '\u0000new') return newUser()
    this.me = name
    remember('me', name)
    showUsers()
    page.log.remake()
    showHead()
  },
}

const act = {
  inspect, jump: id => page.log.select(id, true), command: text => page.composer.insert(text),
  press(action, m, id) {
    if (action.type === 0) return window.open(safe(action.data), '_blank', 'noopener,noreferrer')
    if (action.type === 2) return action.enter ? page.composer.send(action.data) : page.composer.insert(action.data ?? '')
    post('/api/press', { chat: m.chat, user: me(), data: action.data ?? '', id: id ?? '' }).catch(() => {})
  },
}

function safe(address) {
  try {
    const url = new URL(address)
    return ['http:', 'https:'].includes(url.protocol) ? url.href : 'about:blank'
  } catch {
    return 'about:blank'
  }
}

const remembered = name => { try { return localStorage.getItem('playground.' + name) } catch { return null } }
const remember = (name, value) => { try { localStorage.setItem('playground.' + name, value) } catch { /* not allowed here */ } }
const me = () => page.scene.many ? page.me : page.chat.name

page.log = new Log($('log'), {
  make: m => row(m, me(), act),
  newer: n => { $('newer').hidden = !n; $('newer').lastElementChild.textContent = t('newer', { n }) },
  empty: () => h('div', { class: 'nothing' }, avatar('bot', true), h('p', { class: 'big' }, t('empty')), h('p', { class: 'muted' }, t(page.demo.awake ? 'emptyHint' : 'emptyOwn')),
    page.demo.awake && h('div', { class: 'tries' }, (document.documentElement.lang === 'en' ? suggestions : suggestionsZh).slice(0, 5).map(w => h('button', { type: 'button', class: 'plain', onclick: () => page.composer.send(w) }, w)))),
})
page.log.chosen = inspect
page.composer = new Composer(page)
page.inspector = new Inspector(page)
$('newer').addEventListener('click', () => { page.log.stuck = true; page.log.toEnd() })

// ---- chats

async function reset() {
  const s = await get('/api/state')
  held.length = 0 // the state is newer
  page.offset = s.now - Date.now()
  Object.assign(page, { scenes: s.scenes, flags: s.flags, faults: s.faults, demo: s.demo, bots: s.bots, webhook: s.webhook, hook: s.hook, url: s.url, appID: s.appID, secret: s.secret, tls: s.tls, ca: s.ca, ahead: s.ahead ?? 0 })
  if (s.ahead !== undefined) page.clockPanel = () => panels.clockPanel(page)
  for (const c of s.chats) known(c)
  page.busy = {}
  page.ups = {}
  panels.faults(page)
  panels.own(page)
  showDemo()
  panels.status(page)
  const wanted = decodeURIComponent(location.hash.slice(1))
  const open = page.chats.get(wanted) ?? page.chat ?? page.chats.values().next().value
  showChats()
  if (open) await load(open.key)
  return s.head
}

// known adds a chat, or what is new of it: whoever has the object of a chat keeps it.
function known(c) {
  const chat = page.chats.get(c.key)
  if (chat) Object.assign(chat, c)
  else page.chats.set(c.key, { unread: 0, ...c })
}

let shown // the chat whose messages the list has
let loads = 0 // counts them: the newest one has the list
let loading = 0 // those under way
const held = [] // the updates that came meanwhile: a list may be older than they are

const show = key => load(key).catch(err => toast(t('failed', { err: err.message })))

async function load(key) {
  const chat = page.chats.get(key)
  if (!chat) return
  if (page.chat !== chat) page.inspector.show(null)
  page.chat = chat
  chat.unread = 0
  if (decodeURIComponent(location.hash.slice(1)) !== key) history.replaceState(null, '', '#' + encodeURIComponent(key))
  showChats()
  showHead()
  showUsers()
  showWorking()
  $('side').classList.remove('open')
  const mine = ++loads
  loading++
  try {
    const got = await get('/api/messages', { chat: key })
    if (mine !== loads) return
    for (const m of got.messages ?? []) know(m)
    page.log.show(got.messages ?? [], shown === key)
    shown = key
    showUsers()
  } catch (err) {
    if (mine === loads && shown !== key) page.log.show([], false) // not those of another chat
    throw err
  } finally {
    if (!--loading) batch(held.splice(0))
  }
}

// know remembers the users of a chat.
function know(m) {
  if (m.bot || !m.user) return
  if (!page.users.has(m.chat)) page.users.set(m.chat, new Set())
  page.users.get(m.chat).add(m.user)
}

function showChats() {
  const out = document.createDocumentFragment()
  for (const s of page.scenes) {
    const chats = [...page.chats.values()].filter(c => c.scene === s.id)
    if (!chats.length) continue
    out.append(h('h3', {}, t('scenes.' + s.id)), h('ul', {}, chats.map(c => {
      c.line = h('span', { class: 'chat-last' }, brief(c.last))
      c.when = h('time', {}, c.last ? time(c.last.at) : '')
      c.badge = h('b', { class: 'unread', hidden: !c.unread }, c.unread > 99 ? '99+' : String(c.unread))
      return h('li', {}, h('button', { type: 'button', class: 'chat', 'data-chat': c.key, 'aria-current': c === page.chat ? 'true' : null, onclick: () => show(c.key) },
        s.many ? h('span', { class: `avatar square hue${hue(c.key)}`, 'aria-hidden': 'true' }, s.id === 'channel' ? '#' : icon('group')) : avatar(c.name),
        h('span', { class: 'chat-text' }, h('span', { class: 'chat-name' }, c.name), c.line), h('span', { class: 'chat-side' }, c.when, c.badge)))
    })))
  }
  $('chats').replaceChildren(out)
}

function showHead() {
  const c = page.chat
  const f = page.flags[c.key] ?? {}
  $('chat-name').textContent = c.name
  const about = [t('scene.' + c.scene), t('about', { user: me() }), f.away && t('away'), f.muted && t('muted'), f.pushes === false && t('noPushes')]
  $('chat-about').textContent = about.filter(Boolean).join(' · ')
  $('mention').hidden = !page.scene.mention
  const items = []
  if (page.scene.member) items.push(f.away ? 'add' : 'remove', f.pushes === false ? 'allow' : 'reject')
  if (page.scene.member && !f.away) items.splice(1, 0, 'add')
  if (page.scene.mute) items.push(f.muted ? 'unmute' : 'mute')
  $('more').hidden = !items.length
  $('menu').replaceChildren(...items.map(what => h('button', { type: 'button', role: 'menuitem', 'data-do': what, onclick: () => { menu(false); post('/api/bot', { chat: c.key, user: me(), do: what }).catch(() => {}) } }, t(what))))
}

function showUsers() {
  const names = new Set(['ann', 'bob', page.me, ...(page.users.get(page.chat.key) ?? [])])
  $('as').parentElement.hidden = !page.scene.many
  $('as').replaceChildren(...[...names].sort().map(n => h('option', { value: n, selected: n === page.me }, n)), h('option', { value: '\u0000new' }, t('addUser')))
}

function showWorking() {
  const key = page.chat?.key
  const ups = page.ups[key] ?? []
  const ops = Object.keys(page.busy[key] ?? {})
  const parts = ups.map(progress)
  if (!parts.length && ops.length) parts.push(h('span', { class: 'doing' }, h('i'), h('i'), h('i'), h('span', {}, `${t('working')}: ${ops.map(o => t('op.' + o)).join(', ')}`)))
  $('working').replaceChildren(...parts)
}

function showDemo() {
  panels.banner(page)
  $('chips').hidden = !page.demo.awake
  if (!page.log.count) page.log.remake()
}

// ---- updates

const told = {
  chat(u) { known(u.chat); return 'chats' },
  gone(u) { if (u.chat === page.chat?.key) page.log.update(u.id, m => Object.assign(m, { recalled: true, text: '', files: null, markdown: null, keyboard: null, bot: true })) },
  sum(u) {
    if (u.chat !== page.chat?.key) return
    const m = page.log.message(u.id)
    if (!m) return
    m.sum = u.sum
    page.log.row(u.id)?.querySelector('.foot')?.replaceWith(foot(m, act))
    page.log.tame(u.id)
    if (page.inspector.id === u.id) page.inspector.changed(u.id)
  },
  edit(u) { if (u.chat === page.chat?.key) page.log.update(u.m.id, m => Object.assign(m, { undelivered: false, reactions: null }, u.m)) },
  hook(u) { page.hook = u.hook; return 'status' },
  touch(u) { page.inspector.changed(u.id) },
  up(u) { page.ups[u.chat] = u.up; return 'working' },
  busy(u) { page.busy[u.chat] = u.ops; return 'working' },
  flags(u) { page.flags[u.chat] = u.flags; return 'head' },
  faults(u) { page.faults = u.faults; return 'faults' },
  clock(u) { page.offset = u.now - Date.now(); page.ahead = u.ahead; page.inspector.changed(''); return 'faults' },
  bots(u) { page.bots = u.bots; return 'status' },
  demo(u) { page.demo = u.demo; return 'own' },
  webhook(u) { page.webhook = u.webhook; return 'own' },
}

function batch(updates) {
  if (loading) {
    held.push(...updates)
    return
  }
  const later = new Set()
  const fresh = []
  const tell = u => { const what = told[u.t]?.(u); if (what) later.add(what) }
  for (const u of updates) if (u.t === 'chat') tell(u)
  for (const u of updates) {
    if (u.t !== 'msg') continue
    const c = page.chats.get(u.m.chat)
    know(u.m)
    if (!c) continue
    c.last = u.m
    c.dirty = true
    if (c === page.chat) fresh.push(u.m)
    else if (u.m.bot) c.unread++
  }
  if (fresh.length) {
    const users = page.users.get(page.chat.key)?.size
    page.log.append(fresh)
    if (users !== page.usersShown) { page.usersShown = users; showUsers() }
  }
  for (const u of updates) if (u.t !== 'msg' && u.t !== 'chat') tell(u) // after the messages that they change
  if (later.has('chats')) showChats()
  else for (const c of page.chats.values()) if (c.dirty) touchChat(c)
  if (later.has('working')) showWorking()
  if (later.has('head') && page.chat) showHead()
  if (later.has('faults')) panels.faults(page)
  if (later.has('own')) { panels.own(page); showDemo() }
  if (later.has('status') || later.has('own')) panels.status(page)
}

function touchChat(c) {
  c.dirty = false
  if (!c.line) return
  c.line.textContent = brief(c.last)
  c.when.textContent = c.last ? time(c.last.at) : ''
  c.badge.hidden = !c.unread
  c.badge.textContent = c.unread > 99 ? '99+' : String(c.unread)
}

// ---- panels, dialogs, keys

const tabs = ['inspector', 'faults', 'own']

function panel(name) {
  const el = $('panel')
  const open = name !== null
  if (open) for (const one of tabs) {
    $('tab-' + one).setAttribute('aria-selected', String(one === name))
    $('tab-' + one).tabIndex = one === name ? 0 : -1
    $('pane-' + one).hidden = one !== name
  }
  el.classList.toggle('open', open)
  $('app').classList.toggle('with-panel', open)
  for (const one of tabs) $('open-' + one).setAttribute('aria-pressed', String(open && one === name))
  page.panel = name
  if (!matchMedia('(max-width: 1080px)').matches) remember('panel', name ?? '')
}

function inspect(id) {
  page.log.select(id, false)
  panel('inspector')
  page.inspector.show(id)
}

for (const one of tabs) {
  $('open-' + one).addEventListener('click', () => panel(page.panel === one ? null : one))
  $('tab-' + one).addEventListener('click', () => panel(one))
}
$('panel').querySelector('[role=tablist]').addEventListener('keydown', e => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key]
  if (!step) return
  const next = tabs[(tabs.indexOf(page.panel) + step + tabs.length) % tabs.length]
  panel(next)
  $('tab-' + next).focus()
})
$('panel-close').addEventListener('click', () => panel(null))
$('side-open').addEventListener('click', () => $('side').classList.add('open'))
$('side-close').addEventListener('click', () => $('side').classList.remove('open'))

function menu(open) {
  $('menu').hidden = !open
  $('more').setAttribute('aria-expanded', String(open))
  if (open) $('menu').firstElementChild?.focus()
}
$('more').addEventListener('click', e => { e.stopPropagation(); menu($('menu').hidden) })
document.addEventListener('click', e => { if (!$('menu').contains(e.target)) menu(false) })
$('menu').addEventListener('keydown', e => {
  const items = [...$('menu').children]
  const step = { ArrowUp: -1, ArrowDown: 1 }[e.key]
  if (step) { e.preventDefault(); items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus() }
})

// ask shows a dialog with fields and calls done with what was entered.
function ask(title, fields, done) {
  const dialog = $('ask')
  dialog.querySelector('h3').textContent = title
  dialog.querySelector('.error').textContent = ''
  dialog.querySelector('.fields').replaceChildren(...fields)
  dialog.onclose = () => { if (dialog.returnValue === 'ok') done() }
  dialog.returnValue = ''
  dialog.showModal()
}

function newUser() {
  const name = h('input', { required: true, maxlength: 32, id: 'new-user' })
  $('as').value = page.me
  ask(t('newUser'), [h('label', {}, t('user'), name)], () => page.become(name.value.trim() || page.me))
}

$('new-chat').addEventListener('click', () => {
  const kind = h('select', { id: 'new-scene' }, page.scenes.map(s => h('option', { value: s.id }, t('scene.' + s.id))))
  const name = h('input', { required: true, maxlength: 32, id: 'new-name' })
  ask(t('newChat'), [h('label', {}, t('kind'), kind), h('label', {}, t('name'), name)], async () => {
    const { key } = await post('/api/chat', { chat: `${kind.value}/${name.value.trim()}` })
    known({ key, scene: kind.value, name: name.value.trim() })
    show(key)
  })
})
$('ask-cancel').addEventListener('click', () => $('ask').close('cancel'))
$('zoom').addEventListener('click', () => $('zoom').close())

document.addEventListener('keydown', e => {
  if (e.key === 'Escape' && !document.querySelector('dialog[open]')) {
    if (!$('menu').hidden) { menu(false); $('more').focus() }
    else if ($('side').classList.contains('open')) $('side').classList.remove('open')
    else if (page.panel) panel(null)
    else $('text').focus()
  }
  if (e.key === '/' && !/INPUT|TEXTAREA|SELECT/.test(document.activeElement.tagName) && !document.querySelector('dialog[open]')) {
    e.preventDefault()
    $('text').focus()
  }
  if (e.altKey && (e.key === 'ArrowUp' || e.key === 'ArrowDown') && page.chat) {
    e.preventDefault()
    const keys = [...document.querySelectorAll('.chat')].map(el => el.dataset.chat)
    show(keys[(keys.indexOf(page.chat.key) + (e.key === 'ArrowUp' ? -1 : 1) + keys.length) % keys.length])
  }
})
addEventListener('hashchange', () => { const key = decodeURIComponent(location.hash.slice(1)); if (key !== page.chat?.key) show(key) })

const chips = document.documentElement.lang === 'en' ? suggestions : suggestionsZh
$('chips').replaceChildren(...chips.map(w => h('button', { type: 'button', class: 'chip', onclick: () => page.composer.send(w) }, w)))

page.me = remembered('me') || 'ann'
const narrow = matchMedia('(max-width: 1080px)').matches
panel(narrow ? null : (remembered('panel') ?? 'inspector') || null)
setInterval(() => { if (page.panel === 'faults' && page.clockPanel) panels.faults(page) }, 1000)

new Stream({ batch, reset, state(on) { page.connected = on; panels.status(page) } }).open()
