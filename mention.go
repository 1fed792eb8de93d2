package richmedia

import (
	"strings"

	"github.com/tencent-connect/botgo/dto"
)

// mention is somebody whom a message names.
type mention struct {
	ID           string `json:"id"`
	MemberOpenID string `json:"member_openid"`
	IsYou        bool   `json:"is_you"` // groups only
	Bot          bool   `json:"bot"`
}

// plainText is the content without the mention of the bot.
func plainText(typ dto.EventType, d *eventData) string {
	text := d.Content
	bots := map[string]bool{}
	for _, m := range d.Mentions {
		if m.Bot {
			bots[m.ID] = true
		}
		if m.IsYou {
			text = unmention(text, m.ID, m.MemberOpenID)
		}
	}
	// A guild does not say which of the mentioned the bot is. AT_MESSAGE_CREATE comes because it is one of them: the only
	// bot, or the one that is called first.
	if typ == dto.EventAtMessageCreate {
		for id := range bots {
			leads := strings.HasPrefix(strings.TrimSpace(text), "<@!"+id+">") || strings.HasPrefix(strings.TrimSpace(text), "<@"+id+">")
			if len(bots) == 1 || leads {
				text = unmention(text, id)
				break
			}
		}
	}
	return strings.TrimSpace(text)
}

// unmention is text without the mentions of ids: <@id> or <@!id>.
func unmention(text string, ids ...string) string {
	for _, id := range ids {
		if id != "" {
			text = strings.NewReplacer("<@"+id+">", "", "<@!"+id+">", "").Replace(text)
		}
	}
	return text
}
