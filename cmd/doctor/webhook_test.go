package main

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAWebhookIsCheckedAndBringsTheEvents(t *testing.T) {
	b := newBed(t)
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b.cfg.listen = free.Addr().String()
	require.NoError(t, free.Close())
	b.cfg.webhook = "http://" + b.cfg.listen + "/qqbot"
	b.user.do["Reachable from here"] = func() {
		b.p.PushToURL(b.cfg.webhook)
		assert.NoError(t, b.p.ValidateWebhook(t.Context()))
	}
	require.Equal(t, statusOK, b.run(t.Context()), b.user.said())
	at := b.read(t).found()
	for _, check := range []masked{"webhook.own_op13", "webhook.forged", "webhook.platform_op13", "webhook.platform_agent", "webhook.platform_appid"} {
		assert.Equal(t, same, at[check].Verdict, "%+v", at[check])
	}
	assert.Equal(t, accepted, at["send.group.image"].Seen, "the group's message came by webhook")
	assert.Equal(t, accepted, at["send.event_id.with_seq"].Seen)
}

func TestAWebhookAddressThatLeadsElsewhereIsNamed(t *testing.T) {
	b := newBed(t)
	b.cfg.webhook, b.cfg.listen, b.cfg.patience = b.cfg.api+"/elsewhere", "127.0.0.1:0", 1
	require.Equal(t, statusOK, b.run(t.Context()), b.user.said())
	assert.Equal(t, differs, b.read(t).found()["webhook.own_op13"].Verdict)
	assert.Contains(t, b.user.said(), "does not lead to the doctor's listener")
}

func TestAWebhookThatCannotListenIsTrouble(t *testing.T) {
	b := newBed(t)
	b.cfg.webhook, b.cfg.listen = b.cfg.api, strings.TrimPrefix(b.cfg.api, "http://")
	assert.Equal(t, statusTrouble, b.run(t.Context()))
	assert.Contains(t, b.user.said(), "choose another address with -listen")
}
