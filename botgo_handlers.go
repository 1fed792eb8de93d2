package richmedia

import (
	"encoding/json"
	"reflect"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/event"
)

// typedHandlers call botgo's typed handler of an event, as botgo itself does, but with d read tolerantly: one field of an
// unexpected type leaves that field empty, and does not cost the event. called is false if the process has none.
var typedHandlers = newTypedHandlers()

type typedTable map[dto.EventType]func(*dto.WSPayload) (called bool, err error)

func newTypedHandlers() typedTable {
	handlers, t := &event.DefaultHandlers, typedTable{}
	typed(t, func() event.GuildEventHandler { return handlers.Guild }, dto.EventGuildCreate, dto.EventGuildUpdate, dto.EventGuildDelete)
	typed(t, func() event.ChannelEventHandler { return handlers.Channel }, dto.EventChannelCreate, dto.EventChannelUpdate, dto.EventChannelDelete)
	typed(t, func() event.GuildMemberEventHandler { return handlers.GuildMember },
		dto.EventGuildMemberAdd, dto.EventGuildMemberUpdate, dto.EventGuildMemberRemove)
	typed(t, func() event.MessageEventHandler { return handlers.Message }, dto.EventMessageCreate)
	typed(t, func() event.MessageDeleteEventHandler { return handlers.MessageDelete }, dto.EventMessageDelete)
	typed(t, func() event.MessageReactionEventHandler { return handlers.MessageReaction }, dto.EventMessageReactionAdd, dto.EventMessageReactionRemove)
	typed(t, func() event.ATMessageEventHandler { return handlers.ATMessage }, dto.EventAtMessageCreate)
	typed(t, func() event.PublicMessageDeleteEventHandler { return handlers.PublicMessageDelete }, dto.EventPublicMessageDelete)
	typed(t, func() event.DirectMessageEventHandler { return handlers.DirectMessage }, dto.EventDirectMessageCreate)
	typed(t, func() event.DirectMessageDeleteEventHandler { return handlers.DirectMessageDelete }, dto.EventDirectMessageDelete)
	typed(t, func() event.AudioEventHandler { return handlers.Audio },
		dto.EventAudioStart, dto.EventAudioFinish, dto.EventAudioOnMic, dto.EventAudioOffMic)
	typed(t, func() event.MessageAuditEventHandler { return handlers.MessageAudit }, dto.EventMessageAuditPass, dto.EventMessageAuditReject)
	typed(t, func() event.ThreadEventHandler { return handlers.Thread },
		dto.EventForumThreadCreate, dto.EventForumThreadUpdate, dto.EventForumThreadDelete)
	typed(t, func() event.PostEventHandler { return handlers.Post }, dto.EventForumPostCreate, dto.EventForumPostDelete)
	typed(t, func() event.ReplyEventHandler { return handlers.Reply }, dto.EventForumReplyCreate, dto.EventForumReplyDelete)
	typed(t, func() event.ForumAuditEventHandler { return handlers.ForumAudit }, dto.EventForumAuditResult)
	typed(t, func() event.InteractionEventHandler { return handlers.Interaction }, dto.EventInteractionCreate)
	typed(t, func() event.GroupATMessageEventHandler { return handlers.GroupATMessage }, dto.EventGroupAtMessageCreate)
	typed(t, func() event.C2CMessageEventHandler { return handlers.C2CMessage }, dto.EventC2CMessageCreate)
	typed(t, func() event.SubscribeMsgStatusEventHandler { return handlers.SubscribeMsgStatus }, dto.EventSubscribeMsgStatus)
	typed(t, func() event.C2CFriendEventHandler { return handlers.C2CFriend }, dto.EventC2CFriendAdd, dto.EventC2CFriendDel)
	typed(t, func() event.EnterAIOEventHandler { return handlers.EnterAIO }, dto.EventEnterAIO)
	return t
}

// typed adds a row for each of types. get returns the handler that is registered at that moment; botgo sets it without a
// lock.
func typed[H ~func(*dto.WSPayload, *D) error, D any](table typedTable, get func() H, types ...dto.EventType) {
	adapter := codeOf(adapterOf[D](nil))
	call := func(payload *dto.WSPayload) (bool, error) {
		h := get()
		switch {
		case h == nil:
			return false, nil
		case codeOf(h) == adapter:
			return true, h(payload, nil)
		}
		raw, err := rawData(payload)
		if err != nil {
			return true, err
		}
		d := new(D)
		if err := tolerant(json.Unmarshal([]byte(raw), d)); err != nil {
			return true, err
		}
		return true, h(payload, d)
	}
	for _, t := range types {
		table[t] = call
	}
}

// adapterOf returns take in the form of botgo's handlers. It does not read d, so that nobody has to decode d for it: typed
// knows such a handler by its code, which is why it must not be inlined.
//
//go:noinline
func adapterOf[D any](take func(*dto.WSPayload) error) func(*dto.WSPayload, *D) error {
	return func(payload *dto.WSPayload, _ *D) error { return take(payload) }
}

// codeOf tells functions apart by their code: two closures of one function literal are the same.
func codeOf(f any) uintptr { return reflect.ValueOf(f).Pointer() }
