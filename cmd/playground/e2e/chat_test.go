package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// watchAnswers notes, for each message of the bot, how long after its sending the page had painted it.
const watchAnswers = `(() => {
	window.lags = []
	new MutationObserver(all => {
		for (const m of all) for (const el of m.addedNodes) {
			const rows = el.matches?.('.from-bot') ? [el] : el.querySelectorAll?.('.from-bot') ?? []
			for (const row of rows) requestAnimationFrame(() => window.lags.push(Date.now() - Number(row.dataset.at)))
		}
	}).observe(document.querySelector('#log'), { childList: true, subtree: true })
})()`

func TestOneWritesAndGetsAnImage(t *testing.T) {
	p := open(t, start(t))
	p.script(watchAnswers)
	for n := range 5 {
		p.say("cat")
		p.answers(n + 1)
	}
	p.until(`[...document.querySelectorAll('.from-bot img')].every(i => i.naturalWidth === 320)`, "the picture is shown")
	assert.Contains(t, eval[string](p, `document.querySelector('.from-bot .text').textContent`), "meow")
	assert.Equal(t, "ann: cat", eval[string](p, `document.querySelector('.from-bot .quote').textContent`))
	assert.Equal(t, "one call", eval[string](p, `document.querySelectorAll('.sum')[0].textContent.split(' · ')[0]`))
	p.until(`document.querySelectorAll('.sum')[4].textContent.startsWith('from cache')`, "the second time nothing is uploaded")
	p.until(`window.lags.length > 0`, "the time from the send to the picture")
	lags := eval[[]float64](p, `window.lags`)
	t.Logf("shown %v ms after the bot's send", lags)

	p.do(click(css(`.from-bot .sum`)))
	p.until(`document.querySelectorAll('#pane-inspector .call').length === 2`, "the calls behind it")
	facts := eval[string](p, `document.querySelector('#pane-inspector .facts').textContent`)
	for _, want := range []string{"1001", "msg_id", "4 more", "••••", "Window", "Trace", "Plugin"} {
		assert.Contains(t, facts, want)
	}
	p.script(`document.querySelector('#pane-inspector .call:last-child summary').click()`)
	p.until(`document.querySelector('.call[open] pre')`, "the request and its answer")
	assert.Contains(t, eval[string](p, `document.querySelector('.call[open]').textContent`), `"msg_type": 7`)
	p.shot("image")
}

// holdMessages keeps the next list of messages from the page until window.release is called.
const holdMessages = `(() => {
	const real = window.fetch
	let held = false
	window.fetch = async (address, options) => {
		const answer = await real(address, options)
		if (!held && String(address).startsWith('/api/messages')) {
			held = true
			await new Promise(release => { window.release = release })
		}
		return answer
	}
	window.say = (chat, user, text) => real('/api/say', { method: 'POST', body: new URLSearchParams({ chat, user, text }) })
	window.rest = ms => new Promise(done => setTimeout(done, ms))
})()`

// TestAMessageThatComesWhileAChatIsOpenedIsShown although the list that was asked for is older.
func TestAMessageThatComesWhileAChatIsOpenedIsShown(t *testing.T) {
	p := open(t, start(t, "-bot=false"))
	p.script(holdMessages)
	p.do(click(css(`[data-chat="channel/news"]`)))
	p.until(`document.querySelector('#chat-name').textContent === 'news' && window.release`, "the channel, without its messages")
	early := eval[int](p, `(async () => {
		const told = new EventSource('/api/stream?from=' + (await (await fetch('/api/state')).json()).head)
		const came = new Promise(done => { told.onmessage = e => { if (e.data.includes('look at this')) done() } })
		await say('channel/news', 'ann', 'look at this')
		await came
		told.close()
		await rest(200) // the page's own stream has it by now
		const early = document.querySelectorAll('#log .text').length
		release()
		return early
	})()`)
	assert.Zero(t, early, "the list that would replace it is under way")
	p.until(`document.querySelector('#log .text')?.textContent === 'look at this'`, "the message")
}

// TestWhatIsHeldWhileAChatIsOpenedDoesNotReplaceNewerState that the page has fetched meanwhile.
func TestWhatIsHeldWhileAChatIsOpenedDoesNotReplaceNewerState(t *testing.T) {
	p := open(t, start(t, "-bot=false"), command(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `
		const Real = window.EventSource
		window.EventSource = class extends Real { constructor(address) { super(address); window.source = this } }
	`}))
	p.script(holdMessages)
	p.do(click(css(`[data-chat="channel/news"]`)))
	p.until(`document.querySelector('#chat-name').textContent === 'news' && window.release`, "the channel, without its messages")
	p.script(`(async () => {
		await say('c2c/carol', 'carol', 'one')
		await rest(200)
		source.close() // the page is too far behind, and is told to begin anew
		await say('c2c/carol', 'carol', 'two')
		source.dispatchEvent(new Event('reset'))
	})()`)
	const last = `document.querySelector('[data-chat="c2c/carol"] .chat-last').textContent`
	p.until(last+` === 'carol: two'`, "the newer message")
	assert.Equal(t, "carol: two", eval[string](p, `(async () => { release(); await rest(300); return `+last+` })()`))
}

func TestAVoiceIsPlayedAndAVideoCanBe(t *testing.T) {
	p := open(t, start(t))
	p.say("hello")
	p.answers(1)
	p.until(`document.querySelector('.voice .length').textContent === '2″'`, "its length")
	p.do(click(css(`.voice`)))
	p.until(`document.querySelector('.voice audio').currentTime > 0.3`, "it plays")
	p.until(`document.querySelector('.voice.on .bars .done')`, "and shows how far it is")
	p.say("clip")
	p.answers(2)
	p.until(`document.querySelector('.from-bot video')?.duration > 1.5`, "the video is there")
	p.script(`document.querySelector('.from-bot video').muted = true; document.querySelector('.from-bot video').play()`)
	p.until(`document.querySelector('.from-bot video').currentTime > 0.3`, "and plays")
	p.shot("voice")
}

func TestAFileIsACardWithNameAndSize(t *testing.T) {
	p := open(t, start(t))
	p.say("report")
	p.answers(1)
	assert.Equal(t, "report.pdf745 B", eval[string](p, `document.querySelector('.from-bot .card-text').textContent`))
	assert.Equal(t, []string{"report.pdf", "application/octet-stream", "%PDF"}, eval[[]string](p, `(async () => {
		const a = document.querySelector('.from-bot a.card'), r = await fetch(a.href)
		return [a.download, r.headers.get('content-type'), (await r.text()).slice(0, 4)]
	})()`))
}

func TestAButtonIsPressed(t *testing.T) {
	p := open(t, start(t))
	p.say("buttons")
	p.answers(1)
	assert.Equal(t, "Pick one · 选一个", eval[string](p, `document.querySelector('.md [role=heading]').textContent`))
	assert.Equal(t, []string{"STRONG", "EM", "UL", "BLOCKQUOTE", "CODE"}, eval[[]string](p,
		`['strong', 'em', 'ul', 'blockquote', 'code'].map(s => document.querySelector('.md ' + s)?.tagName)`))
	p.do(click(css(`.key`)))
	p.answers(2)
	assert.Contains(t, eval[string](p, `document.querySelector('.line.system').textContent`), "ann pressed \"purr\"")
	assert.Equal(t, "Purred", eval[string](p, `document.querySelector('.key').textContent`))
	p.do(click(css(`.key-row:nth-child(2) .key`)))
	assert.Equal(t, "clip", eval[string](p, `document.querySelector('#text').value`), "a command is for the user to send")
	p.shot("buttons")
}

func TestFilesAreSentAndComeBack(t *testing.T) {
	dir := t.TempDir()
	picture, note := filepath.Join(dir, "猫.png"), filepath.Join(dir, "note.txt")
	png, err := os.ReadFile("../media/cat.png")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(picture, png, 0o600))
	require.NoError(t, os.WriteFile(note, []byte("words"), 0o600))
	p := open(t, start(t))
	p.do(chromedp.SetUploadFiles(css(`#file`), []string{picture, note}))
	p.until(`document.querySelectorAll('.pend').length === 2 && document.querySelector('.pend img').naturalWidth`, "what is about to be sent")
	p.shot("pending")
	p.say("for you")
	p.answers(2)
	p.until(`document.querySelector('.mine img').naturalWidth === 320 && document.querySelector('.from-bot img').naturalWidth === 320`, "both show the picture")
	assert.Equal(t, "note.txt", eval[string](p, `document.querySelector('.mine .card-name').textContent`))
	assert.Empty(t, eval[string](p, `document.querySelector('#pending').textContent`))
}

func TestUsersSwitchAndTheBotIsRemovedAndAdded(t *testing.T) {
	p := open(t, start(t))
	p.say("hi")
	p.answers(1)
	p.do(chromedp.SetValue(css(`#as`), "bob"))
	p.script(`document.querySelector('#as').dispatchEvent(new Event('change'))`)
	p.until(`document.querySelector('.theirs') && !document.querySelector('.mine')`, "what ann wrote is somebody else's now")
	p.do(click(css(`#more`)), click(css(`[data-do=remove]`)))
	p.until(`document.querySelector('#chat-about').textContent.includes('not here')`, "the bot has gone")
	p.say("cat")
	p.until(`document.querySelector('.pill.bad')?.textContent.includes('40054003')`, "and cannot answer")
	p.do(click(css(`#more`)), click(css(`[data-do=add]`)))
	p.until(`[...document.querySelectorAll('.from-bot .text')].some(e => e.textContent.includes('Hello!'))`, "it greets when it is added")
	p.script(`document.querySelector('#mention').click()`)
	before := eval[int](p, `document.querySelectorAll('.from-bot').length`)
	p.say("cat, between us")
	p.until(`[...document.querySelectorAll('.mine .text')].at(-1)?.textContent === 'cat, between us'`, "it is said")
	p.script(`document.querySelector('#mention').click()`)
	p.say("cat")
	p.answers(before + 1)
	assert.Equal(t, before+1, eval[int](p, `document.querySelectorAll('.from-bot').length`), "without a mention it says nothing")
	p.shot("members")
}

func TestGuildsAreChatsToo(t *testing.T) {
	p := open(t, start(t))
	p.do(click(css(`[data-chat="channel/news"]`)))
	p.until(`document.querySelector('#chat-about').textContent.startsWith('Guild channel')`, "a channel")
	p.say("cat")
	p.answers(1)
	p.until(`document.querySelector('.from-bot img').naturalWidth === 320`, "the picture is shown")
	p.until(`document.querySelector('.sum').textContent.startsWith('with the message')`, "how it came")
	p.say("clip")
	p.answers(2)
	p.until(`[...document.querySelectorAll('.from-bot .text')].at(-1).textContent.includes('images and text only')`, "what guilds do not take")
	p.do(click(css(`.sum`)))
	p.until(`document.querySelector('#pane-inspector .facts')?.textContent.includes('no count is documented')`, "its facts")
	p.do(click(css(`[data-chat="dm/dave"]`)))
	p.until(`document.querySelector('#chat-name').textContent === 'dave'`, "direct messages")
	p.say("photo")
	p.answers(1)
	p.shot("guild")
}
