// Functions that create elements. Text is added as text, never as markup.

// h creates an element: h('button', {class: 'x', onclick: fn}, 'text', child, ...).
export function h(tag, attrs = {}, ...children) {
  const el = document.createElement(tag)
  for (const [name, value] of Object.entries(attrs)) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith('on')) el.addEventListener(name.slice(2), value)
    else if (name === 'class') el.className = value
    else el.setAttribute(name, value === true ? '' : value)
  }
  el.append(...children.flat().filter(c => c !== undefined && c !== null && c !== false))
  return el
}

const svg = 'http://www.w3.org/2000/svg'

export function icon(name) {
  const el = document.createElementNS(svg, 'svg')
  const use = document.createElementNS(svg, 'use')
  el.setAttribute('class', 'icon')
  el.setAttribute('aria-hidden', 'true')
  use.setAttribute('href', '#i-' + name)
  el.append(use)
  return el
}

export const $ = id => document.getElementById(id)

// hue returns the color of a name.
export function hue(name) {
  let n = 7
  for (const c of name) n = (n * 31 + c.codePointAt(0)) >>> 0
  return n % 12
}

// avatar creates the avatar of a user, or of the bot.
export function avatar(name, bot) {
  if (bot) return h('span', { class: 'avatar bot', 'aria-hidden': 'true' }, icon('bot'))
  return h('span', { class: `avatar hue${hue(name)}`, 'aria-hidden': 'true' }, [...name][0]?.toUpperCase() ?? '?')
}

let hiding
export function toast(text) {
  const el = $('toast')
  el.textContent = text
  el.hidden = false
  clearTimeout(hiding)
  hiding = setTimeout(() => { el.hidden = true }, 5000)
}
