package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestThePicturesOfREADMEAreThoseOfThePage takes the pictures; with -docs ../../../docs it replaces those of README.
func TestThePicturesOfREADMEAreThoseOfThePage(t *testing.T) {
	address := start(t)
	p := open(t, address, size(1160, 730))
	p.turn("lost")
	p.say("cat")
	p.until(`document.querySelector('.sum.healed')`, "the bot recovers")
	p.say("hello")
	p.until(`document.querySelectorAll('.from-bot').length === 2 && document.querySelector('.length').textContent`, "a voice")
	p.do(click(css(`.sum`)))
	p.until(`document.querySelectorAll('#pane-inspector .call').length === 3`, "its calls")
	p.script(`document.querySelector('#log').scrollTop = 0; document.activeElement.blur()`)
	keep(t, "playground.png", p.shot("docs-light"))

	q := open(t, address, size(1100, 680), dark(), chinese())
	q.do(click(css(`[data-chat="c2c/carol"]`)))
	q.until(`document.querySelector('#chat-name').textContent === 'carol'`, "another chat")
	q.say("按钮")
	q.answers(1)
	q.say("文件")
	q.answers(2)
	q.do(click(css(`#tab-faults`)))
	q.until(`document.querySelector('#w-lost').getAttribute('aria-checked') === 'true'`, "the faults are those of the other page")
	q.script(`document.activeElement.blur()`)
	keep(t, "playground-zh.png", q.shot("docs-dark"))
}

func keep(t *testing.T, name string, png []byte) {
	t.Helper()
	require.NotEmpty(t, png)
	assert.Less(t, len(png), 150_000, "%s is small", name)
	if *docs != "" {
		require.NoError(t, os.WriteFile(filepath.Join(*docs, name), png, 0o644)) //nolint:gosec // for everybody
	}
}
