// The composer: the user, the mention, the text and the files of a message.

import { $, h, icon, toast } from './dom.js'
import { bytes, t } from './words.js'
import { post } from './server.js'

const most = 64 << 20

export class Composer {
  constructor(page) {
    this.page = page
    this.files = []
    this.mention = true
    this.text = $('text')
    $('composer').addEventListener('submit', e => { e.preventDefault(); this.send() })
    this.text.addEventListener('input', () => this.fit())
    this.text.addEventListener('keydown', e => {
      if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) {
        e.preventDefault()
        this.send()
      }
    })
    this.text.addEventListener('keypress', e => { if (e.key === 'Enter' && !e.shiftKey) e.preventDefault() })
    this.text.addEventListener('paste', e => {
      if (e.clipboardData.files.length) {
        e.preventDefault()
        this.add(e.clipboardData.files)
      }
    })
    $('attach').addEventListener('click', () => $('file').click())
    $('file').addEventListener('change', e => { this.add(e.target.files); e.target.value = '' })
    $('mention').addEventListener('click', () => this.setMention(!this.mention))
    $('as').addEventListener('change', e => this.page.become(e.target.value))
    this.drop()
  }

  drop() {
    const main = document.querySelector('.main')
    const over = on => { $('drop').hidden = !on }
    main.addEventListener('dragover', e => { if (e.dataTransfer.types.includes('Files')) { e.preventDefault(); over(true) } })
    main.addEventListener('dragleave', e => { if (!main.contains(e.relatedTarget)) over(false) })
    main.addEventListener('drop', e => { e.preventDefault(); over(false); this.add(e.dataTransfer.files) })
  }

  fit() {
    this.text.style.height = 'auto'
    this.text.style.height = `${Math.min(this.text.scrollHeight, 160)}px`
  }

  setMention(on) {
    this.mention = on
    $('mention').setAttribute('aria-pressed', on)
  }

  add(files) {
    const all = [...this.files, ...files]
    if (all.length > 10 || all.reduce((n, f) => n + f.size, 0) > most) return toast(t('tooLarge'))
    this.files = all
    this.showPending()
  }

  showPending() {
    for (const img of $('pending').querySelectorAll('img')) URL.revokeObjectURL(img.src)
    $('pending').replaceChildren(...this.files.map((f, i) => h('span', { class: 'pend' },
      f.type.startsWith('image/') && f.type !== 'image/svg+xml' ? h('img', { src: URL.createObjectURL(f), alt: '' }) : icon('file'),
      h('span', { class: 'pend-name' }, f.name), h('span', { class: 'muted' }, bytes(f.size)),
      h('button', { type: 'button', class: 'ghost tiny', 'aria-label': `${t('close')} ${f.name}`, onclick: () => { this.files.splice(i, 1); this.showPending() } }, icon('close')))))
  }

  insert(text) {
    this.text.value = text
    this.fit()
    this.text.focus()
  }

  async send(text = this.text.value) {
    const files = this.files
    if (!text.trim() && !files.length) return
    const form = new FormData()
    form.set('chat', this.page.chat.key)
    form.set('user', this.page.me)
    form.set('text', text)
    if (!this.mention && this.page.scene.mention) form.set('mention', 'false')
    for (const f of files) form.append('file', f)
    const typed = text === this.text.value
    if (typed) this.text.value = ''
    this.files = []
    this.showPending()
    this.fit()
    this.page.log.stuck = true
    try {
      await post('/api/say', form)
    } catch {
      if (typed && !this.text.value) this.insert(text)
      this.files = files
      this.showPending()
    }
  }
}
