package main

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestOfflineTheFakeIsAsItsReportSays(t *testing.T) {
	for lang, want := range map[string][]string{
		"en": {"No QQBOT_APPID", "Waits until you write to the bot", "as expected, 0 different, 0 new"},
		"zh": {"没有 QQBOT_APPID", "等你在群里和单聊里", "项一致，0 项不同，0 项新增"},
	} {
		var out bytes.Buffer
		status := command(t.Context(), []string{"-lang", lang}, func(string) string { return "" }, nil, &out)
		assert.Equal(t, statusOK, status, "go run ./cmd/doctor -o cmd/doctor/expected.json, twice, brings the report up to date:\n%s", &out)
		for _, s := range want {
			assert.Contains(t, out.String(), s)
		}
	}
}

func TestTheLanguageFollowsFlagAndEnvironment(t *testing.T) {
	for _, c := range []struct {
		lang string
		env  map[string]string
		want bool
	}{
		{want: false},
		{env: map[string]string{"LANG": "zh_CN.UTF-8"}, want: true},
		{env: map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "en_US.UTF-8"}, want: false},
		{env: map[string]string{"LANG": "C", "LC_MESSAGES": "zh_TW"}, want: true},
		{lang: "en", env: map[string]string{"LANG": "zh_CN.UTF-8"}, want: false},
		{lang: "zh", want: true},
	} {
		assert.Equal(t, c.want, chinese(c.lang, func(k string) string { return c.env[k] }), "%+v", c)
	}
}

// The facts that an option changes name the option, and a fake made from the report behaves the same.
func TestADifferenceNamesTheSwitchThatFromReportSets(t *testing.T) {
	parts := func(s richmediatest.PartShape) richmediatest.Option { return richmediatest.WithParts(s) }
	for _, c := range []struct {
		name   masked
		option richmediatest.Option
		checks []masked
	}{
		{"WithTTL", richmediatest.WithTTL(24 * time.Hour), []masked{"upload.group.ttl", "upload.c2c.ttl"}},
		{"WithTTL", richmediatest.WithTTL(0), []masked{"upload.group.ttl"}},
		{"WithTokenLifetime", richmediatest.WithTokenLifetime(9 * time.Hour), []masked{"token.lifetime"}},
		{"WithOpaqueFileInfo", richmediatest.WithOpaqueFileInfo(), []masked{"upload.group.file_info", "upload.c2c.file_info"}},
		{"WithFileInfoPerChat", richmediatest.WithFileInfoPerChat(), []masked{"send.group.second_group"}},
		{"WithDocumentedPayloads", richmediatest.WithDocumentedPayloads(), []masked{"event.group.group_id", "event.c2c.author.id"}},
		{"WithIntegerTimestamps", richmediatest.WithIntegerTimestamps(), []masked{"send.group.timestamp", "send.c2c.timestamp"}},
		{"WithoutInline", richmediatest.WithoutInline(), []masked{"upload.group.image.inline", "upload.c2c.voice.inline"}},
		{"WithoutInline", richmediatest.WithoutInline("c2c"), []masked{"upload.c2c.file.inline"}},
		{"WithSilkOnlyInline", richmediatest.WithSilkOnlyInline(), []masked{"upload.c2c.voice.inline"}},
		{"WithAllMessages", richmediatest.WithAllMessages(), []masked{"event.group.type"}},
		{"WithIntents", richmediatest.WithIntents(dto.IntentGroupMessages | dto.IntentInteraction), []masked{"intents.guilds", "intents.forum"}},
		{"PartShape.ZeroBased", parts(richmediatest.PartShape{ZeroBased: true}), []masked{"parts.index_base"}},
		{"PartShape.BlockSize", parts(richmediatest.PartShape{BlockSize: 1 << 20}), []masked{"parts.block_size", "parts.counts"}},
		{"PartShape.Config", parts(richmediatest.PartShape{Config: "flat"}), []masked{"parts.config"}},
		{"PartShape.Config", parts(richmediatest.PartShape{Config: "none"}), []masked{"parts.config"}},
		{"PartShape.NumbersAsNumbers", parts(richmediatest.PartShape{NumbersAsNumbers: true}), []masked{"parts.sizes_are"}},
		{"PartShape.Concurrency", parts(richmediatest.PartShape{Concurrency: 7}), []masked{"parts.concurrency"}},
		{"PartShape.RetryTimeout", parts(richmediatest.PartShape{RetryTimeout: 60}), []masked{"parts.retry_timeout"}},
		{"PartShape.RetryDelay", parts(richmediatest.PartShape{RetryDelay: 3}), []masked{"parts.retry_delay"}},
		{"PartShape.WrapData", parts(richmediatest.PartShape{WrapData: true}), []masked{"parts.wrapped"}},
		{"PartShape.StrictSize", parts(richmediatest.PartShape{StrictSize: true}), []masked{"parts.size_as_number"}},
		{"PartShape.OneShot", parts(richmediatest.PartShape{OneShot: true}), []masked{"parts.put_again"}},
		{"PartShape.Resume", parts(richmediatest.PartShape{Resume: true}), []masked{"parts.prepare_again"}},
		{"PartShape.Instant", parts(richmediatest.PartShape{Instant: true}), []masked{"parts.prepare_after_merge"}},
	} {
		t.Run(string(c.name), func(t *testing.T) {
			first := examined(t, c.option)
			at := first.found()
			for _, check := range c.checks {
				assert.Equal(t, differs, at[check].Verdict, check)
			}
			for _, x := range first.Facts {
				if x.Verdict == differs {
					assert.Equal(t, c.name, x.Switch, "%s: expected %s, seen %s", x.Check, x.Expected, x.Seen)
				}
			}
			file := filepath.Join(t.TempDir(), "doctor.json")
			_, err := first.write(file)
			require.NoError(t, err)
			second := examined(t, richmediatest.FromReport(file))
			var out bytes.Buffer
			assert.False(t, diff(&out, false, first, second), "%s", &out)
		})
	}
}

// examined is the offline report about a fake with an option.
func examined(t *testing.T, option richmediatest.Option) report {
	t.Helper()
	s, err := offline(t.Context(), &console{out: io.Discard}, []int{1}, 1<<10, option)
	require.NoError(t, err)
	return s.report("richmediatest", true)
}
