package platform

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var user = Chat{Scene: C2C, ID: "U"}

func TestAFrameHasTheFieldsOfTheDocuments(t *testing.T) {
	for want, f := range map[string]Frame{
		`{"content_raw":"a","content_type":"text","input_mode":"append","input_state":1,"index":0,"msg_id":"M","msg_seq":7}`: {Content: "a", MsgID: "M", MsgSeq: 7},
		`{"content_raw":"","content_type":"markdown","input_mode":"replace","input_state":10,"index":2,"stream_msg_id":"S","event_id":"E"}`: {
			Markdown: true, Replace: true, Last: true, Index: 2, StreamID: "S", EventID: "E",
		},
	} {
		c, s, _, _ := newTestClient(status(200, sentOK))
		sent, err := c.SendFrame(t.Context(), user, f)
		require.NoError(t, err)
		assert.Equal(t, "M1", sent.ID)
		assert.Equal(t, []string{want}, s.bodies)
	}
}

func TestAFrameIsRepeatedUnlessItIsTheFirstWithoutNumber(t *testing.T) {
	for name, answer := range map[string]step{
		"reset": broken, "50001": status(500, `{"code":50001}`), "HTTP 502": status(502, "<html>"), "empty": status(200, ""),
	} {
		for _, f := range []Frame{{Content: "x", MsgSeq: 7, MsgID: "M"}, {Content: "x", Index: 1, StreamID: "S"}, {Content: "x"}} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, s, _, _ := newTestClient(answer, status(200, sentOK))
					_, err := c.SendFrame(t.Context(), user, f)
					if f.Index == 0 && f.MsgSeq == 0 {
						var e *Error
						require.ErrorAs(t, err, &e)
						assert.True(t, e.Unknown)
						assert.Len(t, s.bodies, 1)
						return
					}
					require.NoError(t, err)
					require.Len(t, s.bodies, 2)
					assert.Equal(t, s.bodies[0], s.bodies[1], "the very same frame")
				})
			})
		}
	}
}

func TestAFrameThatIsRefusedForItsContentIsNotRepeated(t *testing.T) {
	for _, body := range []string{`{"code":40007}`, `{"code":40034006}`, `{"code":40034005}`} {
		c, s, _, _ := newTestClient(status(400, body))
		_, err := c.SendFrame(t.Context(), user, Frame{Content: "x", Index: 1, StreamID: "S"})
		var e *Error
		require.ErrorAs(t, err, &e, body)
		assert.Equal(t, Terminal, e.Class(), body)
		assert.Len(t, s.bodies, 1, body)
	}
}

func TestFramesHaveARateOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := newTestClient(status(200, sentOK))
		began := time.Now()
		for range 50 {
			_, err := c.SendFrame(t.Context(), user, Frame{Index: 1, StreamID: "S"})
			require.NoError(t, err)
		}
		_, err := c.Send(t.Context(), user, []byte(`{}`), false)
		require.NoError(t, err)
		assert.Equal(t, began, time.Now())
		_, err = c.SendFrame(t.Context(), user, Frame{Index: 1, StreamID: "S"})
		require.NoError(t, err)
		assert.Equal(t, ratePeriod, time.Since(began))
	})
}
