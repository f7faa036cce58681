package workflowgraph

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"workflowgraph.dev/client/internal/outputs"
	"workflowgraph.dev/client/internal/processtree"
)

const (
	// linger is how long output may still come when the shell has ended, from processes that it left in the background.
	linger = 2 * time.Second
	// commandArgumentBytesMax: Linux takes 128 KiB for one argument; a longer command is run from a file.
	commandArgumentBytesMax = 100 * 1024
)

// ShellExecutor runs a job's command with "sh -c", in a process group of its own, with no input. Its output is the job's
// log; its outputs are those of "::set-output key=value" lines on stdout and of the outputs file, which wins.
//
// A status other than 0 is a retryable failure; its text is the status and the end of stderr. When the shell has ended,
// what it left running in its process group is ended too. A job whose shell cannot be started fails retryably, because
// another machine may be able to; one whose command no machine can take fails for good.
//
// The zero value is ready.
type ShellExecutor struct {
	// Workdir is where jobs start; this process's own directory when empty.
	Workdir string
	// Grace is from SIGTERM to SIGKILL; 10 seconds when zero, none when negative.
	Grace time.Duration
	// Secrets are kept from jobs: variables of this process with one of these values are left out.
	Secrets []string
}

// Execute runs the job.
func (s *ShellExecutor) Execute(ctx context.Context, job *Job) (Outputs, error) {
	if strings.ContainsRune(job.Command, 0) {
		return nil, Permanent(errors.New("the command holds a NUL character, which no shell takes"))
	}
	directory, err := os.MkdirTemp("", "workflow-graph-")
	if err != nil {
		return nil, Retryable(err)
	}
	defer os.RemoveAll(directory)
	return s.runIn(ctx, directory, job)
}

func (s *ShellExecutor) runIn(ctx context.Context, directory string, job *Job) (Outputs, error) {
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
	command.Dir = s.Workdir
	command.Env = jobEnvironment(job, places, s.Secrets)
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

// runUntilEnd waits for the shell, its output, and what it left behind; it ends all of that when the job is to end.
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
		endAll(s.grace())
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
		return Retryable(errors.New(withStderr(failure, output.stderrTail())))
	}
	return nil
}

func (s *ShellExecutor) grace() time.Duration {
	if s.Grace == 0 {
		return 10 * time.Second
	}
	return max(0, s.Grace)
}

func withStderr(failure, stderrTail string) string {
	tail := strings.TrimSpace(stderrTail)
	if tail == "" {
		return failure
	}
	return failure + "\n" + tail
}
