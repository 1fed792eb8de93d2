// The inspector: the facts of an answer or event, and its calls on a time line.

import { $, h } from './dom.js'
import { bytes, duration, seconds, t } from './words.js'
import { get } from './server.js'

export class Inspector {
  constructor(page) {
    this.page = page
    this.open = new Set() // calls that are unfolded
    this.pane = $('pane-inspector')
    setInterval(() => this.tick(), 1000)
    this.show(null)
  }

  show(id) {
    if (id !== this.id) this.open.clear()
    this.id = id
    this.data = null
    if (!id) {
      this.pane.replaceChildren(h('div', { class: 'nothing' }, h('p', { class: 'big' }, t('pick')), h('p', { class: 'muted' }, t('pickHint'))))
      return
    }
    this.load()
  }

  // changed fetches an event again, at most ten times a second; "" is every event.
  changed(id) {
    if (!this.id || this.waiting) return
    if (id && id !== this.id && id !== this.root) return
    this.waiting = setTimeout(() => { this.waiting = null; this.load() }, 100)
  }

  async load() {
    const id = this.id
    let data
    try {
      data = await get('/api/inspect', { id })
    } catch {
      return // too old: no longer kept
    }
    if (id !== this.id) return
    this.data = data
    this.root = data.event.msgID || data.event.id
    this.render()
  }

  tick() {
    if (!this.data || this.pane.hidden) return
    for (const el of this.pane.querySelectorAll('[data-until]')) el.textContent = this.remaining(Number(el.dataset.until))
  }

  remaining(until) {
    const left = until - this.page.now()
    return left > 0 ? duration(Math.max(1000, left)) : t('over')
  }

  until(at) { return h('span', { 'data-until': at, class: at < this.page.now() ? 'ended' : '' }, this.remaining(at)) }

  render() {
    const d = this.data
    const focus = document.activeElement?.dataset?.call
    const top = this.pane.scrollTop
    const parts = [d.answer ? this.answer(d.answer, d) : this.event(d)]
    if (d.upload) parts.push(progress(d.upload))
    if (!d.answer && d.answers.length) parts.push(h('h3', {}, t('answers')), h('div', { class: 'answers' }, d.answers.map(a => this.brief(a))))
    if (d.notes) parts.push(h('h3', {}, t('notes')), ...d.notes.map(n => h('p', { class: 'trouble' }, n)))
    parts.push(this.calls(d))
    parts.push(h('details', { class: 'payload' }, h('summary', {}, t('payload')), h('pre', {}, d.event.payload)))
    this.pane.replaceChildren(...parts)
    this.pane.scrollTop = top
    if (focus) this.pane.querySelector(`[data-call="${focus}"]`)?.focus()
  }

  answer(a, d) {
    const p = a.plugin
    return h('div', {}, h('div', { class: 'headline' },
      h('span', { class: `route route-${a.route || 'none'}` }, a.route ? t('route.' + a.route) : t(a.kind || 'text')),
      a.took ? h('span', { class: 'took' }, duration(a.took)) : '',
      a.retries ? h('span', { class: 'retried' }, a.retries === 1 ? t('retry1') : t('retries', { n: a.retries })) : ''),
    facts([
      ['f.file', a.kind && [t(a.kind), a.name, bytes(a.size)].filter(Boolean).join(' · ')],
      ['f.parts', a.parts || ''],
      ['f.seq', a.seq || ''],
      ['f.by', a.by || t('proactive')],
      ['f.left', d.event.until && this.left(d.event)],
      ['f.window', d.event.until && this.until(d.event.until)],
      ['f.info', a.fileInfo && h('code', {}, a.fileInfo)],
      ['f.ttl', a.fileInfo && (a.expires ? this.until(a.expires) : t('never'))],
      ['f.trace', a.trace && h('code', { class: 'long' }, a.trace)],
      ['f.plugin', p && [t('plugin', { w: duration(p.waited), u: duration(p.upload), s: duration(p.send) }), p.duplicate && t('duplicate'), p.fallback && t('fallback'), p.err].filter(Boolean).join(' · ')],
      ['', a.replaced && t('replaced')],
      ['', a.collided && t('collided')],
    ]))
  }

  event(d) {
    const e = d.event
    return h('div', {}, h('div', { class: 'headline' }, h('span', { class: 'route' }, e.type), h('span', { class: 'took' }, seconds(e.at))),
      facts([
        ['f.left', e.left || d.answers.length ? this.left(e) : t('noReplies')],
        ['f.window', this.until(e.until)],
        ['f.id', h('code', { class: 'long' }, e.msgID || e.id)],
        ['f.ack', d.ack !== undefined && t('acked')],
        ['f.pushes', d.pushes && d.pushes.map(p => p.acked ? p.status : `${t('notAcked')} ${p.status || p.err}`).join(', ')],
      ]))
  }

  left(e) { return e.left < 0 ? t('anyNumber') : t('left', { n: e.left }) }

  brief(a) {
    return h('button', { type: 'button', class: 'answer-link', disabled: !a.id, onclick: () => this.page.inspect(a.id) },
      h('code', {}, String(a.seq || '–')), h('span', {}, t(a.kind || 'text')),
      h('span', { class: 'muted' }, a.id ? [a.route && t('route.' + a.route), a.took && duration(a.took)].filter(Boolean).join(' · ') : t('notThere')))
  }

  calls(d) {
    const box = h('div', { class: 'calls' })
    if (!d.calls.length) return h('div', {}, h('h3', {}, t('timeline')), h('p', { class: 'muted' }, t('noCalls')))
    const first = Math.min(0, ...d.calls.map(c => c.offset))
    const now = this.page.now() - d.event.at
    const end = Math.max(...d.calls.map(c => c.offset + (c.running ? Math.max(0, now - c.offset) : c.took)), first + .1)
    const percent = ms => (ms - first) / (end - first) * 100
    for (const c of d.calls) {
      const bad = !c.running && (c.status < 200 || c.status > 299 || c.code)
      const bar = h('i', { class: `bar-${family(c.op)}${bad ? ' bad' : ''}${c.running ? ' running' : ''}` })
      bar.style.left = `${Math.min(98.5, percent(c.offset))}%`
      bar.style.width = `${Math.max(.6, percent(c.offset + (c.running ? Math.max(0, now - c.offset) : c.took)) - percent(c.offset))}%`
      const result = c.running ? t('running') : c.status === 0 ? t('cut') : String(c.code || c.status)
      const el = h('details', { class: bad ? 'call bad' : 'call', open: this.open.has(c.n) },
        h('summary', { 'data-call': c.n }, h('span', { class: `op op-${family(c.op)}` }, t('op.' + c.op)), h('span', { class: 'track' }, bar),
          h('span', { class: 'ms' }, c.running ? '' : duration(c.took)), h('span', { class: 'code', title: c.code ? `HTTP ${c.status}` : null }, result, c.again && h('b', { title: t('again') }, ' ↻'), c.warnings && h('b', { class: 'warned', title: c.warnings.join('\n') }, ' ⚠'))))
      const fill = () => { if (el.open && el.children.length === 1) el.append(details(c)) }
      el.addEventListener('toggle', () => {
        if (el.open) this.open.add(c.n)
        else this.open.delete(c.n)
        fill()
      })
      fill()
      if (bad && c.code) box.classList.add('wide')
      box.append(el)
    }
    return h('div', {}, h('h3', {}, t('timeline'), h('span', { class: 'muted' }, ` ${t(d.calls.length === 1 ? 'calls1' : 'calls', { n: d.calls.length })} · ${duration(end - first)}`)), box)
  }
}

const family = op => ({ upload: 'upload', prepare: 'upload', merge: 'upload', part: 'part', finish: 'part', send: 'send' })[op] ?? 'other'

function details(c) {
  return h('div', { class: 'inside' },
    h('p', { class: 'path' }, h('b', {}, c.method), ' ', c.path),
    h('p', { class: 'muted' }, [`+${duration(c.offset)}`, bytes(c.size), c.trace && `${t('f.trace')} ${c.trace}`].filter(Boolean).join(' · ')),
    (c.warnings ?? []).map(w => h('p', { class: 'warning' }, w)),
    c.request && [h('h4', {}, t('request')), h('pre', {}, c.request)],
    c.answer && [h('h4', {}, t('answer')), h('pre', {}, c.answer)])
}

function facts(rows) {
  const list = h('dl', { class: 'facts' })
  for (const [key, value] of rows) {
    if (value === undefined || value === null || value === false || value === '') continue
    list.append(h('div', {}, h('dt', {}, key && t(key)), h('dd', {}, value)))
  }
  return list
}

// progress of an upload in parts.
export function progress(p) {
  const share = p.total ? p.sent / p.total : 0
  const bar = h('i')
  bar.style.width = `${share * 100}%`
  return h('div', { class: 'progress', role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': Math.round(share * 100), 'aria-label': t('uploading') },
    h('span', { class: 'progress-text' }, h('span', {}, p.name || t(p.kind)), h('span', { class: 'muted' }, `${bytes(p.sent)} / ${bytes(p.total)} · ${t('part', { n: p.part, of: p.parts })}`)),
    h('span', { class: 'progress-track' }, bar))
}
