package e2e

import "testing"

func TestLook2(t *testing.T) {
	url := start(t)
	p := open(t, url, size(1400, 880))
	p.shot("empty")
	p.say("cat")
	p.answers(1)
	p.say("buttons")
	p.answers(2)
	p.say("hello")
	p.answers(3)
	p.shot("light")
	q := open(t, url, size(1400, 880), dark(), chinese())
	q.script(`[...document.querySelectorAll('.from-bot .sum')].at(0).click()`)
	q.until(`document.querySelector('.call')`, "")
	q.shot("dark-zh")
	n := open(t, url, size(390, 780))
	n.shot("narrow")
	n.script(`document.querySelector('#side-open').click()`)
	n.script(`new Promise(r => setTimeout(r, 300))`)
	n.shot("narrow-side")
	n.script(`document.querySelector('#side-close').click(); [...document.querySelectorAll('.from-bot .sum')].at(0).click()`)
	n.script(`new Promise(r => setTimeout(r, 300))`)
	n.shot("narrow-inspector")
	m := open(t, url, size(900, 700), dark())
	m.shot("medium")
}
