package richmediatest

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/tencent-connect/botgo/dto"
)

// reportFormat is the version of a report's form that is read.
const reportFormat = 1

// FromReport sets every option that a report of cmd/doctor speaks about, so that the Platform behaves as the live platform did for
// that bot; what the report does not have keeps its default. Options behind it override it. file is the path of a
// doctor-<date>.json. FromReport panics if it cannot be read or is no report.
func FromReport(file string) Option {
	raw, err := os.ReadFile(file)
	if err != nil {
		panic(fmt.Sprintf("richmediatest: FromReport: %v", err))
	}
	var report struct {
		Doctor int `json:"doctor"`
		Facts  []struct {
			Check string `json:"check"`
			Seen  string `json:"seen"`
		} `json:"facts"`
	}
	if err := json.Unmarshal(raw, &report); err != nil || report.Doctor != reportFormat {
		panic(fmt.Sprintf("richmediatest: FromReport: %s is no report of cmd/doctor", file))
	}
	seen := make(reported, len(report.Facts))
	for _, f := range report.Facts {
		seen[f.Check] = f.Seen
	}
	return func(c *config) {
		seen.setTimes(c)
		seen.setIntents(c)
		seen.setEvents(c)
		seen.setUploads(c)
		seen.setParts(&c.parts)
	}
}

// reported is what a report has seen, by check.
type reported map[string]string

// whole reads a number of a report, with or without its unit, and reports whether it is there and from 0 to 2^31-1.
func (r reported) whole(check string) (int64, bool) {
	n, err := strconv.ParseInt(strings.TrimSuffix(r[check], " s"), 10, 64)
	return n, err == nil && n >= 0 && n <= math.MaxInt32
}

// refused reports whether a call was refused with a code.
func (r reported) refused(check string) bool { return strings.HasPrefix(r[check], "refused: ") }

func (r reported) setTimes(c *config) {
	if n, ok := r.whole("token.lifetime"); ok {
		c.tokenLife = time.Duration(n) * time.Second
	}
	for _, scene := range []string{sceneC2C, sceneGroup} { // the group's decides
		if n, ok := r.whole("upload." + scene + ".ttl"); ok {
			c.ttl = time.Duration(n) * time.Second
		}
	}
}

// reportedIntents are the intents by their names in a report.
var reportedIntents = map[string]dto.Intent{
	"group_and_c2c": dto.IntentGroupMessages, "interaction": dto.IntentInteraction, "guilds": dto.IntentGuilds,
	"guild_members": dto.IntentGuildMembers, "guild_messages": dto.IntentGuildMessages,
	"guild_message_reactions": dto.IntentGuildMessageReactions, "direct_message": dto.IntentDirectMessages,
	"enter_aio": dto.IntentEnterAIO, "group_member": intentGroupMember, "message_audit": dto.IntentAudit,
	"forum": dto.IntentForum, "audio": dto.IntentAudio, "guild_at_message": dto.IntentGuildAtMessage,
}

func (r reported) setIntents(c *config) {
	for name, intent := range reportedIntents {
		switch outcome := r["intents."+name]; {
		case outcome == "granted":
			c.intents |= intent
		case strings.HasPrefix(outcome, "closed: "):
			c.intents &^= intent
		}
	}
}

func (r reported) setEvents(c *config) {
	if typ, ok := r["event.group.type"]; ok {
		c.allMessages = typ == string(eventGroupMessage)
	}
	for _, scene := range []string{sceneC2C, sceneGroup} {
		if id, ok := r["event."+scene+".author.id"]; ok {
			c.documented = id == "absent"
		}
		if typ, ok := r["send."+scene+".timestamp"]; ok {
			c.integerTimes = typ == "number"
		}
	}
	if _, ok := r["send.group.second_group"]; ok {
		c.boundInfo = strings.HasPrefix(r["send.group.second_group"], "refused: 304080,")
	}
}

func (r reported) setUploads(c *config) {
	for _, scene := range []string{sceneC2C, sceneGroup} {
		if form, ok := r["upload."+scene+".file_info"]; ok {
			c.opaqueInfo = form == "not base64"
		}
		if r.refused("upload."+scene+".image.inline") && r.refused("upload."+scene+".file.inline") {
			if c.noInline == nil {
				c.noInline = make(map[string]bool)
			}
			c.noInline[scene] = true
		}
	}
	if outcome, ok := r["upload.c2c.voice.inline"]; ok {
		c.silkInline = strings.HasPrefix(outcome, "refused: 40011000,") && !c.noInline[sceneC2C]
	}
}

func (r reported) setParts(s *PartShape) {
	if n, ok := r.whole("parts.block_size"); ok && n > 0 {
		s.BlockSize = n
	}
	for check, to := range map[string]*int{
		"concurrency": &s.Concurrency, "retry_timeout": &s.RetryTimeout, "retry_delay": &s.RetryDelay,
	} {
		if n, ok := r.whole("parts." + check); ok {
			*to = int(n)
		}
	}
	if config := r["parts.config"]; config == "nested" || config == "flat" || config == "none" {
		s.Config = config
	}
	for check, is := range map[string]struct {
		to   *bool
		when func(seen string) bool
	}{
		"index_base":          {&s.ZeroBased, func(seen string) bool { return seen == "0" }},
		"sizes_are":           {&s.NumbersAsNumbers, func(seen string) bool { return seen == "number" }},
		"wrapped":             {&s.WrapData, func(seen string) bool { return seen == "yes" }},
		"size_as_number":      {&s.StrictSize, func(seen string) bool { return strings.HasPrefix(seen, "refused: ") }},
		"put_again":           {&s.OneShot, func(seen string) bool { return strings.HasPrefix(seen, "HTTP 4") }},
		"prepare_again":       {&s.Resume, func(seen string) bool { return seen == "the same upload_id" }},
		"prepare_after_merge": {&s.Instant, func(seen string) bool { return seen == "file_info" }},
	} {
		if seen, ok := r["parts."+check]; ok {
			*is.to = is.when(seen)
		}
	}
}
