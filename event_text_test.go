package richmedia

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestALooseTextReadsAsJSONDoes compares with encoding/json, which replaces what is no UTF-8.
func TestALooseTextReadsAsJSONDoes(t *testing.T) {
	for _, raw := range []string{
		`""`, `"a"`, `"ROBOT1.0_x-!"`, `"\""`, `"\\"`, `"a\\"`, `"A"`, `"😀"`, `"你好"`, "\"\x7f\"", "\"\xff\"", "\"a\xffb\"", `"<&>"`, `" "`,
	} {
		var want string
		require.NoError(t, json.Unmarshal([]byte(raw), &want))
		var got struct{ A looseString }
		require.NoError(t, json.Unmarshal([]byte(`{"A":`+raw+`}`), &got))
		assert.Equal(t, want, string(got.A), raw)
	}
	for raw, want := range map[string]string{`1`: "1", `true`: "true", `null`: "", `{"a":"b"}`: "", `["a"]`: ""} {
		var got struct{ A looseString }
		require.NoError(t, json.Unmarshal([]byte(`{"A":`+raw+`}`), &got))
		assert.Equal(t, want, string(got.A), raw)
	}
}

// TestTheKeysOfAStoreStayAsTheyAre holds the form that other releases read.
func TestTheKeysOfAStoreStayAsTheyAre(t *testing.T) {
	for _, name := range []string{"", "cat.png", strings.Repeat("n", 1000)} {
		sum := sha256.Sum256(fmt.Appendf(nil, "3:app%d:%s%d:%s", len(name), name, 3, "url"))
		assert.Equal(t, fmt.Sprintf("richmedia:1:group:image:%x", sum), fileKey("app", ScopeGroup, KindImage, name, "url"))
	}
}
