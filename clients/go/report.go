package workflowgraph

import (
	"context"
	"errors"
	"time"

	"workflowgraph.dev/client/internal/backoff"
)

// keepResultMin: a restarted server extends each lease by its full time, so a result can still be reported long after
// the lease's end.
const keepResultMin = 10 * time.Minute

// keepResult is how long an unreported result is kept.
func keepResult(ttl time.Duration) time.Duration { return max(2*ttl, keepResultMin) }

// errGivenUp: a result could not be reported for as long as it was kept.
var errGivenUp = errors.New("given up")

// reporter sends results to the server.
type reporter struct {
	api      workerAPI
	presence *presence
	slots    *slots
	// stream is nil without one.
	stream *jobStream
}

// report sends a result until the server accepts it (nil) or refuses it (an *Error), or the context is done
// (errGivenUp). It tries the job stream first, and then plain calls. If the server refuses the worker itself, for
// example because of a revoked token, it retries for the lease time, because the lease cannot be renewed.
func (r *reporter) report(ctx context.Context, held lease, ended result) error {
	leaseID, began := held.id, time.Now()
	if r.stream != nil {
		if session := r.stream.live(); session != nil {
			r.slots.reports(leaseID)
			err := session.report(ctx, leaseID, ended)
			if !errors.Is(err, errNotOverStream) && ctx.Err() == nil {
				return err
			}
		}
	}
	var waits backoff.Backoff
	for {
		err := r.api.report(ctx, leaseID, ended)
		if err == nil {
			r.presence.back()
			return nil
		}
		if ctx.Err() != nil {
			return errGivenUp
		}
		if !isTemporary(err) && !(isUnauthorised(err) && time.Since(began) < held.ttl) {
			return err
		}
		r.presence.away(err)
		r.waitToTryAgain(ctx, waits.Next())
		if ctx.Err() != nil {
			return errGivenUp
		}
	}
}

// waitToTryAgain ends early, though not at the same moment for all results, when the server is back.
func (r *reporter) waitToTryAgain(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.presence.isBack():
		backoff.Sleep(ctx, min(wait, 100*time.Millisecond))
	case <-ctx.Done():
	}
}
