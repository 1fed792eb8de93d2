package richmediatest_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTimeThatIsMovedForwardEndsWindowsAndFileInfos(t *testing.T) {
	b := newBot(t)
	group := b.p.Group("cats")
	old := group.Say("ann", "cat")
	button := group.Press("ann", "x")
	info := b.fileInfo(group, 1, png)
	sent := b.message(group, object("msg_type", 0, "content", "hi", "msg_id", old.MsgID()))
	accepted(t, sent)
	before := b.p.Now()
	b.p.Advance(299 * time.Second)
	assert.WithinDuration(t, before.Add(299*time.Second), b.p.Now(), 10*time.Second)
	accepted(t, b.message(group, object("msg_type", 7, "media", media(info), "msg_id", old.MsgID(), "msg_seq", 2)))
	acked, err := b.do(http.MethodPut, "/interactions/"+button.InteractionID(), `{"code":0}`)
	require.NoError(t, err)
	refused(t, acked, 400, 630001, 630001)
	recalled, err := b.do(http.MethodDelete, base(group)+"/messages/"+sent.text("id"), "")
	require.NoError(t, err)
	refused(t, recalled, 400, 40064004, 40064004)

	b.p.Advance(2 * time.Second)
	n, _ := old.RepliesLeft()
	assert.Zero(t, n)
	refused(t, b.message(group, object("msg_type", 0, "content", "hi", "msg_id", old.MsgID(), "msg_seq", 3)), 400, 40034005, 40034005)
	fresh := group.Say("ann", "cat")
	refused(t, b.message(group, object("msg_type", 7, "media", media(info), "msg_id", fresh.MsgID())), 400, 304080, 304080)
	accepted(t, b.message(group, object("msg_type", 0, "content", "hi", "msg_id", fresh.MsgID())))
	lines := group.Messages()
	assert.Greater(t, lines[len(lines)-1].Time.Sub(lines[0].Time), 300*time.Second)
	calls := b.p.Calls()
	assert.Less(t, calls[len(calls)-1].Took, time.Minute)
	assert.Panics(t, func() { b.p.Advance(-1) })
}

func TestTimeThatIsMovedForwardLeavesTokensAndSignaturesAlone(t *testing.T) {
	b := newBot(t)
	b.p.Advance(24 * time.Hour)
	group := b.p.Group("cats")
	accepted(t, b.message(group, object("msg_type", 0, "content", "hi", "msg_id", group.Say("ann", "cat").MsgID())))
	stamp := b.p.SignedRequest(nil).Header.Get("X-Signature-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), time.Unix(seconds, 0), time.Minute)
}
