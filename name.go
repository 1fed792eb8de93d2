package richmedia

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the number of bytes that a file's name has at most on every common file system.
const maxName = 255

// sanitize returns the file name in name, which may be a path or a text from a stranger. It is the last element of the path,
// without characters that do not show or change how the others show, without blanks around it and dots behind it, which some
// systems ignore, and with "_" before the names of devices. It is shorter than 256 bytes, and "" if nothing is left.
func sanitize(name string) string {
	name = strings.Map(func(r rune) rune {
		if hidden(r) {
			return -1
		}
		return r
	}, name)
	name = strings.ReplaceAll(name, `\`, "/")
	for { // a trimmed name may end in a separator: "a/ . "
		was := name
		name = strings.TrimRightFunc(strings.TrimLeftFunc(name, blank), func(r rune) bool { return r == '.' || blank(r) })
		if name = path.Base(name); name == "." || name == "/" {
			return ""
		}
		if name == was {
			break
		}
	}
	if name = shortened(name); reserved(name) { // what is cut off may have made it another name
		name = shortened("_" + name)
	}
	return name
}

// hidden reports whether r is a control character, no character, or one that is not visible: a direction mark, a zero-width
// character, a separator of lines. The number signs of Arabic are of the same category as direction marks, and visible.
func hidden(r rune) bool {
	return unicode.IsControl(r) || r == unicode.ReplacementChar ||
		unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point) &&
			!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// blank reports whether r shows as a blank.
func blank(r rune) bool { return unicode.IsSpace(r) || r == '\u2800' }

// devices are the names that Windows reserves in every folder, with any extension.
var devices = func() map[string]bool {
	all := map[string]bool{"CON": true, "PRN": true, "AUX": true, "NUL": true, "CONIN$": true, "CONOUT$": true, "CLOCK$": true}
	for _, port := range []string{"COM", "LPT"} {
		for _, n := range "0123456789¹²³" {
			all[port+string(n)] = true
		}
	}
	return all
}()

func reserved(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	return devices[strings.ToUpper(strings.TrimRightFunc(stem, blank))]
}

// shortened cuts name to maxName bytes, before its extension if it has one.
func shortened(name string) string {
	if len(name) <= maxName {
		return name
	}
	stem, ext := cutExtension(name)
	return strings.TrimRightFunc(clipped(stem, maxName-len(ext)), func(r rune) bool { return r == '.' || blank(r) }) + ext
}

// cutExtension returns name in two parts, ext "" if there is no extension: a leading dot begins none.
func cutExtension(name string) (stem, ext string) {
	const longest = 32 // bytes of an extension
	ext = path.Ext(name)
	if len(ext) > longest || len(ext) == len(name) {
		ext = ""
	}
	return name[:len(name)-len(ext)], ext
}

// clipped returns the first n bytes of s or, not to cut a character, fewer.
func clipped(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
