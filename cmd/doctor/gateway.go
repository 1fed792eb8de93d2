package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
)

// hosts are where the API was seen. The old ones are of docs 2025-04, the last one is of docs 2026-08.
var hosts = []masked{"api.sgroup.qq.com", "sandbox.api.sgroup.qq.com", "api.bot.qq.com"}

// checkAPI asks who the bot is and where the gateway is.
func (s *session) checkAPI(ctx context.Context) error {
	me, err := s.client.call(ctx, toAPI, http.MethodGet, "/users/@me", nil)
	if err != nil {
		return err
	}
	if err := me.unusable(); err != nil {
		return err
	}
	s.facts.see("api.me", me.outcome())
	s.facts.note("api.me.fields", shape(me.body))
	s.facts.note("api.time", took(me.took))

	gate, err := s.client.call(ctx, toAPI, http.MethodGet, "/gateway/bot", nil)
	if err != nil {
		return err
	}
	s.facts.see("gateway", gate.outcome())
	s.explain("gateway", gate)
	if gate.accepted() {
		s.gateway = str(gate.body["url"])
		limit := object(gate.body["session_start_limit"])
		s.facts.see("gateway.fields", shape(gate.body))
		s.facts.note("gateway.shards", number(integer(gate.body["shards"])))
		for _, field := range []masked{"total", "remaining", "reset_after", "max_concurrency"} {
			s.facts.note("gateway."+field, number(integer(limit[string(field)])))
		}
	}
	return s.checkHosts(ctx)
}

// checkHosts asks the other hosts of the platform, if this is the platform: no other server gets a token.
func (s *session) checkHosts(ctx context.Context) error {
	u, err := url.Parse(s.client.api)
	if err != nil || u.Scheme != "https" || !slices.Contains(hosts, masked(u.Host)) {
		return nil
	}
	for _, host := range hosts {
		a, err := s.client.do(ctx, toAPI, http.MethodGet, "https://"+string(host)+"/users/@me", nil)
		if err != nil {
			return err
		}
		s.facts.note("host."+host, a.outcome())
	}
	return nil
}
