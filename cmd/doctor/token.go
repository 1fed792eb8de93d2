package main

import (
	"context"
	"net/http"
)

// documentedLife is how long a token lives at most, docs 2026-08.
const documentedLife = 7200

// checkToken asks for a token twice. Nothing else works without one.
func (s *session) checkToken(ctx context.Context) error {
	first, err := s.askToken(ctx)
	if err != nil {
		return err
	}
	if err := first.unusable(); err != nil {
		return err
	}
	token := str(first.body["access_token"])
	if token == "" {
		return answer{status: first.status}.unusable()
	}
	if err := checkClock(first, s.now()); err != nil {
		return err
	}
	s.client.token = token
	s.facts.see("token.status", "HTTP "+number(int64(first.status)))
	s.facts.see("token.fields", shape(first.body))
	s.facts.note("token.length", length(token))
	left := integer(first.body["expires_in"])
	s.facts.note("token.expires_in", number(left))
	life := masked("at most 7200 s")
	if left > documentedLife {
		life = number((left+59)/60*60) + " s" // in whole minutes: some seconds have gone by
	}
	s.facts.see("token.lifetime", life)
	s.facts.note("token.time", took(first.took))

	second, err := s.askToken(ctx)
	if err != nil {
		return err
	}
	again := masked("another token")
	switch {
	case !second.accepted():
		again = second.outcome()
	case str(second.body["access_token"]) == token:
		again = "the same token"
	}
	if left > 70 { // in its last 60 s the platform issues another one
		s.facts.see("token.again", again)
	}
	return nil
}

func (s *session) askToken(ctx context.Context) (answer, error) {
	return s.client.call(ctx, toToken, http.MethodPost, "/app/getAppAccessToken",
		map[string]string{"appId": s.cfg.appID, "clientSecret": s.cfg.secret})
}
