package workflowgraph

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestALostLeaseEndsTheJobAndNothingIsReported(t *testing.T) {
	fake := newFakeServer(t, true)
	fake.refuse = func(_, path string) (int, string) {
		if path == "/api/jobs/one/heartbeat" {
			return http.StatusConflict, `{"code": "conflict", "reason": "superseded", "message": "another has it"}`
		}
		return 0, ""
	}
	executor := newGate()
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: executor})
	fake.add("one")
	<-executor.started
	if cause := executor.cause(t); !errors.Is(cause, ErrLeaseLost) {
		t.Errorf("the cause is %v", cause)
	}
	if err := worker.end(t); err != nil || fake.reports != 0 {
		t.Errorf("%v, %d reports", err, fake.reports)
	}
	if worker.log.count("another has it (superseded)") == 0 {
		t.Error("the reason was not said")
	}
}

func TestALeaseThatCannotBeRenewedExpiresByTheWorkersOwnClock(t *testing.T) {
	fake := newFakeServer(t, true)
	fake.refuse = func(_, path string) (int, string) {
		if strings.HasSuffix(path, "/heartbeat") {
			return http.StatusBadGateway, "nobody there"
		}
		return 0, ""
	}
	executor := newGate()
	startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: executor})
	fake.add("one")
	<-executor.started
	begin := time.Now()
	if cause := executor.cause(t); !errors.Is(cause, ErrLeaseExpired) {
		t.Errorf("the cause is %v", cause)
	}
	if took := time.Since(begin); took < 900*time.Millisecond || took > within(5*time.Second) {
		t.Errorf("it expired after %v; its time to live is a second", took)
	}
	if failure := fake.result(t, "one").failure; failure == nil || !failure.Retryable {
		t.Errorf("reported %v", failure)
	}
}

func TestALeaseThatIsRenewedDoesNotExpireWhileItsJobBlocksAThread(t *testing.T) {
	fake := newFakeServer(t, true)
	startWorker(t, WorkerConfig{
		ServerURL: fake.URL,
		Executor: ExecutorFunc(func(ctx context.Context, _ *Job) (Outputs, error) {
			compute(2500 * time.Millisecond)
			return nil, context.Cause(ctx)
		}),
	})
	fake.add("one")
	if failure := fake.result(t, "one").failure; failure != nil {
		t.Errorf("it failed: %s", failure.Error)
	}
}
