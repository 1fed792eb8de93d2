//go:build unix

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/botgo-contrib/richmedia/richmediatest"
)

// lane is one database with its users and workers.
type lane struct {
	*world
	n       int
	db      database
	jobs    client
	users   []*user
	deaths  []death
	workers int // started so far
	twice   int // jobs that were enqueued twice
	runs    int // of all jobs
}

// user waits for one video.
type user struct {
	chat *richmediatest.Chat
	clip string
}

// death is a worker that was killed.
type death struct {
	at  moment
	cut []job
}

// play lets each user of the lane write, and kills a worker at each moment of plan: for all but the last, the worker of a new
// user's job, and for the last, the one in which jobs run again. Then a worker lives until all jobs are done.
func (l *lane) play(ctx context.Context, plan []moment) (err error) {
	l.db = databaseIn(l.server, l.dir, l.run, l.n)
	if err := l.db.create(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.db.drop(context.WithoutCancel(ctx))) }()
	jobs, closeDB, err := l.db.connect(ctx, &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeDB()) }()
	l.jobs = jobs

	again := min(1, len(plan)-1)
	for i := range plan {
		if i < len(plan)-again {
			if err := l.write(ctx, i); err != nil {
				return err
			}
		}
		if err := l.kill(ctx, &plan[i]); err != nil {
			return err
		}
	}
	last, err := l.start(nil)
	if err != nil {
		return err
	}
	return errors.Join(l.finished(ctx), last.stop())
}

// write lets the i-th user write. Every third message is delivered to two instances of the bot.
func (l *lane) write(ctx context.Context, i int) error {
	u := &user{clip: fmt.Sprintf("clip %d.%d", l.n, i+1)}
	name := fmt.Sprintf("database %d, user %d", l.n, i+1)
	if i%2 == 0 {
		u.chat = l.platform.Group(name)
	} else {
		u.chat = l.platform.C2C(name)
	}
	l.world.jobs.add(u.chat.OpenID(), l.jobs)
	l.users = append(l.users, u)
	ev := u.chat.Say(name, u.clip)
	if i%3 != 0 {
		return nil
	}
	l.twice++
	return l.redeliver(ctx, ev)
}

// kill starts a worker and waits for its death.
func (l *lane) kill(ctx context.Context, at *moment) error {
	v, err := l.start(at)
	if err != nil {
		return err
	}
	select {
	case <-v.done:
		cut, killed := l.killer.killed(v)
		if !killed {
			return fmt.Errorf("worker %s ended by itself: %w", v.Name, cmp.Or(v.err, errors.New("exit status 0")))
		}
		l.deaths = append(l.deaths, death{*at, cut})
		return nil
	case <-ctx.Done():
		v.kill()
		return fmt.Errorf("worker %s was not killed at %q: %w", v.Name, at.step, context.Cause(ctx))
	}
}

func (l *lane) start(at *moment) (*victim, error) {
	l.workers++
	c := l.platform.Credentials()
	p := newProcess(order{
		Name: fmt.Sprintf("%d.%d", l.n, l.workers), Database: l.db,
		AppID: c.AppID, Secret: c.AppSecret, Platform: l.platform.URL(),
	}, l.logs)
	v := l.killer.aim(p, at)
	return v, p.start()
}

// unfinished are the states of jobs that are yet to run, run, or will run again.
var unfinished = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
}

// finished waits until each user has an answer and no job is left that could add another one.
func (l *lane) finished(ctx context.Context) error {
	for _, u := range l.users {
		if _, err := u.chat.WaitAnswers(ctx, 2); err != nil {
			return fmt.Errorf("%s: %w", u.chat.Name(), err)
		}
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		left, err := l.jobs.JobList(ctx, river.NewJobListParams().States(unfinished...))
		if err != nil {
			return err
		}
		if len(left.Jobs) == 0 {
			break
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("database %d: %d jobs are unfinished: %w", l.n, len(left.Jobs), context.Cause(ctx))
		}
	}
	done, err := l.jobs.JobList(ctx, river.NewJobListParams())
	if err != nil {
		return err
	}
	for _, j := range done.Jobs {
		l.runs += j.Attempt
		if j.State != rivertype.JobStateCompleted {
			return fmt.Errorf("database %d: job %d is %s", l.n, j.ID, j.State)
		}
	}
	return nil
}
