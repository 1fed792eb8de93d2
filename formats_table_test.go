package richmedia

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/botgo-contrib/richmedia/internal/sniff"
)

var (
	writeFormats = flag.Bool("formats", false, "write docs/formats.md; needs ffprobe and file")
	moreFormats  = flag.String("formats.more", "", "with -formats: a folder of more files for a second table")
)

const (
	formatsPage   = "docs/formats.md"
	formatsHeader = `# Formats

How the plugin judges each file of [testdata/formats](../testdata/formats/README.md), and what two other programs say: ffprobe
(the container and its codecs) and file. "Accepted as" names the kinds beside KindFile, which accepts everything. A voice that
is not accepted is encoded if the bot has set WithVoiceEncoder; silk that no decoder reads is refused all the same. ffmpeg has
no decoder for silk, and takes silk behind the mark of AMR for AMR.

This command writes the page, and a test compares it with the code:

    go test -run TestTheTableOfFormats . -formats

`
	formatsColumns = "| file | format | accepted as | ffprobe | file |\n|---|---|---|---|---|\n"
)

// formatRow is a file's line in the table, without what other programs say.
func formatRow(t *testing.T, file string) string {
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	format, err := sniff.Format(bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err)
	var kinds []string
	for _, kind := range []Kind{KindImage, KindVideo, KindVoice} {
		if checkFormat(kind, format) == nil {
			kinds = append(kinds, kind.String())
		}
	}
	return fmt.Sprintf("| %s | %s | %s |", filepath.Base(file), format, strings.Join(kinds, ", "))
}

// formatFiles are the files of a folder that have a row.
func formatFiles(t *testing.T, dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "*.*"))
	require.NoError(t, err)
	return slices.DeleteFunc(files, func(file string) bool { return slices.Contains([]string{".md", ".sh"}, filepath.Ext(file)) })
}

// judges are what ffprobe and file say.
func judges(t *testing.T, file string) string {
	probe := exec.CommandContext(t.Context(), "ffprobe", "-v", "quiet", "-of", "csv=p=0", "-show_entries", "format=format_name", file)
	container, err := probe.Output()
	ffprobe := "-"
	if err == nil {
		codecs, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "quiet", "-of", "csv=p=0", "-show_entries", "stream=codec_name", file).Output()
		require.NoError(t, err)
		names := slices.Compact(slices.Sorted(slices.Values(strings.Fields(strings.ReplaceAll(string(codecs), ",", " ")))))
		ffprobe = strings.Trim(strings.TrimSpace(string(container)), `"`) + ": " + strings.Join(names, ", ")
	}
	named, err := exec.CommandContext(t.Context(), "file", "--brief", "--mime-type", file).Output()
	require.NoError(t, err)
	return fmt.Sprintf(" %s | %s |", ffprobe, strings.TrimSpace(string(named)))
}

func TestTheTableOfFormatsIsWhatTheCodeDoes(t *testing.T) {
	files := formatFiles(t, "testdata/formats")
	require.NotEmpty(t, files)
	if *writeFormats {
		page := formatsHeader + formatsColumns
		for _, file := range files {
			page += formatRow(t, file) + judges(t, file) + "\n"
		}
		if *moreFormats != "" {
			page += "\n## Files from public reports\n\nThey are too large for this repository; the table above has a small file of each kind.\n\n" + formatsColumns
			for _, file := range formatFiles(t, *moreFormats) {
				page += formatRow(t, file) + judges(t, file) + "\n"
			}
		}
		require.NoError(t, os.WriteFile(formatsPage, []byte(page), 0o644)) //nolint:gosec // a document
	}
	page, err := os.ReadFile(formatsPage)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(page), formatsHeader), "the text above the table is the test's")
	table, _, _ := strings.Cut(string(page), "\n## ")
	assert.Equal(t, len(files), strings.Count(table, "\n| ")-1, "each file has one row")
	for _, file := range files {
		assert.True(t, strings.Contains(table, "\n"+formatRow(t, file)+" "), "%s is now: %s", file, formatRow(t, file))
	}
}

// agreed are the containers that ffprobe finds in what a kind accepts, and how the codecs begin. ffmpeg does not know silk.
var agreed = map[string][]string{
	"image": {"gif: gif", "apng: apng", "png_pipe: png", "jpeg_pipe: mjpeg", "webp_pipe: webp", "bmp_pipe: bmp"},
	"video": {"mov,mp4,m4a,3gp,3g2,mj2: aac, h264", "mov,mp4,m4a,3gp,3g2,mj2: aac, hevc", "mov,mp4,m4a,3gp,3g2,mj2: h264"},
	"voice": {"mp3: mp3", "mp3: mjpeg, mp3", "wav: pcm_", "ogg: flac", "ogg: opus", "ogg: vorbis"},
}

func TestAnotherProgramAgreesOnWhatIsAccepted(t *testing.T) {
	page, err := os.ReadFile(formatsPage)
	require.NoError(t, err)
	accepted := 0
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, " | ")
		if len(cells) != 5 || cells[2] == "accepted as" {
			continue
		}
		file, format, kind, ffprobe := strings.TrimPrefix(cells[0], "| "), cells[1], cells[2], cells[3]
		fits := func(kind string) bool {
			return slices.ContainsFunc(agreed[kind], func(begin string) bool { return strings.HasPrefix(ffprobe, begin) })
		}
		switch {
		case format == sniff.Silk:
			assert.Equal(t, "-", ffprobe, file)
		case format == sniff.RF64: // a wav to ffmpeg, and not to what reads wav alone
		case kind != "":
			accepted++
			assert.True(t, fits(kind), "%s is accepted as a %s, and ffprobe says %s", file, kind, ffprobe)
		default:
			assert.False(t, fits("voice"), "%s is not accepted as a voice, and ffprobe says %s", file, ffprobe)
		}
	}
	assert.Greater(t, accepted, 40)
}
