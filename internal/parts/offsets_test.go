package parts

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func offers(base int, sizes ...int64) []Offer {
	all := make([]Offer, len(sizes))
	for i, n := range sizes {
		all[i] = Offer{Index: base + i, URL: "https://cos.example.com", Size: n}
	}
	return all
}

func TestOffsetsComeFromTheOrderAndTheIndexIsEchoed(t *testing.T) {
	for _, base := range []int{0, 1, 7} {
		plan, err := Plan(25, 10, offers(base, 10, 10, 5))
		require.NoError(t, err)
		for i, want := range []Part{{Offset: 0, Size: 10}, {Offset: 10, Size: 10}, {Offset: 20, Size: 5}} {
			want.Index, want.URL = base+i, "https://cos.example.com"
			assert.Equal(t, want, plan[i])
		}
	}
}

func TestSizesMayBeUnevenMissingOrTooLargeAtTheEnd(t *testing.T) {
	for name, o := range map[string][]Offer{
		"uneven": offers(0, 1, 20, 4), "none": offers(0, 0, 0, 0), "some": offers(0, 5, 0, 0), "whole last": offers(0, 10, 10, 10),
		"one part": offers(0, 25), "larger than the file": offers(0, 1000),
	} {
		plan, err := Plan(25, 10, o)
		require.NoError(t, err, name)
		last := plan[len(plan)-1]
		assert.EqualValues(t, 25, last.Offset+last.Size, name)
	}
}

func TestAPlanThatDoesNotCoverTheFileOnceIsAnError(t *testing.T) {
	twice := offers(0, 10, 15)
	twice[1].Index = 0
	nowhere := offers(0, 10, 15)
	nowhere[1].URL = ""
	for want, o := range map[string][]Offer{
		"offers no parts": nil, "parts for 20 of 25 bytes": offers(0, 10, 10), "parts for more than": offers(0, 30, 1),
		"of them hold all": offers(0, 10, 10, 5, 1), "with -1 bytes": offers(0, -1, 26), "two parts with the index 0": twice,
		"without an address": nowhere,
	} {
		_, err := Plan(25, 10, o)
		require.ErrorContains(t, err, want)
	}
	_, err := Plan(25, 0, offers(0, 0))
	require.ErrorContains(t, err, "with 0 bytes")
	_, err = Plan(0, 10, offers(0, 10))
	require.ErrorContains(t, err, "empty")
}

func TestSamePlansDifferInAddressesOnly(t *testing.T) {
	a, err := Plan(25, 10, offers(0, 10, 10, 5))
	require.NoError(t, err)
	b := append([]Part(nil), a...)
	b[1].URL = "https://other.example.com"
	assert.True(t, Same(a, b))
	assert.False(t, Same(a, b[:2]))
	b[1].Index = 9
	assert.False(t, Same(a, b))
}

// FuzzPlan calls Plan with any answer of a platform: the plan covers the file exactly once, or is an error.
func FuzzPlan(f *testing.F) {
	f.Add(int64(25), int64(10), []byte{0, 0, 0, 0, 0, 0, 0, 10, 1, 0, 0, 0, 0, 0, 0, 15})
	f.Add(int64(1<<62), int64(1<<62), []byte{0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, size, blockSize int64, raw []byte) {
		var o []Offer
		for ; len(raw) >= 8; raw = raw[8:] {
			n := int64(binary.BigEndian.Uint64(raw)<<8) >> 8 // the first byte is the index
			o = append(o, Offer{Index: int(raw[0]), URL: "u", Size: n})
		}
		plan, err := Plan(size, blockSize, o)
		if err != nil {
			return
		}
		var next int64
		for _, p := range plan {
			if p.Offset != next || p.Size < 1 {
				t.Fatalf("part at %d with %d bytes, expected at %d", p.Offset, p.Size, next)
			}
			next += p.Size
		}
		if next != size || len(plan) != len(o) {
			t.Fatalf("%d parts for %d of %d bytes", len(plan), next, size)
		}
	})
}
