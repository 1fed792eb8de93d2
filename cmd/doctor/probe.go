package main

import (
	"context"
	"maps"
	"strings"
	"sync"
)

// counted is the size, in MiB, whose parts are counted.
const counted = 21

// countedForm is made once: content of this size is offered and never uploaded here.
var countedForm = sync.OnceValue(func() map[string]any {
	return parcel{kind: 4, name: "doctor.bin", data: generated(counted * mebibyte)}.form()
})

// probe uploads the smallest size and asks on the way: is a number accepted as file_size, is the same prepare the same upload,
// does an address take a second PUT, is content recognised after the merge.
func (s *session) probe(ctx context.Context, c *chat) error {
	p := parcel{kind: 4, name: "doctor.bin", data: generated(s.cfg.bytes(s.cfg.sizes[0]))}
	form := p.form()
	asNumber := maps.Clone(form)
	asNumber["file_size"] = len(p.data)
	asNumber["file_name"] = "number.bin" // another upload than the next one
	o, err := s.prepare(ctx, c, asNumber)
	if err != nil {
		return err
	}
	s.facts.see("parts.size_as_number", o.outcome())

	first, err := s.prepare(ctx, c, form)
	if err != nil {
		return err
	}
	s.facts.see("parts.prepare", first.outcome())
	s.explain("parts.prepare", first.answer)
	if !first.accepted() {
		return nil
	}
	s.offered(first)
	again, err := s.prepare(ctx, c, form)
	if err != nil {
		return err
	}
	switch {
	case !again.accepted():
		s.facts.see("parts.prepare_again", again.outcome())
		again = first
	case again.id == first.id:
		s.facts.see("parts.prepare_again", "the same upload_id")
	default:
		s.facts.see("parts.prepare_again", "another upload_id")
	}

	repeated := false
	p.each = func(ctx context.Context, part offered) error {
		if repeated {
			return nil
		}
		repeated = true
		a, err := s.put(ctx, part)
		if err == nil {
			s.facts.see("parts.put_again", putOutcome(a))
		}
		return err
	}
	a, err := s.sendOffered(ctx, c, p, again)
	if err != nil {
		return err
	}
	check := checkOfSize(c, s.cfg.sizes[0])
	s.facts.see(check, a.outcome())
	s.facts.note(check+".time", took(a.took))
	s.explain(check, a)
	if !a.accepted() {
		return nil
	}
	s.facts.see("parts.raw_url", presence(a.body, "raw_url"))
	after, err := s.prepare(ctx, c, form)
	if err != nil {
		return err
	}
	recognised := masked("parts")
	switch {
	case !after.accepted():
		recognised = after.outcome()
	case str(after.fields["file_info"]) != "":
		recognised = "file_info"
	}
	s.facts.see("parts.prepare_after_merge", recognised)

	large, err := s.prepare(ctx, c, countedForm())
	if err != nil || !large.accepted() {
		return err
	}
	list, _ := large.fields["parts"].([]any)
	s.facts.see("parts.counts", number(int64(len(list)))+" for "+number(counted)+" MiB")
	return nil
}

// putOutcome is the object store's answer, whose body is empty or XML.
func putOutcome(a answer) masked {
	switch {
	case a.silent != "":
		return "no answer: " + a.silent
	case a.status/100 == 2:
		return accepted
	}
	return "HTTP " + number(int64(a.status))
}

// offered records the form of a prepare's answer.
func (s *session) offered(o offer) {
	yes := map[bool]masked{true: "yes", false: "no"}
	s.facts.see("parts.wrapped", yes[o.wrapped])
	list, _ := o.fields["parts"].([]any)
	if len(list) == 0 {
		return
	}
	part := object(list[0])
	s.facts.see("parts.index_base", number(integer(part["index"])))
	size := o.fields["block_size"]
	if size == nil {
		size = part["block_size"]
	}
	s.facts.see("parts.block_size", number(integer(size)))
	s.facts.see("parts.sizes_are", typeOf(part["block_size"]))
	where, config := masked("none"), map[string]any{}
	if nested, ok := o.fields["upload_config"].(map[string]any); ok {
		where, config = "nested", nested
	} else if _, ok := o.fields["concurrency"]; ok {
		where, config = "flat", o.fields
	}
	s.facts.see("parts.config", where)
	for _, field := range []masked{"concurrency", "retry_timeout", "retry_delay"} {
		if v, ok := config[string(field)]; ok {
			s.facts.see("parts."+field, number(integer(v)))
		}
	}
	s.facts.note("parts.fields", shape(o.fields))
	s.facts.note("parts.upload_id", length(o.id))
	scheme, _, _ := strings.Cut(str(part["presigned_url"]), "://")
	s.facts.note("parts.address", oneOf(scheme, "https", "http"))
}
