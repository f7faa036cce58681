package workflowgraph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	workflowgraphv1 "workflowgraph.dev/client/gen/workflowgraph/v1"
)

// logText is a logger's output, to be read while it is written.
type logText struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *logText) Write(data []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(data)
}

func (l *logText) count(part string) int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return strings.Count(l.text.String(), part)
}

// runningWorker is a worker whose Run goes on beside the test.
type runningWorker struct {
	*Worker
	log   *logText
	ended chan error
}

func startWorker(t *testing.T, config WorkerConfig) *runningWorker {
	t.Helper()
	log := new(logText)
	config.Logger = slog.New(slog.NewTextHandler(log, nil))
	worker, err := NewWorker(config)
	if err != nil {
		t.Fatal(err)
	}
	running := &runningWorker{Worker: worker, log: log, ended: make(chan error, 1)}
	go func() { running.ended <- worker.Run(context.Background()) }()
	t.Cleanup(func() {
		worker.giveUpReports()
		worker.Terminate()
		if t.Failed() {
			t.Log(log.text.String())
		}
	})
	return running
}

func (r *runningWorker) end(t *testing.T) error {
	t.Helper()
	r.Stop()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("the worker does not end")
		return nil
	}
}

// gate is an executor whose jobs wait until they are let go or told to end.
type gate struct {
	started chan *Job
	letGo   chan struct{}
	causes  chan error
}

func newGate() *gate {
	return &gate{started: make(chan *Job, 100), letGo: make(chan struct{}), causes: make(chan error, 100)}
}

func (g *gate) Execute(ctx context.Context, job *Job) (Outputs, error) {
	g.started <- job
	select {
	case <-g.letGo:
		return Outputs{"by": job.ID}, nil
	case <-ctx.Done():
		g.causes <- context.Cause(ctx)
		return nil, ctx.Err()
	}
}

func (g *gate) cause(t *testing.T) error {
	t.Helper()
	select {
	case cause := <-g.causes:
		return cause
	case <-time.After(10 * time.Second):
		t.Fatal("the job was not told to end")
		return nil
	}
}

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
	if len(fake.sessions) != 1 || len(fake.received) != count || fake.reports != count || fake.called("/api/jobs/claim") != 0 {
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
	if worker.log.count("no streams") != 0 || fake.called("/api/jobs/claim") != 0 {
		t.Error("the worker went on with plain HTTP")
	}
}

func newGateOpen() *gate {
	open := newGate()
	close(open.letGo)
	return open
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

func TestACancellationFromTheStreamEndsTheJobAndNothingIsReported(t *testing.T) {
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
	if err := worker.end(t); err != nil || fake.reports != 0 {
		t.Errorf("%v, %d reports", err, fake.reports)
	}
}

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
	if took := time.Since(begin); took < 900*time.Millisecond || took > 5*time.Second {
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

// compute keeps a thread busy with work.
func compute(wait time.Duration) {
	data := make([]byte, 64*1024)
	for end := time.Now().Add(wait); time.Now().Before(end); {
		for i := range data {
			data[i] = data[i]*31 + byte(i)
		}
	}
}

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
			"permanent": {"wrapped: never", false},
			"retryable": {"later", true},
			"panic":     {"panic: oh", true},
			"ordinary":  {"ordinary", true},
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

func TestAServerThatRefusesTheWorkerEndsItWithTheServersWord(t *testing.T) {
	fake := newFakeServer(t, true)
	fake.refuse = func(string, string) (int, string) {
		return http.StatusUnauthorized, `{"code": "unauthenticated", "message": "no such token"}`
	}
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Token: "wrong"})
	var refusal *Error
	if err := <-worker.ended; !errors.As(err, &refusal) || refusal.Code != "unauthenticated" || refusal.Message != "no such token" {
		t.Errorf("Run gave %v", err)
	}
}

func TestAWorkerWaitsForAServerThatIsAway(t *testing.T) {
	fake := newFakeServer(t, true)
	isAway := true
	fake.refuse = func(string, string) (int, string) {
		if isAway {
			return http.StatusBadGateway, "<html>"
		}
		return 0, ""
	}
	worker := startWorker(t, WorkerConfig{ServerURL: fake.URL, Executor: newGateOpen()})
	fake.until(t, "two tries", func() bool { return len(fake.calls) >= 2 })
	fake.mutex.Lock()
	isAway = false
	fake.mutex.Unlock()
	fake.add("one")
	fake.result(t, "one")
	if away, back := worker.log.count("server is away"), worker.log.count("server is back"); away != 1 || back != 1 {
		t.Errorf("said away %d times and back %d times", away, back)
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

func TestAConfigurationThatCannotBeNamesItsField(t *testing.T) {
	for field, config := range map[string]WorkerConfig{
		"ServerURL":         {ServerURL: "localhost:3000"},
		"WorkerID":          {WorkerID: strings.Repeat("x", 201)},
		"Labels":            {Labels: []string{""}},
		"Slots":             {Slots: -1},
		"Transport":         {Transport: "pigeon"},
		"LeaseTTL":          {LeaseTTL: 1500 * time.Millisecond},
		"ClaimWait":         {ClaimWait: time.Hour},
		"HeartbeatInterval": {HeartbeatInterval: time.Millisecond},
		"LogBatchBytes":     {LogBatchBytes: 1},
		"UnsentLogBytes":    {UnsentLogBytes: 1},
	} {
		_, err := NewWorker(config)
		var wrong *ConfigError
		if !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	if _, err := NewWorker(WorkerConfig{}); err != nil {
		t.Errorf("the zero value: %v", err)
	}
}
