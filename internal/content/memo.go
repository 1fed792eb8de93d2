package content

import (
	"context"
	"io"
	"os"
	"sync"
	"time"
)

// Memo remembers the digests of files, so that a file is hashed once while it stays as it is. It is safe for concurrent use;
// a nil Memo remembers nothing.
//
// A file on disk is known by its device, inode, size and times. The time of the last status change cannot be set by a
// program, and every write, rename and new link moves it; one that is younger than settled is not trusted, because a write
// within the same tick of the file system's clock would not show. A file system without these facts, and a file that is read
// through anything but an *os.File, is hashed each time. Writes through a shared memory mapping may show late: an upload
// that finds other content than its digest says forgets it.
type Memo struct {
	clock func() time.Time // time.Now if it is nil

	mu    sync.Mutex
	files map[any]known
	now   map[known]*hashing // readings under way
}

// known is a file's key with its facts, and the digests once they are known.
type known struct {
	key   any
	facts facts
	sums  *Sums
}

// hashing is one reading that others may wait for.
type hashing struct {
	done chan struct{}
	sums *Sums // nil if it failed, or if the file changed meanwhile
}

// facts change if a file changes. They are zero for immutable content.
type facts struct {
	size           int64
	written, moved int64 // nanoseconds: of the content's and of the status's last change
}

// inode is the key of a file on disk.
type inode struct{ device, number uint64 }

const (
	// settled is longer than a tick of the clocks of file systems in use: 2 s on FAT, at most 10 ms on others.
	settled = 2 * time.Second
	// maxKnown bounds a Memo, at some 350 bytes a file.
	maxKnown = 4096
)

// identify returns what rc is known by. ok is false if its digests cannot be remembered. immutable is Options.Immutable.
func (m *Memo) identify(rc io.ReadCloser, immutable any) (k known, ok bool) {
	if immutable != nil {
		return known{key: immutable}, true
	}
	f, isFile := rc.(*os.File) // another type may have the facts of a file and different content
	if !isFile {
		return k, false
	}
	info, err := f.Stat()
	if err != nil {
		return k, false
	}
	id, facts, ok := factsOf(info)
	now := time.Now
	if m.clock != nil {
		now = m.clock
	}
	return known{key: id, facts: facts}, ok && now().Sub(time.Unix(0, facts.moved)) >= settled
}

// digest returns the digests of rc, from memory or by hash, which reads rc to its end. Concurrent calls for one file share one
// reading; if that fails, each of the others reads for itself.
func (m *Memo) digest(ctx context.Context, rc io.ReadCloser, immutable any, hash func() (Sums, error)) (Sums, error) {
	if m == nil {
		return hash()
	}
	k, ok := m.identify(rc, immutable)
	if !ok {
		return hash()
	}
	for {
		sums, run, mine := m.find(k)
		switch {
		case sums != nil:
			return *sums, nil
		case mine:
			return m.run(k, run, rc, immutable, hash)
		}
		select {
		case <-run.done:
			if run.sums != nil {
				return *run.sums, nil
			}
		case <-ctx.Done():
			return Sums{}, context.Cause(ctx)
		}
	}
}

// find returns the digests of k, or the reading that is under way; mine reports that it is a new one, which is the caller's
// to make.
func (m *Memo) find(k known) (_ *Sums, _ *hashing, mine bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.files[k.key]; ok && old.facts == k.facts {
		return old.sums, nil, false
	}
	if run := m.now[k]; run != nil {
		return nil, run, false
	}
	if m.now == nil {
		m.now, m.files = map[known]*hashing{}, map[any]known{}
	}
	run := &hashing{done: make(chan struct{})}
	m.now[k] = run
	return nil, run, true
}

// run reads rc, and keeps the digests if rc is afterwards what it was before.
func (m *Memo) run(k known, run *hashing, rc io.ReadCloser, immutable any, hash func() (Sums, error)) (Sums, error) {
	defer func() { // also if a reader panics
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.now, k)
		if run.sums != nil {
			m.keep(known{k.key, k.facts, run.sums})
		}
		close(run.done)
	}()
	sums, err := hash()
	if err != nil {
		return sums, err
	}
	after, ok := m.identify(rc, immutable)
	// A file of the kernel's own, as in /sys, has a size and times that say nothing about its content.
	if whole := immutable != nil || sums.Size == k.facts.size && sums.Size > 0; ok && whole && after == k {
		run.sums = &sums
	}
	return sums, nil
}

// keep remembers k, in the place of any other if there is no room. It needs m.mu.
func (m *Memo) keep(k known) {
	if _, ok := m.files[k.key]; !ok && len(m.files) >= maxKnown {
		for key := range m.files {
			delete(m.files, key)
			break
		}
	}
	m.files[k.key] = k
}

// forget forgets every file with the digest sha256, of which one has turned out to have other content.
func (m *Memo) forget(sha256 []byte) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, k := range m.files {
		if string(k.sums.SHA256) == string(sha256) {
			delete(m.files, key)
		}
	}
}

// Len returns the number of files whose digests are remembered.
func (m *Memo) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.files)
}
