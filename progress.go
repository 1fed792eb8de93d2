package richmedia

import (
	"context"
	"io"

	"github.com/tencent-connect/botgo/log"
)

// Progress is the state of an upload. It is reported serially; Sent never falls, also if a part is sent again; and
// the last report of a successful upload has Sent == Total. An upload that was cached, that another call made, or that
// the platform fetches from a URL is reported once, at its end; the Total of a URL is not known and 0.
type Progress struct {
	Name        string // the file's name, or the URL without its query
	Sent, Total int64  // bytes of the content
	Part, Parts int    // parts that are done, and all of them; 0 if the upload is not in parts
}

// progressStep is how many bytes make a report worth its call.
const progressStep = 256 << 10

// progress adds up what is sent in parts, each of which may be sent more than once.
type progress struct {
	fn  func(Progress)
	log log.Logger

	turn     turn
	now      Progress
	sent     map[int64]int64 // by offset of the part: the most that was sent of it
	sum      int64           // of sent
	reported int64
	over     bool
}

func newProgress(fn func(Progress), src Source, log log.Logger) *progress {
	if fn == nil {
		return nil
	}
	return &progress{fn: fn, log: log, turn: newTurn(), now: Progress{Name: src.label()}, sent: map[int64]int64{}}
}

// begin says how much there is to send. A renewed upload in parts begins again, without falling behind.
func (p *progress) begin(total int64, parts int) {
	if p == nil {
		return
	}
	p.turn.take()
	defer p.turn.leave()
	p.now.Total, p.now.Part, p.now.Parts = total, 0, parts
	clear(p.sent)
	p.sum = 0
}

// at notes that n bytes of the part at offset have been sent.
func (p *progress) at(offset, n int64) {
	if p == nil {
		return
	}
	p.turn.take()
	defer p.turn.leave()
	if n <= p.sent[offset] {
		return
	}
	p.sum += n - p.sent[offset]
	p.sent[offset] = n
	p.now.Sent = max(p.now.Sent, p.sum)
	if p.now.Sent-p.reported >= progressStep && p.now.Sent < p.now.Total {
		p.report()
	}
}

// done notes the end of a part.
func (p *progress) done() {
	if p == nil {
		return
	}
	p.turn.take()
	defer p.turn.leave()
	p.now.Part++
	if p.now.Sent < p.now.Total {
		p.report()
	}
}

// finish makes the last report of a success.
func (p *progress) finish(total int64) {
	if p == nil {
		return
	}
	p.turn.take()
	defer p.turn.leave()
	if total > 0 {
		p.now.Total = total
	}
	p.now.Sent, p.now.Part = p.now.Total, p.now.Parts
	p.report()
}

// close ends the reports: the caller has gone, though others may still wait for the upload.
func (p *progress) close() {
	if p == nil {
		return
	}
	p.turn.take()
	defer p.turn.leave()
	p.over = true
}

func (p *progress) report() {
	if !p.over {
		p.reported = p.now.Sent
		observe(p.log, p.fn, p.now) // on a goroutine that nobody else could recover
	}
}

// counted is open with its bytes noted in p.
func (p *progress) counted(offset int64, open func(context.Context) (io.ReadCloser, error)) func(context.Context) (io.ReadCloser, error) {
	if p == nil {
		return open
	}
	return func(ctx context.Context) (io.ReadCloser, error) {
		rc, err := open(ctx)
		if err != nil {
			return nil, err
		}
		return &countedReader{ReadCloser: rc, p: p, offset: offset}, nil
	}
}

type countedReader struct {
	io.ReadCloser
	p         *progress
	offset, n int64
}

func (r *countedReader) Read(b []byte) (int, error) {
	n, err := r.ReadCloser.Read(b)
	r.n += int64(n)
	if n > 0 {
		r.p.at(r.offset, r.n)
	}
	return n, err
}
