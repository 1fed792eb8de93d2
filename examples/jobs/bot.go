//go:build unix

package main

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/botgo-contrib/richmedia"
)

// Answer is a job: a video that a handler has no time to make. River stores it as JSON.
type Answer struct {
	To   richmedia.Target // the message that is answered, and the msg_seq of this job's first reply
	Clip string
}

// Kind names the job in the database.
func (Answer) Kind() string { return "answer" }

// queue is the part of River's client that a handler needs. The client's type differs between SQLite and Postgres.
type queue interface {
	Insert(ctx context.Context, job river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// onMessage returns the bot's handler: a text at once, and a job for a worker.
func onMessage(jobs queue) richmedia.Handler {
	return func(ctx context.Context, c *richmedia.Context) error {
		if _, err := c.ReplyText(ctx, "one moment"); err != nil {
			return err
		}
		// Each call of Target reserves numbers for one job. If the platform delivers the event again, to this process or
		// to another, the handler enqueues a second job with the same numbers, and the user still gets one answer.
		_, err := jobs.Insert(ctx, Answer{To: c.Target(), Clip: c.Text()}, nil)
		return err
	}
}

// worker runs jobs. Its process can die at any point: the job runs again, and its replies have the same numbers.
type worker struct {
	river.WorkerDefaults[Answer]
	media *richmedia.Plugin
}

// final are the errors that another run cannot repair.
var final = []error{richmedia.ErrReplyWindow, richmedia.ErrReplyLimit, richmedia.ErrUnsupported, richmedia.ErrNotPermitted}

// Work sends the video. Everything but a final error makes River run the job again, also if the reply may have been
// delivered.
func (w *worker) Work(ctx context.Context, job *river.Job[Answer]) error {
	clip := richmedia.FromBytes("clip.mp4", render(job.Args.Clip))
	_, err := w.media.For(job.Args.To).ReplyVideo(ctx, clip)
	for _, f := range final {
		if errors.Is(err, f) {
			return river.JobCancel(err)
		}
	}
	return err
}

// NextRetry replaces River's schedule, which grows with the fourth power of the attempts: a group's reply window is
// 5 minutes.
func (w *worker) NextRetry(*river.Job[Answer]) time.Time { return time.Now().Add(time.Second) }

// workerConfig returns the configuration of a worker's client. River's own default takes a job from a dead worker after
// an hour. How long the rest takes cannot be set: a dead leader is replaced after 15 to 21 s, and a leader looks for
// stuck jobs when it is elected and every 30 s.
func workerConfig(w *worker) *river.Config {
	workers := river.NewWorkers()
	river.AddWorker(workers, w)
	return &river.Config{
		Workers:              workers,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 4}},
		JobTimeout:           5 * time.Second, // twice what a job takes; then its ctx ends, and the job runs again
		RescueStuckJobsAfter: 6 * time.Second, // more than JobTimeout, or a job that still runs is started again
		FetchPollInterval:    200 * time.Millisecond,
	}
}
