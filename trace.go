package richmedia

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"github.com/tencent-connect/botgo/dto"
	"github.com/tencent-connect/botgo/log"

	"github.com/botgo-contrib/richmedia/internal/platform"
)

// Trace is told what happens to events, uploads and replies, for metrics and tracing. Fields that are nil are skipped. The
// functions are called synchronously, possibly at the same time, and must be fast: a chat waits for them. A panic in one
// is logged. An event's ID, or its Target, ties the three together.
type Trace struct {
	Event  func(EventInfo)
	Upload func(UploadInfo)
	Reply  func(ReplyInfo)
}

// EventStage is a moment in the life of an event.
type EventStage string

// The stages. An accepted event is queued, then started, then done; with WithInline it is not queued. One that is
// still queued when Close is called, or when Shutdown's ctx ends, has no further stage. With WithSharedEvents one that waited
// long for a place in the queue can be a duplicate after it was queued: another instance has it then.
const (
	EventQueued    EventStage = "queued"
	EventStarted   EventStage = "started"
	EventDone      EventStage = "done"
	EventDuplicate EventStage = "duplicate" // delivered before, and dropped
	EventLate      EventStage = "late"      // queued until its reply window was nearly over, and dropped
	EventRefused   EventStage = "refused"   // returned to botgo: malformed, or the plugin is shut down
)

// EventInfo is a moment in the life of an event.
type EventInfo struct {
	Stage  EventStage
	Type   dto.EventType
	ID     string        // the outermost id of the payload
	Target Target        // zero if the payload could not be read
	Waited time.Duration // from arrival to the handler; EventStarted and EventDone
	Took   time.Duration // of the handler; EventDone
	Err    error         // what the handler returned, or why the event was refused
}

// UploadRoute is how a file came to the platform.
type UploadRoute string

// The routes. An upload that failed before it took one has none: "".
const (
	RouteCache   UploadRoute = "cache"   // the store knew it: no request
	RouteJoined  UploadRoute = "joined"  // another call was uploading it already
	RouteURL     UploadRoute = "url"     // fetched by the platform
	RouteInline  UploadRoute = "inline"  // in one call, as file_data
	RouteParts   UploadRoute = "parts"   // prepare, PUT, finish, merge
	RouteFetched UploadRoute = "fetched" // fetched here, because the platform could not, and sent as bytes
	RouteImage   UploadRoute = "image"   // in the message itself, as guilds take images
)

// UploadInfo is an upload that has ended, for each call that wanted it.
type UploadInfo struct {
	Target   Target // whose chat it was wanted for; Ahead, without what is answered
	Kind     Kind
	Name     string // the file's name, or the URL without its query
	Route    UploadRoute
	Bytes    int64         // of the content, after the encoding of a voice; 0 if it was not read, as of a URL
	Parts    int           // RouteParts
	Attempts int           // requests to the platform; 0 for RouteCache and RouteJoined
	Card     bool          // over the kind's soft size: the chat shows a file card
	Ahead    bool          // made in the background, by WithRefreshAhead
	Again    bool          // made because the platform had refused an earlier file_info
	Duration time.Duration // with the reading of the source
	Err      error
}

// ReplyInfo is a reply that has ended.
type ReplyInfo struct {
	Target    Target
	Kind      Kind          // 0 for a text or a botgo message
	Seq       uint32        // msg_seq; 0 for a proactive message, and in guilds
	ID        string        // of the message in the chat; "" if it is not known
	Attempts  int           // requests to /messages
	Waited    time.Duration // from the event's arrival to the call
	Upload    time.Duration // from the call to the file_info; in an album, to its turn
	Send      time.Duration // of the message, with its repetitions
	Duplicate bool          // it is in the chat by a lost answer, another process or an earlier run; in a guild, may be
	AuditID   string        // of the audit that the message waits for; guilds only
	Fallback  bool          // WithFallbackText was sent; Err says why the media was not
	Err       error
}

// event reports a moment of c's event.
func (p *Plugin) event(c *Context, stage EventStage, waited, took time.Duration, err error) {
	observe(p.cfg.log, p.cfg.trace.Event, EventInfo{
		Stage: stage, Type: c.in.payload.Type, ID: c.in.payload.EventID, Target: c.in.target, Waited: waited, Took: took, Err: err,
	})
}

// malformed reports an event that has no Context.
func (p *Plugin) malformed(payload *dto.WSPayload, err error) {
	if payload != nil {
		observe(p.cfg.log, p.cfg.trace.Event, EventInfo{Stage: EventRefused, Type: payload.Type, ID: payload.EventID, Err: err})
	}
}

// observe calls a function that only watches. What it is told of has happened: a panic in it must not change that.
func observe[T any](log log.Logger, fn func(T), info T) {
	if fn == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			log.Errorf("richmedia: a function that is told of %T panicked: %v\n%s", info, v, debug.Stack())
		}
	}()
	fn(info)
}

// uploadRecord is what an upload notes for the trace on its way. It is safe for concurrent use: an upload goes on when
// its caller has left.
type uploadRecord struct {
	mu    sync.Mutex
	by    UploadRoute // "" until it takes one
	parts int
}

// took notes the route.
func (r *uploadRecord) took(by UploadRoute) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.by = by
}

// inParts notes the number of parts.
func (r *uploadRecord) inParts(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts = n
}

// route returns the route that was noted last.
func (r *uploadRecord) route() UploadRoute {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.by
}

// fill completes info.
func (r *uploadRecord) fill(info *UploadInfo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	info.Route, info.Parts = r.by, r.parts
	if r.by == RouteCache || r.by == RouteJoined {
		info.Attempts, info.Parts = 0, 0
	}
}

// watch begins an UploadInfo. The function that it returns completes and reports it.
func (up *upload) watch(ctx context.Context, again bool) (context.Context, func(File, error)) {
	ctx, calls := platform.Observe(ctx) // without a trace too: a deadline's error names what used up the time
	if up.u.trace.Upload == nil {
		return ctx, func(File, error) {}
	}
	began := time.Now()
	return ctx, func(f File, err error) {
		info := UploadInfo{
			Target: up.to, Kind: up.kind, Name: up.src.label(), Bytes: up.size(), Attempts: calls.Attempts(),
			Card: f.Card, Ahead: up.purpose == forRefresh, Again: again, Duration: time.Since(began), Err: err,
		}
		if !again {
			info.Duration += up.reading
		}
		up.record.fill(&info)
		observe(up.u.log, up.u.trace.Upload, info)
	}
}
