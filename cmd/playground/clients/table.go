package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// The table of the document stands between these lines.
const (
	tableBegin = "<!-- written by cmd/playground/clients/run -update -->\n"
	tableEnd   = "<!-- end -->\n"
)

// judge prints what the clients did, and compares or writes the table.
func judge(columns []column, path string, update, partial bool) error {
	var errs []error
	var notes []string
	for _, c := range columns {
		if c.err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.title(), c.err))
			continue
		}
		for _, what := range capabilities {
			err, tried := c.results[what]
			own := known[c.title()][what]
			switch {
			case !tried:
			case err == nil && own.why != "" && !own.sometimes:
				errs = append(errs, fmt.Errorf("%s: %s: works, and known.go says: %s", c.title(), what, own.why))
			case err != nil && own.why == "":
				errs = append(errs, fmt.Errorf("%s: %s: %w", c.title(), what, err))
			case err != nil:
				fmt.Printf("%-28s FAILS as known  %s: %v\n", c.title(), what, err)
			default:
				fmt.Printf("%-28s ok  %s\n", c.title(), what)
			}
			if own.why != "" {
				notes = append(notes, own.why)
			}
		}
	}
	if len(errs) > 0 || partial {
		return errors.Join(errs...)
	}
	doc, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(doc), tableBegin)
	old, after, closed := strings.Cut(rest, tableEnd)
	if !ok || !closed {
		return fmt.Errorf("%s has no place for the table", path)
	}
	table := render(columns, notes)
	switch {
	case table == old:
		return nil
	case !update:
		return fmt.Errorf("the table of %s is not what the clients did; it is now:\n%s", path, table)
	}
	return os.WriteFile(path, []byte(before+tableBegin+table+tableEnd+after), 0o644) //nolint:gosec // a document
}

// render returns the table in Markdown: a row a capability, a column a client, and the clients' own faults.
func render(columns []column, notes []string) string {
	var out strings.Builder
	out.WriteString("\n|")
	for _, c := range columns {
		out.WriteString(" | " + c.title())
	}
	out.WriteString(" |\n|---" + strings.Repeat("|---", len(columns)) + "|\n")
	for _, what := range capabilities {
		out.WriteString("| " + what)
		for _, c := range columns {
			_, tried := c.results[what]
			own := known[c.title()][what]
			note := slices.Index(notes, own.why) + 1
			switch {
			case !tried:
				out.WriteString(" | –")
			case own.sometimes:
				fmt.Fprintf(&out, " | by chance (%d)", note)
			case own.why != "":
				fmt.Fprintf(&out, " | no (%d)", note)
			default:
				out.WriteString(" | yes")
			}
		}
		out.WriteString(" |\n")
	}
	out.WriteString("\nVersions: ")
	var versions []string
	for _, c := range columns {
		if v := c.name + " is " + c.version; !slices.Contains(versions, v) {
			versions = append(versions, v)
		}
	}
	out.WriteString(strings.Join(versions, "; ") + ".\n")
	for i, why := range notes {
		fmt.Fprintf(&out, "%d. %s\n", i+1, why)
	}
	out.WriteString("\n")
	return out.String()
}
