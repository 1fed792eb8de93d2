package main

import "strings"

// switches are the options of richmediatest behind the checks that an option can change. Keys with a scope in them stand
// for both.
var switches = map[masked]masked{
	"token.lifetime":                  "WithTokenLifetime",
	"event.group.type":                "WithAllMessages",
	"event.group.group_id":            "WithDocumentedPayloads",
	"event.SCOPE.author.id":           "WithDocumentedPayloads",
	"event.SCOPE.author.union_openid": "WithDocumentedPayloads",
	"upload.SCOPE.ttl":                "WithTTL",
	"upload.SCOPE.file_info":          "WithOpaqueFileInfo",
	"upload.SCOPE.image.inline":       "WithoutInline",
	"upload.SCOPE.video.inline":       "WithoutInline",
	"upload.SCOPE.voice.inline":       "WithoutInline",
	"upload.SCOPE.file.inline":        "WithoutInline",
	"send.SCOPE.named_voice.upload":   "WithoutInline",
	"parts.index_base":                "PartShape.ZeroBased",
	"parts.block_size":                "PartShape.BlockSize",
	"parts.counts":                    "PartShape.BlockSize",
	"parts.sizes_are":                 "PartShape.NumbersAsNumbers",
	"parts.config":                    "PartShape.Config",
	"parts.concurrency":               "PartShape.Concurrency",
	"parts.retry_timeout":             "PartShape.RetryTimeout",
	"parts.retry_delay":               "PartShape.RetryDelay",
	"parts.wrapped":                   "PartShape.WrapData",
	"parts.size_as_number":            "PartShape.StrictSize",
	"parts.put_again":                 "PartShape.OneShot",
	"parts.prepare_again":             "PartShape.Resume",
	"parts.prepare_after_merge":       "PartShape.Instant",
	"send.SCOPE.timestamp":            "WithIntegerTimestamps",
	"send.group.second_group":         "WithFileInfoPerChat",
}

// switchOf names the option that makes richmediatest behave as seen, "" if there is none.
func (f *facts) switchOf(check masked) masked {
	if strings.HasPrefix(string(check), "intents.") {
		return "WithIntents"
	}
	if check == "upload.c2c.voice.inline" && f.seen("upload.c2c.image.inline") == accepted {
		return "WithSilkOnlyInline"
	}
	if name, ok := switches[check]; ok {
		return name
	}
	for _, scope := range []string{"group", "c2c"} {
		general := strings.Replace(string(check), "."+scope+".", ".SCOPE.", 1)
		if name, ok := switches[masked(general)]; ok {
			return name
		}
	}
	return ""
}
