package platform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEveryDocumentedCodeHasItsClassAndReason holds the table of the protocol reference, section 6, row by row: how often a
// message with a msg_seq is sent, and what its failure is.
func TestEveryDocumentedCodeHasItsClassAndReason(t *testing.T) {
	for _, row := range []struct {
		codes   []int
		class   Class
		reason  Reason
		sends   int
		doubt   bool // the message may have arrived if the code comes with HTTP 500
		replies bool // it is the message or event that cannot be answered
	}{
		{codes: []int{850012}, class: Retry, reason: Inside, sends: 4, doubt: true}, // of an upload: see below
		{codes: []int{850019, 40034002}, class: Terminal, reason: Unsupported, sends: 1},
		{codes: []int{850026, 40034001}, class: RetryOnce, reason: FetchFailed, sends: 2},
		{codes: []int{40093010}, class: Terminal, reason: FetchFailed, sends: 1},
		{codes: []int{850027}, class: Retry, reason: Inside, sends: 4, doubt: true},
		{codes: []int{850031}, class: Terminal, reason: TooLarge, sends: 1},
		{codes: []int{10000}, class: Terminal, reason: Unsupported, sends: 1},
		{codes: []int{850018, 40054002}, class: Terminal, reason: NotPermitted, sends: 1},
		{codes: []int{40093001}, class: Retry, sends: 4},
		{codes: []int{40093002}, class: Terminal, reason: DailyLimit, sends: 1},
		{codes: []int{304082, 304083}, class: Retry, reason: FetchFailed, sends: 4},
		{codes: []int{304080, 40034004}, class: Reupload, reason: BadFile, sends: 1},
		{codes: []int{22006, 340069, 304061, 40034125, 40011000}, class: Terminal, sends: 1},
		{codes: []int{40034005, 40034031, 304103, 304027}, class: Terminal, reason: Window | NoReply, sends: 1, replies: true},
		{codes: []int{40034128}, class: Terminal, reason: Window | Limit | NoReply, sends: 1, replies: true},
		{codes: []int{40034024, 304026}, class: Terminal, reason: NoReply, sends: 1, replies: true},
		{codes: []int{40034025}, class: RetryTwice, reason: NoReply, sends: 3, replies: true},
		{codes: []int{40034026}, class: Terminal, reason: Window | NoReply, sends: 1, replies: true},
		{codes: []int{40034027}, class: Terminal, reason: Unsupported | NoReply, sends: 1, replies: true},
		{codes: []int{40054005}, class: Duplicate, sends: 1},
		{codes: []int{40034006, 1100100, 1100101, 1100102, 1100103, 1100104}, class: Terminal, reason: NotPermitted, sends: 1},
		{codes: []int{40034100, 22009}, class: Later, reason: RateLimited, sends: 1}, // 22009 of a reply: see below
		{codes: []int{40034102, 40034105}, class: ProactiveRefused, reason: NotPermitted, sends: 1},
		{codes: []int{40034101, 40054003, 40054004, 40054013}, class: Terminal, reason: NotPermitted, sends: 1},
		{codes: []int{40054007, 40054018}, class: Terminal, sends: 1},
		{codes: []int{40054010, 304003}, class: Terminal, reason: NotPermitted, sends: 1},
		{codes: []int{40054016}, class: Later, sends: 1},
		{codes: []int{40054006}, class: Retry, sends: 4},
		{codes: []int{50055001, 50055002, 50055006}, class: Retry, reason: Inside, sends: 4, doubt: true},
		{codes: []int{11244, 40011027}, class: NewToken, sends: 2},
		{codes: []int{11241, 11243, 11245, 11251, 11261, 11275}, class: Terminal, sends: 1},
		{codes: []int{11242, 11252, 11263, 11281}, class: RetryOnce, sends: 2},
		{codes: []int{11253, 11254, 11264, 11265, 11282}, class: Terminal, reason: NotPermitted, sends: 1},
		{codes: []int{11255}, class: Terminal, sends: 1},
		{codes: []int{11298, 40023002}, class: Terminal, reason: NotPermitted, sends: 1},
		{codes: []int{
			11293, 304004, 304036, 305007, 40034008, 40034009, 40034010, 40034011, 40034029, 40034106, 40034108, 40034109, 40034124, 40034127,
		}, class: Terminal, sends: 1},
		{codes: []int{40023001}, class: Throttled, reason: RateLimited, sends: 4},
		{codes: []int{304023, 304024}, class: Audit, sends: 1},
		{codes: []int{304010, 304017, 304020, 304021}, class: Terminal, reason: GuildImage, sends: 1},
		{codes: []int{40061001, 40062003, 40064004, 50065001}, class: Terminal, sends: 1},
		{codes: []int{50059, 304062, 340067}, class: Terminal, sends: 1},
		{codes: []int{304064}, class: Terminal, reason: NotPermitted, sends: 1},
		{codes: []int{40034122}, class: Terminal, reason: RateLimited, sends: 1},
		{codes: []int{40034123}, class: Terminal, reason: NotPermitted, sends: 1},
		{codes: []int{40007}, class: Terminal, sends: 1},
		{codes: []int{50001}, class: Retry, reason: Inside, sends: 4, doubt: true},
		{codes: []int{50002}, class: Throttled, reason: RateLimited, sends: 4},
		// Not in the table: what the family or the status says.
		{codes: []int{40034033, 40034099}, class: Terminal, sends: 1, replies: true},
		{codes: []int{40034199, 987654}, class: Terminal, sends: 1},
	} {
		for _, code := range row.codes {
			for _, httpStatus := range []int{400, 200, 500} {
				t.Run(fmt.Sprintf("%d HTTP %d", code, httpStatus), func(t *testing.T) {
					if !known(code) && httpStatus == 500 {
						t.Skip("an unknown code says nothing, the status does")
					}
					synctest.Test(t, func(t *testing.T) {
						c, s, _, _ := newTestClient(status(httpStatus, fmt.Sprintf(`{"code":%d,"message":"so","id":"M1"}`, code)))
						sent, err := c.Send(t.Context(), group, []byte(`{"msg_seq":1001}`), true)
						assert.Len(t, s.bodies, row.sends)
						switch row.class {
						case Audit:
							require.NoError(t, err)
							assert.True(t, sent.Audited)
							return
						case Duplicate:
							require.NoError(t, err)
							assert.True(t, sent.Duplicate)
							return
						}
						e, ok := errors.AsType[*Error](err)
						require.True(t, ok, err)
						if row.class != NewToken { // with the reason that there was no other one
							assert.Equal(t, row.class, e.Class())
						}
						assert.Equal(t, row.reason, e.Reason())
						assert.Equal(t, row.doubt && httpStatus == 500, e.Unknown)
						assert.Equal(t, row.replies, e.ConcernsReply())
						assert.Contains(t, e.Error(), strings.TrimSpace(fmt.Sprintf("send: %d %s", code, Meaning(code))))
						assert.Equal(t, known(code), Meaning(code) != "")
					})
				})
			}
		}
	}
}

func TestAMessageLimitIsTheReplyCountIfTheMessageAnswersAnEvent(t *testing.T) {
	limit := status(400, `{"message":"msg limit exceed","code":22009}`)
	for message, reason := range map[string]Reason{
		`{"content":"hi","msg_id":"M","msg_seq":1001}`: Limit,
		`{"content":"hi","event_id":"E"}`:              Limit,
		`{"content":"\"msg_id\":\"M\""}`:               RateLimited,
		`{"content":"hi"}`:                             RateLimited,
	} {
		c, _, _, _ := newTestClient(limit)
		_, err := c.Send(t.Context(), group, []byte(message), true)
		e, ok := errors.AsType[*Error](err)
		require.True(t, ok, err)
		assert.Equal(t, reason, e.Reason(), message)
		assert.Equal(t, reason == Limit, e.ConcernsReply(), message)
	}
	c, _, _, _ := newTestClient(limit)
	_, err := c.SendImage(t.Context(), Chat{Scene: Channel, ID: "1"}, Image{
		Fields: map[string]string{"msg_id": "M"}, Type: "image/png", Size: 1,
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil },
	})
	e, ok := errors.AsType[*Error](err)
	require.True(t, ok, err)
	assert.Equal(t, Limit, e.Reason())
}

func TestAVoiceThatIsRefusedInOneCallGoesInParts(t *testing.T) {
	open := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }
	for name, scene := range map[string]struct {
		media Media
		body  string
		want  Class
	}{
		"a voice":              {Media{Kind: 3, Size: 1, Open: open}, `{"code":40011000}`, VoiceInParts},
		"a voice, by alias":    {Media{Kind: 3, Size: 1, Open: open}, `{"err_code":77,"code":40011000}`, VoiceInParts},
		"a voice by its URL":   {Media{Kind: 3, URL: "https://x.test/a.mp3"}, `{"code":40011000}`, Terminal},
		"an image":             {Media{Kind: 1, Size: 1, Open: open}, `{"code":40011000}`, Terminal},
		"a voice over a limit": {Media{Kind: 3, Size: 1, Open: open}, `{"code":40093002}`, Terminal},
		"a body too large":     {Media{Kind: 3, Size: 1, Open: open}, `{"code":850012}`, InParts},
	} {
		t.Run(name, func(t *testing.T) {
			c, s, _, _ := newTestClient(status(400, scene.body))
			_, err := c.Upload(t.Context(), Chat{Scene: C2C, ID: "U"}, scene.media)
			e, ok := errors.AsType[*Error](err)
			require.True(t, ok, err)
			assert.Equal(t, scene.want, e.Class())
			assert.Len(t, s.bodies, 1)
		})
	}
}

func TestAnUploadsFailureDoesNotConcernTheReply(t *testing.T) {
	c, _, _, _ := newTestClient(status(400, `{"code":40034033}`))
	_, err := c.Upload(t.Context(), group, Media{Kind: 1, URL: "https://x.test/a.png"})
	e, ok := errors.AsType[*Error](err)
	require.True(t, ok, err)
	assert.False(t, e.ConcernsReply())
}

func TestACodeIsJudgedByItsAliasWhereItIsNotKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _, _ := newTestClient(status(400, `{"err_code":77,"code":50055001}`), status(200, sentOK))
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		require.NoError(t, err, "50055001 is worth another try")
		assert.Len(t, s.bodies, 2)
	})
	c, s, _, _ := newTestClient(status(500, `{"err_code":77,"code":40034128}`))
	_, err := c.Send(t.Context(), group, []byte(`{}`), true)
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.False(t, e.Unknown, "40034128 is a refusal")
	assert.Len(t, s.bodies, 1)
}

func TestARefusalByItsCodeIsCertainUnderHTTP500(t *testing.T) {
	for code, class := range map[int]Class{40034128: Terminal, 850018: Terminal, 304080: Reupload, 40034105: ProactiveRefused, 22009: Later} {
		c, s, _, _ := newTestClient(status(500, fmt.Sprintf(`{"code":%d}`, code)))
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		var e *Error
		require.ErrorAs(t, err, &e, code)
		assert.Equal(t, class, e.Class(), code)
		assert.False(t, e.Unknown, code)
		assert.Len(t, s.bodies, 1, code)
	}
	synctest.Test(t, func(t *testing.T) {
		c, _, _, _ := newTestClient(status(500, `{"code":50055001}`))
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		var e *Error
		require.ErrorAs(t, err, &e)
		assert.True(t, e.Unknown, "sending failed inside: that says nothing for certain")
	})
}
