package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestFilesAreBoundedAsAWholeAndAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New()
		ctx, end := context.WithCancel(t.Context())
		done := bound(ctx, p)
		group := p.Group("cats")
		for i := range 4 {
			big := make([]byte, 48<<20)
			big[0] = byte(i)
			group.Say("ann", "", richmediatest.Attachment{FileName: "big.bin", Data: big})
			synctest.Wait()
		}
		kept := 0
		for _, m := range group.Messages() {
			for _, a := range m.Attachments {
				kept += len(a.Data)
			}
		}
		assert.Less(t, kept, 2*(48<<20), "records go when 64 MB have come, not after 10 s")
		group.Say("ann", "hi")
		time.Sleep(forgetAfter)
		synctest.Wait()
		assert.Empty(t, group.Messages())
		end()
		<-done
	})
}
