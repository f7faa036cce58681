package workflowgraph

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestTheServersRefusalsAreTyped(t *testing.T) {
	url := startServer(t)
	client := newTestClient(t, url)
	ctx := context.Background()
	var refusal *Error
	if _, err := client.Status(ctx, "nothing"); !errors.As(err, &refusal) || refusal.Status != 404 || refusal.Code != "not_found" {
		t.Errorf("a workflow that does not exist: %v", err)
	}
	_, err := client.CreateWorkflow(ctx, "name: T\non: push\njobs:\n  one:\n    run: x\n    needs: [nobody]\n", CreateOptions{})
	if !errors.As(err, &refusal) || refusal.Status != 422 || len(refusal.Problems) != 1 || refusal.Problems[0].Line == 0 {
		t.Errorf("a definition that cannot run: %#v", err)
	}
	for _, err := range client.Watch(ctx, "nothing", WatchOptions{}) {
		if !errors.As(err, &refusal) || refusal.Code != "not_found" {
			t.Errorf("watching what does not exist: %v", err)
		}
	}
	var unreachable *UnreachableError
	if _, err := newTestClient(t, "http://127.0.0.1:1").Status(ctx, "x"); !errors.As(err, &unreachable) {
		t.Errorf("nobody there: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := client.Status(cancelled, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestListsAreGivenPageByPage(t *testing.T) {
	url := startServer(t)
	client := newTestClient(t, url)
	ctx := context.Background()
	const count = 7
	made := make(map[string]bool)
	for i := range count {
		made[client.run(t, ctx, fmt.Sprintf(`{name: W%d, on: push, jobs: {one: {run: x, labels: [nobody]}}}`, i))] = true
	}
	runs, workflows := 0, 0
	for run, err := range client.AllRuns(ctx, RunQuery{Limit: 3}) {
		if err != nil || !made[run.ID] || run.Inputs["who"] != "you" {
			t.Fatalf("%v, %+v", err, run)
		}
		delete(made, run.ID)
		runs++
	}
	for workflow, err := range client.AllWorkflows(ctx, WorkflowQuery{Page: Page{Limit: 2}, Status: JobQueued}) {
		if err != nil || workflow.State != RunQueued {
			t.Fatalf("%v, %+v", err, workflow)
		}
		workflows++
	}
	if runs != count || workflows != count {
		t.Errorf("%d runs, %d workflows", runs, workflows)
	}
	page, err := client.Runs(ctx, RunQuery{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	why, err := client.Explain(ctx, page.Runs[0].ID, "one")
	if err != nil || why.Reasons[0].Code != "no_matching_worker" || why.Reasons[0].NoMatchingWorker.RequiredLabels[0] != "nobody" {
		t.Errorf("%v, %+v", err, why)
	}
}

func TestALogIsReadOnAfterEachOfItsChunks(t *testing.T) {
	url := startServer(t)
	client := newTestClient(t, url)
	ctx, cancel := context.WithTimeout(context.Background(), within(time.Minute))
	defer cancel()
	startWorker(t, WorkerConfig{
		ServerURL: url,
		Executor: ExecutorFunc(func(ctx context.Context, job *Job) (Outputs, error) {
			fmt.Fprint(job.Stdout(), "begun\nto wait\n")
			<-ctx.Done()
			fmt.Fprint(job.Stderr(), "ended\n")
			return nil, context.Cause(ctx)
		}),
	})
	runID := client.run(t, ctx, `{name: T, on: push, jobs: {one: {run: x, timeout: 1}}}`)
	if _, err := client.Wait(ctx, runID); err != nil {
		t.Fatal(err)
	}
	chunks, err := client.Logs(ctx, runID, "one", LogQuery{})
	if err != nil || len(chunks) != 3 || chunks[1].SystemLine == nil || *chunks[1].SystemLine != 2 {
		t.Fatalf("%v, %+v", err, chunks)
	}
	for i := range chunks {
		query := LogQuery{After: &chunks[i]}
		rest, err := client.Logs(ctx, runID, "one", query)
		if err != nil || !reflect.DeepEqual(rest, append([]LogChunk{}, chunks[i+1:]...)) {
			t.Errorf("after %s: %v, %+v", chunks[i].position(), err, rest)
		}
		followed := []LogChunk{}
		for chunk, err := range client.FollowLogs(ctx, runID, "one", query) {
			if err != nil {
				t.Fatal(err)
			}
			followed = append(followed, chunk)
		}
		if !reflect.DeepEqual(followed, append([]LogChunk{}, chunks[i+1:]...)) {
			t.Errorf("followed after %s: %+v", chunks[i].position(), followed)
		}
	}
	one := 1
	tail, err := client.Logs(ctx, runID, "one", LogQuery{Tail: &one})
	if err != nil || len(tail) != 1 || tail[0].Data != "ended\n" {
		t.Errorf("tail: %v, %+v", err, tail)
	}
	for chunk, err := range client.FollowLogs(ctx, runID, "one", LogQuery{Tail: &one}) {
		if err != nil || chunk.Data != "ended\n" {
			t.Errorf("followed tail: %v, %+v", err, chunk)
		}
	}
}

func TestARemovedWorkflowIsNotListed(t *testing.T) {
	client := newTestClient(t, startServer(t))
	ctx := context.Background()
	runID := client.run(t, ctx, `{name: T, on: push, jobs: {one: {run: x, labels: [nobody]}}}`)
	found, err := client.Status(ctx, runID)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := client.RemoveWorkflow(ctx, found.Workflow); err != nil {
			t.Fatal(err)
		}
	}
	if listed, err := client.Workflows(ctx, WorkflowQuery{}); err != nil || len(listed) != 0 {
		t.Errorf("%v, %+v", err, listed)
	}
	if _, err := client.Status(ctx, runID); err != nil {
		t.Errorf("its run: %v", err)
	}
	var refusal *Error
	if err := client.RemoveWorkflow(ctx, "nothing"); !errors.As(err, &refusal) || refusal.Status != 404 {
		t.Errorf("one that does not exist: %v", err)
	}
}

func TestTenMegabytesOfLogArriveUnbroken(t *testing.T) {
	url := startServer(t)
	client := newTestClient(t, url)
	ctx, cancel := context.WithTimeout(context.Background(), within(2*time.Minute))
	defer cancel()
	const lines = 100_000
	for _, transport := range []Transport{TransportStream, TransportHTTP} {
		worker := startWorker(t, WorkerConfig{
			ServerURL: url, Transport: transport,
			Executor: ExecutorFunc(func(_ context.Context, job *Job) (Outputs, error) {
				rest := strings.Repeat("x", 91)
				for i := range lines {
					fmt.Fprintf(job.Stdout(), "%07d %s\n", i, rest)
				}
				return nil, nil
			}),
		})
		runID := client.run(t, ctx, `{name: T, on: push, jobs: {one: {run: x}}}`)
		var log strings.Builder
		for chunk, err := range client.FollowLogs(ctx, runID, "one", LogQuery{}) {
			if err != nil {
				t.Fatal(err)
			}
			log.WriteString(chunk.Data)
		}
		got := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
		if len(got) != lines {
			t.Errorf("%s: %d lines", transport, len(got))
		}
		for i, line := range got {
			if len(line) != 99 || !strings.HasPrefix(line, fmt.Sprintf("%07d ", i)) {
				t.Fatalf("%s: line %d is %q", transport, i, line)
			}
		}
		if err := worker.end(t); err != nil {
			t.Error(err)
		}
	}
}

func TestFailedJobsRunAgainInTheirRun(t *testing.T) {
	url := startServer(t)
	client := newTestClient(t, url)
	ctx, cancel := context.WithTimeout(context.Background(), within(time.Minute))
	defer cancel()
	startWorker(t, WorkerConfig{ServerURL: url, Executor: ExecutorFunc(func(_ context.Context, job *Job) (Outputs, error) {
		if job.ID == "a" && job.Attempt == 0 {
			return nil, Permanent(&ExitError{Code: 75, Err: errors.New("broken")})
		}
		return nil, nil
	})})
	runID := client.run(t, ctx, `jobs: {a: {run: x}, b: {run: x, needs: a}}`)
	ended, err := client.Wait(ctx, runID)
	if err != nil || ended.Jobs[0].ExitCode == nil || *ended.Jobs[0].ExitCode != 75 {
		t.Fatalf("%v, %+v", err, ended)
	}
	dry, err := client.RerunJobs(ctx, runID, RerunOptions{Failed: true, DryRun: true})
	if err != nil || len(dry.Jobs) != 2 || dry.Jobs[1].JobID != "b" {
		t.Fatalf("%v, %+v", err, dry)
	}
	again, err := client.RerunJobs(ctx, runID, RerunOptions{Failed: true})
	if err != nil || again.RunID != runID || again.Generation != 2 || again.JobCount != 2 {
		t.Fatalf("%v, %+v", err, again)
	}
	if ended, err = client.Wait(ctx, runID); err != nil || ended.State != RunSuccess {
		t.Errorf("%v, %+v", err, ended)
	}
}

func TestWhatWaitsAndWhatAWorkflowDeclaresIsListed(t *testing.T) {
	client := newTestClient(t, startServer(t))
	ctx, cancel := context.WithTimeout(context.Background(), within(time.Minute))
	defer cancel()
	created, err := client.CreateWorkflow(ctx, `{on: {schedule: [{id: night, cron: '0 3 * * *'}]}, concurrency: deploy,
		inputs: {target: {type: choice, options: [a, b], default: a}}, jobs: {a: {run: x, labels: [nobody]}}}`, CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var runs []string
	for range 2 {
		runID, err := client.RunWorkflow(ctx, created.ID, RunOptions{})
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, runID)
	}
	gates, err := client.Gates(ctx, GateQuery{Prefix: "dep"})
	if err != nil || len(gates.Gates) != 1 || gates.Gates[0].Holders[0].RunID != runs[0] || gates.Gates[0].Waiting[0].RunID != runs[1] {
		t.Errorf("gates: %v, %+v", err, gates)
	}
	queue, err := client.Queue(ctx)
	if err != nil || len(queue.LabelSets) != 1 || queue.LabelSets[0].Labels[0] != "nobody" || !queue.LabelSets[0].NoMatchingWorker {
		t.Errorf("queue: %v, %+v", err, queue)
	}
	inputs, err := client.WorkflowInputs(ctx, created.ID)
	if err != nil || !inputs.Declared || *inputs.Inputs[0].Default != "a" || len(inputs.Inputs[0].Options) != 2 {
		t.Errorf("inputs: %v, %+v", err, inputs)
	}
	for schedule, err := range client.AllSchedules(ctx, ScheduleQuery{Workflow: created.ID}) {
		if err != nil || schedule.ID != "night" || schedule.NextAt.IsZero() {
			t.Errorf("schedule: %v, %+v", err, schedule)
		}
	}
	paused, err := client.PauseSchedule(ctx, created.ID, "night", "holidays")
	if err != nil || paused.PauseReason != "holidays" || paused.PausedAt.IsZero() {
		t.Errorf("paused: %v, %+v", err, paused)
	}
	if resumed, err := client.ResumeSchedule(ctx, created.ID, "night"); err != nil || !resumed.PausedAt.IsZero() {
		t.Errorf("resumed: %v, %+v", err, resumed)
	}
}
