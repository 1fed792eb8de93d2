package richmedia

import (
	"context"
	"errors"
	"fmt"

	"github.com/tencent-connect/botgo/dto"
	"golang.org/x/sync/errgroup"

	"github.com/botgo-contrib/richmedia/internal/ledger"
)

// albumUploads is how many items of an album are under way at once: uploading, or waiting for their turn.
const albumUploads = 4

// ReplyAll answers with several media, one message each: they are uploaded side by side and sent in the order of srcs. It
// needs as many replies as there are sources, and reserves all of them at once, with numbers in that order: if fewer are
// left it is ErrReplyLimit before anything is uploaded. The messages stand at the indexes of their sources, nil if the item
// failed; the others are sent all the same, unless none can be any longer (ErrReplyWindow, ErrReplyLimit, ErrClosed). The
// error joins one error for each failed item, "item 2 of 3: ..." around its *UploadError or *APIError.
//
// WithCaption goes with the first item that is sent, WithFallbackText replaces each item that fails, WithSeq is the
// number of the first and the others follow it, WithProgress reports all items, still one call at a time, and WithQuote
// lets each message quote. WithCacheKey names one content and is an error with more than one source.
func (c *Context) ReplyAll(ctx context.Context, kind Kind, srcs []Source, opts ...ReplyOption) ([]*dto.Message, error) {
	o := newReplyConfig(opts)
	o.upload.progress = serially(o.upload.progress)
	switch {
	case len(srcs) == 0:
		return nil, errors.New("richmedia: ReplyAll: there are no sources")
	case len(srcs) > 1 && o.upload.cacheKey != "":
		return nil, errors.New("richmedia: ReplyAll: WithCacheKey names one content, and here are several; reply with each by itself")
	}
	if err := c.checkMedia(kind, o); err != nil {
		return nil, err
	}
	contents := make([]ledger.Content, len(srcs))
	for i, src := range srcs {
		contents[i] = mediaContent(kind, src, src.identity(kind, o.upload.cacheKey), o)
	}
	a, err := newAlbum(ctx, c, o, contents)
	if err != nil {
		for range srcs {
			observe(c.p.cfg.log, c.p.cfg.trace.Reply, ReplyInfo{Target: c.in.target, Kind: kind, Err: err})
		}
		return nil, err
	}
	defer a.release()
	ctx, leave, err := c.p.enter(ctx) // once for all of them: Shutdown does not cut an album that has begun
	if err != nil {
		return nil, err
	}
	defer leave()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	messages, errs := make([]*dto.Message, len(srcs)), make([]error, len(srcs))
	group := errgroup.Group{}
	group.SetLimit(albumUploads)
	for i, src := range srcs { // begins in order: an item that waits for its turn waits for one that has begun
		group.Go(func() error {
			out := newOutgoing(c, kind, o, contents[i])
			out.item = &a.items[i]
			out.deliverItem(ctx, src, func(m *dto.Message, err error) {
				if err != nil {
					if reason := endOfReplies(err); reason != nil {
						cancel(reason)
					}
					err = fmt.Errorf("item %d of %d: %w", i+1, len(srcs), err)
				}
				messages[i], errs[i] = m, err
				out.item.finish(err == nil && out.caption != "")
			})
			return nil
		})
	}
	_ = group.Wait() // the errors are in errs
	return messages, errors.Join(errs...)
}

// deliverItem delivers one reply of an album and passes the outcome to settled, also if the source panics: nobody else
// could recover on this goroutine.
func (out *outgoing) deliverItem(ctx context.Context, src Source, settled func(*dto.Message, error)) {
	var m *dto.Message
	protect("the source", func() (err error) {
		m, err = out.deliver(ctx, out.c.sendMedia(out.info.Kind, src))
		return err
	}, func(err error) {
		if panicked, ok := err.(*PanicError); ok { //nolint:errorlint // deliver's own errors may wrap one
			m, err = nil, &UploadError{Name: src.label(), Step: "read", Err: panicked}
		}
		settled(m, err)
	})
}

// album is the state that the items of one ReplyAll share.
type album struct {
	items     []albumItem
	captioned bool // an item with the caption was sent; written in the order of the turns
}

// albumItem is the turn of one item, and its reserved reply.
type albumItem struct {
	album  *album
	before *albumItem // nil for the first
	claim  *ledger.Claim
	done   chan struct{} // closed when the item and all before it are sent or have failed
}

// newAlbum reserves one reply for each content, or returns why it cannot reserve all of them.
func newAlbum(ctx context.Context, c *Context, o *replyConfig, contents []ledger.Content) (*album, error) {
	n := len(contents)
	if err := o.check(c.in); err != nil {
		return nil, err
	}
	a := &album{items: make([]albumItem, n)}
	for i := range a.items {
		item := &a.items[i]
		item.album, item.done = a, make(chan struct{})
		if i > 0 {
			item.before = &a.items[i-1]
		}
	}
	if c.in.target.answered() == "" {
		return a, nil
	}
	var claims []*ledger.Claim
	var err error
	if o.seq == nil {
		claims, err = c.run(ctx).ClaimAll(contents)
	} else if int(*o.seq)+n-1 > maxSeq {
		return nil, fmt.Errorf("richmedia: WithSeq(%d): %d items need the numbers up to %d, and %d is the last", *o.seq, n, int(*o.seq)+n-1, maxSeq)
	} else {
		claims, err = c.run(ctx).ClaimSeqs(*o.seq, contents)
	}
	if errors.Is(err, ledger.ErrLimit) {
		left, _ := c.entry().Left()
		return nil, fmt.Errorf("%w: %d items and %d replies left; nothing was uploaded", ErrReplyLimit, n, left)
	}
	if err != nil {
		return nil, ledgerError(err)
	}
	for i, claim := range claims {
		a.items[i].claim = claim
	}
	return a, nil
}

// release returns the replies of items that have not settled theirs.
func (a *album) release() {
	for i := range a.items {
		if claim := a.items[i].claim; claim != nil {
			claim.Settle(ledger.Refused)
		}
	}
}

// awaitTurn returns when the items before are sent or have failed; captioned says that one of them shows the caption.
func (i *albumItem) awaitTurn(ctx context.Context) (captioned bool, err error) {
	if i.before != nil {
		select {
		case <-i.before.done:
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
	return i.album.captioned, nil
}

// finish ends the item's turn.
func (i *albumItem) finish(captioned bool) {
	if i.before != nil {
		<-i.before.done // this one may have failed long before its turn
	}
	i.album.captioned = i.album.captioned || captioned
	close(i.done)
}

// serially returns fn for several uploads at once.
func serially(fn func(Progress)) func(Progress) {
	if fn == nil {
		return nil
	}
	turn := newTurn()
	return func(p Progress) {
		turn.take()
		defer turn.leave()
		fn(p)
	}
}
