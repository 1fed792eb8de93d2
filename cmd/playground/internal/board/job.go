package board

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// uploading ties a call of an upload to the other calls for the same file.
func (b *Board) uploading(c *call, in richmediatest.Call) {
	if c.chat == nil {
		return
	}
	form := readForm(in.Body)
	j := b.parts[form.ID]
	if j == nil {
		j = b.jobOf(c, form)
	}
	j.add(c)
	if c.Op == richmediatest.OpPrepare {
		j.prepared(form)
	}
	if j.turn != nil {
		b.touch(j.turn)
	}
}

// uploadedBy records the result of a call of an upload.
func (b *Board) uploadedBy(c *call, in richmediatest.Call) {
	j := c.job
	if j == nil {
		return
	}
	var said struct {
		Info  string `json:"file_info"`
		ID    string `json:"upload_id"`
		Parts []any  `json:"parts"`
		Data  struct {
			ID    string `json:"upload_id"`
			Parts []any  `json:"parts"`
		} `json:"data"`
	}
	_ = json.Unmarshal(in.Answer, &said) // an answer that is not JSON has no fields
	switch c.Op {
	case richmediatest.OpPrepare:
		j.parts = max(len(said.Parts), len(said.Data.Parts))
		for _, id := range []string{said.ID, said.Data.ID} {
			if id != "" {
				b.parts[id] = j
				j.ids = append(j.ids, id)
			}
		}
	case richmediatest.OpPart:
		if c.good() {
			j.sizes[c.Path] = in.Size
		}
	case richmediatest.OpFinish:
		if c.good() {
			j.done++
		}
	}
	if said.Info != "" && c.good() {
		b.over(j, said.Info, in.Time.Add(in.Took))
	}
	b.tellProgress(j)
	b.rest(j)
	if j.turn != nil {
		b.touch(j.turn)
	}
	if c.Op != richmediatest.OpPart { // a part's error is the object store's, and bots recover with a new address
		b.refused(j.turn, c, in)
	}
}

// jobOf returns the upload that a call continues: an unfinished one of the same file in the same chat, or a new one. Bytes
// without a name are identified by their size. An upload that was refused in one call continues in parts, then with a name.
func (b *Board) jobOf(c *call, form uploadForm) *job {
	total, _ := form.Total.Int64()
	for _, j := range c.chat.jobs {
		same := !j.stored && j.kind == form.Kind && j.url == form.URL && j.last != nil && !j.last.Running && !j.last.good()
		switch {
		case !same:
		case c.Op == richmediatest.OpPrepare && (j.total == total || j.total == 0 && (j.name == form.Name || j.name == "")):
			return j
		case c.Op == richmediatest.OpUpload && j.size == c.Size && j.name == form.Name:
			return j
		}
	}
	j := &job{
		chat: c.chat, turn: c.chat.last, kind: form.Kind, name: form.Name, url: form.URL, began: c.at, sizes: map[string]int64{},
	}
	if c.Op == richmediatest.OpUpload {
		j.size = c.Size
	}
	c.chat.jobs = append(c.chat.jobs, j)
	if len(c.chat.jobs) > 64 { // the oldest was abandoned
		b.drop(c.chat.jobs[0])
	}
	if j.turn != nil {
		j.turn.jobs = append(j.turn.jobs, j)
	}
	return j
}

func (j *job) prepared(form uploadForm) {
	j.total, _ = form.Total.Int64()
	j.parts, j.done = 0, 0
	clear(j.sizes)
	if form.Name != "" {
		j.name = form.Name
	}
}

// over finishes an upload that has its file_info.
func (b *Board) over(j *job, info string, at time.Time) {
	j.stored, j.ended = true, at
	b.files[info] = j
	if b.infos = append(b.infos, info); len(b.infos) > maxTurns {
		delete(b.files, b.infos[0])
		b.infos = b.infos[1:]
	}
	b.drop(j)
}

// giveUp drops the failed uploads of a turn, so that the same file in the next turn is a new upload.
func (b *Board) giveUp(t *turn) {
	for _, j := range slices.Clone(t.chat.jobs) {
		if j.turn == t && j.last != nil && !j.last.Running && !j.last.good() {
			b.drop(j)
		}
	}
}

// idleUpload is how long an upload is shown after its last call: the bot may be gone, and says nothing then.
const idleUpload = 10 * time.Second

// rest hides the progress of an upload that no call continues.
func (b *Board) rest(j *job) {
	if j.stored || j.idle != nil || slices.ContainsFunc(j.calls, func(c *call) bool { return c.Running }) {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(idleUpload, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if j.idle == timer && !b.closed {
			j.hidden = true
			b.tellProgress(j)
		}
	})
	j.idle = timer
}

func (b *Board) drop(j *job) {
	if j.idle != nil {
		j.idle.Stop()
	}
	j.chat.jobs = slices.DeleteFunc(j.chat.jobs, func(other *job) bool { return other == j })
	for _, id := range j.ids {
		delete(b.parts, id)
	}
	b.Feed.put("up "+j.chat.key, map[string]any{"t": "up", "chat": j.chat.key, "up": j.chat.uploads()})
}

// Progress is the progress of an upload in parts.
type Progress struct {
	Kind  string `json:"kind"`
	Name  string `json:"name,omitempty"`
	Sent  int64  `json:"sent"`
	Total int64  `json:"total"`
	Part  int    `json:"part"`
	Parts int    `json:"parts"`
}

func (j *job) progress() Progress {
	p := Progress{Kind: kinds[j.kind], Name: j.name, Total: j.total, Part: j.done, Parts: j.parts}
	for _, n := range j.sizes {
		p.Sent += n
	}
	for _, c := range j.calls {
		if c.Running && c.Op == richmediatest.OpPart {
			p.Sent += c.Size
		}
	}
	p.Sent = min(p.Sent, p.Total)
	if j.stored {
		p.Sent, p.Part = p.Total, p.Parts
	}
	return p
}

func (c *chat) uploads() []Progress {
	out := []Progress{}
	for _, j := range c.jobs {
		if j.total > 0 && !j.hidden {
			out = append(out, j.progress())
		}
	}
	return out
}

func (b *Board) tellProgress(j *job) {
	if j.total == 0 {
		return
	}
	b.Feed.put("up "+j.chat.key, map[string]any{"t": "up", "chat": j.chat.key, "up": j.chat.uploads()})
	if j.turn != nil {
		b.touch(j.turn)
	}
}
