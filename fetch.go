package richmedia

import (
	"context"
	"errors"
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

// download reads rawURL to its end into a temporary file, because the platform wants to know the size first.
func download(ctx context.Context, client *http.Client, retries int, rawURL string, kind Kind) (*content.Content, error) {
	limit := kindRules[kind].hard
	file, err := platform.Fetcher{HTTP: client, Limit: limit, Retries: retries}.Get(ctx, rawURL)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read from
	if file.Size > limit {
		return nil, tooLarge(kind, file.Size)
	}
	c, err := content.Spool(ctx, file, content.Options{Limit: limit, Format: sniff.Format})
	if errors.Is(err, platform.ErrTooLong) {
		return nil, tooLarge(kind, limit+1) // at least
	}
	return c, err
}

// fetchError is a URL that neither side could fetch. It is ErrFetchFailed, and both reasons.
type fetchError struct{ here, there error }

func (e *fetchError) Error() string {
	return e.here.Error() + " (the platform refused the URL: " + e.there.Error() + ")"
}

func (e *fetchError) Unwrap() []error { return []error{ErrFetchFailed, e.here, e.there} }
