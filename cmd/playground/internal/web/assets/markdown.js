// A small safe subset of Markdown, made of elements and text nodes: headings, emphasis, code, lists, quotes, rules, links,
// and QQ's own command buttons. Anything else stays the text that it is. Pictures are named, not fetched, except for uploads to
// this platform with their sizes.

import { h } from './dom.js'

const maxLength = 20000

// render makes a fragment. command is called with the text of a QQ command link.
export function render(source, command) {
  const out = document.createDocumentFragment()
  const lines = String(source).slice(0, maxLength).split(/\r?\n/)
  for (let i = 0; i < lines.length;) i = block(lines, i, out, command, 0)
  return out
}

function block(lines, i, out, command, depth) {
  const line = lines[i]
  let m
  if (!line.trim()) return i + 1
  if ((m = line.match(/^\s*```/))) {
    const code = []
    for (i++; i < lines.length && !/^\s*```/.test(lines[i]); i++) code.push(lines[i])
    out.append(h('pre', {}, h('code', {}, code.join('\n'))))
    return i + 1
  }
  if ((m = line.match(/^(#{1,6})\s+(.+)$/))) {
    out.append(h('p', { class: `md-h md-h${Math.min(m[1].length, 4)}`, role: 'heading', 'aria-level': 3 + m[1].length }, inline(m[2], command)))
    return i + 1
  }
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
    out.append(h('hr'))
    return i + 1
  }
  if (/^\s*>/.test(line) && depth < 4) {
    const inner = []
    for (; i < lines.length && /^\s*>/.test(lines[i]); i++) inner.push(lines[i].replace(/^\s*> ?/, ''))
    const quote = h('blockquote')
    for (let j = 0; j < inner.length;) j = block(inner, j, quote, command, depth + 1)
    out.append(quote)
    return i
  }
  if ((m = line.match(/^\s*([-*+]|\d{1,9}[.)])\s+/))) {
    const ordered = /\d/.test(m[1])
    const item = ordered ? /^\s*\d{1,9}[.)]\s+(.*)$/ : /^\s*[-*+]\s+(.*)$/
    const list = h(ordered ? 'ol' : 'ul', ordered ? { start: parseInt(m[1], 10) } : {})
    for (; i < lines.length && (m = lines[i].match(item)); i++) list.append(h('li', {}, inline(m[1], command)))
    out.append(list)
    return i
  }
  const text = []
  for (; i < lines.length && lines[i].trim() && (!text.length || !starts(lines[i])); i++) text.push(lines[i])
  const p = h('p')
  text.forEach((one, n) => p.append(...(n ? [h('br')] : []), ...inline(one, command)))
  out.append(p)
  return i
}

const starts = line => /^\s*(```|#{1,6}\s|>|[-*+]\s|\d{1,9}[.)]\s)/.test(line)

const rules = [
  [/`([^`]+)`/, m => h('code', {}, m[1])],
  [/!\[([^\]#]*)#(\d{1,5})px\s+#(\d{1,5})px\s*\]\(([^()\s]+)\)/, m => picture(m[1].trim(), +m[2], +m[3], m[4])],
  [/!\[([^\]]*)\]\(([^()\s]+)\)/, m => named(m[1] || m[2])],
  [/\[([^\]]+)\]\(([^()\s]+)\)/, (m, command) => link(m[2], inline(m[1], command))],
  [/<(https?:\/\/[^\s<>]+)>/, m => link(m[1], [m[1]])],
  [/<qqbot-cmd-(?:input|enter)\s+([^<>]*?)\/?>/, (m, command) => commandLink(m[1], command)],
  [/<@!?(\w+)>/, m => h('span', { class: 'md-at' }, '@' + m[1].slice(0, 8))],
  [/\*\*\*([^*]+)\*\*\*/, (m, c) => h('strong', {}, h('em', {}, inline(m[1], c)))],
  [/\*\*([^*]+)\*\*/, (m, c) => h('strong', {}, inline(m[1], c))],
  [/__([^_]+)__/, (m, c) => h('strong', {}, inline(m[1], c))],
  [/~~([^~]+)~~/, (m, c) => h('del', {}, inline(m[1], c))],
  [/\*([^*\s][^*]*)\*/, (m, c) => h('em', {}, inline(m[1], c))],
  [/(?<![\w])_([^_]+)_(?![\w])/, (m, c) => h('em', {}, inline(m[1], c))],
  [/\bhttps?:\/\/[^\s<>()]+[^\s<>().,;:!?，。；：！？]/, m => link(m[0], [m[0]])],
]

// inline splits at the first of the rules that matches, again and again.
function inline(text, command) {
  const out = []
  while (text) {
    let best = null
    let make
    for (const [pattern, fn] of rules) {
      const m = text.match(pattern)
      if (m && (!best || m.index < best.index)) [best, make] = [m, fn]
    }
    if (!best) {
      out.push(text)
      break
    }
    if (best.index) out.push(text.slice(0, best.index))
    const made = make(best, command)
    out.push(made ?? best[0])
    text = text.slice(best.index + best[0].length)
  }
  return out
}

const named = text => h('span', { class: 'md-image' }, '🖼 ' + text)

// picture draws an upload at its raw_url, by this page's own address: bots may know the platform by another one. QQ draws none
// without sizes, and an address that has ended is named.
function picture(alt, width, height, address) {
  let url
  try {
    url = new URL(address)
  } catch {
    return named(alt)
  }
  if (!url.pathname.startsWith('/presigned/raw/')) return named(alt || address)
  const img = h('img', { class: 'md-picture', src: url.pathname + url.search, alt, loading: 'lazy', decoding: 'async' })
  img.width = width
  img.height = height
  img.addEventListener('error', () => img.replaceWith(named(alt)))
  return img
}

// link goes to http and https only; anything else stays its text.
export function link(address, children) {
  let url
  try {
    url = new URL(address)
  } catch {
    return h('span', {}, ...children)
  }
  if (!['http:', 'https:'].includes(url.protocol)) return h('span', {}, ...children)
  return h('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...children)
}

function commandLink(attributes, command) {
  const value = name => attributes.match(new RegExp(`${name}\\s*=\\s*["']([^"']*)["']`))?.[1]
  let text = value('text') ?? ''
  let shown = value('show') ?? text
  try {
    [text, shown] = [decodeURIComponent(text), decodeURIComponent(shown)]
  } catch { /* it was not encoded */ }
  if (!text) return null
  return h('button', { type: 'button', class: 'md-command', onclick: () => command(text) }, shown)
}

// linked is plain text whose addresses can be followed.
export function linked(text) {
  const out = []
  let rest = String(text)
  for (let m; (m = rest.match(/https?:\/\/[^\s<>()"']+[^\s<>()"'.,;:!?，。；：！？]/));) {
    out.push(rest.slice(0, m.index), link(m[0], [m[0]]))
    rest = rest.slice(m.index + m[0].length)
  }
  out.push(rest)
  return out
}
