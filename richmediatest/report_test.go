package richmediatest_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// reportFile writes a report of cmd/doctor with the facts, check by check.
func reportFile(t *testing.T, facts map[string]string) string {
	t.Helper()
	var list []map[string]string
	for check, seen := range facts {
		list = append(list, map[string]string{"check": check, "seen": seen, "verdict": "differs"})
	}
	raw, err := json.Marshal(map[string]any{"doctor": 1, "date": "2026-11-28", "facts": list})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "doctor.json")
	require.NoError(t, os.WriteFile(file, raw, 0o600))
	return file
}

// What each fact of a report does to a platform is held by the tests of cmd/doctor, which write real ones.
func TestFromReportBehavesAsThePlatformThatWasSeen(t *testing.T) {
	b := newBot(t, richmediatest.FromReport(reportFile(t, map[string]string{
		"upload.c2c.ttl": "86400 s", "upload.group.ttl": "0 s", "upload.group.file_info": "not base64",
		"parts.index_base": "0", "parts.block_size": "524288", "parts.config": "flat", "parts.concurrency": "4",
		"event.group.type": "GROUP_MESSAGE_CREATE",
	})))
	event := b.p.Group("cats").Say("ann", "hi")
	assert.Equal(t, "GROUP_MESSAGE_CREATE", string(event.Type()))
	path := "/v2/groups/" + b.p.Group("cats").OpenID()
	got, err := b.do(http.MethodPost, path+"/files", `{"file_type":4,"file_data":"aGVsbG8=","file_name":"a.txt","srv_send_msg":false}`)
	require.NoError(t, err)
	assert.InDelta(t, 0, got.json["ttl"], 0, "the group's ttl decides")
	assert.Regexp(t, "^[0-9A-F]{34}$", got.text("file_info"))
	got, err = b.do(http.MethodPost, path+"/upload_prepare", `{"file_type":4,"file_size":"600000","file_name":"a.bin",`+
		`"md5":"281ed1d5ae50e8419f9b978aab16de83","sha1":"a869e551c0dfeaf152a594f9051b99a65d46f16d","md5_10m":"c7d2d05339fa6dae39f34538160cf785"}`)
	require.NoError(t, err)
	assert.Equal(t, "524288", got.text("block_size"))
	assert.InDelta(t, 4, got.json["concurrency"], 0)
	parts, _ := got.json["parts"].([]any)
	require.Len(t, parts, 2)
	first, _ := parts[0].(map[string]any)
	assert.InDelta(t, 0, first["index"], 0)
}

func TestFromReportIgnoresWhatItDoesNotKnow(t *testing.T) {
	assert.NotPanics(t, func() {
		richmediatest.New(richmediatest.FromReport(reportFile(t, map[string]string{
			"parts.block_size": "<number of 12 digits>", "parts.config": "upside down", "parts.concurrency": "-4",
			"upload.group.ttl": "soon", "token.lifetime": "at most 7200 s", "next.year": "new", "intents.unheard_of": "granted",
		})))
	})
}

func TestFromReportPanicsWithoutAReport(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"text": "hello", "json": "{}", "format": `{"doctor":2,"facts":[]}`} {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		assert.PanicsWithValue(t, "richmediatest: FromReport: "+file+" is no report of cmd/doctor", func() { richmediatest.FromReport(file) })
	}
	assert.Panics(t, func() { richmediatest.FromReport(filepath.Join(dir, "absent")) })
}
