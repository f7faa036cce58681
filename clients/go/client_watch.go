package workflowgraph

import (
	"context"
	"iter"
	"strings"

	"google.golang.org/grpc"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
	"workflowgraph.dev/client/internal/backoff"
)

// Change is one change from Watch: a snapshot, or events in order.
type Change struct {
	// Snapshot is the state before the first event; only in the first change, and only without AfterEvent.
	Snapshot []Workflow
	Events   []Event
	// LastEvent is the position to resume from: WatchOptions.AfterEvent of another Watch.
	LastEvent uint64
}

// WatchOptions set the start of a Watch.
type WatchOptions struct {
	// AfterEvent selects changes after this event; when nil, a snapshot comes first.
	AfterEvent *uint64
}

// Watch streams the changes of a run, or of all runs if the id is empty: first a snapshot, then each change once, in
// order. It uses gRPC. After a broken connection it resumes where it was. The changes of one run end with the run;
// otherwise Watch ends after an error, which is the context's error if that is done.
func (c *Client) Watch(ctx context.Context, id string, options WatchOptions) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		watch := &watch{client: c, id: id, after: options.AfterEvent, yield: yield}
		var waits backoff.Backoff
		for {
			before := watch.after
			err := watch.once(ctx)
			switch {
			case watch.isOver:
				return
			case ctx.Err() != nil:
				yield(Change{}, ctx.Err())
				return
			case !isTemporary(err) || watch.after == nil:
				yield(Change{}, err)
				return
			}
			if watch.after != before {
				waits.Reset()
			}
			backoff.Sleep(ctx, waits.Next())
		}
	}
}

// watch is one Watch over its connections.
type watch struct {
	client *Client
	id     string
	after  *uint64
	yield  func(Change, error) bool
	// The run has ended, or the loop over the changes was left.
	isOver bool
}

// once watches until the stream ends. The error is nil only when the watch is over.
func (w *watch) once(ctx context.Context) error {
	connection, err := w.client.grpc()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	request := &workflowgraphv1.WatchRunsRequest{Id: w.id, AfterEvent: w.after}
	stream, err := workflowgraphv1.NewWorkflowServiceClient(connection).WatchRuns(ctx, request)
	if err != nil {
		return errorOfGRPC(w.client.config.ServerURL, err)
	}
	for {
		message, err := stream.Recv()
		if err != nil {
			return errorOfGRPC(w.client.config.ServerURL, err)
		}
		if err := w.take(message); err != nil || w.isOver {
			return err
		}
	}
}

func (w *watch) take(message *workflowgraphv1.WatchRunsResponse) error {
	last := message.GetLastEvent()
	w.after = &last
	change := Change{LastEvent: last}
	hasEnded := false
	for _, workflow := range message.GetSnapshot() {
		shown, err := workflowOfProto(workflow)
		if err != nil {
			return err
		}
		change.Snapshot = append(change.Snapshot, shown)
		if w.id != "" && shown.RunID != "" {
			// A workflow id means its newest run, which changes over time.
			w.id = shown.RunID
			hasEnded = shown.State.Ended()
		}
	}
	for _, event := range message.GetEvents() {
		change.Events = append(change.Events, eventOfProto(event))
		state, isOfRun := strings.CutPrefix(event.GetType(), "run.")
		hasEnded = hasEnded || w.id != "" && isOfRun && RunState(state).Ended()
	}
	isRead := w.yield(change, nil)
	w.isOver = hasEnded || !isRead
	return nil
}

// grpc returns the connection, which is opened on first use.
func (c *Client) grpc() (*grpc.ClientConn, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.connection == nil {
		connection, err := newGRPCConnection(c.server, c.config.TLS)
		if err != nil {
			return nil, &ConfigError{"ServerURL", "cannot be watched: " + err.Error()}
		}
		c.connection = connection
	}
	return c.connection, nil
}
