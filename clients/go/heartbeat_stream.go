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
	// streamRetry is how long a stream that failed is left alone.
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
	mutex sync.Mutex
}

// send is false when the leases have to be renewed in another way. It asks for them only when there is a stream.
func (h *heartbeatStream) send(leases func() []string) bool {
	if h == nil {
		return false
	}
	open := h.open()
	if open == nil {
		return false
	}
	open.mutex.Lock()
	defer open.mutex.Unlock()
	leaseIDs := leases()
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

// giveUp ends a stream that does not answer.
func (h *heartbeatStream) giveUp() {
	if h == nil {
		return
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.current != nil {
		h.current.cancel()
		h.closed(h.current, nil)
	}
}

// open gives the open stream, or a new one; nil when there is none to be had now.
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
		h.closed(nil, errorOfGRPC(h.serverURL, err))
		return nil
	}
	h.current = &openHeartbeats{stream: stream, cancel: cancel}
	go h.receive(h.current)
	return h.current
}

// closed is called with the mutex held.
func (h *heartbeatStream) closed(open *openHeartbeats, err error) {
	if h.current == open {
		h.current = nil
	}
	h.isUnavailable = h.isUnavailable || isUnimplemented(err)
	h.nextTry = time.Now().Add(streamRetry)
}

func (h *heartbeatStream) receive(open *openHeartbeats) {
	for {
		answer, err := open.stream.Recv()
		if err != nil {
			open.cancel()
			h.mutex.Lock()
			h.closed(open, errorOfGRPC(h.serverURL, err))
			h.mutex.Unlock()
			h.owner.retryAll()
			return
		}
		for _, state := range answer.GetLeases() {
			h.take(state)
		}
	}
}

func (h *heartbeatStream) take(state *workflowgraphv1.StreamHeartbeatsResponse_LeaseState) {
	if state.Lost != nil {
		h.owner.lost(state.GetLeaseId(), reasonOf(state.GetLost()), "")
		return
	}
	if left := state.GetSecondsLeft(); left > 0 {
		h.owner.renewed(state.GetLeaseId(), time.Time{}, time.Duration(left*float64(time.Second)))
	}
	if state.GetCancelled() {
		h.owner.cancelled(state.GetLeaseId())
	}
}
