package workflowgraph

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// startServer starts the server of this repository, when it is built and there is a Node to run it; else the test is
// passed over. WORKFLOW_GRAPH_TEST=required makes that a failure.
func startServer(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	main := os.Getenv("WORKFLOW_GRAPH_UNDER_TEST")
	if main == "" {
		main = filepath.Join(root, "dist/src/main.js")
	}
	node := filepath.Join(root, "node_modules/node/bin/node")
	if _, err := os.Stat(node); err != nil {
		node, _ = exec.LookPath("node")
	}
	if _, err := os.Stat(main); err != nil || node == "" {
		if os.Getenv("WORKFLOW_GRAPH_TEST") == "required" {
			t.Fatal("there is no built server, or no node")
		}
		t.Skip("there is no built server, or no node")
	}
	command := exec.Command(node, main, "serve", "--port", "0", "--data", t.TempDir(), "--workflows", t.TempDir())
	command.Env = append(os.Environ(), "LOG_FORMAT=json")
	stderr, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	lines := bufio.NewScanner(stderr)
	var said []string
	for lines.Scan() {
		said = append(said, lines.Text())
		var line struct {
			URL string `json:"url"`
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.URL != "" {
			go func() { _, _ = io.Copy(io.Discard, stderr) }()
			return line.URL
		}
	}
	t.Fatalf("the server did not start: %s", strings.Join(said, "\n"))
	return ""
}

func newTestClient(t *testing.T, url string) *Client {
	t.Helper()
	client, err := NewClient(ClientConfig{ServerURL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// run starts a run of a definition, and gives its id.
func (c *Client) run(t *testing.T, ctx context.Context, definition string) string {
	t.Helper()
	workflow, err := c.CreateWorkflow(ctx, definition, CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	runID, err := c.RunWorkflow(ctx, workflow.ID, RunOptions{Inputs: map[string]string{"who": "you"}})
	if err != nil {
		t.Fatal(err)
	}
	return runID
}

func TestAWorkflowRunsOnTheRealServerOverBothTransports(t *testing.T) {
	url := startServer(t)
	client := newTestClient(t, url)
	ctx, cancel := context.WithTimeout(context.Background(), within(time.Minute))
	defer cancel()
	for _, transport := range []Transport{TransportStream, TransportHTTP} {
		t.Run(string(transport), func(t *testing.T) {
			worker := startWorker(t, WorkerConfig{
				ServerURL: url, Transport: transport, Slots: 4, Labels: []string{string(transport)},
				Executor: ExecutorFunc(func(_ context.Context, job *Job) (Outputs, error) {
					fmt.Fprintf(job.Stdout(), "%s says hello to %s\n", job.ID, job.Inputs["who"])
					if job.ID == "flaky" && job.Attempt == 0 {
						return nil, errors.New("not yet")
					}
					return Outputs{"from": job.UpstreamOutputs["first"]["from"] + "/" + job.ID}, nil
				}),
			})
			runID := client.run(t, ctx, fmt.Sprintf(`{name: T, on: push, jobs: {
				first: {run: x, labels: [%[1]s]}, second: {run: x, needs: first, labels: [%[1]s]},
				flaky: {run: x, retries: 1, labels: [%[1]s]}}}`, transport))
			ended, err := client.Wait(ctx, runID)
			if err != nil || ended.State != RunSuccess {
				t.Fatalf("%v, %+v", err, ended)
			}
			if got := ended.Job("second").Outputs["from"]; got != "/first/second" {
				t.Errorf("output %q", got)
			}
			var log strings.Builder
			for chunk, err := range client.FollowLogs(ctx, runID, "flaky", LogQuery{}) {
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&log, "%d:%s", chunk.Attempt, chunk.Data)
			}
			if log.String() != "0:flaky says hello to you\n1:flaky says hello to you\n" {
				t.Errorf("log %q", log.String())
			}
			if worker.log.count("no streams") != 0 {
				t.Error("there was no stream")
			}
			if err := worker.end(t); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestACancelledRunEndsItsJobsOnTheRealServer(t *testing.T) {
	url := startServer(t)
	client := newTestClient(t, url)
	ctx, cancel := context.WithTimeout(context.Background(), within(time.Minute))
	defer cancel()
	for _, transport := range []Transport{TransportStream, TransportHTTP} {
		executor := newGate()
		worker := startWorker(t, WorkerConfig{ServerURL: url, Transport: transport, Executor: executor})
		runID := client.run(t, ctx, `{name: T, on: push, jobs: {one: {run: x}}}`)
		<-executor.started
		begin := time.Now()
		if cancelled, err := client.Cancel(ctx, runID, CancelOptions{}); err != nil || cancelled != runID {
			t.Fatalf("%v, %q", err, cancelled)
		}
		if cause := executor.cause(t); !errors.Is(cause, ErrCancelled) {
			t.Errorf("%s: the cause is %v", transport, cause)
		}
		if took := time.Since(begin); took > within(4*time.Second) {
			t.Errorf("%s: it took %v", transport, took)
		}
		if ended, err := client.Wait(ctx, runID); err != nil || ended.State != RunCancelled {
			t.Errorf("%s: %v, %+v", transport, err, ended)
		}
		if err := worker.end(t); err != nil {
			t.Error(err)
		}
	}
}

func TestJobsThatKeepAllThreadsBusyKeepTheirLeasesOnTheRealServer(t *testing.T) {
	url := startServer(t)
	client := newTestClient(t, url)
	ctx, cancel := context.WithTimeout(context.Background(), within(time.Minute))
	defer cancel()
	worker := startWorker(t, WorkerConfig{
		ServerURL: url, Slots: 3, LeaseTTL: stretched(2 * time.Second),
		Executor: ExecutorFunc(func(ctx context.Context, _ *Job) (Outputs, error) {
			compute(stretched(4 * time.Second))
			return nil, context.Cause(ctx)
		}),
	})
	runID := client.run(t, ctx, `{name: T, on: push, jobs: {one: {run: x}, two: {run: x}, three: {run: x}}}`)
	if ended, err := client.Wait(ctx, runID); err != nil || ended.State != RunSuccess {
		t.Errorf("%v, %+v", err, ended)
	}
	if worker.log.count("lease") != 0 {
		t.Error("a lease was not kept")
	}
}

func TestARunIsWatchedFromItsSnapshotToItsEnd(t *testing.T) {
	url := startServer(t)
	client := newTestClient(t, url)
	ctx, cancel := context.WithTimeout(context.Background(), within(time.Minute))
	defer cancel()
	runID := client.run(t, ctx, `{name: T, on: push, jobs: {one: {run: x}, two: {run: x, needs: one}}}`)
	var types []string
	var last uint64
	for change, err := range client.Watch(ctx, runID, WatchOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if len(change.Snapshot) > 0 {
			if change.Snapshot[0].RunID != runID || change.Snapshot[0].Job("one").Status != JobQueued {
				t.Errorf("snapshot %+v", change.Snapshot)
			}
			startWorker(t, WorkerConfig{ServerURL: url, Executor: newGateOpen()})
		}
		for _, event := range change.Events {
			if event.Number <= last {
				t.Errorf("event %d comes after %d", event.Number, last)
			}
			last = event.Number
			types = append(types, strings.Trim(event.JobID+" "+event.Type, " "))
		}
	}
	all := strings.Join(types, ", ")
	for _, want := range []string{"one job.running", "one job.success", "two job.success", "run.success"} {
		if !strings.Contains(all, want) {
			t.Errorf("there is no %q in %s", want, all)
		}
	}
}
