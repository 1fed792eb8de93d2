package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// turn switches a fault on as a user does.
func (p *tab) turn(name string) {
	p.t.Helper()
	p.do(click(css(`#tab-faults`)), click(css(`[id="w-`+name+`"]`)))
	p.until(`document.querySelector('[id="w-`+name+`"]').getAttribute('aria-checked') === 'true'`, name+" is on")
}

func TestAChunkedUploadShowsItsProgress(t *testing.T) {
	p := open(t, start(t))
	p.turn("slow")
	p.script(`(() => {
		window.seen = []
		new MutationObserver(() => {
			const bar = document.querySelector('#working [role=progressbar]')
			if (bar) window.seen.push(Number(bar.getAttribute('aria-valuenow')))
		}).observe(document.querySelector('#working'), { childList: true, subtree: true })
	})()`)
	p.say("big")
	p.until(`document.querySelector('#working [role=progressbar]')?.getAttribute('aria-valuenow') > 20`, "how far it is")
	p.script(`document.querySelector('.mine .bubble').click()`)
	p.until(`document.querySelector('#pane-inspector [role=progressbar]') && document.querySelector('.call .running')`, "and in the inspector")
	p.shot("progress")
	p.answers(1)
	seen := eval[[]float64](p, `window.seen`)
	t.Logf("progress: %v", seen)
	require.Greater(t, len(seen), 10)
	for i := 1; i < len(seen); i++ {
		assert.GreaterOrEqual(t, seen[i], seen[i-1], "it never falls")
	}
	p.until(`!document.querySelector('#working [role=progressbar]')`, "it goes when the upload is over")
	p.until(`document.querySelector('.sum').textContent.startsWith('in parts')`, "the route")
	p.do(click(css(`.sum`)))
	p.until(`document.querySelectorAll('#pane-inspector .op-part').length === 16`, "eight parts, put and finished")
	p.until(`document.querySelector('#pane-inspector [role=progressbar]').textContent.includes('part 8 of 8')`, "the last of them")
}

func TestALostAnswerIsRepeatedAndShownOnce(t *testing.T) {
	p := open(t, start(t))
	p.turn("lost")
	p.say("cat")
	p.until(`document.querySelector('.sum.healed')?.textContent.includes('1 retry')`, "the bot tried again")
	p.do(click(css(`.sum`)))
	p.until(`document.querySelector('.call:last-child')?.textContent.includes('40054005')`, "and was told that it is there")
	assert.Equal(t, 1, eval[int](p, `document.querySelectorAll('.from-bot').length`))
	assert.Equal(t, "cut", eval[string](p, `document.querySelectorAll('.call')[1].querySelector('.code').textContent`))
	assert.Equal(t, false, eval[bool](p, `document.querySelector('#faults-dot').hidden`), "the bar shows that a fault is on")
	p.shot("recovery")
	p.do(click(css(`#tab-faults`)), click(css(`#w-off`)))
	p.until(`document.querySelector('#faults-dot').hidden`, "no faults")
}

func TestAnEndedFileInfoIsReplaced(t *testing.T) {
	p := open(t, start(t))
	p.say("cat")
	p.answers(1)
	p.do(click(css(`#tab-faults`)), click(css(`#w-expire`)))
	p.until(`document.querySelector('#w-expire .struck')`, "it was done")
	p.say("cat")
	p.answers(2)
	p.until(`[...document.querySelectorAll('.sum')].at(-1).classList.contains('healed')`, "the bot tried again")
	p.script(`[...document.querySelectorAll('.sum')].at(-1).click()`)
	p.until(`document.querySelector('#pane-inspector .facts')?.textContent.includes('uploaded again')`, "the inspector says why")
}

func TestTheClockIsMovedAndTheWindowEnds(t *testing.T) {
	p := open(t, start(t))
	p.say("cat")
	p.answers(1)
	p.do(click(css(`.sum`)))
	p.until(`document.querySelectorAll('#pane-inspector [data-until]').length === 2`, "what ends, counting down")
	p.do(click(css(`#tab-faults`)), chromedp.ScrollIntoView(css(`#w-clock300000`)), click(css(`#w-clock300000`)))
	p.until(`document.querySelector('.clock-now').textContent.includes('5:00 ahead')`, "the platform's clock")
	p.shot("clock")
	p.do(click(css(`#tab-inspector`)))
	p.until(`[...document.querySelectorAll('#pane-inspector [data-until]')].every(e => e.textContent === 'over')`, "the window and the file_info are over")
	p.say("cat")
	p.answers(2)
	p.until(`[...document.querySelectorAll('.sum')].at(-1).classList.contains('healed')`, "the bot, whose clock stays, is refused and uploads again")
}

func TestTheBotComesBackAfterARestartOfTheGateway(t *testing.T) {
	p := open(t, start(t))
	p.do(click(css(`#tab-faults`)), click(css(`#w-restart`)))
	p.until(`document.querySelector('#status').textContent === 'No bot is connected'`, "it was cut off")
	p.say("cat")
	p.until(`document.querySelector('#status').textContent === 'A bot is connected'`, "it came back")
	p.answers(1)
}
