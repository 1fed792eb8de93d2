package richmedia

import (
	"strings"

	"github.com/tencent-connect/botgo/dto"
)

// mention is a user or bot that a message mentions.
type mention struct {
	ID           looseString `json:"id"`
	MemberOpenID looseString `json:"member_openid"`
	IsYou        bool        `json:"is_you"` // groups only
	Bot          bool        `json:"bot"`
}

// plainText returns what the user typed: the content without the mention of the bot, and readable.
func plainText(typ dto.EventType, d *eventData) string {
	text := unmentionYou(d.content, d.mentions)
	bots := map[looseString]bool{}
	for _, m := range d.mentions {
		if m.Bot {
			bots[m.ID] = true
		}
	}
	// A guild does not say which of the mentions is the bot. AT_MESSAGE_CREATE is sent because the bot is one of them: the only
	// bot, or the one at the start.
	if typ == dto.EventAtMessageCreate {
		for id := range bots {
			leads := strings.HasPrefix(strings.TrimSpace(text), "<@!"+string(id)+">") || strings.HasPrefix(strings.TrimSpace(text), "<@"+string(id)+">")
			if len(bots) == 1 || leads {
				text = unmention(text, id)
				break
			}
		}
	}
	return strings.TrimSpace(readable(text))
}

// unmentionYou returns text without the mentions of the bot, which groups name.
func unmentionYou(text string, mentions []mention) string {
	for _, m := range mentions {
		if m.IsYou {
			text = unmention(text, m.ID, m.MemberOpenID)
		}
	}
	return text
}

// unmention returns text without the mentions of ids: <@id> or <@!id>.
func unmention(text string, ids ...looseString) string {
	for _, id := range ids {
		if id != "" {
			text = strings.NewReplacer("<@"+string(id)+">", "", "<@!"+string(id)+">", "").Replace(text)
		}
	}
	return text
}
