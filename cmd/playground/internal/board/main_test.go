package board

import (
	"time"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func upload(name string) *richmediatest.Upload {
	return &richmediatest.Upload{
		UUID: "0123456789abcdef", Name: name, Kind: 4, Data: []byte("words\n"), At: time.Date(2026, 7, 21, 10, 0, 0, 0, time.UTC),
	}
}
