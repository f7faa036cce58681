//go:build unix

package workflowgraph

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
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
	job := &Job{
		ID: "deploy", RunID: "run-1", Workflow: "release", Attempt: 2, WorkerID: "w",
		Command: `env; printf 'context: %s\n' "$(tr -d ' \n' < "$WORKFLOW_GRAPH_CONTEXT")"`,
		UpstreamOutputs: map[string]Outputs{
			"build-all": {"artifact.url": "s3://x", "huge": strings.Repeat("x", 70*1024)},
			"__proto__": {"ıß𝒳é": "odd", "": "empty", "a\x01\n": "control"},
		},
		Inputs: map[string]string{"ver": "1.2", "__proto__": "input"},
		Env:    map[string]string{"INPUT_VER": "from env", "bad=name": "x", "DATABASE_URL": "the app's"},
	}
	_, pushed, err := shellRun(t, context.Background(), new(ShellExecutor), job)
	if err != nil {
		t.Fatal(err)
	}
	text := pushed.text(StreamStdout)
	for _, line := range []string{
		"NEEDS_BUILD_ALL_ARTIFACT_URL=s3://x", "INPUT_VER=from env", "WORKFLOW_GRAPH=true", "DATABASE_URL=the app's",
		"WORKFLOW_GRAPH_RUN_ID=run-1", "WORKFLOW_GRAPH_WORKFLOW=release", "WORKFLOW_GRAPH_JOB_ID=deploy",
		"WORKFLOW_GRAPH_ATTEMPT=2", "WORKFLOW_GRAPH_WORKER_ID=w",
		"NEEDS___PROTO_______=odd", "NEEDS___PROTO___=empty", "NEEDS___PROTO___A__=control", "INPUT___PROTO__=input",
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("there is no %s", line)
		}
	}
	if strings.Contains(text, "NEEDS_BUILD_ALL_HUGE") {
		t.Error("a huge value is in the environment")
	}
	_, written, _ := strings.Cut(text, "context: ")
	var context map[string]any
	if err := json.Unmarshal([]byte(written), &context); err != nil || context["run_id"] != "run-1" || context["attempt"] != 2.0 {
		t.Errorf("the context is %.300s", written)
	}
}

func TestAShellJobGetsFewVariablesOfTheWorkerAndThoseThatAreNamed(t *testing.T) {
	for name, value := range map[string]string{
		"HOME": "/home/x", "LC_TIME": "C", "TZ": "UTC", "TERM": "dumb", "AWS_REGION": "eu", "AWS_COPY": "my s3cret key", "CI": "1",
		"SECRET_OF_SOMEONE": "no", "SERVER_URL": "http://x:y@z", "DATABASE_URL": "postgres://u:p@h/d", "WORKER_LABELS": "a",
		"WORKFLOW_GRAPH_TOKEN": "s3cret", "WORKFLOW_GRAPH_TOKEN_FILE": "/run/token",
	} {
		t.Setenv(name, value)
	}
	names := func(passEnv ...string) []string {
		shell := &ShellExecutor{PassEnv: passEnv, Secrets: []string{"s3cret", ""}}
		_, pushed, err := shellRun(t, context.Background(), shell, &Job{Command: `env | sed 's/=.*//' | sort`})
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for name := range strings.FieldsSeq(pushed.text(StreamStdout)) {
			isOwn := strings.HasPrefix(name, "WORKFLOW_GRAPH") && !strings.Contains(name, "TOKEN")
			// The shell sets these.
			if !isOwn && !slices.Contains([]string{"PWD", "OLDPWD", "SHLVL", "_"}, name) {
				names = append(names, name)
			}
		}
		return names
	}
	for _, name := range names() {
		if !matchesAny(alwaysPassed, name) {
			t.Errorf("%s is passed", name)
		}
	}
	if got := names(); !slices.Contains(got, "HOME") || !slices.Contains(got, "LC_TIME") || !slices.Contains(got, "TZ") || !slices.Contains(got, "PATH") {
		t.Errorf("passed are %v", got)
	}
	if got := names("AWS_*", "CI"); !slices.Contains(got, "AWS_REGION") || !slices.Contains(got, "CI") || slices.Contains(got, "AWS_COPY") {
		t.Errorf("with AWS_* and CI passed are %v", got)
	}
	got := names("*", "S*", "DATABASE_URL")
	if !slices.Contains(got, "SECRET_OF_SOMEONE") {
		t.Errorf("with * passed are %v", got)
	}
	for _, name := range got {
		if matchesAny(neverPassed, name) {
			t.Errorf("with * %s is passed", name)
		}
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
	if err == nil || isPermanent(err) || err.Error() != "the directory that jobs start in is gone: /does/not/exist" {
		t.Errorf("without its directory: %v", err)
	}
}

func TestAWorkerWhoseOwnDirectoryIsGoneSaysSo(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "of-the-worker")
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(directory)
	if err := os.Remove(directory); err != nil {
		t.Fatal(err)
	}
	_, _, err := shellRun(t, context.Background(), new(ShellExecutor), &Job{Command: "true"})
	if err == nil || isPermanent(err) || !strings.Contains(err.Error(), "the directory that jobs start in is gone: "+directory) {
		t.Errorf("%v", err)
	}
}

func TestAJobThatTamperedWithItsOutputsFileNeitherStallsTheWorkerNorFailsForRemovingIt(t *testing.T) {
	for command, want := range map[string]string{
		`rm "$WORKFLOW_GRAPH_OUTPUT"; echo ::set-output a=1`:                                                "",
		`rm -r "$(dirname "$WORKFLOW_GRAPH_OUTPUT")"; echo ::set-output a=1`:                                "",
		`rm "$WORKFLOW_GRAPH_OUTPUT"; mkfifo "$WORKFLOW_GRAPH_OUTPUT"`:                                      "not a regular file",
		`ln -sf /dev/zero "$WORKFLOW_GRAPH_OUTPUT"`:                                                         "not a regular file",
		`printf '\357\273\277a=1\n' > "$WORKFLOW_GRAPH_OUTPUT"`:                                             "",
		`echo ::set-output a=2; cp "$WORKFLOW_GRAPH_OUTPUT" x; echo a=1 > y; mv y "$WORKFLOW_GRAPH_OUTPUT"`: "",
	} {
		outputs, _, err := shellRun(t, context.Background(), &ShellExecutor{Workdir: t.TempDir()}, &Job{Command: command})
		switch {
		case want == "" && (err != nil || !maps.Equal(outputs, Outputs{"a": "1"})):
			t.Errorf("%s: %v, %v", command, outputs, err)
		case want != "" && (!isPermanent(err) || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v", command, err)
		}
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
		untilExists(file)
		cancel()
	}()
	_, pushed, err := shellRun(t, ctx, new(ShellExecutor), job)
	if err == nil || !strings.Contains(pushed.text(StreamStdout), "cleaned\n") {
		t.Errorf("%v, %q", err, pushed.text(StreamStdout))
	}
}

func untilExists(file string) {
	for {
		if _, err := os.Stat(file); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestWhatAShellLeavesRunningIsEnded(t *testing.T) {
	begin := time.Now()
	job := &Job{Command: `sleep 1000 & echo "::set-output pid=$!"`}
	outputs, _, err := shellRun(t, context.Background(), new(ShellExecutor), job)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > within(10*time.Second) {
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

func TestAStubbornShellIsKilledBeforeTheServersGraceEnds(t *testing.T) {
	ctx, stop := context.WithCancelCause(context.Background())
	file := filepath.Join(t.TempDir(), "started")
	job := &Job{Command: `trap 'echo told' TERM; touch ` + file + `; while :; do sleep 0.05; done`}
	go func() {
		untilExists(file)
		stop(stopOrder{ErrTimedOut, time.Second})
	}()
	begin := time.Now()
	_, pushed, err := shellRun(t, ctx, &ShellExecutor{Grace: time.Hour}, job)
	if err == nil || !strings.Contains(err.Error(), "killed by SIGKILL") || time.Since(begin) > time.Minute {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
	if pushed.text(StreamStdout) != "told\n" {
		t.Errorf("its last words are %q", pushed.text(StreamStdout))
	}
}

var twoSteps = []Step{{ID: "step-1", Name: "Build"}, {ID: "step-2", Name: "Unit tests"}}

func TestAFailureOfAShellJobNamesItsStepAndHasItsExitCode(t *testing.T) {
	for command, want := range map[string]struct {
		text string
		code int
	}{
		"exit 3": {"exit status 3", 3},
		"printf '::step 1/2 Bu'; sleep 0.1; echo ild; echo '::step 2/2 Unit tests'; echo why >&2; exit 4": {"step 2/2 \"Unit tests\": exit status 4\nwhy", 4},
		"echo '::step 1/2 Build'; echo 'x ::step 2/2 Unit tests'; exit 1":                                 {`step 1/2 "Build": exit status 1`, 1},
		"kill -9 $$": {"killed by SIGKILL", 137},
	} {
		_, _, err := shellRun(t, context.Background(), new(ShellExecutor), &Job{Command: command, Steps: twoSteps})
		exit := (*ExitError)(nil)
		if !errors.As(err, &exit) || err.Error() != want.text || exit.Code != want.code {
			t.Errorf("%s: %v", command, err)
		}
	}
}

func TestAShellJobThatRequiresItRunsInAnEmptyDirectoryWhichIsDeleted(t *testing.T) {
	job := &Job{
		Command:        "pwd; ls -A | wc -l; mkdir -p deep/er; touch deep/er/file; chmod 500 deep/er deep; exit 1",
		RequiredLabels: []string{FeatureWorkspace},
	}
	_, pushed, err := shellRun(t, context.Background(), new(ShellExecutor), job)
	if err == nil {
		t.Fatal("it succeeded")
	}
	said := strings.Fields(pushed.text(StreamStdout))
	if len(said) != 2 || !strings.Contains(said[0], workspacePrefix) || said[1] != "0" {
		t.Fatalf("it ran in %v", said)
	}
	if _, err := os.Stat(filepath.Dir(said[0])); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestTheWorkspacesOfKilledWorkersAreDeletedAndNoOthers(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	alive, err := makeFreshWorkspace()
	if err != nil {
		t.Fatal(err)
	}
	dead := filepath.Join(os.TempDir(), workspacePrefix+"dead")
	unfinished := filepath.Join(os.TempDir(), workspacePrefix+"new")
	for _, directory := range []string{filepath.Join(dead, "workspace"), unfinished} {
		if err := os.MkdirAll(directory, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo(filepath.Join(dead, alivePipe), 0o600); err != nil {
		t.Fatal(err)
	}
	sweepWorkspaces()
	for path, isThere := range map[string]bool{dead: false, unfinished: true, alive.path: true} {
		if _, err := os.Stat(path); (err == nil) != isThere {
			t.Errorf("%s: %v", path, err)
		}
	}
	alive.remove()
	if _, err := os.Stat(alive.directory); err == nil {
		t.Error("a workspace that was removed is still there")
	}
}
