package richmediatest_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// FuzzBodies sends arbitrary bodies to every endpoint: each gets an answer of the platform's own making.
func FuzzBodies(f *testing.F) {
	f.Add(`{"msg_type":7,"msg_id":"x","msg_seq":2,"media":{"file_info":"AE86C5D3"}}`)
	f.Add(`{"file_type":4,"file_data":"aGVsbG8=","file_name":"hello.txt","srv_send_msg":true}`)
	f.Add(`{"file_type":2,"file_size":"31457280","file_name":"v","md5":"281ed1d5ae50e8419f9b978aab16de83","sha1":"a869e551c0dfeaf152a594f9051b99a65d46f16d","md5_10m":"c7d2d05339fa6dae39f34538160cf785"}`)
	f.Add(`{"upload_id":"u","part_index":0,"block_size":"10485760","md5":"f1c9645dbc14efddc7d8a322685f26eb"}`)
	f.Add(`{"code":0}`)
	f.Add(`{"file_type":1,"url":"http://[::1"}`)
	f.Add(`{"content_raw":"a","content_type":"text","input_mode":"append","input_state":1,"index":0}`)
	f.Add(`{"recipient_id":"1","source_guild_id":"1"}`)
	f.Add(`{"msg_type":2,"markdown":{"content":"x"},"keyboard":{"content":{"rows":[{"buttons":[{"id":"x"}]}]}},"message_reference":{"message_id":"REFIDX_x"}}`)
	f.Fuzz(func(t *testing.T, body string) {
		b := newBot(t, richmediatest.WithProactive())
		g := b.p.Group("g")
		press := g.Press("ann", "x")
		paths := map[string]string{
			base(g) + "/messages": http.MethodPost, base(g) + "/files": http.MethodPost,
			base(g) + "/upload_prepare": http.MethodPost, base(g) + "/upload_part_finish": http.MethodPost,
			base(b.p.C2C("ann")) + "/stream_messages": http.MethodPost, "/users/@me/dms": http.MethodPost,
			"/interactions/" + press.InteractionID(): http.MethodPut, "/app/getAppAccessToken": http.MethodPost,
		}
		for path, method := range paths {
			r, err := b.do(method, path, body)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains([]int{200, 400, 413, 500}, r.status) {
				t.Fatalf("%s: %d %s", path, r.status, r.raw)
			}
		}
		g.Press("ann", "x") // looks for the button in what was sent
	})
}

// FuzzGuildBodies sends arbitrary bodies of arbitrary types to a channel: each gets an answer of the platform's own making,
// and what is accepted shows exactly once.
func FuzzGuildBodies(f *testing.F) {
	const form = "multipart/form-data; boundary=x"
	f.Add("application/json", `{"content":"x","image":"https://example.com/cat.png","msg_seq":2}`)
	f.Add("application/json; charset=utf-8", `{"embed":{"title":"x"},"keyboard":null,"msg_type":0}`)
	f.Add(form, "--x\r\nContent-Disposition: form-data; name=\"content\"\r\n\r\nhi\r\n--x--\r\n")
	f.Add(form, "--x\r\nContent-Disposition: form-data; name=\"file_image\"; filename=\"a.png\"\r\n\r\n"+string(png)+"\r\n--x--\r\n")
	f.Add(form, "--x\r\nContent-Disposition: form-data; name=\"ark\"\r\n\r\n{}\r\n--x\r\n")
	f.Add(`multipart/form-data; boundary="x`, "--x--")
	f.Add("multipart/form-data; boundary=\"a b\"", "--a b\r\n\r\n\r\n--a b--")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		b := newBot(t, richmediatest.WithProactive())
		b.p.Host("https://example.com/cat.png", png)
		c := b.p.Channel("cats")
		r := b.typed(c, contentType, body)
		if !slices.Contains([]int{200, 400, 413}, r.status) {
			t.Fatalf("%d %s", r.status, r.raw)
		}
		shown := c.Answers()
		if (r.status == 200) != (len(shown) == 1) {
			t.Fatalf("%d %s, and %d messages", r.status, r.raw, len(shown))
		}
		for _, m := range shown {
			if m.Media != nil && m.Media.Format == "" || m.String() == "bot: " {
				t.Fatalf("shown: %+v", m)
			}
		}
	})
}
