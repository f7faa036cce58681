package workflowgraph

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

func TestProcessesAreKilledInTimeForTheServersGrace(t *testing.T) {
	for _, each := range []struct{ grace, within, want time.Duration }{
		{10 * time.Second, 10 * time.Second, 8 * time.Second},
		{10 * time.Second, 2 * time.Second, time.Second},
		{10 * time.Second, time.Second, 500 * time.Millisecond},
		{time.Second, 10 * time.Second, time.Second},
		{10 * time.Second, 0, 10 * time.Second},
		{0, 10 * time.Second, 0},
	} {
		if got := (stopOrder{ErrCancelled, each.within}).killAfter(each.grace); got != each.want {
			t.Errorf("of %v within %v: %v, not %v", each.grace, each.within, got, each.want)
		}
	}
}

// The ways by which a worker learns that a job is to end.
var stopWays = map[string]struct {
	transport Transport
	tell      func(fake *fakeServer, reason string)
}{
	"by the stream": {TransportStream, func(fake *fakeServer, reason string) {
		stop := &workflowgraphv1.WorkJobsResponse_Stop{LeaseId: "one", WithinSecs: 2, Reason: workflowgraphv1.StopReason_STOP_REASON_TIMED_OUT}
		message := &workflowgraphv1.WorkJobsResponse{Stops: []*workflowgraphv1.WorkJobsResponse_Stop{stop}}
		if reason == "cancelled" {
			stop.Reason = workflowgraphv1.StopReason_STOP_REASON_CANCELLED
			message.CancelledLeaseIds = []string{"one"}
		}
		fake.session(0).send(message)
	}},
	"by a heartbeat": {TransportHTTP, func(fake *fakeServer, reason string) {
		fake.mutex.Lock()
		defer fake.mutex.Unlock()
		fake.beat = `{"ttl_secs": 1, "cancelled": true, "stop_reason": "` + reason + `", "stop_within_secs": 2}`
	}},
}

func TestAJobThatTimedOutIsEndedAndReportedSo(t *testing.T) {
	for name, way := range stopWays {
		t.Run(name, func(t *testing.T) {
			fake := newFakeServer(t, true)
			fake.timeoutSecs = new(uint64(3600))
			executor := newGate()
			worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Transport: way.transport, Executor: executor})
			fake.add("one")
			<-executor.started
			way.tell(fake, "timed_out")
			if cause := executor.cause(t); !errors.Is(cause, ErrTimedOut) {
				t.Errorf("the cause is %v", cause)
			}
			if got := fake.result(t, "one").failure; got == nil || got.Error != "timed out after 3600 s" || !got.Retryable {
				t.Errorf("reported %v", got)
			}
			if err := worker.end(t); err != nil || worker.log.count("outcome=timed_out") != 1 || worker.log.count("lease") > 0 {
				t.Errorf("%v: %s", err, worker.log.text.String())
			}
		})
	}
}

func TestACancelledJobIsReportedWhenItHasEnded(t *testing.T) {
	for name, way := range stopWays {
		t.Run(name, func(t *testing.T) {
			fake := newFakeServer(t, true)
			fake.judge = func(report *workflowgraphv1.JobReport) *workflowgraphv1.JobReportResult {
				if failure := report.GetFailure(); failure.GetError() != "cancelled" || failure.GetRetryable() {
					t.Errorf("reported %v", report)
				}
				return &workflowgraphv1.JobReportResult{
					LeaseId: report.LeaseId, Refused: workflowgraphv1.ErrorReason_ERROR_REASON_CANCELLED.Enum(), Message: "cancelled",
				}
			}
			executor := newGate()
			worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Transport: way.transport, Executor: executor})
			fake.add("one")
			<-executor.started
			way.tell(fake, "cancelled")
			if cause := executor.cause(t); !errors.Is(cause, ErrCancelled) {
				t.Errorf("the cause is %v", cause)
			}
			fake.until(t, "the report", func() bool { return fake.reports > 0 })
			if err := worker.end(t); err != nil || fake.reports != 1 {
				t.Errorf("%v, %d reports", err, fake.reports)
			}
			if worker.log.count("outcome=cancelled") != 1 || worker.log.count("level=WARN") > 0 {
				t.Error(worker.log.text.String())
			}
		})
	}
}

func TestTheWorkersOwnTimerEndsAJobWhoseServerSaysNothing(t *testing.T) {
	fake := newFakeServer(t, true)
	fake.timeoutSecs = new(uint64(1))
	executor := newGate()
	startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: executor})
	fake.add("one")
	if cause := executor.cause(t); !errors.Is(cause, ErrTimedOut) {
		t.Errorf("the cause is %v", cause)
	}
	if got := fake.result(t, "one").failure; got == nil || got.Error != "timed out after 1 s" || !got.Retryable {
		t.Errorf("reported %v", got)
	}
}

func TestTheBareTrueOfThePollIsExplainedByARenewal(t *testing.T) {
	fake := newFakeServer(t, true)
	executor := newGate()
	// Renewals are further apart than polls.
	startWorker(t, WorkerConfig{ServerURL: fake.URL, Transport: TransportHTTP, LeaseTTL: time.Hour, Executor: executor})
	fake.leaseTTLSecs = 3600
	fake.add("one")
	<-executor.started
	fake.mutex.Lock()
	fake.cancelled = true
	fake.beat = `{"ttl_secs": 3600, "cancelled": true, "stop_reason": "timed_out", "stop_within_secs": 2}`
	fake.mutex.Unlock()
	if cause := executor.cause(t); !errors.Is(cause, ErrTimedOut) {
		t.Errorf("the cause is %v", cause)
	}
}

func TestATimeoutReportThatComesAfterTheServersGraceIsSaid(t *testing.T) {
	fake := newFakeServer(t, true)
	fake.timeoutSecs = new(uint64(1))
	fake.judge = func(report *workflowgraphv1.JobReport) *workflowgraphv1.JobReportResult {
		return &workflowgraphv1.JobReportResult{
			LeaseId: report.LeaseId, Refused: workflowgraphv1.ErrorReason_ERROR_REASON_LEASE_EXPIRED.Enum(), Message: "it has ended",
		}
	}
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: newGate()})
	fake.add("one")
	fake.until(t, "the report", func() bool { return fake.reports > 0 })
	if err := worker.end(t); err != nil {
		t.Error(err)
	}
	if worker.log.count("outcome=timed_out") != 1 || worker.log.count("did not end within the server's grace") != 1 || worker.log.count("level=WARN") != 1 {
		t.Error(worker.log.text.String())
	}
}

func TestAWorkerForLabelledJobsSaysSo(t *testing.T) {
	for _, transport := range []Transport{TransportStream, TransportHTTP} {
		fake := newFakeServer(t, true)
		startWorker(t, WorkerConfig{
			ServerURL: fake.URL, Transport: transport, Labels: []string{"gpu"}, OnlyLabelled: true, Executor: newGateOpen(),
		})
		fake.add("one")
		fake.result(t, "one")
		fake.mutex.Lock()
		if !fake.onlyLabelled["register"] || transport == TransportHTTP && !fake.onlyLabelled["claim"] ||
			transport == TransportStream && !fake.sessions[0].hello.GetOnlyLabelled() {
			t.Errorf("%s: said %v", transport, fake.onlyLabelled)
		}
		fake.mutex.Unlock()
	}
	if _, err := NewWorker(WorkerConfig{OnlyLabelled: true}); err == nil || !strings.Contains(err.Error(), "OnlyLabelled") {
		t.Errorf("without labels: %v", err)
	}
}

func TestWhatChangesSomethingMayBeSentAgain(t *testing.T) {
	fake := newFakeServer(t, true)
	client := newTestClient(t, fake.URL)
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"create": func() error { _, err := client.CreateWorkflow(ctx, "name: x", CreateOptions{}); return err },
		"run":    func() error { _, err := client.RunWorkflow(ctx, "x", RunOptions{}); return err },
		"cancel": func() error { _, err := client.Cancel(ctx, "x", CancelOptions{}); return err },
		"force": func() error {
			_, err := client.Cancel(ctx, "x", CancelOptions{Force: true, RequestID: "0123456789abcdef"})
			return err
		},
	} {
		// A connection that was used before is one whose loss makes the client send again.
		if _, err := client.Runs(ctx, RunQuery{}); err != nil {
			t.Fatal(err)
		}
		fake.mutex.Lock()
		fake.requests, fake.answersToCut = nil, 1
		fake.mutex.Unlock()
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		fake.mutex.Lock()
		if sent := fake.requests; len(sent) != 2 || sent[0] != sent[1] || !strings.Contains(sent[0], "request_id") {
			t.Errorf("%s: sent %q", name, sent)
		} else if isForced := strings.Contains(sent[0], `"force":true`); isForced != (name == "force") {
			t.Errorf("%s: sent %q", name, sent)
		}
		fake.mutex.Unlock()
	}
}

func TestAllWorkflowsGoesOnAfterAShortPage(t *testing.T) {
	fake := newFakeServer(t, true)
	pages := []string{`[{"id": "a"}, {"id": "b"}]`, `[{"id": "c"}]`, `[]`}
	fake.refuse = func(_, path string) (int, string) {
		page := pages[0]
		pages = pages[1:]
		return http.StatusOK, page
	}
	count := 0
	for _, err := range newTestClient(t, fake.URL).AllWorkflows(t.Context(), WorkflowQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		count++
	}
	if count != 3 || len(pages) != 0 {
		t.Errorf("%d workflows, %d pages left", count, len(pages))
	}
}
