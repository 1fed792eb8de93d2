package richmediatest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestAnEventReportsHowManyRepliesItStillTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t, richmediatest.WithTokenLifetime(2*time.Hour))
		group := b.p.Group("cats")
		ev := group.Say("ann", "cat")
		for left := 5; left > 0; left-- {
			n, until := ev.RepliesLeft()
			assert.Equal(t, left, n)
			assert.Equal(t, time.Now().Add(5*time.Minute), until)
			accepted(t, b.message(group, object("msg_type", 0, "content", "hi", "msg_id", ev.MsgID(), "msg_seq", left)))
		}
		n, _ := ev.RepliesLeft()
		assert.Zero(t, n, "all are used")

		single := b.p.C2C("ann").Say("", "cat")
		n, _ = single.RepliesLeft()
		assert.Equal(t, 4, n)
		time.Sleep(time.Hour + time.Second)
		n, until := single.RepliesLeft()
		assert.Zero(t, n, "too late")
		assert.Equal(t, time.Now().Add(-time.Second), until)

		n, until = b.p.Channel("news").Say("ann", "cat").RepliesLeft()
		assert.Equal(t, -1, n, "no count is documented")
		assert.Equal(t, time.Now().Add(5*time.Minute), until)
		n, _ = group.RemoveBot("ann").RepliesLeft()
		assert.Zero(t, n, "cannot be answered")
	})
}
