package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strconv"
	"strings"
	"time"

	workflowgraph "workflowgraph.dev/client"
)

const lookEvery = 20 * time.Millisecond

// errStopped: the executor saw its cancellation.
var errStopped = errors.New("stopped")

// stepExecutor runs a command that is a list of steps.
type stepExecutor struct {
	adapter *adapter
	worker  string
}

func (s *stepExecutor) Execute(ctx context.Context, job *workflowgraph.Job) (workflowgraph.Outputs, error) {
	s.tell("job_started", job, nil)
	run := &stepRun{ctx: ctx, job: job, outputs: workflowgraph.Outputs{}}
	err := run.all()
	how := "returned"
	switch {
	case errors.Is(err, errStopped):
		how = "stopped"
	case err != nil:
		how = "failed"
	}
	s.tell("job_ended", job, event{"how": how})
	return run.outputs, err
}

func (s *stepExecutor) tell(name string, job *workflowgraph.Job, more event) {
	told := event{"event": name, "worker": s.worker, "job_id": job.ID, "workflow_id": job.RunID, "attempt": job.Attempt}
	maps.Copy(told, more)
	s.adapter.tell(told)
}

// step has exactly one of its first fields.
type step struct {
	Log      *string `json:"log"`
	LogLines *struct {
		Count int `json:"count"`
		Bytes int `json:"bytes"`
	} `json:"log_lines"`
	SleepMs        *float64          `json:"sleep_ms"`
	BlockMs        *float64          `json:"block_ms"`
	WaitCancel     bool              `json:"wait_cancel"`
	UntilFile      *string           `json:"until_file"`
	IgnoreCancelMs *float64          `json:"ignore_cancel_ms"`
	Output         map[string]string `json:"output"`
	EchoUpstream   bool              `json:"echo_upstream"`
	EchoInputs     bool              `json:"echo_inputs"`
	EchoChild      bool              `json:"echo_child"`
	Fail           *struct {
		Message   string `json:"message"`
		Retryable bool   `json:"retryable"`
	} `json:"fail"`
	FailUntilAttempt *int    `json:"fail_until_attempt"`
	Throw            *string `json:"throw"`

	Stream string `json:"stream"`
}

type stepRun struct {
	ctx     context.Context
	job     *workflowgraph.Job
	outputs workflowgraph.Outputs
}

func (r *stepRun) all() error {
	var script struct {
		Steps []json.RawMessage `json:"steps"`
	}
	// The server puts the variables of a matrix before the command.
	command := r.job.Command[strings.LastIndexByte(r.job.Command, '\n')+1:]
	if err := json.Unmarshal([]byte(command), &script); err != nil {
		return workflowgraph.Permanent(fmt.Errorf("the command is no list of steps: %w", err))
	}
	for _, raw := range script.Steps {
		var next step
		if err := json.Unmarshal(raw, &next); err != nil {
			return workflowgraph.Permanent(fmt.Errorf("the step %s cannot be read: %w", raw, err))
		}
		if err := r.one(next, raw); err != nil {
			return err
		}
	}
	return nil
}

func (r *stepRun) one(next step, raw json.RawMessage) error {
	switch {
	case next.Log != nil:
		return r.log(next.Stream, *next.Log)
	case next.LogLines != nil:
		return r.logLines(next.LogLines.Count, next.LogLines.Bytes)
	case next.SleepMs != nil:
		return r.sleep(duration(*next.SleepMs))
	case next.BlockMs != nil:
		block(duration(*next.BlockMs))
	case next.WaitCancel:
		<-r.ctx.Done()
		return errStopped
	case next.UntilFile != nil:
		return r.untilFile(*next.UntilFile)
	case next.IgnoreCancelMs != nil:
		time.Sleep(duration(*next.IgnoreCancelMs))
	case next.Output != nil:
		maps.Copy(r.outputs, next.Output)
	case next.EchoUpstream:
		r.outputs["upstream"] = canonicalOutputs(r.job.UpstreamOutputs)
	case next.EchoInputs:
		r.outputs["inputs"] = canonicalTexts(r.job.Inputs)
	case next.EchoChild:
		r.echoChild()
	case next.Fail != nil && next.Fail.Retryable:
		return workflowgraph.Retryable(errors.New(next.Fail.Message))
	case next.Fail != nil:
		return workflowgraph.Permanent(errors.New(next.Fail.Message))
	case next.FailUntilAttempt != nil:
		if r.job.Attempt < *next.FailUntilAttempt {
			return workflowgraph.Retryable(fmt.Errorf("attempt %d fails", r.job.Attempt))
		}
	case next.Throw != nil:
		return errors.New(*next.Throw)
	default:
		return workflowgraph.Permanent(fmt.Errorf("unknown step %s", raw))
	}
	return nil
}

// echoChild returns what tells a child of a matrix from its siblings, and nothing for any other job.
func (r *stepRun) echoChild() {
	if r.job.Group != nil {
		r.outputs["group"] = *r.job.Group
	}
	if r.job.Index != nil {
		r.outputs["index"] = strconv.Itoa(*r.job.Index)
	}
	if r.job.MatrixJSON != nil {
		r.outputs["matrix"] = *r.job.MatrixJSON
	}
}

func (r *stepRun) log(stream, text string) error {
	writer := r.job.Stdout()
	if stream == "stderr" {
		writer = r.job.Stderr()
	}
	_, err := io.WriteString(writer, text)
	return err
}

func (r *stepRun) logLines(count, bytes int) error {
	rest := strings.Repeat("x", max(0, bytes-len("0000000 \n")))
	for i := range count {
		if _, err := fmt.Fprintf(r.job.Stdout(), "%07d %s\n", i, rest); err != nil {
			return err
		}
	}
	return nil
}

func (r *stepRun) sleep(wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-r.ctx.Done():
		return errStopped
	}
}

// untilFile looks for the file until it is there.
func (r *stepRun) untilFile(path string) error {
	for {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		if err := r.sleep(lookEvery); err != nil {
			return err
		}
	}
}

// block keeps this goroutine's thread busy with work. (A loop that does nothing but look at the clock would be all but
// impossible to preempt, as the clock is read inside the runtime.)
func block(wait time.Duration) {
	data := make([]byte, 64*1024)
	for end := time.Now().Add(wait); time.Now().Before(end); {
		for i := range data {
			data[i] = data[i]*31 + byte(i)
		}
	}
}

func duration(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
