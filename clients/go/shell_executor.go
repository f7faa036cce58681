package workflowgraph

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"workflowgraph.dev/client/internal/outputs"
	"workflowgraph.dev/client/internal/processtree"
)

const (
	// linger is how long output can continue after the shell has ended, from background processes.
	linger = 2 * time.Second
	// commandArgumentBytesMax: Linux takes 128 KiB for one argument; a longer command is run from a file.
	commandArgumentBytesMax = 100 * 1024
)

// ShellExecutor runs a job's command with "sh -c", in its own process group, without stdin. Its output is the job's
// log; its outputs come from "::set-output key=value" lines on stdout and from the outputs file, which takes
// precedence.
//
// A job that requires FeatureWorkspace runs in an empty directory of its own, which is deleted afterwards.
//
// An exit status other than 0 is a retryable failure; its text is the failed step, the status and the end of stderr. After the shell
// exits, remaining processes of its group are killed. If the shell cannot be started, the failure is retryable, because
// another machine may be able to; if no machine can run the command, it is permanent.
//
// The zero value is ready.
type ShellExecutor struct {
	// Workdir is the working directory of jobs; this process's own when empty.
	Workdir string
	// Grace is the time between SIGTERM and SIGKILL; 10 seconds when zero, none when negative.
	Grace time.Duration
	// PassEnv names variables of this process that jobs get in addition to PATH, HOME, USER, LOGNAME, SHELL, LANG,
	// LANGUAGE, LC_*, TZ, TMPDIR and TERM; a name can end in "*". SERVER_URL, DATABASE_URL, WORKER_* and
	// WORKFLOW_GRAPH_* are never passed.
	PassEnv []string
	// Secrets are kept from jobs: variables of this process that hold one of them are not passed.
	Secrets []string
}

// Execute runs the job.
func (s *ShellExecutor) Execute(ctx context.Context, job *Job) (Outputs, error) {
	if strings.ContainsRune(job.Command, 0) {
		return nil, Permanent(errors.New("the command holds a NUL character, which no shell takes"))
	}
	workdir := s.Workdir
	if slices.Contains(job.RequiredLabels, FeatureWorkspace) {
		fresh, err := makeFreshWorkspace()
		if err != nil {
			return nil, Retryable(fmt.Errorf("the worker cannot make an empty directory for the job: %w", err))
		}
		defer fresh.remove()
		workdir = fresh.path
	}
	if err := checkWorkdir(workdir); err != nil {
		return nil, Retryable(err)
	}
	directory, err := os.MkdirTemp("", "workflow-graph-")
	if err != nil {
		return nil, Retryable(fmt.Errorf("the job's files have no place in the directory for temporary ones (TMPDIR): %w", err))
	}
	defer os.RemoveAll(directory)
	return s.runIn(ctx, directory, workdir, job)
}

// Features are what this executor can do on this system.
func (s *ShellExecutor) Features() []string { return shellFeatures }

func (s *ShellExecutor) runIn(ctx context.Context, directory, workdir string, job *Job) (Outputs, error) {
	places := newAttemptPlaces(directory)
	if err := os.WriteFile(places.outputsFile, nil, 0o600); err != nil {
		return nil, Retryable(err)
	}
	if err := os.WriteFile(places.contextFile, contextJSON(job), 0o600); err != nil {
		return nil, Retryable(err)
	}
	arguments, err := shellArguments(directory, job.Command)
	if err != nil {
		return nil, Retryable(err)
	}
	command := exec.Command("/bin/sh", arguments...)
	command.Dir = workdir
	command.Env = jobEnvironment(job, places, s.PassEnv, s.Secrets)
	output, err := newShellOutput(job, command)
	if err != nil {
		return nil, Retryable(err)
	}
	defer output.close()
	if err := s.runUntilEnd(ctx, command, output, places.marker()); err != nil {
		return nil, err
	}
	fromFile, err := outputs.ReadFile(places.outputsFile)
	if err != nil {
		return nil, Permanent(err)
	}
	found := Outputs{}
	maps.Copy(found, output.outputs())
	maps.Copy(found, fromFile)
	return found, nil
}

func shellArguments(directory, command string) ([]string, error) {
	if len(command) <= commandArgumentBytesMax {
		return []string{"-c", command}, nil
	}
	file := filepath.Join(directory, "command")
	return []string{file}, os.WriteFile(file, []byte(command), 0o600)
}

// runUntilEnd waits for the shell, its output and its remaining processes, and ends them all when the job must stop.
func (s *ShellExecutor) runUntilEnd(ctx context.Context, command *exec.Cmd, output *shellOutput, marker string) error {
	tree, err := processtree.Start(command, marker)
	output.started()
	if err != nil {
		return Retryable(fmt.Errorf("the shell could not be started: %w", err))
	}
	defer tree.Forget()
	exited := make(chan struct{})
	go func() {
		// The process's state says it all.
		_ = command.Wait()
		close(exited)
	}()
	ended := make(chan struct{})
	isEnding := false
	endAll := func(grace time.Duration) {
		isEnding = true
		go func() {
			tree.End(grace)
			close(ended)
		}()
	}
	select {
	case <-exited:
	case <-ctx.Done():
		endAll(s.graceAfter(context.Cause(ctx)))
		<-exited
	}
	output.neverWait()
	if isEnding {
		output.endedWithin(0, nil)
	} else {
		output.endedWithin(linger, ctx.Done())
		if tree.GroupIsAlive() || !output.hasEnded() {
			endAll(min(s.grace(), linger))
		}
	}
	if isEnding {
		<-ended
	}
	output.endedWithin(linger, nil)
	output.close()
	if failure := failureText(command.ProcessState); failure != "" {
		text := withStderr(output.failureIn(failure), output.stderrTail())
		return Retryable(&ExitError{Code: exitCode(command.ProcessState), Err: errors.New(text)})
	}
	return nil
}

func (s *ShellExecutor) grace() time.Duration {
	if s.Grace == 0 {
		return 10 * time.Second
	}
	return max(0, s.Grace)
}

// graceAfter is the grace period, or less if the server waits less.
func (s *ShellExecutor) graceAfter(cause error) time.Duration {
	if order := (stopOrder{}); errors.As(cause, &order) {
		return order.killAfter(s.grace())
	}
	return s.grace()
}

func withStderr(failure, stderrTail string) string {
	tail := strings.TrimSpace(stderrTail)
	if tail == "" {
		return failure
	}
	return failure + "\n" + tail
}
