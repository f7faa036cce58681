//go:build unix

package workflowgraph

import (
	"context"
	"errors"
	"os/signal"
	"syscall"
	"testing"
)

func TestTheFirstSignalDrainsAndTheSecondEndsTheJobs(t *testing.T) {
	for _, sent := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
		t.Run(sent.String(), func(t *testing.T) {
			fake, executor, worker, ended := runUntilSignal(t)
			signalSelf(t, sent)
			fake.until(t, "the drain", func() bool { return fake.sessions[0].drained })
			if worker.Running() != 1 {
				t.Error("the first signal ended the job")
			}
			second := sent
			if sent == syscall.SIGHUP {
				// A terminal that closes says so more than once.
				signalSelf(t, syscall.SIGHUP)
				second = syscall.SIGTERM
				if len(executor.causes) > 0 {
					t.Error("a repeated hang-up ended the job")
				}
			}
			signalSelf(t, second)
			if cause := executor.cause(t); !errors.Is(cause, ErrWorkerStopped) {
				t.Errorf("the cause is %v", cause)
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAHangUpThatWasIgnoredAtTheStartStaysIgnored(t *testing.T) {
	for _, ignored := range []syscall.Signal{syscall.SIGHUP, syscall.SIGQUIT} {
		t.Run(ignored.String(), func(t *testing.T) {
			signal.Ignore(ignored)
			defer signal.Reset(ignored)
			fake, executor, _, ended := runUntilSignal(t)
			signalSelf(t, ignored)
			// The first signal that counts: were it the second, it would end the job.
			signalSelf(t, syscall.SIGTERM)
			fake.until(t, "the drain", func() bool { return fake.sessions[0].drained })
			close(executor.letGo)
			if err := <-ended; err != nil {
				t.Error(err)
			}
			select {
			case cause := <-executor.causes:
				t.Errorf("the job was ended: %v", cause)
			default:
			}
		})
	}
}

// runUntilSignal starts a worker with one job that waits.
func runUntilSignal(t *testing.T) (*fakeServer, *gate, *Worker, chan error) {
	t.Helper()
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
	return fake, executor, worker, ended
}

func signalSelf(t *testing.T, sent syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(syscall.Getpid(), sent); err != nil {
		t.Fatal(err)
	}
}
