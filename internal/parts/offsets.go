// Package parts plans an upload in parts: which bytes of the file go to which address. It is pure arithmetic.
package parts

import (
	"errors"
	"fmt"
)

// Offer is one part as the platform offers it.
type Offer struct {
	Index int    // from 0 in the documents and from 1 on the live platform: it is echoed, and offsets do not follow it
	URL   string // presigned
	Size  int64  // of this part; 0 if the platform gave only the block size
}

// Part is a section of the file and the address that it is sent to.
type Part struct {
	Index        int
	URL          string
	Offset, Size int64
}

// Plan returns the parts of a file of size bytes, in the order of offers. blockSize is the size of the offers without a size.
// The last offer may be larger than the rest of the file. The parts cover the file exactly once; if offers do not allow that,
// the error says why.
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

// Same reports whether two plans divide a file alike. Their addresses may differ.
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
