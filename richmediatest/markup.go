package richmediatest

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/tencent-connect/botgo/dto"
)

// escapes are those of the content of message events, in guilds by the documents, in groups and single chats by what clients undo.
var escapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// SayMarkup is [Chat.Say] with content as it is on the wire, where Say escapes &, < and >: for the markup of faces (see [Face]),
// of mentions and of commands.
func (c *Chat) SayMarkup(user, content string, atts ...Attachment) *Event {
	return c.addressed(user, content, content, atts)
}

// Face returns the markup of a face, whose text is such as "微笑" (AstrBotDevs/AstrBot#6294).
func Face(id int, text string) string {
	ext := base64.StdEncoding.EncodeToString(encode(map[string]string{"text": text}))
	return fmt.Sprintf("<faceType=1,faceId=\"%d\",ext=%q>", id, ext)
}

// mentionType is the type of a message that mentions the bot in a group.
func (c *Chat) mentionType() dto.EventType {
	if c.p.cfg.allMessages {
		return eventGroupMessage
	}
	return dto.EventGroupAtMessageCreate
}

// addressed is a message to the bot: text as the chat shows it, content as the event has it.
func (c *Chat) addressed(user, text, content string, atts []Attachment) *Event {
	line := &Message{User: c.speaker(user), Text: text, content: content}
	switch c.scene {
	case sceneC2C:
		return c.message(dto.EventC2CMessageCreate, line, atts)
	case sceneDM:
		return c.guildMessage(dto.EventDirectMessageCreate, line, atts)
	case sceneChannel:
		return c.guildMessage(dto.EventAtMessageCreate, line, atts)
	}
	return c.message(c.mentionType(), line, atts)
}
