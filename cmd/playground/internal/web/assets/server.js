// The page's calls to the playground, and its stream of updates.

import { t } from './words.js'
import { toast } from './dom.js'

async function answer(r) {
  if (!r.ok) throw new Error((await r.text()).trim() || r.statusText)
  return r.json()
}

const patience = 15e3 // ms for an answer, which is there at once

export const get = (path, query = {}) => fetch(path + '?' + new URLSearchParams(query), { signal: AbortSignal.timeout(patience) }).then(answer)

// post sends a form, and shows a failure.
export async function post(path, fields) {
  const body = fields instanceof FormData ? fields : new URLSearchParams(fields)
  try {
    return await answer(await fetch(path, { method: 'POST', body }))
  } catch (err) {
    toast(t('failed', { err: err.message }))
    throw err
  }
}

const hiddenFor = 10e3 // ms that a hidden page stays connected: browsers allow few connections to one host

// Stream follows the updates and passes them to batch, at most once a frame. reset is called, and awaited, when everything has
// to be fetched again; it returns the position to continue from.
export class Stream {
  constructor({ batch, reset, state }) {
    Object.assign(this, { batch, reset, state })
    this.queue = []
    document.addEventListener('visibilitychange', () => {
      clearTimeout(this.parting)
      if (document.hidden) this.parting = setTimeout(() => this.close(), hiddenFor)
      else if (!this.source) this.open()
    })
  }

  async open() {
    this.close()
    let from
    try {
      from = await this.reset()
    } catch {
      this.state(false)
      this.again = setTimeout(() => this.open(), 1000)
      return
    }
    const source = this.source = new EventSource('/api/stream?' + new URLSearchParams({ from }))
    source.onopen = () => this.state(true)
    source.onerror = () => {
      this.state(false)
      if (source.readyState === EventSource.CLOSED && this.source === source) this.again = setTimeout(() => this.open(), 1000)
    }
    source.addEventListener('reset', () => this.open())
    source.onmessage = e => {
      for (const update of JSON.parse(e.data)) this.queue.push(update)
      this.schedule()
    }
  }

  close() {
    clearTimeout(this.again)
    this.source?.close()
    this.source = null
    this.queue = []
  }

  schedule() {
    if (this.scheduled) return
    this.scheduled = true
    const flush = () => {
      if (!this.scheduled) return
      this.scheduled = false
      const updates = this.queue
      this.queue = []
      if (updates.length) this.batch(updates)
    }
    if (document.hidden) setTimeout(flush, 200)
    else requestAnimationFrame(flush)
  }
}
