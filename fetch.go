package richmedia

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/botgo-contrib/richmedia/internal/content"
	"github.com/botgo-contrib/richmedia/internal/platform"
	"github.com/botgo-contrib/richmedia/internal/sniff"
)

// fetchable reports whether err says that the platform could not get a URL, or did not understand what it got: signed and
// dynamic addresses, odd ports and private hosts fail in both ways (AstrBotDevs/AstrBot#7588). A refusal without a
// reason may be either.
func fetchable(err error) bool {
	var e *platform.Error
	if !errors.As(err, &e) {
		return false
	}
	const reasons = platform.FetchFailed | platform.GuildImage
	return platform.ReasonOf(e.Status, e.Code, e.Alias)&reasons != 0 || e.Code == wrongFormat || e.Alias == wrongFormat ||
		(e.Status == http.StatusBadRequest && e.Code == 0)
}

// wrongFormat is the platform's code for content that does not fit its file_type; 40034002 comes with it.
const wrongFormat = 850019

// fetchURL reads rawURL to its end into a temporary file, because the platform wants to know the size first.
func fetchURL(ctx context.Context, f platform.Fetcher, rawURL string, kind Kind) (*content.Content, error) {
	file, err := f.Get(ctx, rawURL)
	if err != nil {
		return nil, publicFetch(err)
	}
	defer file.Close() //nolint:errcheck // only read from
	over := func(size int64) error {
		if f.Limit < kindRules[kind].hard {
			return fmt.Errorf("%w: %d bytes, and WithDownloads allows %d", ErrTooLarge, size, f.Limit)
		}
		return tooLarge(kind, size)
	}
	if file.Size > f.Limit {
		return nil, over(file.Size)
	}
	c, err := content.Spool(ctx, file, content.Options{Limit: f.Limit, Format: sniff.Format})
	if errors.Is(err, platform.ErrTooLong) {
		return nil, over(f.Limit + 1) // at least
	}
	return c, err
}

// fetchError is a URL that neither side could fetch. It is ErrFetchFailed, and both reasons.
type fetchError struct{ here, there error }

func (e *fetchError) Error() string {
	if e.there == nil { // the platform was not asked
		return e.here.Error()
	}
	return e.here.Error() + " (the platform refused the URL: " + e.there.Error() + ")"
}

func (e *fetchError) Unwrap() []error {
	reasons := []error{ErrFetchFailed, e.here}
	if e.there != nil {
		reasons = append(reasons, e.there)
	}
	return reasons
}
