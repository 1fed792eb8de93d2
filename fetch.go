package richmedia

import (
	"context"
	"errors"
	"net/http"

	"github.com/botgo-contrib/richmedia/internal/content"
	"github.com/botgo-contrib/richmedia/internal/platform"
	"github.com/botgo-contrib/richmedia/internal/sniff"
)

// fetchable tells whether err says that the platform could not get a URL, or did not understand what it got: signed and
// dynamic addresses, odd ports and private hosts fail in both ways (AstrBotDevs/AstrBot#7588). A refusal that names no
// reason may be either.
func fetchable(err error) bool {
	var e *platform.Error
	if !errors.As(err, &e) {
		return false
	}
	const why = platform.FetchFailed | platform.GuildImage
	return platform.ReasonOf(e.Status, e.Code, e.Alias)&why != 0 || e.Code == wrongFormat || e.Alias == wrongFormat ||
		(e.Status == http.StatusBadRequest && e.Code == 0)
}

// wrongFormat is the platform's code for content that does not fit its file_type; 40034002 comes with it.
const wrongFormat = 850019

// fetch gets the URL here, after the platform has refused it. It is read to its end into a temporary file, because the
// platform wants to know its size first.
func (up *upload) fetch(ctx context.Context, refusal error) (*content.Content, error) {
	c, err := up.download(ctx)
	if err == nil {
		up.fetched = true
		err = up.accept(c)
	}
	if err != nil {
		return nil, up.failed("fetch", &fetchError{up.plain(err), apiError(refusal)})
	}
	up.u.log.Infof("richmedia: %s: fetched from here, because the platform could not: %v", up.src.label(), apiError(refusal))
	return c, nil
}

// fetchError is a URL that neither side could fetch. It is ErrFetchFailed, and both reasons.
type fetchError struct{ here, there error }

func (e *fetchError) Error() string {
	return e.here.Error() + " (the platform refused the URL: " + e.there.Error() + ")"
}

func (e *fetchError) Unwrap() []error { return []error{ErrFetchFailed, e.here, e.there} }

func (up *upload) download(ctx context.Context) (*content.Content, error) {
	limit := kindRules[up.kind].hard
	body, size, err := platform.Fetch(ctx, up.u.fallback, up.src.url)
	if err != nil {
		return nil, err
	}
	defer body.Close() //nolint:errcheck // only read from
	if size > limit {
		return nil, tooLarge(up.kind, size)
	}
	return content.Spool(ctx, body, content.Options{Limit: limit, Format: sniff.Format})
}
