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
	// If a server responds "no job" sooner than this, it did not wait, so the worker waits instead.
	waitedMin = 500 * time.Millisecond
	pollWait  = time.Second
	// takeBackTimeout is the timeout of the claim that repeats an unread one.
	takeBackTimeout = 2 * time.Second
	// claimedJobsMax is the maximum number of jobs per claim.
	claimedJobsMax = 100
)

// claimLoop claims jobs with plain calls while slots are free, one waiting claim at a time.
//
// A claim requests one job per free slot. It has an id and is repeated with it when its response is lost, so that
// granted jobs do not wait for the end of their leases.
type claimLoop struct {
	api      workerAPI
	calls    claimCalls
	config   *WorkerConfig
	presence *presence
	slots    *slots
	start    func(claim claim)
	register func(ctx context.Context) (wasAway bool, err error)
}

// run ends with the context. It fails if the server refuses the worker or the claim permanently.
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

// giveBack: the loop ended during a claim, and the server may have granted jobs at that moment. The same claim is
// repeated without waiting, and its jobs are released without running. If the server cannot be reached, a granted job
// is requeued when its lease expires, as after a crash.
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
