package platform

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestARefusalIsFinal(t *testing.T) {
	for code, reason := range map[int]Reason{
		40034005: Window, 40034128: Window | Limit, 850018: NotPermitted, 40034006: NotPermitted, 11298: NotPermitted, 22009: RateLimited,
	} {
		c, s, _, _ := newTestClient(status(400, fmt.Sprintf(`{"code":%d,"message":"no","trace_id":"T"}`, code)))
		_, err := c.Send(t.Context(), group, []byte(`{}`), true)
		var e *Error
		require.ErrorAs(t, err, &e, code)
		assert.Len(t, s.bodies, 1, code)
		assert.False(t, e.Unknown, code)
		assert.Equal(t, "T", e.TraceID)
		assert.Equal(t, reason, ReasonOf(e.Status, e.Code, e.Alias), code)
	}
}

// TestEveryDocumentedCodeIsInTheTable holds the codes of the protocol reference, section 6.
func TestEveryDocumentedCodeIsInTheTable(t *testing.T) {
	for _, code := range []int{
		850012, 850019, 40034002, 850026, 40034001, 850027, 850031, 10000, 850018, 40054002, 40093001, 40093002, 304082, 304083,
		304080, 40034004, 22006, 340069, 304061, 40034125, 40011000, 40034005, 304103, 304027, 40034128, 40034024, 304026, 40034025,
		40034026, 40034027, 40054005, 40034006, 1100100, 1100101, 1100102, 1100103, 1100104, 40034100, 22009, 40034102, 40034105,
		40034101, 40054003, 40054004, 40054013, 40054007, 40054018, 40054010, 304003, 40054016, 40054006, 50055001, 50055002,
		50055006, 11244, 40011027, 11241, 11243, 11251, 11261, 11275, 11242, 11252, 11263, 11281, 11253, 11254, 11264, 11265, 11282,
		11255, 11298, 40023002, 11293, 304004, 304036, 305007, 40034008, 40034009, 40034010, 40034011, 40034029, 40034106, 40034108,
		40034109, 40034124, 40034127, 40023001, 304023, 304024, 304010, 304017, 304020, 304021, 40061001, 40062003, 40064004, 50065001,
	} {
		assert.NotEmpty(t, Meaning(code), code)
	}
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
