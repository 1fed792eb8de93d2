package ledger

import (
	"cmp"
	"hash/maphash"
)

// Content identifies what a caller asked to send, so that two replies under one number can be compared within this
// process. The zero Content is unknown and equals every other.
type Content struct {
	form uint64 // what is known at once, such as kind, name and caption; 0: nothing
	key  uint64 // what is sent in that form, which may be known later; 0: a stream that was not read
}

// seed makes a Content that is worth nothing to another process.
var seed = maphash.MakeSeed()

// ContentOf returns the Content of a reply with these parts, such as kind, name and caption or a text. The order and the bounds
// of the parts count.
func ContentOf(parts ...string) Content { return Content{form: hash(parts...)} }

// Of returns c with the key of what is sent in its form, such as an upload's. An empty key is unknown.
func (c Content) Of(key string) Content {
	c.key = 0
	if key != "" {
		c.key = hash(key)
	}
	return c
}

// hash is never zero.
func hash(parts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, part := range parts {
		maphash.WriteComparable(&h, len(part)) // else "a", "bc" would be "ab", "c"
		_, _ = h.WriteString(part)             // never fails
	}
	return max(h.Sum64(), 1)
}

// differs reports whether c and other are known to be different.
func (c Content) differs(other Content) bool {
	return differ(c.form, other.form) || differ(c.key, other.key)
}

func differ(a, b uint64) bool { return a != 0 && b != 0 && a != b }

// and returns what is known of c or of other, which do not differ.
func (c Content) and(other Content) Content {
	return Content{form: cmp.Or(c.form, other.form), key: cmp.Or(c.key, other.key)}
}
