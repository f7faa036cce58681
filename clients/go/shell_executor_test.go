//go:build unix

package workflowgraph

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shellRun runs a command and gives its log too.
func shellRun(t *testing.T, ctx context.Context, shell *ShellExecutor, job *Job) (outputs Outputs, pushed *pushedLog, err error) {
	t.Helper()
	pushed = new(pushedLog)
	job.log = pushed.log(time.Millisecond, 64*1024, 1<<20)
	job.fillIn()
	outputs, err = shell.Execute(ctx, job)
	job.log.flush(context.Background())
	return outputs, pushed, err
}

func TestAShellJobsOutputIsItsLogAndItsOutputs(t *testing.T) {
	job := &Job{Command: `echo out; echo err >&2; echo "::set-output a=1"; echo "::set-output b=2"
echo b=3 >> "$WORKFLOW_GRAPH_OUTPUT"; echo raw > /dev/stderr; printf '\377'`}
	outputs, pushed, err := shellRun(t, context.Background(), new(ShellExecutor), job)
	if err != nil || !maps.Equal(outputs, Outputs{"a": "1", "b": "3"}) {
		t.Errorf("outputs %v, %v", outputs, err)
	}
	if got := pushed.text(StreamStdout); got != "out\n::set-output a=1\n::set-output b=2\n\uFFFD" {
		t.Errorf("stdout %q", got)
	}
	if got := pushed.text(StreamStderr); got != "err\nraw\n" {
		t.Errorf("stderr %q", got)
	}
}

func TestAShellJobFindsItsIdsInputsAndUpstreamOutputs(t *testing.T) {
	t.Setenv("WORKFLOW_GRAPH_TOKEN", "secret-1")
	t.Setenv("SOMETHING_ELSE", "secret-2")
	t.Setenv("FROM_WORKER", "seen")
	job := &Job{
		ID: "deploy", RunID: "run-1", Workflow: "release", Attempt: 2, WorkerID: "w",
		Command:         `env; echo "context: $(cat "$WORKFLOW_GRAPH_CONTEXT" | tr -d ' \n')"`,
		UpstreamOutputs: map[string]Outputs{"build-all": {"artifact.url": "s3://x", "huge": strings.Repeat("x", 70*1024)}},
		Inputs:          map[string]string{"ver": "1.2"},
		Env:             map[string]string{"INPUT_VER": "from env", "bad=name": "x"},
	}
	_, pushed, err := shellRun(t, context.Background(), &ShellExecutor{Secrets: []string{"secret-2"}}, job)
	if err != nil {
		t.Fatal(err)
	}
	text := pushed.text(StreamStdout)
	for _, line := range []string{
		"NEEDS_BUILD_ALL_ARTIFACT_URL=s3://x", "INPUT_VER=from env", "FROM_WORKER=seen", "WORKFLOW_GRAPH=true",
		"WORKFLOW_GRAPH_RUN_ID=run-1", "WORKFLOW_GRAPH_WORKFLOW=release", "WORKFLOW_GRAPH_JOB_ID=deploy",
		"WORKFLOW_GRAPH_ATTEMPT=2", "WORKFLOW_GRAPH_WORKER_ID=w",
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("there is no %s", line)
		}
	}
	if strings.Contains(text, "secret-") || strings.Contains(text, "NEEDS_BUILD_ALL_HUGE") {
		t.Error("a secret or a huge value is in the environment")
	}
	_, written, _ := strings.Cut(text, "context: ")
	var context map[string]any
	if err := json.Unmarshal([]byte(written), &context); err != nil || context["run_id"] != "run-1" || context["attempt"] != 2.0 {
		t.Errorf("the context is %.300s", written)
	}
}

func TestAFailedShellSaysItsStatusAndTheEndOfStderr(t *testing.T) {
	for command, want := range map[string]string{
		"exit 3":                  "exit status 3",
		"echo oops >&2; exit 4":   "exit status 4\noops",
		"kill -KILL $$":           "killed by SIGKILL",
		"echo out; kill -TERM $$": "killed by SIGTERM",
	} {
		_, _, err := shellRun(t, context.Background(), new(ShellExecutor), &Job{Command: command})
		retryable := (*RetryableError)(nil)
		if !errors.As(err, &retryable) || err.Error() != want {
			t.Errorf("%s: %v", command, err)
		}
	}
	for command, want := range map[string]string{
		"echo nonsense > $WORKFLOW_GRAPH_OUTPUT":                          "outputs file, line 1",
		"head -c 1100000 /dev/zero | tr '\\0' x > $WORKFLOW_GRAPH_OUTPUT": "1048576 are taken",
		"\x00": "NUL",
	} {
		_, _, err := shellRun(t, context.Background(), new(ShellExecutor), &Job{Command: command})
		if !isPermanent(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", command, err)
		}
	}
	_, _, err := shellRun(t, context.Background(), &ShellExecutor{Workdir: "/does/not/exist"}, &Job{Command: "true"})
	if err == nil || isPermanent(err) || !strings.Contains(err.Error(), "could not be started") {
		t.Errorf("without its directory: %v", err)
	}
}

func TestACommandThatIsNoArgumentIsRunFromAFile(t *testing.T) {
	job := &Job{Command: "# " + strings.Repeat("x", 200*1024) + "\necho done"}
	_, pushed, err := shellRun(t, context.Background(), new(ShellExecutor), job)
	if err != nil || pushed.text(StreamStdout) != "done\n" {
		t.Errorf("%v, %q", err, pushed.text(StreamStdout))
	}
}

func TestACancelledShellMayCleanUpWithinItsGrace(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	file := filepath.Join(t.TempDir(), "started")
	job := &Job{Command: `trap 'echo cleaned; exit 1' TERM; touch ` + file + `; while :; do sleep 0.05; done`}
	go func() {
		for {
			if _, err := os.Stat(file); err == nil {
				cancel()
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	_, pushed, err := shellRun(t, ctx, new(ShellExecutor), job)
	if err == nil || !strings.Contains(pushed.text(StreamStdout), "cleaned\n") {
		t.Errorf("%v, %q", err, pushed.text(StreamStdout))
	}
}

func TestWhatAShellLeavesRunningIsEnded(t *testing.T) {
	begin := time.Now()
	job := &Job{Command: `sleep 1000 & echo "::set-output pid=$!"`}
	outputs, _, err := shellRun(t, context.Background(), new(ShellExecutor), job)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if stat, err := os.ReadFile("/proc/" + outputs["pid"] + "/stat"); err == nil && !strings.Contains(string(stat), ") Z ") {
		t.Errorf("it still runs: %s", stat)
	}
}

func TestMuchOutputIsKeptInOrderByASlowServer(t *testing.T) {
	pushed := &pushedLog{answer: func(int, []LogChunk) error { time.Sleep(time.Millisecond); return nil }}
	job := &Job{Command: `i=0; while [ $i -lt 20000 ]; do echo "line $i"; i=$((i+1)); done`}
	job.fillIn()
	job.log = pushed.log(time.Millisecond, 4096, 8192)
	if _, err := new(ShellExecutor).Execute(context.Background(), job); err != nil {
		t.Fatal(err)
	}
	job.log.flush(context.Background())
	lines := strings.Split(strings.TrimSuffix(pushed.text(StreamStdout), "\n"), "\n")
	if len(lines) != 20000 || lines[19999] != "line 19999" {
		t.Errorf("%d lines, the last is %q", len(lines), lines[len(lines)-1])
	}
}
