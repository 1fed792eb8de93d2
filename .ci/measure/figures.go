package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// figures are what was measured, by the name and unit of the benchmark: "WarmFile x_of_1KiB".
type figures map[string]float64

// procs is what go test appends to the name of a benchmark.
var procs = regexp.MustCompile(`-\d+$`)

// add reads what go test -bench prints.
func (f figures) add(output string) {
	for line := range strings.Lines(output) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := procs.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")
		for i := 2; i+1 < len(fields); i += 2 {
			if value, err := strconv.ParseFloat(fields[i], 64); err == nil {
				f[name+" "+fields[i+1]] = value
			}
		}
	}
}

// addPairs adds what two commits have measured in turns: as "WarmFile x_of_1KiB of_before" the median of the ratios, as
// "... before" that of the earlier commit, and as "... now" that of this one.
func (f figures) addPairs(now, before []figures) {
	for name := range now[0] {
		var ratios, nows, befores []float64
		for i := range now {
			was, ok := before[i][name]
			if !ok {
				break
			}
			ratios = append(ratios, now[i][name]/was)
			nows, befores = append(nows, now[i][name]), append(befores, was)
		}
		if len(ratios) == len(now) {
			f[name+" of_before"], f[name+" now"], f[name+" before"] = median(ratios), median(nows), median(befores)
		}
	}
}

func median(all []float64) float64 {
	slices.Sort(all)
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}
