package workflowgraph

import (
	"context"
	"sync"

	"google.golang.org/grpc"

	"workflowgraph.dev/client/internal/backoff"
)

const (
	// A stream that fails so often in a row while plain HTTP calls succeed cannot be had: fewer times where there never
	// was an HTTP/2 connection.
	streamFailuresMax     = 10
	connectionFailuresMax = 3
	// A server that knows the worker but refuses its stream so often in a row means it.
	streamRefusalsMax = 3
)

// noStreamError: the stream cannot be had, here or at all.
type noStreamError struct{ err error }

func (e *noStreamError) Error() string { return "the stream cannot be had: " + e.err.Error() }
func (e *noStreamError) Unwrap() error { return e.err }

// jobStream keeps a session open, one after the other.
type jobStream struct {
	connection *grpc.ClientConn
	config     *WorkerConfig
	slots      *slots
	events     sessionEvents
	// forgetDrain is called before each new session, which begins with the worker's drain if there is one.
	forgetDrain func()
	// connected is called for each new session.
	connected func()
	// register makes the worker known by a plain call. It waits for a server that is away, and says whether it was.
	register func(ctx context.Context) (wasAway bool, err error)

	mutex   sync.Mutex
	current *jobSession
}

// run takes jobs until the context is done. Then it asks for no more, and leaves the session open for results. It fails
// when the server refuses the worker, and with a noStreamError.
func (j *jobStream) run(ctx context.Context) error {
	var waits backoff.Backoff
	failures, refusals := 0, 0
	failuresMax := connectionFailuresMax
	for ctx.Err() == nil {
		reconnect(ctx, j.connection)
		session, err := j.connect()
		wasHad := false
		if err == nil {
			failuresMax = streamFailuresMax
			select {
			case <-ctx.Done():
				session.drain()
				return nil
			case <-session.done:
				err = session.err
			}
			j.disconnect()
			wasHad = session.wasHad()
		}
		if wasHad {
			waits.Reset()
			failures, refusals = 0, 0
		}
		j.config.Logger.Debug("the job stream ended", "error", err)
		switch {
		case isUnimplemented(err):
			return &noStreamError{err}
		case !isTemporary(err):
			if refusals++; refusals >= streamRefusalsMax {
				return err
			}
		case !wasHad:
			if failures++; failures >= failuresMax {
				return &noStreamError{err}
			}
		}
		backoff.Sleep(ctx, waits.Next())
		wasAway, err := j.register(ctx)
		if err != nil {
			return err
		}
		if wasAway {
			// It was the server and not the stream.
			failures = 0
		}
	}
	return nil
}

// live is nil without a session.
func (j *jobStream) live() *jobSession {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return j.current
}

// close ends the session. Nothing comes from it any more.
func (j *jobStream) close() {
	if session := j.live(); session != nil {
		session.close()
		j.disconnect()
	}
}

func (j *jobStream) connect() (*jobSession, error) {
	session, err := openJobSession(j.connection, j.config, j.events)
	if err != nil {
		return nil, err
	}
	j.forgetDrain()
	j.slots.connect(session.addCredits)
	session.start()
	j.connected()
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.current = session
	return session, nil
}

func (j *jobStream) disconnect() {
	j.slots.disconnect()
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.current = nil
}
