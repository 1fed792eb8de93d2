package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestThePagesHoldWhatTheTemplatesSay renders the templates with figures that are all there, and looks for the marks.
func TestThePagesHoldWhatTheTemplatesSay(t *testing.T) {
	rows := map[string][]string{}
	for page, name := range pages {
		asked := regexp.MustCompile(`\{\{f "[^"]*" "([^"]*)"`)
		text, err := templates.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f := figures{}
		for _, found := range asked.FindAllStringSubmatch(string(text), -1) {
			f[found[1]] = 1
			rows[name] = append(rows[name], found[1])
		}
		table, err := render(name, heading{Commit: "0123456"}, f.text)
		if err != nil {
			t.Fatal(err)
		}
		document, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		_, written, _, err := split(string(document))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := strings.Count(written, "\n|"), strings.Count(table, "\n|"); got != want {
			t.Errorf("%s has %d lines in its table, and %s %d", page, got, name, want)
		}
	}
	for _, asked := range rows {
		slices.Sort(asked) // a sentence may name them in another order
	}
	if one, other := strings.Join(rows["table.md.tmpl"], "\n"), strings.Join(rows["table.zh-CN.md.tmpl"], "\n"); one != other {
		t.Errorf("the two languages show other figures:\n%s\n\n%s", one, other)
	}
}

func TestAFigureThatWasNotMeasuredIsAnError(t *testing.T) {
	if _, err := render("table.md.tmpl", heading{}, figures{}.text); err == nil {
		t.Error("the table is complete without a figure")
	}
}

func TestBenchmarksAreReadAndCompared(t *testing.T) {
	now, before := figures{}, figures{}
	now.add("goos: linux\nBenchmarkEvent/inline-2   \t      10\t        20.5 µs/event\t 92 allocs/event\nPASS\n")
	before.add("BenchmarkEvent/inline-16 10 41.0 µs/event 204 allocs/event\n")
	f := figures{}
	f.addPairs([]figures{now}, []figures{before})
	for name, want := range map[string]float64{
		"Event/inline µs/event now": 20.5, "Event/inline µs/event of_before": 0.5, "Event/inline allocs/event before": 204,
	} {
		if got := f[name]; got != want {
			t.Errorf("%s is %v, not %v", name, got, want)
		}
	}
}
