// Package parts plans an upload in parts: which bytes of the file go where. It is pure arithmetic.
package parts

import (
	"errors"
	"fmt"
)

// Offer is one part as the platform offers it.
type Offer struct {
	Index int    // counts from 0 in the documents and from 1 in what runs: it is echoed, and offsets do not follow it
	URL   string // presigned
	Size  int64  // of this part; 0 where the platform said only the size of all
}

// Part is a piece of the file and where it goes.
type Part struct {
	Index        int
	URL          string
	Offset, Size int64
}

// Plan lays offers over a file of size bytes, in their order. blockSize is the size of the parts that have none of
// their own. The last part may be offered larger than what is left. The plan covers the file exactly once, or the
// error says why it does not.
func Plan(size, blockSize int64, offers []Offer) ([]Part, error) {
	if size < 1 {
		return nil, errors.New("an empty file has no parts")
	}
	if len(offers) == 0 {
		return nil, errors.New("the platform offers no parts")
	}
	plan := make([]Part, len(offers))
	seen := make(map[int]bool, len(offers))
	var offset int64
	for i, o := range offers {
		n := o.Size
		if n == 0 {
			n = blockSize
		}
		left := size - offset
		switch {
		case n < 1:
			return nil, fmt.Errorf("the platform offers part %d of %d with %d bytes", i+1, len(offers), n)
		case left == 0:
			return nil, fmt.Errorf("the platform offers %d parts, and %d of them hold all %d bytes", len(offers), i, size)
		case o.URL == "":
			return nil, fmt.Errorf("the platform offers part %d of %d without an address", i+1, len(offers))
		case seen[o.Index]:
			return nil, fmt.Errorf("the platform offers two parts with the index %d", o.Index)
		case n > left && i < len(offers)-1:
			return nil, fmt.Errorf("the platform offers parts for more than the %d bytes there are", size)
		}
		n = min(n, left)
		seen[o.Index] = true
		plan[i] = Part{Index: o.Index, URL: o.URL, Offset: offset, Size: n}
		offset += n
	}
	if offset != size {
		return nil, fmt.Errorf("the platform offers parts for %d of %d bytes", offset, size)
	}
	return plan, nil
}

// Same tells whether two plans cut a file alike; their addresses may differ.
func Same(a, b []Part) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Index != b[i].Index || a[i].Offset != b[i].Offset || a[i].Size != b[i].Size {
			return false
		}
	}
	return true
}
