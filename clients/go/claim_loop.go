package workflowgraph

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"sync"
	"time"

	"workflowgraph.dev/client/internal/backoff"
)

const (
	// A server that answers "no job" sooner than this did not wait, so the worker does.
	waitedMin = 500 * time.Millisecond
	pollWait  = time.Second
	// takeBackTimeout is how long the claim that takes back an unread answer may take.
	takeBackTimeout = 2 * time.Second
	// claimedJobsMax are claimed at once, where so many slots are free.
	claimedJobsMax = 100
)

// claimLoop claims jobs by plain calls while slots are free, one waiting claim at a time.
//
// A claim asks for as many jobs as slots are free. It has an id, and is repeated with the same id when its answer was lost,
// so that jobs that were granted are not left to their leases' end.
type claimLoop struct {
	api      workerAPI
	calls    claimCalls
	config   *WorkerConfig
	presence *presence
	slots    *slots
	start    func(claim claim)
	register func(ctx context.Context) (wasAway bool, err error)
}

// run ends with the context. It fails when the server refuses the worker or the claim for good.
func (l *claimLoop) run(ctx context.Context) error {
	var waits backoff.Backoff
	var request claimRequest
	for {
		free := l.slots.waitFree(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if request.id == "" {
			request = claimRequest{id: newRequestID(), count: min(free, claimedJobsMax)}
		}
		sentAt := time.Now()
		claims, err := l.calls.claim(ctx, l.config, request, max(0, l.config.ClaimWait))
		if err == nil {
			l.presence.back()
			waits.Reset()
			request = claimRequest{}
			for _, claimed := range claims {
				l.slots.take(claimed.lease.id)
				l.start(claimed)
			}
			if len(claims) == 0 && time.Since(sentAt) < waitedMin {
				backoff.Sleep(ctx, pollWait)
			}
			continue
		}
		switch {
		case ctx.Err() != nil:
			l.giveBack(request)
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

// giveBack: the loop was ended while a claim was under way, and the server may have granted jobs at that moment. The same
// claim is sent once more, without waiting, and the jobs that it brings are released unrun. When the server cannot be
// asked, a job that it granted comes back when its lease ends, as after a crash.
func (l *claimLoop) giveBack(request claimRequest) {
	ctx, cancel := context.WithTimeout(context.Background(), takeBackTimeout)
	defer cancel()
	claims, err := l.calls.claim(ctx, l.config, request, 0)
	var releases sync.WaitGroup
	for _, claimed := range claims {
		releases.Go(func() { l.logLost(l.api.release(ctx, claimed.lease.id)) })
	}
	releases.Wait()
	l.logLost(err)
}

func (l *claimLoop) logLost(err error) {
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		l.config.Logger.Debug("the last claim could not be taken back", "error", err)
	}
}

func newRequestID() string { return rand.Text() }
