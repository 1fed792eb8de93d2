package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
)

func TestSeveralPagesSeeTheSameChats(t *testing.T) {
	url := start(t)
	one, two := open(t, url), open(t, url)
	one.say("cat")
	two.answers(1)
	two.say("hello")
	one.answers(2)
	two.do(click(css(`[data-chat="c2c/carol"]`)))
	two.until(`document.querySelector('#chat-name').textContent === 'carol'`, "another chat")
	one.say("report")
	one.answers(3)
	two.until(`document.querySelector('[data-chat="group/cats"] .unread').textContent === '1'`, "what was not read is counted")
	two.turn("lost")
	one.until(`!document.querySelector('#faults-dot').hidden`, "faults are the same on every page")
}

func TestAllOfItWorksWithTheKeyboard(t *testing.T) {
	p := open(t, start(t))
	p.do(chromedp.Focus(css("#text")), chromedp.KeyEvent("cat"), chromedp.KeyEvent(kb.Enter))
	p.answers(1)
	p.do(chromedp.Focus(css("#log")), chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowDown))
	p.until(`document.querySelector('.from-bot.selected')`, "the answer is chosen")
	p.do(chromedp.KeyEvent(kb.Enter))
	p.until(`document.querySelector('#pane-inspector .facts')`, "and inspected")
	p.do(chromedp.KeyEvent(kb.Escape))
	p.until(`!document.querySelector('#panel').classList.contains('open')`, "the panel closes")
	p.do(chromedp.KeyEvent("/"))
	p.until(`document.activeElement.id === 'text'`, "back to writing")
	p.script(`document.activeElement.value = ''`) // the protocol sends the letter by itself, a keyboard does not
	p.do(chromedp.KeyEvent(kb.ArrowDown, chromedp.KeyModifiers(chromedp.ModifierAlt)))
	p.until(`document.querySelector('#chat-name').textContent === 'carol'`, "the next chat")
	p.do(chromedp.KeyEvent("猫"), chromedp.KeyEvent(kb.Enter))
	p.answers(1)
	p.do(chromedp.Focus(css("#more")), chromedp.KeyEvent(kb.Enter))
	p.until(`document.activeElement.dataset.do === 'remove'`, "a menu takes the focus")
	p.do(chromedp.KeyEvent(kb.Escape))
	p.until(`document.activeElement.id === 'more'`, "and gives it back")
	p.do(chromedp.Focus(css("#new-chat")), chromedp.KeyEvent(kb.Enter))
	p.until(`document.querySelector('#ask').open`, "a new chat")
	p.do(chromedp.Focus(css("#new-name")), chromedp.KeyEvent("dogs"), chromedp.KeyEvent(kb.Enter))
	p.until(`document.querySelector('#chat-name').textContent === 'dogs'`, "is made")
	p.do(chromedp.Focus(css("#text")), chromedp.KeyEvent("woof"), chromedp.KeyEvent(kb.Enter))
	p.until(`document.querySelector('#log .mine .text')?.textContent === 'woof'`, "and shows its messages")
	assert.Empty(t, eval[[]string](p, `[...document.querySelectorAll('button,a,select,input,textarea,[role]')].filter(e => e.checkVisibility()
		&& !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels?.length || e.closest('label'))).map(e => e.outerHTML)`), "everything has a name")
}

const overflow = `Math.max(document.documentElement.scrollWidth - innerWidth, ...[...document.querySelectorAll('.main *')].filter(e => e.checkVisibility() && !e.closest('.chips')).map(e => e.getBoundingClientRect().right - innerWidth))`

func TestItFitsANarrowScreen(t *testing.T) {
	url := start(t)
	p := open(t, url, size(360, 740))
	for n, word := range []string{"cat", "buttons", "clip", "report", "hello"} {
		p.say(word)
		p.answers(n + 1)
	}
	p.until(`document.querySelector('.from-bot video')?.videoWidth`, "the video")
	assert.LessOrEqual(t, eval[float64](p, overflow), 0.5)
	p.shot("narrow")
	p.do(click(css(`#side-open`)))
	p.until(`document.querySelector('#side').getBoundingClientRect().left === 0`, "the chats come in")
	p.do(click(css(`[data-chat="c2c/carol"]`)))
	p.until(`document.querySelector('#chat-name').textContent === 'carol' && document.querySelector('#side').getBoundingClientRect().right <= 0`, "and go")
	p.do(click(css(`#open-faults`)))
	p.until(`document.querySelector('#panel').getBoundingClientRect().width === innerWidth`, "a panel takes the screen")
	p.shot("narrow-faults")
	p.do(click(css(`#panel-close`)))
	p.say("cat")
	p.answers(1)
}

func TestItFollowsTheSystemIntoTheDark(t *testing.T) {
	url := start(t)
	p, q := open(t, url), open(t, url, dark())
	p.say("cat")
	q.answers(1)
	contrast := `(() => {
		const rgb = c => c.match(/[\d.]+/g).map(Number)
		const light = c => { const [r, g, b] = rgb(c).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b }
		const under = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\)|transparent/.test(c)) return c } return 'rgb(255,255,255)' }
		const ratio = e => { const [a, b] = [light(getComputedStyle(e).color), light(under(e))].sort((x, y) => y - x); return (a + .05) / (b + .05) }
		return Math.min(...['.from-bot .text', '.from-bot .name', '.from-bot .quote', '.sum', '#chat-about', '.chat-last', '.chip', '#status', '.tabs [role=tab]', '.nothing .muted'].map(s => document.querySelector(s)).filter(Boolean).map(ratio))
	})()`
	assert.Less(t, eval[float64](q, `getComputedStyle(document.body).backgroundColor.match(/\d+/g).reduce((a, b) => a + +b, 0)`), 150.0)
	assert.Greater(t, eval[float64](p, `getComputedStyle(document.body).backgroundColor.match(/\d+/g).reduce((a, b) => a + +b, 0)`), 600.0)
	assert.GreaterOrEqual(t, eval[float64](p, contrast), 4.5, "words can be read in the light")
	assert.GreaterOrEqual(t, eval[float64](q, contrast), 4.5, "and in the dark")
	q.shot("dark")
}

func TestItSpeaksChinese(t *testing.T) {
	p := open(t, start(t), chinese())
	p.say("猫")
	p.answers(1)
	p.do(click(css(`.sum`)))
	p.until(`document.querySelector('#pane-inspector .facts')`, "inspected")
	assert.Equal(t, "zh-CN", eval[string](p, `document.documentElement.lang`))
	assert.Equal(t, "演练场", eval[string](p, `document.title`))
	page := eval[string](p, `document.body.innerText`)
	for _, want := range []string{"群聊", "单聊", "检查器", "故障", "一次上传", "剩余有效期", "机器人已连接"} {
		assert.Contains(t, page, want)
	}
	assert.Equal(t, "输入消息", eval[string](p, `document.querySelector('#text').placeholder`))
	assert.Empty(t, eval[[]string](p, `(async () => {
		const { t, chinese } = await import('/assets/words.js')
		const source = await (await fetch('/assets/words.js')).text()
		const keys = block => new Set([...block.matchAll(/(?:^|[\s{,])(?:'([^']+)'|(\w+)): '/g)].map(m => m[1] ?? m[2]))
		const en = keys(source.split('const en = {')[1].split('\n}')[0]), zh = keys(source.split('const zh = {')[1].split('\n}')[0])
		return [...en].filter(k => !zh.has(k)).concat([...zh].filter(k => !en.has(k)))
	})()`), "every word is there in both languages")
	p.shot("chinese")
}

func TestAPageThatWasHiddenComesBackToWhereOneWasReading(t *testing.T) {
	url := start(t)
	p, other := open(t, url), open(t, url)
	for range 3 {
		p.say("album")
	}
	p.answers(9)
	p.until(`[...document.querySelectorAll('.from-bot img')].every(i => i.naturalWidth)`, "the pictures")
	p.script(`document.querySelector('#log').scrollTop = 100`)
	hide := func(hidden string) {
		p.script(`Object.defineProperty(document, 'hidden', { value: ` + hidden + `, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`)
	}
	hide("true")
	p.until(`(window.since ??= performance.now(), performance.now() - window.since > 10500)`, "it leaves its connection to others")
	other.say("cat")
	other.answers(10)
	hide("false")
	p.until(`document.querySelector('#newer').checkVisibility()`, "it is told what it has missed")
	assert.InDelta(t, 100, eval[float64](p, `document.querySelector('#log').scrollTop`), 5)
	p.do(click(css(`#newer`)))
	p.until(`[...document.querySelectorAll('.from-bot .text')].at(-1)?.textContent.includes('meow')`, "and shows it")
	assert.Equal(t, 10, eval[int](p, `document.querySelectorAll('.from-bot').length`), "once")
}
