package main

import (
	"context"
	"strconv"
)

const mebibyte = 1 << 20

// sizes are what is uploaded in parts: below and above the 5 MiB at which clients change to parts, and more than two blocks.
var sizes = []int{1, 6, 21}

// maxUnasked is how many bytes are uploaded without asking.
const maxUnasked = 50 << 20

// checkParts uploads generated files of every size through every chat. The first chat also answers the questions of probe.
func (s *session) checkParts(ctx context.Context) error {
	scopes := s.scopes()
	total := 0
	for _, size := range s.cfg.sizes {
		total += s.cfg.bytes(size) * len(scopes)
	}
	total += s.cfg.bytes(1) // a part that is sent twice
	if ok, err := s.mayUpload(ctx, total); err != nil || !ok {
		return err
	}
	for i, c := range scopes {
		if i == 0 {
			if err := s.probe(ctx, c); err != nil {
				return err
			}
		}
		for _, size := range s.cfg.sizes {
			if i == 0 && size == s.cfg.sizes[0] {
				continue // by probe
			}
			check := checkOfSize(c, size)
			a, err := s.sendParts(ctx, c, parcel{kind: 4, name: "doctor.bin", data: generated(s.cfg.bytes(size))})
			if err != nil {
				return err
			}
			s.facts.see(check, a.outcome())
			s.facts.note(check+".time", took(a.took))
			s.explain(check, a)
		}
	}
	return nil
}

func (c config) bytes(size int) int { return size * c.unit }

func checkOfSize(c *chat, size int) masked {
	return "parts." + c.scope + "." + masked(strconv.Itoa(size)) + "MiB"
}

// mayUpload asks before many bytes are uploaded. Nobody there is a no.
func (s *session) mayUpload(ctx context.Context, bytes int) (bool, error) {
	if bytes <= maxUnasked || s.cfg.yes {
		return true, nil
	}
	s.con.say(text{"      This uploads %d MiB of the bot's 2 GB a day.", "      将上传 %d MiB（机器人每天有 2 GB）。"}, bytes/mebibyte)
	choice, err := s.con.ask(ctx, text{"      y: go on, anything else: skip >", "      y：继续，其他：跳过 >"})
	if err == nil && choice != "y" {
		s.partial = true
		s.con.say(text{"      skipped; -yes agrees beforehand", "      已跳过；-yes 可事先同意"})
	}
	return choice == "y", err
}
