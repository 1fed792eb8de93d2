// The list of messages. Only messages near the window have elements: messages are grouped in chunks, and a distant chunk is an
// empty box of its last height.

import { h } from './dom.js'
import { time } from './words.js'

const chunkSize = 40
const guess = 76 // px of a message that was never shown
const limit = 20000

export class Log {
  constructor(box, { make, newer, empty }) {
    Object.assign(this, { box, make, newer, empty })
    this.observer = new IntersectionObserver(all => this.seen(all), { root: box, rootMargin: '1500px 0px' })
    box.addEventListener('scroll', () => {
      this.stuck = this.atEnd()
      if (this.stuck) this.unread(0)
    }, { passive: true })
    new ResizeObserver(() => { if (this.stuck) this.toEnd() }).observe(box)
    box.addEventListener('load', () => { if (this.stuck) this.toEnd() }, true) // pictures have no height before
    box.addEventListener('loadedmetadata', () => { if (this.stuck) this.toEnd() }, true)
    box.addEventListener('error', e => { const id = e.target.closest?.('[data-id]')?.dataset.id; if (id) setTimeout(() => this.tame(id)) }, true) // a card takes its place
    box.addEventListener('keydown', e => this.key(e))
    this.clear()
  }

  clear() {
    this.observer.disconnect()
    this.box.replaceChildren()
    this.chunks = []
    this.byID = new Map()
    this.rows = new Map()
    this.count = 0
    this.last = -1 // number of the newest message
    this.stuck = true
    this.selected = null
    this.unread(0)
  }

  // show replaces everything. In the same chat it keeps what is there, and the scroll position with it.
  show(messages, same) {
    const last = this.chunks.at(-1)?.messages.at(-1)
    if (same && last && messages.some(m => m.id === last.id)) {
      for (const m of messages) {
        const old = this.byID.get(m.id)?.m
        if (old && JSON.stringify(old) !== JSON.stringify(m)) this.update(m.id, one => Object.assign(one, m))
      }
      this.append(messages)
      return
    }
    this.clear()
    this.append(messages)
    this.toEnd()
  }

  atEnd() { return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 48 }
  toEnd() { this.box.scrollTop = this.box.scrollHeight }

  unread(n) {
    if (this.new === n) return
    this.new = n
    this.newer(n)
  }

  append(messages) {
    const fresh = messages.filter(m => m.n > this.last)
    if (!fresh.length) {
      if (!this.count) this.showEmpty()
      return
    }
    if (!this.count) this.box.replaceChildren()
    const touched = new Set()
    for (const m of fresh) {
      let chunk = this.chunks.at(-1)
      if (!chunk || chunk.messages.length >= chunkSize) {
        chunk = { el: h('div', { class: 'chunk' }), messages: [], live: false, height: 0 }
        this.chunks.push(chunk)
      }
      chunk.messages.push(m)
      this.byID.set(m.id, { m, chunk })
      this.last = m.n
      this.count++
      touched.add(chunk)
    }
    const tail = this.chunks.slice(-3)
    for (const chunk of touched) {
      if (!chunk.el.isConnected) {
        this.box.append(chunk.el)
        chunk.el.chunk = chunk
        if (tail.includes(chunk) && (this.stuck || chunk.messages.length < chunkSize)) this.wake(chunk)
        else this.rest(chunk)
        this.observer.observe(chunk.el)
      } else if (chunk.live) this.fill(chunk)
      else this.rest(chunk)
    }
    while (this.count > limit) this.dropFirst()
    if (this.stuck) this.toEnd()
    else this.unread(this.new + fresh.filter(m => !m.event).length)
  }

  showEmpty() { this.box.replaceChildren(this.empty()) }

  dropFirst() {
    const chunk = this.chunks.shift()
    this.observer.unobserve(chunk.el)
    for (const m of chunk.messages) {
      this.byID.delete(m.id)
      this.rows.delete(m.id)
    }
    this.count -= chunk.messages.length
    chunk.el.remove()
  }

  seen(entries) {
    for (const e of entries) {
      const chunk = e.target.chunk
      if (e.isIntersecting) this.wake(chunk)
      else if (chunk.live && chunk !== this.chunks.at(-1)) this.sleep(chunk)
    }
  }

  wake(chunk) {
    if (chunk.live) return
    chunk.live = true
    chunk.made = 0
    chunk.el.style.height = ''
    this.fill(chunk)
  }

  // fill creates the missing rows.
  fill(chunk) {
    const out = document.createDocumentFragment()
    for (; chunk.made < chunk.messages.length; chunk.made++) {
      const m = chunk.messages[chunk.made]
      const before = chunk.messages[chunk.made - 1]
      if (!before || m.at - before.at > 5 * 60e3) out.append(h('div', { class: 'when' }, time(m.at)))
      const row = this.make(m)
      if (before && !before.event && !m.event && before.user === m.user && before.bot === m.bot && m.at - before.at < 60e3) row.classList.add('follows')
      if (m.id === this.selected) row.classList.add('selected')
      this.rows.set(m.id, row)
      this.tame(m.id)
      out.append(row)
    }
    chunk.el.append(out)
  }

  sleep(chunk) {
    if (chunk.el.querySelector('.voice.on') || [...chunk.el.querySelectorAll('video')].some(v => !v.paused)) return
    chunk.height = chunk.el.offsetHeight
    chunk.live = false
    for (const m of chunk.messages) this.rows.delete(m.id)
    chunk.el.replaceChildren()
    this.rest(chunk)
  }

  rest(chunk) { chunk.el.style.height = `${chunk.height || chunk.messages.length * guess}px` }

  message(id) { return this.byID.get(id)?.m }

  // update recreates a row after its message has changed.
  update(id, change) {
    const at = this.byID.get(id)
    if (!at) return
    change(at.m)
    const row = this.rows.get(id)
    if (!row) return
    const fresh = this.make(at.m)
    if (row.classList.contains('follows')) fresh.classList.add('follows')
    if (id === this.selected) fresh.classList.add('selected')
    row.replaceWith(fresh)
    this.rows.set(id, fresh)
    this.tame(id)
  }

  // tame leaves only the selected message's controls to the Tab key: through thousands of others nobody leaves the list.
  tame(id) {
    for (const el of this.rows.get(id)?.querySelectorAll('button, a, img, video, [tabindex]') ?? []) el.tabIndex = id === this.selected ? 0 : -1
  }

  row(id) { return this.rows.get(id) }

  remake() {
    for (const chunk of this.chunks) {
      if (!chunk.live) continue
      chunk.el.replaceChildren()
      chunk.made = 0
      this.fill(chunk)
    }
    if (!this.count) this.showEmpty()
  }

  // select marks a message, or none.
  select(id, scroll) {
    const before = this.selected
    this.rows.get(before)?.classList.remove('selected')
    this.selected = id
    this.tame(before)
    this.tame(id)
    const at = this.byID.get(id)
    if (!at) return
    if (scroll) this.wake(at.chunk)
    const row = this.rows.get(id)
    this.tame(id)
    row?.classList.add('selected')
    if (scroll) row?.scrollIntoView({ block: 'nearest' })
  }

  key(e) {
    if (e.target !== this.box || !this.count) return
    const step = { ArrowUp: -1, ArrowDown: 1 }[e.key]
    if (!step && e.key !== 'Home' && e.key !== 'End' && e.key !== 'Enter') return
    e.preventDefault()
    if (e.key === 'Enter') {
      if (this.selected) this.chosen?.(this.selected)
      return
    }
    const at = this.byID.get(this.selected)
    let c = at ? this.chunks.indexOf(at.chunk) : this.chunks.length
    let i = at ? at.chunk.messages.indexOf(at.m) + (step ?? 0) : -1
    if (e.key === 'Home') [c, i] = [0, 0]
    else if (e.key === 'End') [c, i] = [this.chunks.length - 1, this.chunks.at(-1).messages.length - 1]
    else if (i < 0) i = --c < 0 ? 0 : this.chunks[c].messages.length - 1
    else if (i >= this.chunks[c].messages.length) [c, i] = [c + 1, 0]
    const m = this.chunks[Math.max(0, c)]?.messages[i]
    if (m) this.select(m.id, true)
  }
}
