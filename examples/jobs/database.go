//go:build unix

package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite" // the driver "sqlite", without C
)

// database is where River keeps jobs: a SQLite file, or a schema in a Postgres database.
type database struct {
	URL    string // postgres://..., or the path of a file
	Schema string // "" with SQLite
}

// databaseIn returns the n-th database: of the Postgres at server, or a file in dir if server is empty.
func databaseIn(server, dir, run string, n int) database {
	if server != "" {
		return database{URL: server, Schema: fmt.Sprintf("jobs_%s_%d", run, n)}
	}
	return database{URL: filepath.Join(dir, fmt.Sprintf("jobs%d.sqlite", n))}
}

func (d database) postgres() bool { return strings.Contains(d.URL, "://") }

// client is what River's clients on both databases have in common.
type client interface {
	queue
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	JobList(ctx context.Context, params *river.JobListParams) (*river.JobListResult, error)
}

// connect opens d for a client that inserts, if cfg has no Queues, or works. close is for the time after the client.
func (d database) connect(ctx context.Context, cfg *river.Config) (c client, closeDB func() error, err error) {
	cfg.Schema = d.Schema
	if d.postgres() {
		pool, err := d.pool(ctx)
		if err != nil {
			return nil, nil, err
		}
		c, err = river.NewClient(riverpgxv5.New(pool), cfg)
		return c, func() error { pool.Close(); return nil }, err
	}
	db, err := d.file()
	if err != nil {
		return nil, nil, err
	}
	c, err = river.NewClient(riversqlite.New(db), cfg)
	return c, db.Close, err
}

func (d database) pool(ctx context.Context) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(d.URL)
	if err != nil {
		return nil, errors.New("-database: give an address such as postgres://user:password@127.0.0.1:5432/name") // err holds the password
	}
	cfg.MaxConns = 4 // for each of 20 clients; Postgres takes 100
	return pgxpool.NewWithConfig(ctx, cfg)
}

// file opens the SQLite file. One connection for each process, and one that waits for the other processes: SQLite has one
// writer at a time, and everything else fails as "database is locked".
func (d database) file() (*sql.DB, error) {
	pragmas := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+d.URL+"?"+pragmas.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// create makes d with River's tables.
func (d database) create(ctx context.Context) error {
	if !d.postgres() {
		db, err := d.file()
		if err != nil {
			return err
		}
		return errors.Join(migrate(ctx, riversqlite.New(db), ""), db.Close())
	}
	pool, err := d.pool(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, "CREATE SCHEMA "+pgx.Identifier{d.Schema}.Sanitize()); err != nil {
		return err
	}
	return migrate(ctx, riverpgxv5.New(pool), d.Schema)
}

// drop removes d from a Postgres that was there before. A file goes with its folder.
func (d database) drop(ctx context.Context) error {
	if !d.postgres() {
		return nil
	}
	pool, err := d.pool(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	_, err = pool.Exec(ctx, "DROP SCHEMA IF EXISTS "+pgx.Identifier{d.Schema}.Sanitize()+" CASCADE")
	return err
}

func migrate[TTx any](ctx context.Context, driver riverdriver.Driver[TTx], schema string) error {
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Schema: schema})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}
