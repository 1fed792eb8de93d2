package richmedia_test

import (
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An Example without an output is compiled and never run.
func TestEveryExampleOfTheRepositoryHasAnOutput(t *testing.T) {
	found := 0
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, example := range doc.Examples(file) {
			found++
			assert.NotEmpty(t, example.Output, "%s: Example%s", path, example.Name)
		}
		return nil
	}))
	require.Greater(t, found, 30)
}
