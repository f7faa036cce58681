package workflowgraph

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

func TestJobsArePushedOverTheStreamAndNeverMoreThanThereAreSlots(t *testing.T) {
	fake := newFakeServer(t, true)
	const count, slotCount = 200, 4
	var running, most atomic.Int32
	worker := startWorker(t, WorkerConfig{
		ServerURL: fake.URL, Slots: slotCount, Labels: []string{"a"},
		Executor: ExecutorFunc(func(_ context.Context, job *Job) (Outputs, error) {
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(time.Millisecond)
			running.Add(-1)
			return Outputs{"key": job.ID, "bad\xff": "x\xffy"}, nil
		}),
	})
	for i := range count {
		fake.add(fmt.Sprintf("job-%d", i))
	}
	for i := range count {
		id := fmt.Sprintf("job-%d", i)
		if got := fake.result(t, id).outputs; got["key"] != id || got["bad\uFFFD"] != "x\uFFFDy" {
			t.Fatalf("%s has outputs %v", id, got)
		}
	}
	if err := worker.end(t); err != nil {
		t.Error(err)
	}
	session := fake.session(0)
	if session.firstCredits != slotCount || !session.drained || session.hello.Labels[0] != "a" {
		t.Errorf("credits %d, drained %v, hello %v", session.firstCredits, session.drained, session.hello)
	}
	if len(fake.sessions) != 1 || len(fake.received) != count || fake.reports != count || fake.called("/api/jobs/claim-many") != 0 {
		t.Errorf("%d sessions, %d receipts, %d reports", len(fake.sessions), len(fake.received), fake.reports)
	}
	if most.Load() > slotCount {
		t.Errorf("%d jobs ran at once", most.Load())
	}
}

func TestWithoutAStreamTheWorkerGoesOnWithPlainHTTPAndSaysSoOnce(t *testing.T) {
	for _, row := range []struct {
		name  string
		http2 bool
	}{{"unimplemented", true}, {"no HTTP/2", false}} {
		t.Run(row.name, func(t *testing.T) {
			fake := newFakeServer(t, row.http2)
			fake.noJobStream = true
			worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: newGateOpen()})
			fake.add("one", "two")
			fake.result(t, "one")
			fake.result(t, "two")
			if count := worker.log.count("no streams"); count != 1 {
				t.Errorf("said %d times", count)
			}
			if worker.log.count("server is away") != 0 {
				t.Error("the server was not away")
			}
			if err := worker.end(t); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAStreamThatIsCutAFewTimesIsNotGivenUp(t *testing.T) {
	fake := newFakeServer(t, true)
	fake.cutsToCome = connectionFailuresMax
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: newGateOpen()})
	fake.add("one")
	fake.result(t, "one")
	if worker.log.count("no streams") != 0 || fake.called("/api/jobs/claim-many") != 0 {
		t.Error("the worker went on with plain HTTP")
	}
}

func TestAJobOutlivesItsStreamAndItsSlotIsNotGivenTwice(t *testing.T) {
	fake := newFakeServer(t, true)
	executor := newGate()
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Slots: 3, Executor: executor})
	fake.add("one")
	<-executor.started
	fake.cutSessions()
	fake.until(t, "a second session", func() bool { return len(fake.sessions) == 2 && fake.sessions[1].hello != nil })
	if credits := fake.session(1).firstCredits; credits != 2 {
		t.Errorf("%d credits with one of three slots in use", credits)
	}
	close(executor.letGo)
	if got := fake.result(t, "one").outputs["by"]; got != "one" {
		t.Errorf("output %q", got)
	}
	fake.until(t, "three credits", func() bool { return fake.sessions[1].credits == 3 })
	if err := worker.end(t); err != nil {
		t.Error(err)
	}
}

func TestACancellationByAnOlderServerEndsTheJobAndReturnsTheCreditOnce(t *testing.T) {
	fake := newFakeServer(t, true)
	executor := newGate()
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: executor})
	fake.add("one")
	<-executor.started
	fake.session(0).send(&workflowgraphv1.WorkJobsResponse{CancelledLeaseIds: []string{"one"}})
	if cause := executor.cause(t); !errors.Is(cause, ErrCancelled) {
		t.Errorf("the cause is %v", cause)
	}
	fake.until(t, "the credit's return", func() bool { return fake.sessions[0].credits == 1 })
	if err := worker.end(t); err != nil || fake.reports != 1 || fake.sessions[0].credits != 1 {
		t.Errorf("%v, %d reports, %d credits", err, fake.reports, fake.sessions[0].credits)
	}
}

func TestAJobBeyondTheSlotsIsGivenBack(t *testing.T) {
	fake := newFakeServer(t, true)
	executor := newGate()
	startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: executor})
	fake.add("one")
	<-executor.started
	fake.session(0).send(&workflowgraphv1.WorkJobsResponse{Claims: []*workflowgraphv1.Claim{{
		Job:   &workflowgraphv1.ClaimedJob{JobId: "extra", WorkflowId: "run"},
		Lease: &workflowgraphv1.Lease{LeaseId: "extra", TtlSecs: 30},
	}}})
	fake.until(t, "the release", func() bool { return fake.hasReleased("extra") })
	close(executor.letGo)
}

func TestWhatWaitsIsSentTogetherAndWithinTheServersLimits(t *testing.T) {
	outbox := sessionOutbox{credits: 2, received: []string{"a", "b"}}
	for i := range 1500 {
		outbox.reports = append(outbox.reports, reportToProto(fmt.Sprint(i), success(Outputs{"k": strings.Repeat("x", 4000)})))
	}
	first := outbox.take()
	if first.AddCredits != 2 || len(first.ReceivedLeaseIds) != 2 || proto.Size(first) > 4*1024*1024 {
		t.Errorf("the first message has %d bytes, %d credits", proto.Size(first), first.AddCredits)
	}
	var ids []string
	for message := first; message != nil; message = outbox.take() {
		if len(message.Reports) > messageReportsMax || proto.Size(message) > 4*1024*1024 {
			t.Errorf("a message has %d reports in %d bytes", len(message.Reports), proto.Size(message))
		}
		for _, report := range message.Reports {
			ids = append(ids, report.LeaseId)
		}
	}
	if len(ids) != 1500 || !slices.IsSortedFunc(ids, func(a, b string) int { return len(a) - len(b) }) {
		t.Errorf("%d reports were sent", len(ids))
	}
}
