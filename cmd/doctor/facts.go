package main

import (
	_ "embed"
	"encoding/json"
)

// The verdicts about a fact.
const (
	same    masked = "same"
	differs masked = "differs"
	fresh   masked = "new"   // nothing is expected
	noted   masked = "noted" // not to be compared: a time, a count
)

// fact is one line of the report.
type fact struct {
	Check    masked `json:"check"`
	Expected masked `json:"expected,omitempty"` // by richmediatest without options
	Seen     masked `json:"seen"`
	Verdict  masked `json:"verdict"`
	Switch   masked `json:"switch,omitempty"` // what makes richmediatest behave so
}

// facts are what was seen, in order.
type facts struct {
	list     []fact
	at       map[masked]int
	expected map[masked]masked
}

// expectedReport is the report about richmediatest without options, written by -o. A test holds that it is up to date.
//
//go:embed expected.json
var expectedReport []byte

// newFacts returns an empty record.
func newFacts() *facts {
	f := &facts{at: map[masked]int{}, expected: map[masked]masked{}}
	var r report
	if json.Unmarshal(expectedReport, &r) == nil { // our own file
		for _, x := range r.Facts {
			if x.Verdict != noted {
				f.expected[x.Check] = x.Seen
			}
		}
	}
	return f
}

// see records what is compared. Seen again, a check keeps its place and takes the new value.
func (f *facts) see(check, seen masked) {
	x := fact{Check: check, Expected: f.expected[check], Seen: seen, Verdict: differs}
	switch x.Expected {
	case "":
		x.Verdict = fresh
	case seen:
		x.Verdict = same
	}
	f.put(x)
}

// note records what is not compared.
func (f *facts) note(check, seen masked) { f.put(fact{Check: check, Seen: seen, Verdict: noted}) }

func (f *facts) put(x fact) {
	if i, ok := f.at[x.Check]; ok {
		f.list[i] = x
		return
	}
	f.at[x.Check] = len(f.list)
	f.list = append(f.list, x)
}

// seen returns what was seen of a check, "" if nothing.
func (f *facts) seen(check masked) masked {
	if i, ok := f.at[check]; ok {
		return f.list[i].Seen
	}
	return ""
}

// judged returns the facts with the switches of those that differ.
func (f *facts) judged() []fact {
	out := make([]fact, len(f.list))
	copy(out, f.list)
	for i := range out {
		if out[i].Verdict == differs {
			out[i].Switch = f.switchOf(out[i].Check)
		}
	}
	return out
}
