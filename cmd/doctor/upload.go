package main

import (
	"context"
	"encoding/base64"
	"net/http"
)

// scopes are the chats to upload through, groups first.
func (s *session) scopes() []*chat {
	var out []*chat
	for _, scope := range []masked{group, single} {
		if c := s.chats[scope]; c != nil {
			out = append(out, c)
		}
	}
	return out
}

// checkUploads uploads every kind in every way through every chat.
func (s *session) checkUploads(ctx context.Context) error {
	for _, c := range s.scopes() {
		for _, k := range kinds {
			if err := s.byURL(ctx, c, k); err != nil {
				return err
			}
			if err := s.inline(ctx, c, k); err != nil {
				return err
			}
			if err := s.inParts(ctx, c, k); err != nil {
				return err
			}
		}
	}
	return nil
}

// files posts to .../files. srv_send_msg is always false: true would send a proactive message.
func (s *session) files(ctx context.Context, c *chat, body map[string]any) (answer, error) {
	body["srv_send_msg"] = false
	return s.client.call(ctx, toFiles, http.MethodPost, paths[c.scope]+c.openid+"/files", body)
}

func (s *session) byURL(ctx context.Context, c *chat, k kind) error {
	a, err := s.files(ctx, c, map[string]any{"file_type": k.typ, "url": s.cfg.media + "/" + k.file})
	if err != nil {
		return err
	}
	s.uploaded(c, "upload."+c.scope+"."+k.name, "url", a)
	return nil
}

func (s *session) inline(ctx context.Context, c *chat, k kind) error {
	body := map[string]any{"file_type": k.typ, "file_data": base64.StdEncoding.EncodeToString(k.content())}
	if k.typ == 4 {
		body["file_name"] = k.file
	}
	a, err := s.files(ctx, c, body)
	if err != nil {
		return err
	}
	s.uploaded(c, "upload."+c.scope+"."+k.name, "inline", a)
	return nil
}

func (s *session) inParts(ctx context.Context, c *chat, k kind) error {
	a, err := s.sendParts(ctx, c, parcel{kind: k.typ, name: k.file, data: k.content()})
	if err != nil {
		return err
	}
	s.uploaded(c, "upload."+c.scope+"."+k.name, "parts", a)
	return nil
}

// uploaded records the answer to an upload, and keeps its file_info for replies.
func (s *session) uploaded(c *chat, of, way masked, a answer) {
	outcome := a.outcome()
	info := str(a.body["file_info"])
	if a.accepted() && info == "" {
		outcome = "accepted without file_info"
	}
	s.facts.see(of+"."+way, outcome)
	s.facts.note(of+"."+way+".time", took(a.took))
	s.explain(of+"."+way, a)
	if outcome != accepted {
		return
	}
	if s.answers[of] == "" {
		s.answers[of] = info
	}
	all := "upload." + c.scope + "."
	s.facts.see(all+"ttl", number(integer(a.body["ttl"]))+" s")
	s.facts.see(all+"file_info", encoding(info))
	s.facts.note(all+"file_info.length", length(info))
	s.facts.see(all+"file_uuid", presence(a.body, "file_uuid"))
	s.facts.see(all+"id", presence(a.body, "id"))
	if way == "parts" { // docs 2026-08: only then, and not for a file
		s.facts.see(of+".raw_url", presence(a.body, "raw_url"))
	}
}
