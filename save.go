package richmedia

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/botgo-contrib/richmedia/internal/platform"
)

// Save reads what a user sent, as Open does, into a new file in dir, and returns the file's path. The file is complete or not
// there, whatever ends the call, and has the mode 0600. It has the attachment's name without a path and without characters that
// do not show or that Windows forbids, "attachment" with an extension if nothing is left of that, and a number behind it if there
// is such a file: nothing is overwritten. dir has to exist. Until the end the content is in a file of dir whose name begins with
// ".richmedia-"; a process that is killed leaves it.
//
// What may pass is repeated from the beginning, as often as WithRetries says, also if the connection breaks in the middle.
func (c *Context) Save(ctx context.Context, a Attachment, dir string) (path string, err error) {
	ctx, leave, err := c.p.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	if path, err = c.p.downloads.save(ctx, a, dir); err != nil {
		return "", downloadError("Save", a, err)
	}
	return path, nil
}

func (d *downloads) save(ctx context.Context, a Attachment, dir string) (path string, err error) {
	if err := d.check(a); err != nil {
		return "", err
	}
	if dir == "" {
		return "", errors.New("the directory is empty; give one that exists, such as os.TempDir()")
	}
	f, err := os.CreateTemp(dir, ".richmedia-*") // of mode 0600
	if err != nil {
		return "", fileError(fmt.Sprintf("create a file in %q", dir), err)
	}
	defer func() {
		_ = f.Close()           // closed already, or useless
		_ = os.Remove(f.Name()) // the file has its own name by then
	}()
	typ := ""
	got, err := d.fetch(ctx, a, func(body *platform.Fetched) (err error) {
		typ, err = d.keep(f, body)
		return err
	})
	if err != nil {
		return "", err
	}
	_ = got.Close() // it was read to its end
	if err := f.Sync(); err != nil {
		return "", fileError("write", err)
	}
	if err := f.Close(); err != nil {
		return "", fileError("write", err)
	}
	return place(f.Name(), dir, diskName(a.name(typ)))
}

// keep writes body into f from its start, and names the format.
func (d *downloads) keep(f *os.File, body *platform.Fetched) (typ string, err error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", fileError("write", err)
	}
	if err := f.Truncate(0); err != nil { // of an attempt before
		return "", fileError("write", err)
	}
	head, typ, err := beginning(body, body.Size)
	if err != nil {
		return "", err
	}
	w := &fileWriter{file: f}
	if _, err = io.Copy(w, io.MultiReader(bytes.NewReader(head), body)); w.err != nil {
		return "", w.err
	}
	return typ, err
}

// fileWriter keeps the error of its file apart from that of what is copied: a full disk does not pass.
type fileWriter struct {
	file *os.File
	err  error
}

func (w *fileWriter) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	if err != nil {
		w.err = fileError("write", err)
	}
	return n, w.err
}

// fileError returns err without the name of the temporary file.
func fileError(step string, err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	return fmt.Errorf("%s: %w", step, err)
}

// maxSame is how many files of one name Save makes in a directory.
const maxSame = 10_000

// place renames the file temp, in dir, to its name in dir, with a number behind it if there is such a file, and returns its path.
func place(temp, dir, name string) (string, error) {
	stem, ext := cutExtension(name)
	for n := 1; n <= maxSame; n++ {
		try := name
		if n > 1 {
			number := "-" + strconv.Itoa(n)
			try = clipped(stem, maxName-len(number)-len(ext)) + number + ext
		}
		path := filepath.Join(dir, try)
		switch err := link(temp, path); {
		case err == nil:
			return path, nil
		case !errors.Is(err, fs.ErrExist):
			return "", err
		}
	}
	return "", fmt.Errorf("the directory holds %d files of that name", maxSame)
}

// link makes the file temp appear at path, all at once, unless there is something.
func link(temp, path string) error {
	err := os.Link(temp, path)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// A file system without hard links: the place is taken first, so that another Save does not take it too.
	place, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return linkError(err)
	}
	_ = place.Close() // nothing was written
	if err := os.Rename(temp, path); err != nil {
		_ = os.Remove(path)
		return linkError(err)
	}
	return nil
}

// linkError returns err without the name of the temporary file.
func linkError(err error) error {
	if named, ok := errors.AsType[*os.LinkError](err); ok {
		err = named.Err
	}
	if errors.Is(err, fs.ErrExist) {
		return fs.ErrExist
	}
	return fileError("name the file", err)
}

// diskName returns name without what Windows reserves or forbids.
func diskName(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}, name)
}
