package workflowgraph

// JobStatus is the state of a job as readers see it. A job whose needs are open, or whose retry is delayed, is queued.
type JobStatus string

// The states of a job.
const (
	JobQueued    JobStatus = "queued"
	JobRunning   JobStatus = "running"
	JobSuccess   JobStatus = "success"
	JobFailure   JobStatus = "failure"
	JobSkipped   JobStatus = "skipped"
	JobCancelled JobStatus = "cancelled"
)

// RunState is the state of a run. It is empty for a workflow that has not run.
type RunState string

// The states of a run.
const (
	RunQueued    RunState = "queued"
	RunRunning   RunState = "running"
	RunSuccess   RunState = "success"
	RunFailure   RunState = "failure"
	RunCancelled RunState = "cancelled"
)

// Ended says whether it is a state that does not change any more.
func (s RunState) Ended() bool { return s == RunSuccess || s == RunFailure || s == RunCancelled }

// Workflow is a workflow with the state of the requested run, or of its newest.
type Workflow struct {
	// ID is the id of the request: a run id, or the id of the definition.
	ID   string `json:"id"`
	Name string `json:"name"`
	// Trigger is what the definition's "on" says; several are joined by ", ".
	Trigger string     `json:"trigger"`
	Jobs    []JobState `json:"jobs"`
	// Workflow is the definition's id.
	Workflow string `json:"workflow"`
	// RunID is the run that Jobs shows; empty before the first.
	RunID string   `json:"run_id"`
	State RunState `json:"state"`
	// Version is the definition's that Jobs shows, from 1.
	Version   int  `json:"version"`
	CreatedAt Time `json:"created_at_ms"`
	StartedAt Time `json:"started_at_ms"`
	EndedAt   Time `json:"ended_at_ms"`
}

// Job is the job with the id; nil when there is none.
func (w *Workflow) Job(id string) *JobState {
	for i := range w.Jobs {
		if w.Jobs[i].ID == id {
			return &w.Jobs[i]
		}
	}
	return nil
}

// JobState is a job as a definition and as its state in a run.
type JobState struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Status  JobStatus `json:"status"`
	Command string    `json:"command"`
	// DurationSecs is from start to end of the last attempt, in whole seconds (older servers: with a fraction); 0 while
	// unknown.
	DurationSecs float64 `json:"duration_secs"`
	// DurationMs is the same in milliseconds; 0 while unknown, and from older servers.
	DurationMs int64 `json:"duration_ms"`
	// StartedAt is when the last attempt was claimed.
	StartedAt Time     `json:"started_at"`
	EndedAt   Time     `json:"ended_at"`
	DependsOn []string `json:"depends_on"`
	// Output is the error text of a job that failed.
	Output         string   `json:"output"`
	RequiredLabels []string `json:"required_labels"`
	MaxRetries     int      `json:"max_retries"`
	// Attempt is the number of the last one, from 0.
	Attempt  int            `json:"attempt"`
	Metadata map[string]any `json:"metadata"`
	// If is the condition as written; empty when there is none.
	If string `json:"if"`
	// TimeoutSecs is nil without a limit.
	TimeoutSecs *int64 `json:"timeout_secs"`
	Priority    int    `json:"priority"`
	// Outputs are those of the winning attempt.
	Outputs Outputs `json:"outputs"`
	// WorkerID is the worker of the last attempt.
	WorkerID string `json:"worker_id"`
	// DelayedUntil is until when its retry is delayed.
	DelayedUntil Time `json:"delayed_until_ms"`
	// LogMissingBytes are missing in the middle of the last attempt's log, which was too long; nil when none are.
	LogMissingBytes *int64 `json:"log_missing_bytes,omitempty"`
	// ExitCode is what the worker of the last attempt reported; nil when it reported none.
	ExitCode *uint32 `json:"exit_code,omitempty"`
}

// Run is one execution of a workflow.
type Run struct {
	ID        string   `json:"run_id"`
	Workflow  string   `json:"workflow"`
	Name      string   `json:"name"`
	State     RunState `json:"state"`
	Version   int      `json:"version"`
	CreatedAt Time     `json:"created_at_ms"`
	StartedAt Time     `json:"started_at_ms"`
	EndedAt   Time     `json:"ended_at_ms"`
	// Jobs is how many it has, OpenJobs how many of them have not ended.
	Jobs     int               `json:"jobs"`
	OpenJobs int               `json:"open_jobs"`
	Inputs   map[string]string `json:"inputs"`
}

// RunPage is a page of runs.
type RunPage struct {
	Runs []Run `json:"runs"`
	// NextPageToken is empty on the last page.
	NextPageToken string `json:"next_page_token"`
}

// WorkerInfo is a worker as the server sees it.
type WorkerInfo struct {
	ID     string   `json:"worker_id"`
	Labels []string `json:"labels"`
	// OnlyLabelled: it takes no jobs that require no label.
	OnlyLabelled  bool `json:"only_labelled"`
	RegisteredAt  Time `json:"registered_at_ms"`
	LastHeartbeat Time `json:"last_heartbeat_ms"`
	// Status is "idle", "busy" or "offline".
	Status string `json:"status"`
	// CurrentJob is the key of a job that it runs, CurrentRunID that job's run; empty when it runs none.
	CurrentJob   string `json:"current_job"`
	CurrentRunID string `json:"current_workflow_id"`
	// Running is how many jobs it runs, of Slots at once.
	Running int    `json:"running"`
	Slots   int    `json:"slots"`
	Version string `json:"version"`
	// Drain is nil unless it is draining.
	Drain *WorkerDrain `json:"drain"`
}

// Event is a change of state.
type Event struct {
	// Number grows by one with each event of the server.
	Number uint64
	At     Time
	// Type is such as "job.queued", "job.running", "job.success" or "run.failure".
	Type  string
	RunID string
	// JobID is empty for an event of the whole run.
	JobID string
	// Attempt is nil where no attempt is meant.
	Attempt *int
	// DataJSON says more, as a JSON object.
	DataJSON string
}
