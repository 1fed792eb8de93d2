package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"
)

// reportFormat is the version of the file's form.
const reportFormat = 1

// report is the file that is attached to an issue. All of its text is masked.
type report struct {
	Doctor   int    `json:"doctor"`
	Date     masked `json:"date"`
	Platform masked `json:"platform"` // official, sandbox, richmediatest or another
	Complete bool   `json:"complete"` // no step was skipped or interrupted
	Facts    []fact `json:"facts"`
}

// report returns what was seen so far.
func (s *session) report(platform masked, complete bool) report {
	return report{
		Doctor: reportFormat, Date: masked(s.now().Format(time.DateOnly)), Platform: platform, Complete: complete, Facts: s.facts.judged(),
	}
}

// write writes the report to a file. With an empty name it is doctor-<date>.json, or the first free doctor-<date>-2.json and so
// on, in the current folder. It returns the name.
func (r report) write(name string) (string, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetIndent("", "\t")
	enc.SetEscapeHTML(false) // "<64 characters>" is to be read
	if err := enc.Encode(r); err != nil {
		return name, err
	}
	raw := buf.Bytes()
	if name != "" {
		return name, os.WriteFile(name, raw, 0o600)
	}
	for i := 1; ; i++ {
		name = "doctor-" + string(r.Date) + ".json"
		if i > 1 {
			name = fmt.Sprintf("doctor-%s-%d.json", r.Date, i)
		}
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return name, err
		}
		_, err = f.Write(raw)
		return name, errors.Join(err, f.Close())
	}
}

// readReport reads a report that write wrote.
func readReport(name string) (report, error) {
	var r report
	raw, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(raw, &r)
	}
	if err != nil || r.Doctor != reportFormat {
		return r, troublef(text{"%s is no report of this doctor: pass a doctor-<date>.json.", "%s 不是本工具的报告：请给出 doctor-<日期>.json。"}, name)
	}
	return r, nil
}

// maxCell bounds a cell of the table; the file has all of it.
const maxCell = 48

func cell(m masked) string {
	if m == "" {
		return "-"
	}
	if utf8.RuneCountInString(string(m)) > maxCell {
		return string([]rune(string(m))[:maxCell-3]) + "..."
	}
	return string(m)
}

// table prints the report.
func (r report) table(out io.Writer, zh bool) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	heads := text{"check\texpected by the fake\tseen\tverdict", "检查项\t模拟平台的预期\t实际\t结论"}
	_, _ = fmt.Fprintln(w, "\n"+heads.in(zh))
	words := map[masked]text{
		same: {"same", "一致"}, differs: {"DIFFERS", "不同"}, fresh: {"new", "新增"}, noted: {"noted", "仅记录"},
	}
	count := map[masked]int{}
	for _, x := range r.Facts {
		count[x.Verdict]++
		verdict := words[x.Verdict].in(zh)
		if x.Switch != "" {
			verdict += ": richmediatest." + string(x.Switch)
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", x.Check, cell(x.Expected), cell(x.Seen), verdict)
	}
	_ = w.Flush()
	total := text{"\n%d as expected, %d different, %d new, %d noted\n", "\n%d 项一致，%d 项不同，%d 项新增，%d 项仅记录\n"}
	_, _ = fmt.Fprintf(out, total.in(zh), count[same], count[differs], count[fresh], count[noted])
}

// diff prints where two reports differ, and reports whether they do. What is only noted is not compared.
func diff(out io.Writer, zh bool, a, b report) bool {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer func() { _ = w.Flush() }()
	seen := func(r report) (map[masked]fact, []masked) {
		at, order := map[masked]fact{}, []masked(nil)
		for _, x := range r.Facts {
			if x.Verdict != noted {
				at[x.Check], order = x, append(order, x.Check)
			}
		}
		return at, order
	}
	left, checks := seen(a)
	right, more := seen(b)
	for _, check := range more {
		if _, ok := left[check]; !ok {
			checks = append(checks, check)
		}
	}
	different := false
	for _, check := range checks {
		x, y := left[check], right[check]
		if x.Seen == y.Seen {
			continue
		}
		different = true
		names := strings.Trim(string(x.Switch+" "+y.Switch), " ")
		if x.Switch == y.Switch {
			names = string(x.Switch)
		}
		if names != "" {
			names = "richmediatest." + names
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", check, cell(x.Seen), cell(y.Seen), names)
	}
	if !different {
		same := text{"no difference", "没有差别"}
		_, _ = fmt.Fprintln(w, same.in(zh))
	}
	return different
}
