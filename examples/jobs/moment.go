//go:build unix

package main

import (
	"math/rand/v2"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// moment is when a worker dies.
type moment struct {
	step step
	part part
}

// step is what the worker does, as the table names it.
type step string

const (
	stepTaken   step = "the job is taken"
	stepToken   step = "ask for a token"
	stepPrepare step = "prepare the upload"
	stepPart    step = "send a part"
	stepFinish  step = "finish a part"
	stepMerge   step = "merge the parts"
	stepSend    step = "send the message"
	stepWorked  step = "the job is done, not acknowledged"
	stepAny     step = "at any time"
)

// steps are in the order of a job's run.
var steps = []step{stepTaken, stepToken, stepPrepare, stepPart, stepFinish, stepMerge, stepSend, stepWorked, stepAny}

// part is how far the step is.
type part int

const (
	before part = iota // the platform has done nothing
	during
	after // the platform has done it, and the worker has no answer
)

// moments are all there are.
var moments = []moment{
	{stepTaken, before},
	{stepToken, before},
	{stepToken, after},
	{stepPrepare, before},
	{stepPrepare, after},
	{stepPart, before},
	{stepPart, during},
	{stepPart, after},
	{stepFinish, before},
	{stepFinish, after},
	{stepMerge, before},
	{stepMerge, after},
	{stepSend, before},
	{stepSend, after},
	{stepWorked, after},
	{stepAny, during},
}

// deck returns n moments in a random order, in which each moment comes as often as every other one, or once more.
func deck(n int, chance *rand.Rand) (all []moment) {
	for len(all) < n {
		for _, i := range chance.Perm(len(moments)) {
			all = append(all, moments[i])
		}
	}
	return all[:n]
}

// calls are the steps that are calls of the platform.
var calls = map[step]richmediatest.Op{
	stepToken:   richmediatest.OpToken,
	stepPrepare: richmediatest.OpPrepare,
	stepPart:    richmediatest.OpPart,
	stepFinish:  richmediatest.OpFinish,
	stepMerge:   richmediatest.OpMerge,
	stepSend:    richmediatest.OpSend,
}
