package workflowgraph

import (
	"context"
	"errors"
	"time"

	"workflowgraph.dev/client/internal/backoff"
)

// keepResultMin: a restarted server gives each lease a full time to live, so a result stays worth reporting long after
// the lease's own end.
const keepResultMin = 10 * time.Minute

// keepResult is for how long a result that cannot be reported is kept.
func keepResult(ttl time.Duration) time.Duration { return max(2*ttl, keepResultMin) }

// errGivenUp: a result could not be reported for as long as it was kept.
var errGivenUp = errors.New("given up")

// reporter brings results to the server.
type reporter struct {
	api      workerAPI
	presence *presence
	slots    *slots
	// stream is nil without one.
	stream *jobStream
}

// report sends a result until the server takes it (nil) or refuses it (an *Error), or the context is done (errGivenUp).
// It goes over the job stream first, and over plain calls when that leaves it open. A server that refuses the worker
// itself, such as for a revoked token, is asked again for the lease's time to live: nothing can renew it meanwhile.
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
