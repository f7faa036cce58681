package workflowgraph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

func TestAResultIsReportedByAPlainCallWhileThereIsNoStream(t *testing.T) {
	fake := newFakeServer(t, true)
	executor := newGate()
	startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: executor})
	fake.add("one")
	<-executor.started
	fake.mutex.Lock()
	fake.refuse = func(_, path string) (int, string) {
		if strings.HasPrefix(path, "/api/workers") {
			return http.StatusServiceUnavailable, ""
		}
		return 0, ""
	}
	fake.mutex.Unlock()
	fake.cutSessions()
	time.Sleep(50 * time.Millisecond)
	close(executor.letGo)
	fake.result(t, "one")
	if fake.called("/api/jobs/one/complete") == 0 {
		t.Error("it came another way")
	}
}

func TestAnExecutorsErrorsSayWhetherARetryMayHelp(t *testing.T) {
	for _, transport := range []Transport{TransportStream, TransportHTTP} {
		fake := newFakeServer(t, true)
		worker := startWorker(t, WorkerConfig{
			ServerURL: fake.URL, Transport: transport,
			Executor: ExecutorFunc(func(_ context.Context, job *Job) (Outputs, error) {
				switch job.ID {
				case "permanent":
					return nil, fmt.Errorf("wrapped: %w", Permanent(errors.New("never")))
				case "retryable":
					return nil, Retryable(errors.New("later"))
				case "panic":
					panic("oh")
				}
				return nil, errors.New("ordinary")
			}),
		})
		fake.add("permanent", "retryable", "panic", "ordinary")
		for id, want := range map[string]failure{
			"permanent": {"wrapped: never", false, nil},
			"retryable": {"later", true, nil},
			"panic":     {"panic: oh", true, nil},
			"ordinary":  {"ordinary", true, nil},
		} {
			if got := fake.result(t, id).failure; got == nil || *got != want {
				t.Errorf("%s: %s was reported as %v", transport, id, got)
			}
		}
		if err := worker.end(t); err != nil {
			t.Error(err)
		}
	}
}

func TestAResultThatTheServerCannotTakeFailsTheJob(t *testing.T) {
	fake := newFakeServer(t, true)
	fake.judge = func(report *workflowgraphv1.JobReport) *workflowgraphv1.JobReportResult {
		if report.GetSuccess() == nil {
			return nil
		}
		return &workflowgraphv1.JobReportResult{
			LeaseId: report.LeaseId,
			Refused: workflowgraphv1.ErrorReason_ERROR_REASON_UNSPECIFIED.Enum(),
			Message: "too large",
		}
	}
	startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: newGateOpen()})
	fake.add("one")
	if got := fake.result(t, "one").failure; got == nil || got.Error != "the server refused the result: too large" || got.Retryable {
		t.Errorf("reported %v", got)
	}
}

func TestAResultThatComesTooLateIsSaidAndNotSentAgain(t *testing.T) {
	fake := newFakeServer(t, true)
	fake.judge = func(report *workflowgraphv1.JobReport) *workflowgraphv1.JobReportResult {
		return &workflowgraphv1.JobReportResult{
			LeaseId: report.LeaseId,
			Refused: workflowgraphv1.ErrorReason_ERROR_REASON_SUPERSEDED.Enum(),
			Message: "attempt 1 has begun",
		}
	}
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: newGateOpen()})
	fake.add("one")
	fake.until(t, "the report", func() bool { return fake.reports > 0 })
	if err := worker.end(t); err != nil || fake.reports != 1 {
		t.Errorf("%v, %d reports", err, fake.reports)
	}
	if worker.log.count("the server refused the result") != 1 || worker.log.count("superseded") == 0 {
		t.Error("it was not said")
	}
}
