package workflowgraph

import (
	"encoding/json"
	"io"
	"time"
)

// Outputs are named texts that a job hands to the jobs that need it.
type Outputs map[string]string

// Job is one attempt of a job, as a worker is handed it. Its JSON form is the one of the documented HTTP paths.
type Job struct {
	// ID is the job's key in its workflow.
	ID string `json:"job_id"`
	// RunID is the id of the run. On the wire it goes by the name workflow_id.
	RunID string `json:"workflow_id"`
	// Workflow is the id of the workflow's definition.
	Workflow string `json:"workflow"`
	// Name is the job's display name.
	Name string `json:"name"`
	// Command is a POSIX shell script, to be run with "sh -c": what the definition's run or steps say, with its env set.
	Command string `json:"command"`
	// Attempt is the number of this attempt, from 0.
	Attempt int `json:"attempt"`
	// UpstreamOutputs are the outputs of each job that this one needs, by job id.
	UpstreamOutputs map[string]Outputs `json:"upstream_outputs"`
	// Inputs are those that the run was started with.
	Inputs         map[string]string `json:"inputs"`
	RequiredLabels []string          `json:"required_labels"`
	RetryPolicy    RetryPolicy       `json:"retry_policy"`
	// Env is the definition's env for this job. Command sets it already.
	Env map[string]string `json:"env"`
	// Steps are for display: Command runs them all.
	Steps    []Step `json:"steps"`
	Priority int    `json:"priority"`
	// Metadata is whatever the definition says under the job's metadata.
	Metadata map[string]any `json:"metadata"`
	// EnqueuedAt is when the job last became claimable.
	EnqueuedAt Time `json:"enqueued_at_ms"`
	// DelayedUntil is until when the job's last retry was delayed; zero when it was not.
	DelayedUntil Time `json:"delayed_until_ms"`
	// TimeoutSecs is how long the attempt may take; nil is without limit.
	TimeoutSecs *int64 `json:"timeout_secs"`

	// WorkerID is the worker that runs it.
	WorkerID string `json:"-"`

	log *jobLog
}

// Stdout is the job's log. A write returns at once while the worker keeps up with the server, else when there is room
// again. It never fails: what is written after the lease was lost is dropped. Bytes that are no UTF-8 become U+FFFD. It
// may be used from several goroutines.
func (j *Job) Stdout() io.Writer { return j.writer(StreamStdout) }

// Stderr is the same as Stdout for the other stream.
func (j *Job) Stderr() io.Writer { return j.writer(StreamStderr) }

func (j *Job) writer(stream LogStream) io.Writer {
	if j.log == nil {
		return io.Discard
	}
	return j.log.writer(stream)
}

// fillIn makes what is absent empty, so that it is written as {} and [] and not as null.
func (j *Job) fillIn() {
	orEmptyMap(&j.UpstreamOutputs)
	orEmptyMap(&j.Inputs)
	orEmptyMap(&j.Env)
	orEmptyMap(&j.Metadata)
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

// Step is one step of a job.
type Step struct {
	ID   string            `json:"id"`
	Name string            `json:"name"`
	Run  string            `json:"run"`
	Env  map[string]string `json:"env"`
}

// RetryPolicy says how often and when a failed attempt is tried again.
type RetryPolicy struct {
	// MaxRetries counts the retries after the first attempt.
	MaxRetries int     `json:"max_retries"`
	Backoff    Backoff `json:"backoff"`
}

// Backoff is how long a failed attempt waits before the next. The zero value is no wait.
type Backoff struct {
	// Kind is "None", "Fixed" or "Exponential".
	Kind string
	// Delay is the wait of a Fixed one.
	Delay time.Duration
	// Base and Max are of an Exponential one: Base × 2^n, at most Max, with n = 0 for the first retry.
	Base, Max time.Duration
	// Jitter spreads each wait of an Exponential one over its upper half.
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

// Time is an instant that is Unix milliseconds on the wire. The zero value stands for one that is not known, null on the
// wire.
type Time struct{ time.Time }

// UnmarshalJSON reads a number of milliseconds, or null.
func (t *Time) UnmarshalJSON(data []byte) error {
	var ms *float64
	if err := json.Unmarshal(data, &ms); err != nil {
		return err
	}
	if ms == nil {
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
}

// claim is a job and the right to report on it.
type claim struct {
	job   *Job
	lease lease
}
