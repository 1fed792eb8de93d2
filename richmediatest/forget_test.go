package richmediatest_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestForgetChangesNothingForTheBot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t, richmediatest.WithTTL(10*time.Minute), richmediatest.WithTokenLifetime(2*time.Hour))
		bob := b.p.C2C("bob")
		ev := bob.Say("", "hi")
		info := b.fileInfo(bob, 1, png)
		image := func(seq int) string {
			return object("msg_type", 7, "media", media(info), "msg_id", ev.MsgID(), "msg_seq", seq)
		}
		accepted(t, b.message(bob, image(1)))
		press := bob.Press("", "x")
		_, err := b.do("PUT", "/interactions/"+press.InteractionID(), `{"code":0}`)
		require.NoError(t, err)

		b.p.Forget()
		assert.Empty(t, b.p.Calls())
		assert.Empty(t, b.p.Uploads())
		assert.Empty(t, bob.Messages())
		refused(t, b.message(bob, image(1)), 400, 40054005, 40054005)
		accepted(t, b.message(bob, image(2)))
		assert.Len(t, bob.Answers(), 1)
		assert.Len(t, b.p.Acks(), 1)

		time.Sleep(11 * time.Minute)
		b.p.Forget()
		refused(t, b.message(bob, image(3)), 400, 304080, 304080)
		accepted(t, b.message(bob, object("content", "x", "msg_id", ev.MsgID(), "msg_seq", 3)))

		time.Sleep(time.Hour)
		b.p.Forget()
		assert.Equal(t, 40034024, b.message(bob, image(4)).code(), "its window was over")
		assert.Empty(t, b.p.Acks())
	})
}

func TestForgetDropsOldAttachmentsAndKeepsWhatIsHosted(t *testing.T) {
	p := richmediatest.New()
	p.ServeAt("http://127.0.0.1:80") // a port that no address shows
	p.Host("https://example.com/cat.png", png)
	get := func(address string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		require.NoError(t, err)
		resp, err := p.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	p.Group("cats").Say("ann", "", richmediatest.Attachment{Data: png, FileName: "a.png"})
	sent := p.Group("cats").Messages()[0].Attachments[0].URL
	p.Forget()
	assert.Equal(t, http.StatusOK, get(sent), "it can still be answered with")
	p.Advance(2 * time.Hour)
	p.Forget()
	assert.Equal(t, http.StatusNotFound, get(sent))
	assert.Equal(t, http.StatusOK, get("https://example.com/cat.png"))
}
