// Package richmediatest is the QQ bot open platform, faked strictly, for tests of bots and for running them offline.
//
// Strict means that it refuses what the real platform refuses, with the documented HTTP status, code,
// err_code, message and trace id: wrong JSON types, file_info of another scene, msg_id that is too old or was answered
// too often, a msg_seq used twice, a file whose bytes do not fit its file_type, a webhook that does not acknowledge.
// If the public documents are silent, the comment of the
// type or function names the choice.
//
// A Platform works in two ways. In process, nothing listens: [Platform.Client] answers every request in the caller's
// goroutine and events reach the bot by [Platform.PushTo] or as [Event.Payload], so that it runs inside a
// testing/synctest bubble, whose clock then moves reply windows, ttls and token lifetimes. On a loopback address, after
// [Platform.Listen], botgo's own clients talk to it: token source, openapi, websocket and webhook.
//
//	platform := richmediatest.New()
//	platform.Host("https://example.com/cat.png", png)
//	group := platform.Group("cats")
//	ev := group.Say("ann", "/cat")           // a user writes to the bot
//	// ... the bot under test uploads and sends through platform.Client()
//	answers, err := group.WaitAnswers(ctx, 1) // what the users of the group see
//
// Chats are groups ([Platform.Group]), single chats ([Platform.C2C]), channels of a guild ([Platform.Channel]) and direct
// messages in one ([Platform.DM]). Guilds have rules of their own: no uploads, an image is sent as a URL or as file_image of
// a multipart form, and no de-duplication, so that a message sent twice is in the chat twice; [Chat.Audit] holds it back.
//
// The web is faked, too: [Platform.Host] and [Platform.HostRedirect] publish files on it, for the platform's downloader and
// for a bot's own on [Platform.Client], and [Platform.Unreachable] hides one from the platform. Users' attachments are on it
// without a call, after Listen on the loopback address for any client.
//
// Faults are one line each: [Faults.Refuse], [Faults.Drop], [Faults.Lose], [Faults.Stall], [Faults.Delay], [Faults.Drip],
// [Faults.Fail], [Faults.RateLimit], [Faults.Empty], [Faults.Truncate], [Faults.Garble] and others apply to the next calls
// of an endpoint, those of [Platform.Chance] to some of them, and all are built on [Faults.Intercept].
// [Platform.RevokeTokens], [Platform.ExpireUploads], [Platform.ExpirePartURLs] and [Platform.ExpireAttachments] end what was
// issued before. [Platform.DropGateway], [Platform.HangUpGateway], [Platform.ResetGateway] and [Platform.Reconnect] end the
// websocket's connections, and [Platform.LagEventIDs] makes a fresh event_id wait. What the platform accepts although a bot
// should not send it is in [Call].Warnings. [Platform.Advance] moves the platform's clock, and [Platform.Watch] reports what happens as it happens.
//
// If public sources disagree, the default is what captures and official clients show, and an [Option] has the other form: see
// [WithDocumentedPayloads], [WithOpaqueFileInfo], [WithSilkOnlyInline], [WithIntegerTimestamps] and [PartShape]. Each platform is
// another bot, unless [WithCredentials] names it.
//
// The rules come from the platform's public documents, "docs 2026-08" being version 1.22.0 of that site, and from what
// its official SDKs do. Sizes are in bytes, 1 MB being 1<<20 of them.
package richmediatest
