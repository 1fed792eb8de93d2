package content

import (
	"io/fs"
	"syscall"
)

// factsOf returns the key and the facts of the file that info is about.
func factsOf(info fs.FileInfo) (id inode, f facts, ok bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return id, f, false
	}
	//nolint:gosec // a device number is no quantity
	return inode{uint64(uint32(s.Dev)), uint64(s.Ino)}, facts{int64(s.Size), s.Mtimespec.Nano(), s.Ctimespec.Nano()}, true
}
