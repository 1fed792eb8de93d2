package richmedia

import (
	"context"
	"crypto/md5" //nolint:gosec // the platform's choice, no protection
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/botgo-contrib/richmedia/internal/content"
	"github.com/botgo-contrib/richmedia/internal/parts"
	"github.com/botgo-contrib/richmedia/internal/platform"
)

// transfer is an upload in parts: prepare, PUT and finish each part, merge.
type transfer struct {
	*upload
	content *content.Content
	offer   platform.Offer
	plan    []parts.Part
	done    []bool // each set by the part's own goroutine
}

// errStale says that a part cannot be finished under this prepare: its address is dead, or the platform goes on
// refusing it. A new prepare may mend that.
type errStale struct{ err error }

func (e *errStale) Error() string { return e.err.Error() }
func (e *errStale) Unwrap() error { return e.err }

// inParts uploads c in parts. The error is an *UploadError.
func (up *upload) inParts(ctx context.Context, c *content.Content) (platform.Uploaded, error) {
	up.took(RouteParts)
	if err := c.PartSums(ctx); err != nil {
		return platform.Uploaded{}, up.failed("read", err)
	}
	t := &transfer{upload: up, content: c}
	for renewals, most := 0, 0; ; renewals++ {
		got, err := t.try(ctx)
		var stale *errStale
		if n := t.finished(); n > most {
			most, renewals = n, 0 // it gets on
		}
		if err == nil || ctx.Err() != nil || renewals == up.u.renewals || !errors.As(err, &stale) {
			return got, err
		}
		up.u.log.Warnf("richmedia: the upload is prepared once more: %v", err)
		// A refused address is mended by a new one at once; a line or a storage that is down takes its time.
		var api *APIError
		if renewals > 0 || !errors.As(err, &api) || api.Status == 0 || api.Status >= 500 {
			if err := sleep(ctx, min(time.Second<<renewals, 15*time.Second)); err != nil {
				return got, up.failed("prepare", err)
			}
		}
	}
}

// finished is how many parts the platform has.
func (t *transfer) finished() int {
	n := 0
	for _, done := range t.done {
		if done {
			n++
		}
	}
	return n
}

// try goes once from prepare to merge, and leaves out the parts that are finished already.
func (t *transfer) try(ctx context.Context) (platform.Uploaded, error) {
	if err := t.prepare(ctx); err != nil {
		return platform.Uploaded{}, t.failed("prepare", err)
	}
	if t.offer.Done != nil {
		return *t.offer.Done, nil
	}
	if err := t.sendParts(ctx); err != nil {
		return platform.Uploaded{}, err
	}
	got, err := t.u.client.Merge(ctx, t.to.chat(), t.offer.UploadID, int(t.kind), t.fileName(), t.content.Size)
	if err != nil {
		return got, t.failed("merge", staleMerge(err))
	}
	return got, nil
}

// prepare announces the file and plans its parts. What is finished counts on where the platform goes on with the same
// upload in the same parts.
func (t *transfer) prepare(ctx context.Context) error {
	offer, err := t.u.client.Prepare(ctx, t.to.chat(), platform.Announcement{
		Kind: int(t.kind), Name: t.fileName(), Size: t.content.Size,
		MD5: t.content.MD5, SHA1: t.content.SHA1, MD510M: t.content.MD510M,
	})
	if err != nil {
		return err
	}
	if offer.Done != nil {
		t.offer = offer
		return nil
	}
	offered := make([]parts.Offer, len(offer.Parts))
	for i, p := range offer.Parts {
		offered[i] = parts.Offer{Index: p.Index, URL: p.URL, Size: p.Size}
	}
	plan, err := parts.Plan(t.content.Size, offer.BlockSize, offered)
	if err != nil {
		return err
	}
	if offer.UploadID != t.offer.UploadID || !parts.Same(plan, t.plan) {
		t.done = make([]bool, len(plan))
		t.progress.begin(t.content.Size, len(plan))
	}
	t.offer, t.plan = offer, plan
	t.parts.Store(int32(len(plan))) //nolint:gosec // an answer of 1 MiB holds no more
	return nil
}

// fileName is required by prepare, for kinds that show none too.
func (t *transfer) fileName() string {
	if t.src.name != "" {
		return t.src.name
	}
	return t.kind.String()
}

// sendParts sends what is not finished, as many parts at once as the platform offers and the bot allows. The first
// failure stops the others, and all have ended when it returns.
func (t *transfer) sendParts(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(t.partsAtOnce())
	for i, p := range t.plan {
		if t.done[i] {
			continue
		}
		group.Go(func() error {
			if ctx.Err() != nil { // another part has failed while this one waited for its turn
				return context.Cause(ctx)
			}
			if err := t.sendPart(ctx, p); err != nil {
				failed := t.failed("part", err)
				failed.Part = i + 1
				return failed
			}
			t.done[i] = true
			t.progress.done()
			return nil
		})
	}
	return group.Wait()
}

// partsAtOnce is what the platform offers and the bot allows. A renewal in the background has time: it leaves the line and
// the platform's request rates to replies.
func (t *transfer) partsAtOnce() int {
	if t.ahead {
		return 1
	}
	return min(t.offer.Concurrency, t.u.concurrency)
}

// sendPart sends p until the platform has it: PUT, then finish. A finish that fails for now is repeated as the
// platform asks, then the part is sent once more, then it is stale.
func (t *transfer) sendPart(ctx context.Context, p parts.Part) error {
	for again := false; ; again = true {
		sum, err := t.put(ctx, p)
		if err != nil {
			return &stepError{"part", err}
		}
		err = t.finish(ctx, p, sum)
		if err == nil {
			return nil
		}
		if code(err) != platform.PartAgain {
			return &stepError{"finish", err}
		}
		if again {
			return &stepError{"finish", &errStale{err}}
		}
	}
}

// put sends the bytes of p, and gives their MD5, which is made while they go. A server that answers with a failure of
// its own is asked again; after a reset, and when the address is refused, the address is taken for dead
// (tencent-connect/openclaw-qqbot#277).
func (t *transfer) put(ctx context.Context, p parts.Part) (sum string, err error) {
	const tries = 3
	wait := t.offer.RetryDelay
	for n := 1; ; n++ {
		var h hash.Hash
		err := t.u.client.PutPart(ctx, p.URL, p.Size, t.progress.counted(p.Offset, func(ctx context.Context) (io.ReadCloser, error) {
			rc, err := t.content.Section(ctx, p.Offset, p.Size)
			if err != nil {
				return nil, err
			}
			h = md5.New() //nolint:gosec // as above
			return &hashedReader{rc, h}, nil
		}))
		if err == nil {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		var e *platform.Error
		if !errors.As(err, &e) || e.Final() || ctx.Err() != nil {
			return "", err
		}
		if e.Status < 500 || n == tries {
			return "", &errStale{err}
		}
		if err := sleep(ctx, max(wait, time.Second)*time.Duration(n)); err != nil {
			return "", err
		}
	}
}

// finish reports p until the platform has taken it in, or says so for as long as it asked to be asked.
func (t *transfer) finish(ctx context.Context, p parts.Part, sum string) error {
	until := time.Now().Add(t.offer.RetryTimeout)
	for {
		err := t.u.client.FinishPart(ctx, t.to.chat(), t.offer.UploadID, p.Index, p.Size, sum)
		if err == nil || code(err) != platform.PartAgain || !time.Now().Add(t.offer.RetryDelay).Before(until) {
			return err
		}
		if err := sleep(ctx, t.offer.RetryDelay); err != nil {
			return err
		}
	}
}

// staleMerge makes err an errStale where a new prepare may mend it: the merge goes on failing "for now", or the upload is
// not known any more after a merge whose answer was lost.
func staleMerge(err error) error {
	var e *platform.Error
	if errors.As(err, &e) && (e.Code == platform.PartAgain || (e.Doubted() && e.Class() == platform.Terminal && e.Unsaid())) {
		return &errStale{err}
	}
	return err
}

// code is what the platform answered, 0 where it did not.
func code(err error) int {
	var e *platform.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// hashedReader hashes what is read.
type hashedReader struct {
	io.ReadCloser
	hash hash.Hash
}

func (r *hashedReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.hash.Write(p[:n])
	return n, err
}
