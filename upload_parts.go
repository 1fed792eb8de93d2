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
	up      *upload
	content *content.Content
	offer   platform.Offer
	plan    []parts.Part
	done    []bool // each set by the part's own goroutine
}

// staleError says that a part cannot be finished under this prepare: its address is dead, or the platform goes on
// refusing it. A new prepare may help.
type staleError struct{ err error }

func (e *staleError) Error() string { return e.err.Error() }
func (e *staleError) Unwrap() error { return e.err }

// run uploads the content: prepare, the parts, merge; and prepares again while that may help. The error is an
// *UploadError.
func (t *transfer) run(ctx context.Context) (platform.Uploaded, error) {
	up := t.up
	if err := t.content.PartSums(ctx); err != nil {
		return platform.Uploaded{}, up.failed("read", err)
	}
	for again, most := 0, 0; ; again++ {
		got, err := t.attempt(ctx)
		var stale *staleError
		if n := t.finished(); n > most {
			most, again = n, 0 // it makes progress
		}
		if err == nil || ctx.Err() != nil || again == up.u.prepares || !errors.As(err, &stale) {
			return got, err
		}
		up.u.log.Warnf("richmedia: the upload is prepared once more: %v", err)
		// A refused address is replaced by a new one at once; a connection or a storage that is down needs a pause.
		var api *APIError
		if again > 0 || !errors.As(err, &api) || api.Status == 0 || api.Status >= 500 {
			if ended := sleep(ctx, min(time.Second<<again, 15*time.Second)); ended != nil {
				return got, up.failed("prepare", platform.Stopped(err, ended))
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

// attempt goes once from prepare to merge, and skips the parts that are finished already.
func (t *transfer) attempt(ctx context.Context) (platform.Uploaded, error) {
	if err := t.prepare(ctx); err != nil {
		return platform.Uploaded{}, t.up.failed("prepare", err)
	}
	if t.offer.Done != nil {
		return *t.offer.Done, nil
	}
	if err := t.sendParts(ctx); err != nil {
		return platform.Uploaded{}, err
	}
	got, err := t.up.u.client.Merge(ctx, t.up.to.chat(), t.offer.UploadID, int(t.up.kind), t.fileName(), t.content.Size)
	if err != nil {
		return got, t.up.failed("merge", staleIfMergeFailed(err))
	}
	return got, nil
}

// prepare announces the file and plans its parts. Finished parts still count if the platform goes on with the same
// upload in the same parts.
func (t *transfer) prepare(ctx context.Context) error {
	offer, err := t.up.u.client.Prepare(ctx, t.up.to.chat(), platform.Announcement{
		Kind: int(t.up.kind), Name: t.fileName(), Size: t.content.Size,
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
		t.up.progress.begin(t.content.Size, len(plan))
	}
	t.offer, t.plan = offer, plan
	t.up.record.inParts(len(plan))
	return nil
}

// fileName is required by prepare, also for kinds that show none.
func (t *transfer) fileName() string {
	if t.up.src.name != "" {
		return t.up.src.name
	}
	return t.up.kind.String()
}

// sendParts sends the parts that are not finished, partsAtOnce side by side. The first failure stops the others, and all
// have ended when it returns.
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
				failed := t.up.failed("part", err)
				failed.Part = i + 1
				return failed
			}
			t.done[i] = true
			t.up.progress.done()
			return nil
		})
	}
	return group.Wait()
}

// partsAtOnce is the lower of what the platform offers and the bot allows. A renewal in the background has time: it leaves
// the connection and the platform's request rates to replies.
func (t *transfer) partsAtOnce() int {
	if t.up.purpose == forRefresh {
		return 1
	}
	return min(t.offer.Concurrency, t.up.u.concurrency)
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
			return &stepError{"finish", &staleError{err}}
		}
	}
}

// put sends the bytes of p and returns their MD5, computed while they are sent. A server that answers with a failure of
// its own is asked again, and so is one without an answer, once: a single reset says nothing about the address, and a new
// prepare may send the whole file again (the platform's own storage SDK repeats after a reset too). After a second one, and
// at once if the address is refused, the address is considered dead (tencent-connect/openclaw-qqbot#277).
func (t *transfer) put(ctx context.Context, p parts.Part) (sum string, err error) {
	const tries = 3
	wait := t.offer.RetryDelay
	unanswered := 0
	for n := 1; ; n++ {
		var h hash.Hash
		err := t.up.u.client.PutPart(ctx, p.URL, p.Size, t.up.progress.counted(p.Offset, func(ctx context.Context) (io.ReadCloser, error) {
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
		if e.Status == 0 {
			unanswered++
		}
		if unanswered > 1 || n == tries || e.Status != 0 && e.Status < 500 {
			return "", &staleError{err}
		}
		if ended := sleep(ctx, max(wait, time.Second)*time.Duration(n)); ended != nil {
			return "", platform.Stopped(err, ended)
		}
	}
}

// finish reports p until the platform has accepted it, or for as long as the platform wants to be asked.
func (t *transfer) finish(ctx context.Context, p parts.Part, sum string) error {
	until := time.Now().Add(t.offer.RetryTimeout)
	for {
		err := t.up.u.client.FinishPart(ctx, t.up.to.chat(), t.offer.UploadID, p.Index, p.Size, sum)
		if err == nil || code(err) != platform.PartAgain || !time.Now().Add(t.offer.RetryDelay).Before(until) {
			return err
		}
		if ended := sleep(ctx, t.offer.RetryDelay); ended != nil {
			return platform.Stopped(err, ended)
		}
	}
}

// staleIfMergeFailed makes err an staleError if a new prepare may help: the merge goes on failing "for now", or the upload is
// no longer known after a merge whose answer was lost.
func staleIfMergeFailed(err error) error {
	var e *platform.Error
	if errors.As(err, &e) && (e.Code == platform.PartAgain || (e.Doubted() && e.Class() == platform.Terminal && e.Unsaid())) {
		return &staleError{err}
	}
	return err
}

// code returns the platform's code, 0 without an answer.
func code(err error) int {
	var e *platform.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
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
