package main

import (
	"errors"

	"github.com/botgo-contrib/richmedia"
)

// kindAndOutcome are words for a reply.
func kindAndOutcome(i richmedia.ReplyInfo) (kind, outcome string) {
	kind, outcome = "text", "sent"
	if i.Kind != 0 {
		kind = i.Kind.String()
	}
	switch {
	case i.Fallback && i.ID != "":
		outcome = "fallback"
	case i.Err != nil:
		outcome = reason(i.Err)
	case i.Duplicate: // no failure: the reply is in the chat, and once
		outcome = "duplicate"
	}
	return kind, outcome
}

// reason is a word for what went wrong: what an alert distinguishes.
func reason(err error) string {
	var api *richmedia.APIError
	switch {
	case errors.As(err, &api) && api.Op == "send" && api.Delivered == richmedia.DeliveredUnknown:
		return "unknown" // nobody can know whether it is in the chat
	case errors.Is(err, richmedia.ErrReplyWindow), errors.Is(err, richmedia.ErrReplyLimit):
		return "too late"
	case errors.Is(err, richmedia.ErrFetchFailed):
		return "not fetched"
	case errors.Is(err, richmedia.ErrRateLimited), errors.Is(err, richmedia.ErrDailyLimit):
		return "limited"
	case errors.Is(err, richmedia.ErrNotPermitted):
		return "not permitted"
	}
	return "failed"
}
