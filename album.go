package richmedia

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/tencent-connect/botgo/dto"
	"golang.org/x/sync/errgroup"

	"github.com/botgo-contrib/richmedia/internal/ledger"
)

// albumUploads is how many items of an album are under way at once: uploading, or waiting for their turn.
const albumUploads = 4

// ReplyAll answers with several media, a message each: they are uploaded side by side and sent in the order of srcs. It
// needs as many replies as there are sources, and takes all of them at once, with numbers in that order: where fewer are
// left it is ErrReplyLimit before anything is uploaded. The messages have the places of their sources, nil where the item
// failed; the others are sent all the same, unless none can be any more (ErrReplyWindow, ErrReplyLimit, ErrClosed). The
// error joins one error for each failed item, "item 2 of 3: ..." around its *UploadError or *APIError.
//
// WithCaption goes with the first item that is sent, WithFallbackText takes the place of each that fails, WithSeq is the
// number of the first and the others follow it, WithProgress tells of all items, still one call at a time. WithCacheKey
// names one content and is an error with more than one source.
func (c *Context) ReplyAll(ctx context.Context, kind Kind, srcs []Source, opts ...ReplyOption) ([]*dto.Message, error) {
	o := newReplyConfig(opts)
	switch {
	case len(srcs) == 0:
		return nil, errors.New("richmedia: ReplyAll: there are no sources")
	case len(srcs) > 1 && o.upload.cacheKey != "":
		return nil, errors.New("richmedia: ReplyAll: WithCacheKey names one content, and here are several; reply with each by itself")
	}
	if err := c.mediaRefusal(kind, o); err != nil {
		return nil, err
	}
	a, err := c.newAlbum(o, len(srcs))
	if err != nil {
		for range srcs {
			tell(c.p.cfg.log, c.p.cfg.trace.Reply, ReplyInfo{Target: c.in.target, Kind: kind, Err: err})
		}
		return nil, err
	}
	defer a.release()
	ctx, leave, err := c.p.enter(ctx) // once for all of them: what has begun is not cut in half by Shutdown
	if err != nil {
		return nil, err
	}
	defer leave()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	o.upload.progress = serially(o.upload.progress)

	messages, errs := make([]*dto.Message, len(srcs)), make([]error, len(srcs))
	group := errgroup.Group{}
	group.SetLimit(albumUploads)
	for i, src := range srcs { // begins in order: whoever waits for its turn waits for one that has begun
		group.Go(func() error {
			one := *o
			one.place = &a.places[i]
			c.item(ctx, kind, src, &one, func(m *dto.Message, err error) {
				if err != nil {
					if reason := over(err); reason != nil {
						cancel(reason)
					}
					err = fmt.Errorf("item %d of %d: %w", i+1, len(srcs), err)
				}
				messages[i], errs[i] = m, err
				one.place.leave(err == nil && one.caption != nil)
			})
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs
	return messages, errors.Join(errs...)
}

// item is one reply of an album. A source that panics ends its own item, on a goroutine where nobody else could recover.
func (c *Context) item(ctx context.Context, kind Kind, src Source, o *replyConfig, settle func(*dto.Message, error)) {
	var m *dto.Message
	var err error
	returned := false
	defer func() {
		if !returned {
			v := recover()
			if v == nil {
				v = "runtime.Goexit was called"
			}
			m, err = nil, &UploadError{Name: src.label(), Step: "read", Err: &PanicError{Value: v, Stack: debug.Stack()}}
		}
		settle(m, err)
	}()
	m, err = c.replyMedia(ctx, kind, src, o)
	returned = true
}

// album is what the items of one ReplyAll share.
type album struct {
	places    []place
	captioned bool // an item with the caption was sent; seen in the order of the turns
}

// place is an item's place in its album.
type place struct {
	album  *album
	before *place // nil for the first
	claim  *ledger.Claim
	done   chan struct{} // closed when the item and all before it are sent or have failed
}

// newAlbum takes the replies of n items, or says why they cannot all be had.
func (c *Context) newAlbum(o *replyConfig, n int) (*album, error) {
	if err := o.check(c.in.target); err != nil {
		return nil, err
	}
	a := &album{places: make([]place, n)}
	for i := range a.places {
		p := &a.places[i]
		p.album, p.done = a, make(chan struct{})
		if i > 0 {
			p.before = &a.places[i-1]
		}
	}
	if c.in.target.answered() == "" {
		return a, nil
	}
	var claims []*ledger.Claim
	var err error
	if o.seq == nil {
		claims, err = c.counting().ClaimAll(make([]ledger.Content, n))
	} else if int(*o.seq)+n-1 > maxSeq {
		return nil, fmt.Errorf("richmedia: WithSeq(%d): %d items need the numbers up to %d, and %d is the last", *o.seq, n, int(*o.seq)+n-1, maxSeq)
	} else {
		claims, err = c.counting().ClaimSeqs(*o.seq, make([]ledger.Content, n))
	}
	if errors.Is(err, ledger.ErrLimit) {
		left, _ := c.entry().Left()
		return nil, fmt.Errorf("%w: %d items and %d replies left; nothing was uploaded", ErrReplyLimit, n, left)
	}
	if err != nil {
		return nil, refused(err)
	}
	for i, claim := range claims {
		a.places[i].claim = claim
	}
	return a, nil
}

// release gives back the replies of items that have not come to settle theirs.
func (a *album) release() {
	for i := range a.places {
		if claim := a.places[i].claim; claim != nil {
			claim.Settle(ledger.Refused)
		}
	}
}

// taken is the reply that the place holds already; nil without a place.
func (p *place) taken() *ledger.Claim {
	if p == nil {
		return nil
	}
	return p.claim
}

// turn returns when the items before are sent or have failed, and takes the caption away where one has it.
func (p *place) turn(ctx context.Context, o *replyConfig) error {
	if p == nil {
		return nil
	}
	if p.before != nil {
		select {
		case <-p.before.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if p.album.captioned {
		o.caption = nil
	}
	return nil
}

// leave lets the next item have its turn.
func (p *place) leave(captioned bool) {
	if p.before != nil {
		<-p.before.done // this one may have failed long before its turn
	}
	p.album.captioned = p.album.captioned || captioned
	close(p.done)
}

// serially is fn for several uploads at once.
func serially(fn func(Progress)) func(Progress) {
	if fn == nil {
		return nil
	}
	var mu sync.Mutex
	return func(p Progress) {
		mu.Lock()
		defer mu.Unlock()
		fn(p)
	}
}
