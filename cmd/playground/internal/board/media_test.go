package board

import (
	"fmt"
	"runtime"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDroppedMediaLeaveTheMemory(t *testing.T) {
	m := media{byID: make(map[string]*medium)}
	var kept []weak.Pointer[byte]
	for i := range 6 {
		data := make([]byte, maxMedia/2) // never touched, so hardly any memory
		kept = append(kept, weak.Make(&data[0]))
		require.NotEmpty(t, m.keep(fmt.Sprint(i), "image/png", data))
	}
	runtime.GC()
	for i, p := range kept {
		assert.Equal(t, i < 4, p.Value() == nil, i)
	}
	assert.Nil(t, m.byID["3"])
	assert.NotNil(t, m.byID["4"])
	runtime.KeepAlive(&m)
}
