package workflowgraph

import (
	"context"
	"errors"
	"testing"
	"time"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

func TestAWorkerThatStopsLetsItsJobsFinishAndGivesBackWhatComesLate(t *testing.T) {
	fake := newFakeServer(t, true)
	executor := newGate()
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Slots: 2, Executor: executor})
	fake.add("one")
	<-executor.started
	worker.Stop()
	fake.until(t, "the drain", func() bool { return fake.sessions[0].drained })
	fake.session(0).send(&workflowgraphv1.WorkJobsResponse{Claims: []*workflowgraphv1.Claim{{
		Job:   &workflowgraphv1.ClaimedJob{JobId: "late", WorkflowId: "run"},
		Lease: &workflowgraphv1.Lease{LeaseId: "late", TtlSecs: 30},
	}}})
	fake.until(t, "the release", func() bool { return fake.hasReleased("late") })
	close(executor.letGo)
	if err := worker.end(t); err != nil {
		t.Error(err)
	}
	if len(executor.started) != 0 || fake.result(t, "one").failure != nil {
		t.Error("the late job was run, or the other one failed")
	}
}

func TestJobsLeftAfterTheDrainTimeoutAreEndedAndMayBeRetried(t *testing.T) {
	fake := newFakeServer(t, true)
	executor := newGate()
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: executor, DrainTimeout: 50 * time.Millisecond})
	fake.add("one")
	<-executor.started
	if err := worker.end(t); err != nil {
		t.Error(err)
	}
	if cause := executor.cause(t); !errors.Is(cause, ErrWorkerStopped) {
		t.Errorf("the cause is %v", cause)
	}
	if got := fake.result(t, "one").failure; got == nil || got.Error != "worker stopped" || !got.Retryable {
		t.Errorf("reported %v", got)
	}
}

func TestAnExecutorThatDoesNotEndIsLeftBehind(t *testing.T) {
	fake := newFakeServer(t, true)
	never := make(chan struct{})
	defer close(never)
	worker := startWorker(t, WorkerConfig{
		ServerURL: fake.URL, Grace: -1, DrainTimeout: -1,
		Executor: ExecutorFunc(func(context.Context, *Job) (Outputs, error) { <-never; return nil, nil }),
	})
	fake.add("one")
	fake.until(t, "the receipt", func() bool { return len(fake.received) == 1 })
	if err := worker.end(t); err != nil {
		t.Error(err)
	}
	if worker.log.count("left behind") != 1 {
		t.Error("it was not said")
	}
}
