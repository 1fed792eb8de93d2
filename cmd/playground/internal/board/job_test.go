package board

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

func TestTheProgressOfAnUploadGoesWhenNothingContinuesItAndComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := richmediatest.New()
		b := New(p, nil)
		defer b.Close()
		of := p.Group("cats")
		b.Open(of)
		shown := func() int {
			b.mu.Lock()
			defer b.mu.Unlock()
			return len(b.byChat[of].uploads())
		}
		call := func(op richmediatest.Op, n int, path, body string, running bool) {
			c := richmediatest.Call{Number: n, Op: op, Method: "POST", Path: path, Time: time.Now(), Body: []byte(body), Status: 200}
			b.watch(richmediatest.Happening{What: richmediatest.CallBegan, Call: c})
			b.watch(richmediatest.Happening{What: richmediatest.CallRead, Call: c})
			if !running {
				c.Answer = []byte(`{"upload_id":"u","parts":[{}]}`)
				b.watch(richmediatest.Happening{What: richmediatest.CallEnded, Call: c})
			}
		}
		path := "/v2/groups/" + of.OpenID()
		call(richmediatest.OpPrepare, 1, path+"/upload_prepare", `{"file_type":4,"file_size":"5","file_name":"a.txt"}`, false)
		assert.Equal(t, 1, shown())
		time.Sleep(idleUpload - time.Second)
		call(richmediatest.OpPart, 2, "/presigned/u/1", "", true)
		time.Sleep(time.Minute)
		assert.Equal(t, 1, shown(), "a part is on its way")
		b.watch(richmediatest.Happening{What: richmediatest.CallEnded, Call: richmediatest.Call{Number: 2, Op: richmediatest.OpPart}})
		time.Sleep(idleUpload + time.Second)
		synctest.Wait()
		assert.Zero(t, shown(), "the bot is gone")
		call(richmediatest.OpFinish, 3, path+"/upload_part_finish", `{"upload_id":"u"}`, false)
		assert.Equal(t, 1, shown(), "it was only slow")
	})
}
