package workflowgraph

import (
	"encoding/json"
	"io"
	"time"
)

// Outputs are named strings that a job passes to the jobs that need it.
type Outputs map[string]string

// Job is one attempt of a job, as a worker receives it. Its JSON form is that of the documented HTTP paths.
type Job struct {
	// ID is the job's key in its workflow.
	ID string `json:"job_id"`
	// RunID is the id of the run. On the wire it is named workflow_id.
	RunID string `json:"workflow_id"`
	// Workflow is the id of the workflow's definition.
	Workflow string `json:"workflow"`
	// Name is the job's display name.
	Name string `json:"name"`
	// Command is a POSIX shell script for "sh -c", compiled from the definition's run or steps, with its env set.
	Command string `json:"command"`
	// Attempt is the number of this attempt, from 0.
	Attempt int `json:"attempt"`
	// UpstreamOutputs are the outputs of each job that this one needs, by job id.
	UpstreamOutputs map[string]Outputs `json:"upstream_outputs"`
	// Needs are the results of the jobs that this one needs, by job id; empty from an older server.
	Needs map[string]NeedResult `json:"needs"`
	// Inputs are the inputs of the run.
	Inputs         map[string]string `json:"inputs"`
	RequiredLabels []string          `json:"required_labels"`
	RetryPolicy    RetryPolicy       `json:"retry_policy"`
	// Env is the definition's env for this job. Command already sets it.
	Env map[string]string `json:"env"`
	// Steps are for display: Command runs them all.
	Steps    []Step `json:"steps"`
	Priority int    `json:"priority"`
	// Metadata is the job's metadata from the definition.
	Metadata map[string]any `json:"metadata"`
	// EnqueuedAt is when the job last became claimable.
	EnqueuedAt Time `json:"enqueued_at_ms"`
	// DelayedUntil is the end of the delay before the job's last retry; zero without a delay.
	DelayedUntil Time `json:"delayed_until_ms"`
	// TimeoutSecs is the timeout of the attempt; nil means no limit.
	TimeoutSecs *int64 `json:"timeout_secs"`
	// Group is the key of the job with a matrix whose child this is; nil for any other job. The ID of a child is "test.3".
	Group *string `json:"group"`
	// Index is the child's index, from 0; nil for any other job.
	Index *int `json:"index"`
	// MatrixJSON has the child's values as a JSON object; nil for any other job. Env has them as MATRIX_<KEY>.
	MatrixJSON *string `json:"matrix_json"`

	// WorkerID is the worker that runs it.
	WorkerID string `json:"-"`

	log *jobLog
}

// Stdout is the job's log. A write returns at once while there is room in the buffer, and otherwise when there is room
// again. It never fails: output after the loss of the lease is dropped. Bytes that are not UTF-8 become U+FFFD. It is
// safe for concurrent use.
func (j *Job) Stdout() io.Writer { return j.writer(StreamStdout) }

// Stderr is the same as Stdout for the other stream.
func (j *Job) Stderr() io.Writer { return j.writer(StreamStderr) }

func (j *Job) writer(stream LogStream) io.Writer {
	if j.log == nil {
		return io.Discard
	}
	return j.log.writer(stream)
}

// fillIn makes what is absent empty, so that it is written as {} and [] and not as null, and a missing backoff none.
func (j *Job) fillIn() {
	orEmptyMap(&j.UpstreamOutputs)
	orEmptyMap(&j.Needs)
	orEmptyMap(&j.Inputs)
	orEmptyMap(&j.Env)
	orEmptyMap(&j.Metadata)
	if j.RetryPolicy.Backoff.Kind == "" {
		j.RetryPolicy.Backoff.Kind = "None"
	}
	if j.RequiredLabels == nil {
		j.RequiredLabels = []string{}
	}
	if j.Steps == nil {
		j.Steps = []Step{}
	}
}

func orEmptyMap[Value any](field *map[string]Value) {
	if *field == nil {
		*field = map[string]Value{}
	}
}

// NeedResult is the result of a job that another one needs.
type NeedResult struct {
	// Result is "success", "failure", "skipped" or "cancelled".
	Result string `json:"result"`
	// Tolerated means that it failed with continue-on-error, so the failure counts as success.
	Tolerated bool `json:"tolerated"`
	// Error is the beginning of the error text of one that failed.
	Error *string `json:"error"`
	// Attempt is the number of its last attempt, from 0.
	Attempt int `json:"attempt"`
	// DurationSecs is the duration of that attempt; nil if there was none.
	DurationSecs *int64 `json:"duration_secs"`
}

// Step is one step of a job.
type Step struct {
	ID   string            `json:"id"`
	Name string            `json:"name"`
	Run  string            `json:"run"`
	Env  map[string]string `json:"env"`
}

// RetryPolicy is how often, and after which delay, a failed attempt is retried.
type RetryPolicy struct {
	// MaxRetries counts the retries after the first attempt.
	MaxRetries int     `json:"max_retries"`
	Backoff    Backoff `json:"backoff"`
}

// Backoff is the delay before the next attempt. The zero value means no delay.
type Backoff struct {
	// Kind is "None", "Fixed" or "Exponential".
	Kind string
	// Delay is the wait of a Fixed one.
	Delay time.Duration
	// Base and Max are of an Exponential one: Base × 2^n, at most Max, with n = 0 for the first retry.
	Base, Max time.Duration
	// Jitter randomizes each exponential delay over its upper half.
	Jitter bool
}

type jsonBackoff struct {
	Fixed *struct {
		DelaySecs int64 `json:"delay_secs"`
	} `json:",omitempty"`
	Exponential *struct {
		BaseSecs int64 `json:"base_secs"`
		MaxSecs  int64 `json:"max_secs"`
		Jitter   bool  `json:"jitter"`
	} `json:",omitempty"`
}

// UnmarshalJSON reads "None", {"Fixed": …} or {"Exponential": …}. A kind that it does not know is kept by its name only:
// the server acts on backoffs, a worker need not.
func (b *Backoff) UnmarshalJSON(data []byte) error {
	*b = Backoff{Kind: "None"}
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &b.Kind)
	}
	var read jsonBackoff
	if err := json.Unmarshal(data, &read); err != nil {
		return err
	}
	switch {
	case read.Fixed != nil:
		*b = Backoff{Kind: "Fixed", Delay: seconds(read.Fixed.DelaySecs)}
	case read.Exponential != nil:
		exponential := read.Exponential
		*b = Backoff{
			Kind:   "Exponential",
			Base:   seconds(exponential.BaseSecs),
			Max:    seconds(exponential.MaxSecs),
			Jitter: exponential.Jitter,
		}
	}
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (b Backoff) MarshalJSON() ([]byte, error) {
	switch b.Kind {
	case "Fixed":
		return json.Marshal(map[string]any{"Fixed": map[string]any{"delay_secs": int64(b.Delay / time.Second)}})
	case "Exponential":
		return json.Marshal(map[string]any{"Exponential": map[string]any{
			"base_secs": int64(b.Base / time.Second),
			"max_secs":  int64(b.Max / time.Second),
			"jitter":    b.Jitter,
		}})
	case "":
		return []byte(`"None"`), nil
	default:
		return json.Marshal(b.Kind)
	}
}

func seconds(count int64) time.Duration { return time.Duration(count) * time.Second }

// Time is an instant, in Unix milliseconds on the wire. The zero value means unknown, null on the wire.
type Time struct{ time.Time }

// UnmarshalJSON reads a number of milliseconds; null and 0 are the zero time.
func (t *Time) UnmarshalJSON(data []byte) error {
	var ms *float64
	if err := json.Unmarshal(data, &ms); err != nil {
		return err
	}
	if ms == nil || *ms == 0 {
		*t = Time{}
	} else {
		*t = timeOfMillis(int64(*ms))
	}
	return nil
}

// MarshalJSON writes what UnmarshalJSON reads.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(t.UnixMilli())
}

func timeOfMillis(ms int64) Time { return Time{time.UnixMilli(ms)} }

// lease is the right to report on one attempt. Its id is a secret.
type lease struct {
	id    string
	runID string
	jobID string
	ttl   time.Duration
	// stopGrace is how long the server waits for the report of a stopped job; zero from an older server.
	stopGrace time.Duration
}

// claim is a job and the right to report on it.
type claim struct {
	job   *Job
	lease lease
}
