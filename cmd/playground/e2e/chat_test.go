package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
)

func TestLook(t *testing.T) {
	p := open(t, start(t), size(1400, 880))
	p.shot("empty")
	p.say("cat")
	p.answers(1)
	p.say("hello")
	p.answers(2)
	p.say("report")
	p.answers(3)
	p.say("buttons")
	p.answers(4)
	p.do(chromedp.Click(css(`.from-bot:last-of-type .sum`)))
	p.shot("chat1")
	p.say("clip")
	p.answers(5)
	p.say("big")
	p.answers(6)
	p.script(`[...document.querySelectorAll('.from-bot .sum')].at(-1).click()`)
	p.until(`document.querySelectorAll('.call').length > 10`, "calls")
	p.shot("chat2")
	p.do(chromedp.Click(css(`#open-weather`)))
	p.shot("weather")
	p.do(chromedp.Click(css(`#open-own`)))
	p.shot("own")
}
