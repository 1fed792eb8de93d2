package richmedia

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tencent-connect/botgo/dto"

	"github.com/botgo-contrib/richmedia/internal/platform"
)

// ReplyOption changes one reply.
type ReplyOption interface{ applyReply(*replyConfig) }

type replyConfig struct {
	caption  *string
	fallback *string
	seq      *uint32
	upload   uploadConfig
	place    *place // in an album; nil for a reply by itself
}

type replyOption func(*replyConfig)

func (o replyOption) applyReply(c *replyConfig) { o(c) }

// WithCaption is a text in the same message. The platform shows it with images only and drops it silently with
// other kinds (QQNodeSDK, Satori), so there it is an error.
func WithCaption(text string) ReplyOption {
	return replyOption(func(c *replyConfig) { c.caption = &text })
}

// WithFallbackText is sent instead, in the same reply slot and under the same msg_seq, when the media definitely cannot
// be: the upload failed, or the platform refused the message. It is not when the outcome of a send is not known, when the
// platform would refuse a text as well (ErrReplyWindow, ErrReplyLimit, ErrNotPermitted), or when ctx has ended. A reply
// that ended as its fallback is no error; the reason goes to the log and the trace. It belongs to replies with media.
func WithFallbackText(text string) ReplyOption {
	return replyOption(func(c *replyConfig) { c.fallback = &text })
}

// WithSeq sends the reply under a msg_seq of the caller's choice, so that a job can be repeated after a restart, or
// made by another process than the one that answered first, and is in the chat once. Without it replies are numbered
// 1001, 1002, ... in the order of their calls, in every process: a second process that answers the same message needs
// numbers of its own, for what was sent under a number before is taken for this very reply. Give the job a number from
// Context.NextSeq of the process that got the event, or choose one from 100 to 1000; botgo's own sends use 1, 2, 3.
// The platform documents no upper bound, and this plugin takes up to 65535.
func WithSeq(seq uint32) ReplyOption {
	return replyOption(func(c *replyConfig) { c.seq = &seq })
}

// ReplyImage answers with an image: png, jpg, gif, webp or bmp, at most 200 MB, over 20 MB shown as a file. See Reply.
func (c *Context) ReplyImage(ctx context.Context, src Source, opts ...ReplyOption) (*dto.Message, error) {
	return c.Reply(ctx, KindImage, src, opts...)
}

// ReplyVideo answers with a video: mp4, at most 200 MB, over 30 MB shown as a file. See Reply.
func (c *Context) ReplyVideo(ctx context.Context, src Source, opts ...ReplyOption) (*dto.Message, error) {
	return c.Reply(ctx, KindVideo, src, opts...)
}

// ReplyVoice answers with a voice bubble: silk, mp3, wav or ogg, at most 200 MB, over 20 MB shown as a file. See Reply.
func (c *Context) ReplyVoice(ctx context.Context, src Source, opts ...ReplyOption) (*dto.Message, error) {
	return c.Reply(ctx, KindVoice, src, opts...)
}

// ReplyFile answers with a file of any format, at most 200 MB. The chat shows the Source's name. See Reply.
func (c *Context) ReplyFile(ctx context.Context, src Source, opts ...ReplyOption) (*dto.Message, error) {
	return c.Reply(ctx, KindFile, src, opts...)
}

// Reply answers with media: it takes a reply slot and a msg_seq, uploads src unless the store knows it, and sends
// it. A file_info that the platform refuses is uploaded once more for this very chat. The returned message has
// the ID and the Timestamp that the platform gave; no ID means that this very reply was in the chat already, or, in a
// guild, that it is shown after an audit. Guild channels and DMs take images only, in the message itself; everything else
// is ErrUnsupported there.
// The error matches the sentinels with errors.Is; an *UploadError or *APIError in it says the rest. Only an *APIError
// of Op "send" whose Delivered is DeliveredUnknown leaves it open whether the reply is in the chat; after every other
// error it is not.
func (c *Context) Reply(ctx context.Context, kind Kind, src Source, opts ...ReplyOption) (*dto.Message, error) {
	o := newReplyConfig(opts)
	if err := c.mediaRefusal(kind, o); err != nil {
		return nil, err
	}
	return c.replyMedia(ctx, kind, src, o)
}

// mediaRefusal tells what makes a reply with media hopeless, whatever its source is.
func (c *Context) mediaRefusal(kind Kind, o *replyConfig) error {
	switch {
	case c.in.refusal != nil:
		return c.in.refusal
	case o.caption != nil && kind != KindImage:
		return fmt.Errorf("%w: a caption on %s: the platform shows captions with images only; send the text with ReplyText", ErrUnsupported, article(kind.String()))
	}
	return nil
}

// replyMedia is Reply after its checks.
func (c *Context) replyMedia(ctx context.Context, kind Kind, src Source, o *replyConfig) (*dto.Message, error) {
	if c.in.target.Scope.guild() {
		return c.replyInGuild(ctx, kind, src, o)
	}
	return c.reply(ctx, kind, o, func(ctx context.Context, s *slot) (platform.Sent, error) {
		up, err := c.p.uploads.begin(ctx, c.in.target, kind, src, o.upload)
		if err != nil {
			return platform.Sent{}, err
		}
		defer up.leave()
		f, err := up.file(ctx)
		if err != nil {
			return platform.Sent{}, err
		}
		sent, err := c.post(ctx, s, mediaMessage(f, o))
		if !fileRefused(err) {
			return sent, err
		}
		c.p.cfg.log.Warnf("richmedia: %s: a file_info was refused and is uploaded once more: %v", src.label(), apiError(err))
		refusal := err
		up.forget(ctx, f)
		if f, err = up.renew(ctx); err != nil {
			if isUnknown(refusal) {
				return platform.Sent{}, refusal // more than why the upload failed: the reply may be in the chat
			}
			return platform.Sent{}, err
		}
		sent, err = c.post(ctx, s, mediaMessage(f, o))
		if fileRefused(err) {
			up.forget(ctx, f)
		}
		return sent, inDoubt(err, refusal)
	})
}

// inDoubt carries the doubt of an earlier send over to err: whatever became of the second, the first may be in the chat.
func inDoubt(err, earlier error) error {
	if err == nil || !isUnknown(earlier) {
		return err
	}
	var e *platform.Error
	if !errors.As(err, &e) {
		return earlier
	}
	e.Op, e.Unknown = "send", true
	return err
}

// ReplyUploaded answers with what Plugin.Upload, or an earlier run, has uploaded. f must be of this chat's scope.
func (c *Context) ReplyUploaded(ctx context.Context, f File, opts ...ReplyOption) (*dto.Message, error) {
	o := newReplyConfig(opts)
	if err := c.mediaRefusal(f.Kind, o); err != nil {
		return nil, err
	}
	return c.reply(ctx, f.Kind, o, func(ctx context.Context, s *slot) (platform.Sent, error) {
		switch {
		case c.in.target.Scope.guild():
			return platform.Sent{}, errNoGuildUpload
		case f.Info == "":
			return platform.Sent{}, errors.New("richmedia: ReplyUploaded: the File is empty: give one that Plugin.Upload returned")
		case f.Scope != c.in.target.Scope:
			return platform.Sent{}, fmt.Errorf("%w: the File was uploaded for %s and cannot go to %s: file_info never crosses; upload it for this chat",
				ErrUnsupported, f.Scope, c.in.target.Scope)
		case f.expired():
			return platform.Sent{}, fmt.Errorf("%w: the File has expired: upload it again", ErrBadFile)
		}
		return c.post(ctx, s, mediaMessage(f, o))
	})
}

// ReplyText answers with a text.
func (c *Context) ReplyText(ctx context.Context, text string, opts ...ReplyOption) (*dto.Message, error) {
	o := newReplyConfig(opts)
	if o.caption != nil || o.fallback != nil {
		return nil, errors.New("richmedia: ReplyText: WithCaption and WithFallbackText belong to media; put the words into the text")
	}
	return c.reply(ctx, 0, o, func(ctx context.Context, s *slot) (platform.Sent, error) {
		// Here, where the reply has its number: in the next run of the handler the text may not be empty, and the replies
		// behind it must have the same numbers then.
		if strings.TrimSpace(text) == "" {
			return platform.Sent{}, errors.New("richmedia: ReplyText: the text is empty")
		}
		return c.post(ctx, s, c.textMessage(text))
	})
}

// ReplyMessage answers with any message that botgo can describe: markdown, a keyboard, an ark. It sends a copy of
// msg with its MsgID, EventID and MsgSeq filled in, whatever they were.
func (c *Context) ReplyMessage(ctx context.Context, msg *dto.MessageToCreate, opts ...ReplyOption) (*dto.Message, error) {
	o := newReplyConfig(opts)
	if o.caption != nil || o.fallback != nil {
		return nil, errors.New("richmedia: ReplyMessage: WithCaption and WithFallbackText belong to media; set the message's Content")
	}
	return c.reply(ctx, 0, o, func(ctx context.Context, s *slot) (platform.Sent, error) {
		if msg == nil {
			return platform.Sent{}, errors.New("richmedia: ReplyMessage: the message is nil")
		}
		guild := c.in.target.Scope.guild()
		if guild && msg.Media != nil {
			return platform.Sent{}, errNoGuildUpload
		}
		return c.post(ctx, s, func(r ref) any {
			out := *msg
			out.MsgID, out.EventID, out.MsgSeq = r.MsgID, r.EventID, r.MsgSeq
			if guild {
				out.MsgType = 0 // guilds tell by the fields
			}
			return &out
		})
	})
}

func newReplyConfig(opts []ReplyOption) *replyConfig {
	c := &replyConfig{}
	for _, opt := range opts {
		if opt != nil {
			opt.applyReply(c)
		}
	}
	return c
}
