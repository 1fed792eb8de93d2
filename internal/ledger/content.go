package ledger

import "hash/maphash"

// Content identifies what a caller asked to send, so that two replies under one number can be compared within this
// process. The zero Content is unknown and equals every other: that of a stream which was not read.
type Content uint64

// seed makes a Content that is worth nothing to another process.
var seed = maphash.MakeSeed()

// ContentOf returns the Content of a reply with these parts, such as kind, name, caption and the upload's store key.
// The order and the bounds of the parts count. It is never zero.
func ContentOf(parts ...string) Content {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, part := range parts {
		maphash.WriteComparable(&h, len(part)) // else "a", "bc" would be "ab", "c"
		_, _ = h.WriteString(part)             // never fails
	}
	return max(Content(h.Sum64()), 1)
}

// differs reports whether c and other are known to be different.
func (c Content) differs(other Content) bool { return c != 0 && other != 0 && c != other }
