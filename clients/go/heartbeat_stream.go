package workflowgraph

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

const (
	// The server takes ten thousand leases in one message.
	beatLeasesMax = 10_000
	// streamRetry is the delay before a failed stream is retried.
	streamRetry = 2 * time.Second
)

// heartbeatStream is the stream that renews all leases of a worker at once, opened when it is first used. A nil one is
// never open.
type heartbeatStream struct {
	connection *grpc.ClientConn
	serverURL  string
	owner      *heartbeats

	mutex         sync.Mutex
	current       *openHeartbeats
	isUnavailable bool
	nextTry       time.Time
}

type openHeartbeats struct {
	stream workflowgraphv1.JobService_StreamHeartbeatsClient
	cancel context.CancelFunc
	// Sends are one after the other.
	sending sync.Mutex

	mutex sync.Mutex
	// When each unanswered renewal of a lease was sent. Responses arrive in the order of the messages.
	asked map[string][]time.Time
}

// send returns false if the leases must be renewed in another way.
func (h *heartbeatStream) send(leases func() []string) bool {
	if h == nil {
		return false
	}
	open := h.open()
	if open == nil {
		return false
	}
	open.sending.Lock()
	defer open.sending.Unlock()
	leaseIDs := leases()
	open.ask(leaseIDs)
	for from := 0; from < len(leaseIDs); from += beatLeasesMax {
		some := leaseIDs[from:min(len(leaseIDs), from+beatLeasesMax)]
		if open.stream.Send(&workflowgraphv1.StreamHeartbeatsRequest{LeaseIds: some}) != nil {
			return false
		}
	}
	return true
}

func (h *heartbeatStream) isOpen() bool {
	if h == nil {
		return false
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.current != nil
}

// owesAnswerFor reports whether the stream has left a message unanswered for this long. One that does for much longer
// is ended.
func (h *heartbeatStream) owesAnswerFor(wait time.Duration) bool {
	if h == nil {
		return false
	}
	h.mutex.Lock()
	open := h.current
	h.mutex.Unlock()
	if open == nil {
		return false
	}
	owed := open.owed()
	if owed > max(beatTimeoutMax, wait) {
		open.cancel()
	}
	return owed > wait/2
}

// close ends the stream.
func (h *heartbeatStream) close() {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.isUnavailable = true
	if h.current != nil {
		h.current.cancel()
	}
}

// open returns the open stream, or a new one; nil if none is available now.
func (h *heartbeatStream) open() *openHeartbeats {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.current != nil {
		return h.current
	}
	if h.isUnavailable || time.Now().Before(h.nextTry) {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	stream, err := workflowgraphv1.NewJobServiceClient(h.connection).StreamHeartbeats(ctx)
	if err != nil {
		cancel()
		h.ended(errorOfGRPC(h.serverURL, err))
		return nil
	}
	h.current = &openHeartbeats{stream: stream, cancel: cancel, asked: make(map[string][]time.Time)}
	go h.receive(h.current)
	return h.current
}

// ended is called with the mutex held.
func (h *heartbeatStream) ended(err error) {
	h.current = nil
	h.isUnavailable = h.isUnavailable || isUnimplemented(err)
	h.nextTry = time.Now().Add(streamRetry)
}

func (h *heartbeatStream) receive(open *openHeartbeats) {
	for {
		answer, err := open.stream.Recv()
		if err != nil {
			open.cancel()
			h.mutex.Lock()
			h.ended(errorOfGRPC(h.serverURL, err))
			h.mutex.Unlock()
			h.owner.beatAll()
			return
		}
		h.take(open, answer.GetLeases())
	}
}

func (h *heartbeatStream) take(open *openHeartbeats, states []*workflowgraphv1.StreamHeartbeatsResponse_LeaseState) {
	for _, state := range states {
		left := durationOfSecs(state.GetSecondsLeft())
		switch {
		case state.Lost != nil:
			open.forget(state.GetLeaseId())
			h.owner.lost(state.GetLeaseId(), reasonOf(state.GetLost()), "")
		case left > 0:
			if sentAt, wasAsked := open.answered(state.GetLeaseId()); wasAsked {
				h.owner.renewed(state.GetLeaseId(), sentAt, left)
			}
		}
		if state.GetCancelled() {
			h.owner.stop(state.GetLeaseId(), stopOrder{causeOfProto(state.GetStopReason()), durationOfSecs(state.GetStopWithinSecs())})
		}
	}
}

func (o *openHeartbeats) ask(leaseIDs []string) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	now := time.Now()
	for _, id := range leaseIDs {
		o.asked[id] = append(o.asked[id], now)
	}
}

// answered returns when the answered renewal of the lease was sent.
func (o *openHeartbeats) answered(leaseID string) (sentAt time.Time, wasAsked bool) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	times := o.asked[leaseID]
	if len(times) == 0 {
		return time.Time{}, false
	}
	if len(times) == 1 {
		delete(o.asked, leaseID)
	} else {
		o.asked[leaseID] = times[1:]
	}
	return times[0], true
}

func (o *openHeartbeats) forget(leaseID string) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	delete(o.asked, leaseID)
}

// owed is for how long the oldest ask has been unanswered.
func (o *openHeartbeats) owed() time.Duration {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	oldest := time.Duration(0)
	for _, times := range o.asked {
		oldest = max(oldest, time.Since(times[0]))
	}
	return oldest
}
