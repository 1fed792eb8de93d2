package richmedia

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
	"golang.org/x/oauth2"
)

// TestAnAdapterIsKnownByItsCode holds that nothing is decoded for the handlers that the plugin returns, and everything for a
// handler around one.
func TestAnAdapterIsKnownByItsCode(t *testing.T) {
	p, err := New(oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "t"}))
	require.NoError(t, err)
	defer p.Close() //nolint:errcheck // nothing runs
	h := func(context.Context, *Context) error { return nil }
	for name, codes := range map[string][2]uintptr{
		"GroupATMessage": {codeOf(p.GroupATMessage(h)), codeOf(adapterOf[dto.WSGroupATMessageData](nil))},
		"C2CMessage":     {codeOf(p.C2CMessage(h)), codeOf(adapterOf[dto.WSC2CMessageData](nil))},
		"ATMessage":      {codeOf(p.ATMessage(h)), codeOf(adapterOf[dto.WSATMessageData](nil))},
		"Message":        {codeOf(p.Message(h)), codeOf(adapterOf[dto.WSMessageData](nil))},
		"DirectMessage":  {codeOf(p.DirectMessage(h)), codeOf(adapterOf[dto.WSDirectMessageData](nil))},
		"Interaction":    {codeOf(p.Interaction(h)), codeOf(adapterOf[dto.WSInteractionData](nil))},
		"C2CFriend":      {codeOf(p.C2CFriend(h)), codeOf(adapterOf[dto.WSC2CFriendData](nil))},
	} {
		assert.Equal(t, codes[1], codes[0], name)
	}
	adapter := p.GroupATMessage(h)
	around := event.GroupATMessageEventHandler(func(payload *dto.WSPayload, d *dto.WSGroupATMessageData) error { return adapter(payload, d) })
	assert.NotEqual(t, codeOf(adapter), codeOf(around))
}
