package workflowgraph

import (
	"time"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

// stopOrder is the server's word that a job is to end: it was cancelled, or its timeout is over. The server takes the job's
// log until it has the report, and starts what comes after the job only then, or when its own grace is over.
type stopOrder struct {
	// cause is ErrCancelled or ErrTimedOut.
	cause error
	// within is how long the server waits for the report; zero when it did not say.
	within time.Duration
}

func (o stopOrder) Error() string { return o.cause.Error() }

func (o stopOrder) Unwrap() error { return o.cause }

// killAfter is how long the job's processes may take to end by themselves: all of them are to be gone, and that is to be
// reported, while the server waits.
func (o stopOrder) killAfter(grace time.Duration) time.Duration {
	if o.within <= 0 {
		return grace
	}
	return min(grace, max(o.within/2, o.within-2*time.Second))
}

// stopReason is a cause on the documented paths.
type stopReason string

func (r stopReason) cause() error {
	if r == "timed_out" {
		return ErrTimedOut
	}
	// An older server stops only what was cancelled, and gives no reason.
	return ErrCancelled
}

func causeOfProto(reason workflowgraphv1.StopReason) error {
	if reason == workflowgraphv1.StopReason_STOP_REASON_TIMED_OUT {
		return ErrTimedOut
	}
	return ErrCancelled
}

func durationOfSecs(secs float64) time.Duration { return time.Duration(secs * float64(time.Second)) }
