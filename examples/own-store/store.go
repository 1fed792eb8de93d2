package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// dirStore is a richmedia.Store that keeps each upload in a file of its own, so that uploads survive a restart. Several
// processes on one machine may share the folder. Nothing sweeps it: a file that nobody asks for again stays.
type dirStore struct{ dir string }

type entry struct {
	Value   []byte
	Expires time.Time // zero: never
}

// file names a key by its hash: keys may be long, and have characters in them that a file name cannot have.
func (s dirStore) file(key string) string {
	return filepath.Join(s.dir, fmt.Sprintf("%x.json", sha256.Sum256([]byte(key))))
}

// Get returns what was set last. What is not there, or too old, is a miss and no error.
func (s dirStore) Get(_ context.Context, key string) (value []byte, ok bool, err error) {
	b, err := os.ReadFile(s.file(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	var e entry
	if err == nil {
		err = json.Unmarshal(b, &e)
	}
	if err != nil { // the plugin logs it, and uploads
		return nil, false, err
	}
	if !e.Expires.IsZero() && time.Now().After(e.Expires) {
		return nil, false, nil
	}
	return e.Value, true, nil
}

// Set keeps value for ttl, or forever if that is 0. The file gets its name when it is whole, so that a Get at the same
// time, or after a crash, finds all of the old one or all of the new one.
func (s dirStore) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	e := entry{Value: value}
	if ttl != 0 {
		e.Expires = time.Now().Add(ttl)
	}
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(s.dir, "new-*") // readable by this user alone: a holder of a file_info can send the file
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), s.file(key))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Delete forgets key, and it is no error when it was not there.
func (s dirStore) Delete(_ context.Context, key string) error {
	if err := os.Remove(s.file(key)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
