package richmediatest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestAFreshEventIDIsRefusedForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBot(t)
		b.p.LagEventIDs(700 * time.Millisecond)
		g, channel := b.p.Group("g"), b.p.Channel("news")
		reply := func(c *richmediatest.Chat, ev *richmediatest.Event, seq int) reply {
			fields := []any{"content", "hi", "event_id", ev.ID()}
			if c == g {
				fields = append(fields, "msg_type", 0, "msg_seq", seq)
			}
			return b.message(c, object(fields...))
		}
		for _, c := range []*richmediatest.Chat{g, channel} {
			ev := c.Press("ann", "x")
			refused(t, reply(c, ev, 1), 400, 40034025, 40034025)
			time.Sleep(620 * time.Millisecond)
			refused(t, reply(c, ev, 1), 400, 40034025, 40034025)
			time.Sleep(150 * time.Millisecond)
			accepted(t, reply(c, ev, 1))
			ev.Redeliver()
			refused(t, reply(c, ev, 2), 400, 40034025, 40034025)
			time.Sleep(700 * time.Millisecond)
			accepted(t, reply(c, ev, 2))
		}
		accepted(t, b.message(g, object("msg_type", 0, "content", "hi", "msg_id", g.Say("ann", "hi").MsgID())))

		b.p.LagEventIDs(0)
		accepted(t, reply(g, g.Press("ann", "x"), 1))
		refused(t, b.message(g, object("msg_type", 0, "content", "hi", "event_id", "INTERACTION_CREATE:none")), 400, 40034025, 40034025)
	})
}
