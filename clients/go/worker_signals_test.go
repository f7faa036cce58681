//go:build unix

package workflowgraph

import (
	"context"
	"errors"
	"syscall"
	"testing"
)

func TestTheFirstSignalDrainsAndTheSecondEndsTheJobs(t *testing.T) {
	fake := newFakeServer(t, true)
	executor := newGate()
	worker, err := NewWorker(WorkerConfig{ServerURL: fake.URL, Executor: executor})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- worker.RunUntilSignal(context.Background()) }()
	fake.add("one")
	<-executor.started
	signalSelf(t)
	fake.until(t, "the drain", func() bool { return fake.sessions[0].drained })
	if worker.Running() != 1 {
		t.Error("the first signal ended the job")
	}
	signalSelf(t)
	if cause := executor.cause(t); !errors.Is(cause, ErrWorkerStopped) {
		t.Errorf("the cause is %v", cause)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func signalSelf(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}
