package main

import "strings"

// text is a sentence in both languages of the output.
type text struct{ en, zh string }

// in returns the sentence in one language.
func (t text) in(zh bool) string {
	if zh {
		return t.zh
	}
	return t.en
}

// chinese reports whether the output is Chinese: lang is the flag, and "" means that the environment decides, in the order of
// POSIX.
func chinese(lang string, env func(string) string) bool {
	for _, v := range []string{lang, env("LC_ALL"), env("LC_MESSAGES"), env("LANG")} {
		if v != "" {
			return strings.HasPrefix(strings.ToLower(v), "zh")
		}
	}
	return false
}
