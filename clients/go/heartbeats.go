package workflowgraph

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// Below two seconds, within which a worker must notice a cancellation.
	cancelPollInterval = 1500 * time.Millisecond
	beatRetry          = time.Second
	beatTimeoutMax     = 10 * time.Second
)

// leaseWatcher receives the events of a lease. Each is called at most once.
type leaseWatcher interface {
	// leaseLost: the server reports that the lease is gone.
	leaseLost(reason Reason, message string)
	// leaseExpired: its lease time passed without a renewal, by this machine's clock. Renewals continue.
	leaseExpired()
	// leaseStopped: the job must stop.
	leaseStopped(order stopOrder)
}

// heartbeats renews a worker's leases: all of them over one stream if available, otherwise each with a plain call.
//
// Each lease has a deadline by the monotonic clock: when the lease time has passed since the last renewal was sent, the
// server may have requeued the job, so the lease counts as expired even without a message.
type heartbeats struct {
	api      workerAPI
	presence *presence
	// interval is a third of each lease's time to live when zero.
	interval time.Duration
	// stream is nil without one.
	stream *heartbeatStream
	// drained receives the drain in each response to a plain call.
	drained func(drain serverDrain)

	mutex  sync.Mutex
	leases map[string]*watchedLease
	// When the loop looks again, and the call that makes it look now.
	nextLook time.Time
	wake     chan struct{}
}

type watchedLease struct {
	lease     lease
	watcher   leaseWatcher
	ttl       time.Duration
	renewedAt time.Time
	// The next renewal, whether or not the last one was answered: on a busy machine a response may take long, and a late
	// one is as good.
	nextBeat         time.Time
	expired, stopped bool
}

func newHeartbeats(api workerAPI, presence *presence, interval time.Duration) *heartbeats {
	return &heartbeats{
		api:      api,
		presence: presence,
		interval: interval,
		leases:   make(map[string]*watchedLease),
		wake:     make(chan struct{}, 1),
	}
}

// watch renews the lease until it is removed.
func (h *heartbeats) watch(held lease, watcher leaseWatcher) {
	now := time.Now()
	h.mutex.Lock()
	defer h.mutex.Unlock()
	watched := &watchedLease{lease: held, watcher: watcher, ttl: held.ttl, renewedAt: now}
	watched.nextBeat = now.Add(h.intervalOf(watched))
	h.leases[held.id] = watched
	h.lookBy(watched.nextBeat)
}

func (h *heartbeats) forget(leaseID string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	delete(h.leases, leaseID)
}

// stop and lost handle the messages of the job stream.
func (h *heartbeats) stop(leaseID string, order stopOrder) {
	h.mutex.Lock()
	watched := h.leases[leaseID]
	isNew := watched != nil && !watched.stopped
	if isNew {
		watched.stopped = true
	}
	h.mutex.Unlock()
	if isNew {
		watched.watcher.leaseStopped(order)
	}
}

func (h *heartbeats) lost(leaseID string, reason Reason, message string) {
	h.mutex.Lock()
	watched := h.leases[leaseID]
	delete(h.leases, leaseID)
	h.mutex.Unlock()
	if watched == nil {
		return
	}
	if message == "" {
		message = "the lease is gone"
	}
	if reason == ReasonCancelled {
		watched.watcher.leaseStopped(stopOrder{cause: ErrCancelled})
	} else {
		watched.watcher.leaseLost(reason, message)
	}
}

// run works until the context is done.
func (h *heartbeats) run(ctx context.Context) {
	go h.pollCancellations(ctx)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.wake:
		case <-timer.C:
		}
		due, expired, next := h.look(time.Now())
		for _, watched := range expired {
			watched.watcher.leaseExpired()
		}
		h.beat(ctx, due)
		timer.Reset(time.Until(next))
	}
}

// look finds the leases to renew now, those that have just expired, and the time of the next check.
func (h *heartbeats) look(now time.Time) (due, expired []*watchedLease, next time.Time) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	next = now.Add(time.Hour)
	for _, watched := range h.leases {
		deadline := watched.renewedAt.Add(watched.ttl)
		if !watched.expired && !now.Before(deadline) {
			watched.expired = true
			expired = append(expired, watched)
		}
		// What would be due a little later goes in the same message.
		if !watched.nextBeat.After(now.Add(h.intervalOf(watched) / 8)) {
			watched.nextBeat = now.Add(h.intervalOf(watched))
			due = append(due, watched)
		}
		next = earlier(next, watched.nextBeat)
		if !watched.expired {
			next = earlier(next, deadline)
		}
	}
	h.nextLook = next
	return due, expired, next
}

// beat renews the leases that are due, over the stream, and by plain calls too when that owes an answer for long.
func (h *heartbeats) beat(ctx context.Context, due []*watchedLease) {
	if len(due) == 0 {
		return
	}
	alone := func() {
		for _, watched := range due {
			go h.beatAlone(ctx, watched)
		}
	}
	isLate := h.stream.owesAnswerFor(h.intervalOf(due[0]))
	if isLate {
		alone()
	}
	go func() {
		if !h.stream.send(h.all) && !isLate {
			alone()
		}
	}()
}

// all returns all leases: the stream watches those named in the last message.
func (h *heartbeats) all() []string {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	now := time.Now()
	ids := make([]string, 0, len(h.leases))
	for id, watched := range h.leases {
		ids = append(ids, id)
		watched.nextBeat = now.Add(h.intervalOf(watched))
	}
	return ids
}

// beatAlone renews one lease by a plain call.
func (h *heartbeats) beatAlone(ctx context.Context, watched *watchedLease) {
	ctx, cancel := context.WithTimeout(ctx, min(beatTimeoutMax, watched.lease.ttl))
	defer cancel()
	sentAt := time.Now()
	answer, err := h.api.heartbeat(ctx, watched.lease.id)
	switch {
	case err == nil:
		h.presence.back()
		h.renewed(watched.lease.id, sentAt, durationOfSecs(answer.TTLSecs))
		h.drained(answer.drain())
		if answer.Cancelled {
			h.stop(watched.lease.id, stopOrder{answer.StopReason.cause(), durationOfSecs(answer.StopWithinSecs)})
		}
	case statusOf(err) == http.StatusConflict:
		refusal := err.(*Error)
		h.lost(watched.lease.id, refusal.Reason, refusal.Message)
	default:
		if isTemporary(err) {
			h.presence.away(err)
		}
		h.beatWithin(beatRetry, watched.lease.id)
	}
}

// renewed: the server renewed the lease at some moment after it was asked, at sentAt.
func (h *heartbeats) renewed(leaseID string, sentAt time.Time, left time.Duration) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	watched := h.leases[leaseID]
	if watched == nil || sentAt.Before(watched.renewedAt) {
		return
	}
	watched.renewedAt = sentAt
	if left > 0 && left != watched.ttl {
		watched.ttl = left
		watched.nextBeat = sentAt.Add(h.intervalOf(watched))
		h.lookBy(watched.nextBeat)
	}
}

// beatWithin renews leases soon, because an earlier renewal failed.
func (h *heartbeats) beatWithin(wait time.Duration, leaseIDs ...string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for _, id := range leaseIDs {
		watched := h.leases[id]
		if watched == nil {
			continue
		}
		soon := time.Now().Add(min(wait, h.intervalOf(watched)))
		watched.nextBeat = earlier(watched.nextBeat, soon)
		h.lookBy(watched.nextBeat)
	}
}

// beatAll renews all leases now, because the server that watched them was replaced.
func (h *heartbeats) beatAll() {
	h.mutex.Lock()
	ids := make([]string, 0, len(h.leases))
	for id := range h.leases {
		ids = append(ids, id)
	}
	h.mutex.Unlock()
	h.beatWithin(0, ids...)
}

// pollCancellations polls for cancellations when no stream reports them, between renewals that are further apart. The answer has no reason, so
// a renewal follows, whose answer has.
func (h *heartbeats) pollCancellations(ctx context.Context) {
	ticker := time.NewTicker(cancelPollInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if h.stream.isOpen() {
			continue
		}
		for _, watched := range h.toPoll() {
			go func() {
				asking, cancel := context.WithTimeout(ctx, cancelPollInterval)
				isCancelled, err := h.api.isCancelled(asking, watched.lease.runID, watched.lease.jobID)
				cancel()
				if err == nil && isCancelled {
					h.beatAlone(ctx, watched)
					// An older server says it here only.
					h.stop(watched.lease.id, stopOrder{cause: ErrCancelled})
				}
			}()
		}
	}
}

func (h *heartbeats) toPoll() []*watchedLease {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	var leases []*watchedLease
	for _, watched := range h.leases {
		if !watched.stopped && h.intervalOf(watched) > cancelPollInterval {
			leases = append(leases, watched)
		}
	}
	return leases
}

// lookBy is called with the mutex held.
func (h *heartbeats) lookBy(when time.Time) {
	if !h.nextLook.IsZero() && !when.Before(h.nextLook) {
		return
	}
	h.nextLook = when
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *heartbeats) intervalOf(watched *watchedLease) time.Duration {
	third := watched.ttl / 3
	if h.interval > 0 {
		return min(h.interval, third)
	}
	return third
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
