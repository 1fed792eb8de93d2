package richmedia

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"
)

// captures are the payloads of the protocol reference, section 7: captured ones, and those of the documents
// with an envelope around their d.
func captures(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/events/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string][]byte{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		require.NoError(t, err)
		all[filepath.Base(f)] = raw
	}
	return all
}

// received returns the payload as botgo passes it to a handler.
func received(t testing.TB, raw []byte) *dto.WSPayload {
	t.Helper()
	p := &dto.WSPayload{}
	require.NoError(t, json.Unmarshal(raw, p))
	p.RawMessage = raw
	return p
}

func TestTheDocumentedAndTheCapturedPayloadsAreRead(t *testing.T) {
	want := map[string]struct {
		target Target
		user   string
		text   string
	}{
		"c2c_message.json":           {Target{Scope: ScopeC2C, ChatID: "7D29", MsgID: "ROBOT1.0_YVzTU7!!"}, "7D29", ""},
		"group_at_message.json":      {Target{Scope: ScopeGroup, ChatID: "D4DE", MsgID: "ROBOT1.0_DPLMsS!"}, "7D29", "123"},
		"c2c_msg_receive.json":       {Target{Scope: ScopeC2C, ChatID: "7D29", EventID: "C2C_MSG_RECEIVE:f296a5b6"}, "7D29", ""},
		"friend_add.json":            {Target{Scope: ScopeC2C, ChatID: "7D29", EventID: "FRIEND_ADD:ec2769d0"}, "7D29", ""},
		"group_add_robot.json":       {Target{Scope: ScopeGroup, ChatID: "D4DE", EventID: "GROUP_ADD_ROBOT:56d7a1f4"}, "7D29", ""},
		"group_msg_reject.json":      {Target{Scope: ScopeGroup, ChatID: "D4DE"}, "7D29", ""},
		"group_message.json":         {Target{Scope: ScopeGroup, ChatID: "D4DE", MsgID: "ROBOT1.0_crx13"}, "7D29", "core状态"},
		"docs_group_at_message.json": {Target{Scope: ScopeGroup, ChatID: "B2C3", MsgID: "ROBOT1.0_x"}, "C3D4", "看看这张风景照"},
		"docs_friend_add.json":       {Target{Scope: ScopeC2C, ChatID: "A1B2", EventID: "FRIEND_ADD:docs"}, "A1B2", ""},
		"docs_c2c_button.json":       {Target{Scope: ScopeC2C, ChatID: "A1B2", EventID: "INTERACTION_CREATE:docs"}, "A1B2", ""},
		"docs_at_message.json":       {Target{Scope: ScopeChannel, ChatID: "100010", MsgID: "0812345677890abcdef"}, "1234", "ndnnd"},
		"direct_message.json":        {Target{Scope: ScopeDM, ChatID: "18700000000002", MsgID: "08abcdef"}, "1234", "hi"},
		"guild_button.json":          {Target{Scope: ScopeChannel, ChatID: "100010", EventID: "INTERACTION_CREATE:guild"}, "1234", ""},
		"docs_group_button.json":     {Target{Scope: ScopeGroup, ChatID: "B2C3", EventID: "INTERACTION_CREATE:docs"}, "A1B2", ""},
	}
	now := time.Now()
	for name, raw := range captures(t) {
		in, err := parse(received(t, raw), now)
		require.NoError(t, err, name)
		w, ok := want[name]
		require.True(t, ok, name)
		w.target.Time = now
		assert.Equal(t, w.target, in.target, name)
		assert.Equal(t, w.user, in.userID, name)
		assert.Equal(t, w.text, in.text, name)
		if w.target.answered() == "" {
			require.ErrorIs(t, in.unanswerable, ErrUnsupported, name)
		} else {
			require.NoError(t, in.unanswerable, name)
		}
	}
	assert.Len(t, captures(t), len(want))

	in, err := parse(received(t, captures(t)["docs_group_at_message.json"]), now)
	require.NoError(t, err)
	require.Len(t, in.attachments, 1)
	assert.Equal(t, 1920, in.attachments[0].Width)
	assert.Equal(t, "image/jpeg", in.message.message().Attachments[0].ContentType)
	in, err = parse(received(t, captures(t)["docs_group_button.json"]), now)
	require.NoError(t, err)
	assert.True(t, acknowledged(in.interaction))
	assert.Equal(t, "06915133", in.interaction.ID)
}

// FuzzEvents feeds payloads to the parser: whatever comes, it is an error or it names what it belongs to.
func FuzzEvents(f *testing.F) {
	for _, raw := range captures(f) {
		f.Add(raw)
	}
	f.Add([]byte(`{"t":"GROUP_AT_MESSAGE_CREATE","d":{"id":7,"group_openid":["x"],"mentions":[{"is_you":true,"id":""}]}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p := &dto.WSPayload{}
		if json.Unmarshal(raw, p) != nil {
			return // botgo passes on only what it can decode
		}
		p.RawMessage = raw
		in, err := parse(p, time.Now())
		if err != nil {
			return
		}
		if in.unanswerable == nil && (in.target.check() != nil || in.target.answered() == "") {
			t.Errorf("an event that can be answered names no chat or no id: %+v", in.target)
		}
		if in.unanswerable != nil && in.target.answered() != "" {
			t.Errorf("an event that cannot be answered has an id: %+v", in.target)
		}
		if (in.message != nil) != (in.target.MsgID != "") {
			t.Errorf("a message without an id, or an id without a message: %+v", in.target)
		}
	})
}
