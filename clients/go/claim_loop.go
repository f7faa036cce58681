package workflowgraph

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"workflowgraph.dev/client/internal/backoff"
)

const (
	// A server that answers "no job" sooner than this did not wait, so the worker does.
	waitedMin = 500 * time.Millisecond
	pollWait  = time.Second
	// takeBackTimeout is how long the claim that takes back an unread answer may take.
	takeBackTimeout = 2 * time.Second
)

// claimLoop claims jobs by plain calls while slots are free, one waiting claim at a time.
//
// A claim has an id, and is repeated with the same id when its answer was lost, so that a job that was granted is not
// left to its lease's end.
type claimLoop struct {
	api      workerAPI
	config   *WorkerConfig
	presence *presence
	slots    *slots
	start    func(claim claim)
	register func(ctx context.Context) (wasAway bool, err error)
}

// run ends with the context. It fails when the server refuses the worker or the claim for good.
func (l *claimLoop) run(ctx context.Context) error {
	var waits backoff.Backoff
	requestID := newRequestID()
	for {
		l.slots.waitFree(ctx)
		if ctx.Err() != nil {
			return nil
		}
		sentAt := time.Now()
		claimed, err := l.api.claim(ctx, l.config, requestID, max(0, l.config.ClaimWait))
		if err == nil {
			l.presence.back()
			waits.Reset()
			requestID = newRequestID()
			if claimed != nil {
				l.slots.take(claimed.lease.id)
				l.start(*claimed)
			} else if time.Since(sentAt) < waitedMin {
				backoff.Sleep(ctx, pollWait)
			}
			continue
		}
		switch {
		case ctx.Err() != nil:
			l.giveBack(requestID)
			return nil
		case isTemporary(err):
			l.presence.away(err)
		case isUnauthorised(err) || statusOf(err) == http.StatusNotFound:
			if _, err := l.register(ctx); err != nil {
				return err
			}
		default:
			return err
		}
		backoff.Sleep(ctx, waits.Next())
	}
}

// giveBack: the loop was ended while a claim was under way, and the server may have granted a job at that moment. The
// same claim is sent once more, without waiting, and a job that it brings is released unrun. When the server cannot be
// asked, a job that it granted comes back when its lease ends, as after a crash.
func (l *claimLoop) giveBack(requestID string) {
	ctx, cancel := context.WithTimeout(context.Background(), takeBackTimeout)
	defer cancel()
	claimed, err := l.api.claim(ctx, l.config, requestID, 0)
	if err == nil && claimed != nil {
		err = l.api.release(ctx, claimed.lease.id)
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		l.config.Logger.Debug("the last claim could not be taken back", "error", err)
	}
}

func newRequestID() string { return rand.Text() }
