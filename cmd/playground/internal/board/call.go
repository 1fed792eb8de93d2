package board

import (
	"crypto/sha256"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// call is one request of the bot, with its secrets masked.
type call struct {
	Number   int              `json:"n"`
	Op       richmediatest.Op `json:"op"`
	Method   string           `json:"method"`
	Path     string           `json:"path"`
	At       int64            `json:"at"`
	Offset   float64          `json:"offset"` // ms from the user's message; set by shownCalls
	Took     float64          `json:"took"`   // ms; 0 while it runs
	Size     int64            `json:"size"`
	Status   int              `json:"status"`
	Code     int              `json:"code"`
	Trace    string           `json:"trace,omitempty"`
	Running  bool             `json:"running"`
	Again    bool             `json:"again"` // repeats a failed call
	Request  string           `json:"request,omitempty"`
	Answer   string           `json:"answer,omitempty"`
	Warnings []string         `json:"warnings,omitempty"` // of the platform, about a call that it accepted

	chat   *chat
	at     time.Time
	job    *job
	answer *answer
	info   string            // file_info that it sends
	to     string            // msg_id or event_id that it answers
	body   [sha256.Size]byte // of a send: the same in a repeat
}

// began records a request that has arrived.
func (b *Board) began(in richmediatest.Call) {
	b.count.Calls++
	path, _, _ := strings.Cut(in.Path, "?")
	c := &call{Number: in.Number, Op: in.Op, Method: in.Method, Path: path, At: in.Time.UnixMilli(), at: in.Time, Running: true}
	b.calls[in.Number] = c
	segments := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case in.Op == richmediatest.OpPart && len(segments) == 3:
		if c.job = b.parts[segments[1]]; c.job != nil {
			c.chat = c.job.chat
			c.job.add(c)
		}
	case in.Op == richmediatest.OpAck && len(segments) == 2:
		if t := b.turns["button "+segments[1]]; t != nil {
			c.chat = t.chat
			t.others = append(t.others, c)
		}
	case len(segments) >= 3:
		if c.chat = b.byID[segments[2]]; c.chat == nil {
			c.chat = b.byID[segments[1]] // guild paths have the id in the second segment
		}
	}
	b.busy(c.chat, c.Op, 1)
}

// busy updates the number of running calls of a chat on the pages.
func (b *Board) busy(c *chat, op richmediatest.Op, n int) {
	if c == nil || op == richmediatest.OpAck {
		return
	}
	c.running[string(op)] += n
	if c.running[string(op)] <= 0 {
		delete(c.running, string(op))
	}
	ops := make(map[string]int, len(c.running))
	for op, n := range c.running {
		ops[op] = n
	}
	b.Feed.put("busy "+c.key, map[string]any{"t": "busy", "chat": c.key, "ops": ops})
}

func (b *Board) progressed(in richmediatest.Call) {
	if c := b.calls[in.Number]; c != nil {
		c.Size = in.Size
		if c.job != nil {
			b.tellProgress(c.job)
		}
	}
}

// read records the body of a call, and ties the call to its answer or upload.
func (b *Board) read(in richmediatest.Call) {
	c := b.calls[in.Number]
	if c == nil { // it began before the watching
		return
	}
	if c.Op != in.Op {
		b.busy(c.chat, c.Op, -1)
		b.busy(c.chat, in.Op, 1)
	}
	c.Op, c.Size = in.Op, in.Size
	switch in.Op {
	case richmediatest.OpSend, richmediatest.OpStream:
		b.sending(c, in)
	case richmediatest.OpUpload, richmediatest.OpPrepare, richmediatest.OpFinish, richmediatest.OpMerge:
		b.uploading(c, in)
	}
}

// ended records the result of a call.
func (b *Board) ended(in richmediatest.Call) {
	c := b.calls[in.Number]
	if c == nil {
		return
	}
	delete(b.calls, in.Number)
	b.busy(c.chat, c.Op, -1)
	c.Size, c.Status, c.Code, c.Trace, c.Running = in.Size, in.Status, in.Code, in.Trace, false
	c.Warnings = in.Warnings
	c.Took = max(millis(in.Took), 0.001)
	c.Request, c.Answer = Mask(in.Body, in.Size), Mask(in.Answer, int64(len(in.Answer)))
	switch in.Op {
	case richmediatest.OpSend, richmediatest.OpStream:
		b.sentBy(c, in)
	case richmediatest.OpUpload, richmediatest.OpPrepare, richmediatest.OpPart, richmediatest.OpFinish, richmediatest.OpMerge:
		b.uploadedBy(c, in)
	}
}

// good reports whether a call succeeded.
func (c *call) good() bool { return c.Status >= 200 && c.Status < 300 && c.Code == 0 }

// job is one upload of a file, with all its calls.
type job struct {
	chat         *chat
	turn         *turn
	kind         int
	name, url    string
	size         int64 // of the body of an inline upload
	total        int64 // of the file, in parts
	parts, done  int
	sizes        map[string]int64 // of parts that were PUT, by path
	ids          []string         // upload_ids
	calls        []*call
	retries      int
	began, ended time.Time
	last         *call
	stored       bool
	idle         *time.Timer // nil while a call runs
	hidden       bool        // no call has run for idleUpload
	claimed      bool
}

func (j *job) add(c *call) {
	c.job = j
	j.hidden = false
	if j.idle != nil {
		j.idle.Stop()
		j.idle = nil
	}
	for _, old := range j.calls {
		failed := old.Path == c.Path && !old.Running && !old.good()
		if old.Op == c.Op && (failed || c.Op == richmediatest.OpPrepare) { // a new address for the parts
			c.Again = true
		}
	}
	if c.Again {
		j.retries++
	}
	j.calls = append(j.calls, c)
	j.last = c
}

// uploadForm holds the fields that identify an upload.
type uploadForm struct {
	Kind  int         `json:"file_type"`
	Name  string      `json:"file_name"`
	URL   string      `json:"url"`
	ID    string      `json:"upload_id"`
	Total json.Number `json:"file_size"`
}

// readForm reads the fields of an upload, also from a body that is cut off inside file_data.
func readForm(body []byte) (form uploadForm) {
	if i := strings.Index(string(body), `"file_data"`); i > 0 && !json.Valid(body) {
		head := strings.TrimRight(string(body[:i]), ", \t\r\n")
		body = []byte(head + "}")
	}
	_ = json.Unmarshal(body, &form) // a malformed body has no fields
	if u, err := url.Parse(form.URL); err == nil {
		u.RawQuery = ""
		form.URL = u.String()
	}
	return form
}
