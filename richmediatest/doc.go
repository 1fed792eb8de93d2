// Package richmediatest is the QQ bot open platform, faked strictly, for tests of bots and for running them offline.
//
// Strict means that it refuses whatever the real platform would refuse, with the documented HTTP status, code,
// err_code, message and trace id: wrong JSON types, file_info of another scene, msg_id that is too old or was answered
// too often, a msg_seq used twice, a file whose bytes do not fit its file_type, a webhook that does not acknowledge.
// A test that passes here has shown something. Where the public documents are silent the choice is named in the
// comment of the thing that makes it.
//
// A Platform works in two ways. In process, nothing listens: [Platform.Client] answers every request in the caller's
// goroutine and events are handed to the bot by [Platform.PushTo] or as [Event.Payload], so that it runs inside a
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
// a multipart form, and nothing de-duplicates, so that what is sent twice is in the chat twice; [Chat.Audit] holds it back.
//
// The web is faked, too: [Platform.Host] and [Platform.HostRedirect] put something on it, for the platform's downloader and
// for a bot's own on [Platform.Client], and [Platform.Unreachable] keeps the platform away. The attachments of users are on
// it by themselves, and after Listen on the loopback address, for any client.
//
// Faults are one line each: [Faults.Refuse], [Faults.Drop], [Faults.Lose], [Faults.Stall], [Faults.Delay], [Faults.Drip],
// [Faults.Fail], [Faults.RateLimit], [Faults.Empty], [Faults.Truncate], [Faults.Garble] and others strike at the next calls
// of an endpoint, those of [Platform.Chance] at some of them, and [Faults.Intercept] is what they are made of.
// [Platform.RevokeTokens], [Platform.ExpireUploads] and [Platform.ExpirePartURLs] end what was given before.
// [Platform.Advance] moves the platform's clock, and [Platform.Watch] tells what happens as it happens.
//
// The rules come from the platform's public documents, "docs 2026-08" being version 1.22.0 of that site, and from what
// its official SDKs do. Sizes are in bytes, 1 MB being 1<<20 of them.
package richmediatest
