package workflowgraph

import (
	"context"
	"sync"
)

// slots are the running jobs, by lease, up to the maximum. Over a stream the server counts them too, as credits, so
// each change that it cannot see is sent to it.
type slots struct {
	count int

	mutex sync.Mutex
	held  map[string]slotUse
	// How many of those held are slotRuns.
	running int
	// Takes credits to the server; nil without a stream.
	addCredits func(count int)
	// Closed and replaced when a slot becomes free.
	changed chan struct{}
}

type slotUse int

const (
	slotRuns slotUse = iota
	// The job has ended and its result is on its way over the stream: with the result's arrival there the server may use
	// the slot again, which may be seen here before its answer is.
	slotReports
)

func newSlots(count int) *slots {
	return &slots{count: count, held: make(map[string]slotUse), changed: make(chan struct{})}
}

// take is false when the server sent more than it was allowed, or the same again.
func (s *slots) take(leaseID string) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if _, isHeld := s.held[leaseID]; isHeld || s.running >= s.count {
		return false
	}
	s.held[leaseID] = slotRuns
	s.running++
	return true
}

func (s *slots) reports(leaseID string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if use, isHeld := s.held[leaseID]; isHeld && use == slotRuns {
		s.held[leaseID] = slotReports
		s.running--
	}
}

// settled frees the slot of a job whose result was answered on the stream: the server has counted it already.
func (s *slots) settled(leaseID string) { s.release(leaseID, false) }

// free frees the slot of a job that ended in any other way. It does nothing for one that is free.
func (s *slots) free(leaseID string) { s.release(leaseID, true) }

func (s *slots) release(leaseID string, tell bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	use, isHeld := s.held[leaseID]
	if !isHeld {
		return
	}
	if use == slotRuns {
		s.running--
	}
	delete(s.held, leaseID)
	if tell && s.addCredits != nil {
		s.addCredits(1)
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// connect gives a new stream all free slots as credits, and from now on each that becomes free.
func (s *slots) connect(addCredits func(count int)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.addCredits = addCredits
	if free := s.count - len(s.held); free > 0 {
		addCredits(free)
	}
}

func (s *slots) disconnect() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.addCredits = nil
}

// waitFree returns how many slots are free when one is; the number says nothing when the context is done.
func (s *slots) waitFree(ctx context.Context) int {
	for {
		s.mutex.Lock()
		free := s.count - len(s.held)
		changed := s.changed
		s.mutex.Unlock()
		if free > 0 {
			return free
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0
		}
	}
}
