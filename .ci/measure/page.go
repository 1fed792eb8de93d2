package main

import (
	"embed"
	"fmt"
	"os"
	"strings"
	"text/template"
)

// pages are the documents, each with the template of its table.
var pages = map[string]string{
	"docs/measured.md":       "table.md.tmpl",
	"docs/measured.zh-CN.md": "table.zh-CN.md.tmpl",
}

//go:embed *.tmpl
var templates embed.FS

// The marks stand around the table in a page.
const (
	tableBegins = "<!-- go run ./.ci/measure writes this table -->\n"
	tableEnds   = "<!-- the table ends -->\n"
)

// heading is what the sentence above the table says.
type heading struct {
	Date, Commit, Before, Go, System string
	Cores                            int
}

func writePages(f figures, h heading) error {
	for page, name := range pages {
		table, err := render(name, h, f.text)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(page) //nolint:gosec // one of pages
		if err != nil {
			return err
		}
		above, _, after, err := split(string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", page, err)
		}
		if err := os.WriteFile(page, []byte(above+table+after), 0o644); err != nil { //nolint:gosec // a document
			return err
		}
	}
	return nil
}

// split returns a page's table and what stands above and below it, marks included.
func split(page string) (above, table, below string, err error) {
	above, rest, begins := strings.Cut(page, tableBegins)
	table, below, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		return "", "", "", fmt.Errorf("no table between %q and %q", tableBegins, tableEnds)
	}
	return above + tableBegins, table, tableEnds + below, nil
}

// render fills in a table. text returns a figure in a format.
func render(name string, h heading, text func(format, name string, divisor ...float64) (string, error)) (string, error) {
	t, err := template.New(name).Funcs(template.FuncMap{"f": text}).ParseFS(templates, name)
	if err != nil {
		return "", err
	}
	var table strings.Builder
	err = t.Execute(&table, h)
	return table.String(), err
}

// text returns a figure in a format, divided by divisor if there is one.
func (f figures) text(format, name string, divisor ...float64) (string, error) {
	value, ok := f[name]
	if !ok {
		return "", fmt.Errorf("%q was not measured", name)
	}
	for _, d := range divisor {
		value /= d
	}
	return fmt.Sprintf(format, value), nil
}
