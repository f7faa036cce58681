package workflowgraph

// JobExplanation explains the state of a job.
type JobExplanation struct {
	RunID string `json:"run_id"`
	// Workflow is the definition's id.
	Workflow string    `json:"workflow"`
	JobID    string    `json:"job_id"`
	Status   JobStatus `json:"status"`
	// At is when the server read the data.
	At Time `json:"at_ms"`
	// Reasons has the main one first.
	Reasons []JobReason `json:"reasons"`
	// Attempts are the newest hundred at most, oldest first.
	Attempts []JobAttempt `json:"attempts"`
}

// JobReason is one reason for the state of a job. Of the details, at most the one named by Code is set.
type JobReason struct {
	// Code is what kind of reason it is, such as "needs_open", "delayed" or "no_matching_worker".
	Code string `json:"code"`
	// Message is a readable explanation.
	Message string `json:"message"`

	NeedsOpen         *NeedsOpen         `json:"needs_open"`
	Delayed           *Delayed           `json:"delayed"`
	NoMatchingWorker  *NoMatchingWorker  `json:"no_matching_worker"`
	WaitsForWorker    *WaitsForWorker    `json:"waits_for_worker"`
	Running           *RunningReason     `json:"running"`
	Succeeded         *Succeeded         `json:"succeeded"`
	Failed            *Failed            `json:"failed"`
	Retried           *Retried           `json:"retried"`
	ConditionFalse    *ConditionFalse    `json:"condition_false"`
	NeedsUnsuccessful *NeedsUnsuccessful `json:"needs_unsuccessful"`
	Cancelled         *CancelledReason   `json:"cancelled"`
	NeedsStopping     *NeedsStopping     `json:"needs_stopping"`
}

// JobAttempt is one try of a job.
type JobAttempt struct {
	// Attempt counts from 0.
	Attempt   int    `json:"attempt"`
	WorkerID  string `json:"worker_id"`
	StartedAt Time   `json:"started_at_ms"`
	EndedAt   Time   `json:"ended_at_ms"`
	// Outcome is "success", "failure", "lease_expired", "timed_out" or "cancelled"; empty while it runs.
	Outcome string `json:"outcome"`
	Error   string `json:"error"`
	// LogMissingBytes is the number of bytes missing in the middle of its log, which exceeded the limit; nil if none
	// are.
	LogMissingBytes *int64 `json:"log_missing_bytes,omitempty"`
	// ExitCode is what its worker reported; nil when it reported none.
	ExitCode *uint32 `json:"exit_code,omitempty"`
}

// NeedsStopping: cancelled jobs that it waits for have not stopped yet.
type NeedsStopping struct {
	// Needs are the cancelled jobs that have not stopped, at most 100.
	Needs []JobNeed `json:"needs"`
}

// JobNeed is a job that another one needs.
type JobNeed struct {
	JobID  string    `json:"job_id"`
	Status JobStatus `json:"status"`
}

// NeedsOpen: jobs that it needs have not ended.
type NeedsOpen struct {
	// Needs are those that have not ended, at most a hundred.
	Needs []JobNeed `json:"needs"`
	Open  int       `json:"open"`
	// Total is how many jobs it needs in all.
	Total int `json:"total"`
}

// Delayed: an attempt failed, and the next waits for its backoff.
type Delayed struct {
	Until Time `json:"until_ms"`
	// Attempt is the failed attempt.
	Attempt int    `json:"attempt"`
	Error   string `json:"error"`
}

// NoMatchingWorker: it is claimable, and no live worker has all labels that it requires.
type NoMatchingWorker struct {
	RequiredLabels []string `json:"required_labels"`
	// UnknownLabels are the labels that no live worker has.
	UnknownLabels []string `json:"unknown_labels"`
	LiveWorkers   int      `json:"live_workers"`
	// Nearest are the live workers that lack the fewest labels.
	Nearest []NearWorker `json:"nearest"`
	// Offline are workers that have the labels and sent no recent heartbeat.
	Offline []OfflineWorker `json:"offline"`
}

// NearWorker is a live worker that lacks labels.
type NearWorker struct {
	WorkerID      string   `json:"worker_id"`
	MissingLabels []string `json:"missing_labels"`
}

// OfflineWorker is a worker that sent no recent heartbeat.
type OfflineWorker struct {
	WorkerID      string `json:"worker_id"`
	LastHeartbeat Time   `json:"last_heartbeat_ms"`
}

// WaitsForWorker: it is claimable, and live workers have the labels.
type WaitsForWorker struct {
	EnqueuedAt Time `json:"enqueued_at_ms"`
	// MatchingWorkers have the labels, FreeWorkers also a free slot.
	MatchingWorkers int `json:"matching_workers"`
	FreeWorkers     int `json:"free_workers"`
	// Ahead counts claimable jobs with the same labels that come before it; MoreAhead: there are more than that.
	Ahead     int  `json:"ahead"`
	MoreAhead bool `json:"more_ahead"`
}

// RunningReason: a worker runs it.
type RunningReason struct {
	Attempt  int    `json:"attempt"`
	WorkerID string `json:"worker_id"`
	Since    Time   `json:"since_ms"`
	// LeaseLeftSecs is the remaining time of the lease, unless it is renewed.
	LeaseLeftSecs float64 `json:"lease_left_secs"`
	// TimeoutLeftSecs is nil without a timeout.
	TimeoutLeftSecs *float64 `json:"timeout_left_secs"`
}

// Succeeded: an attempt completed it.
type Succeeded struct {
	Attempt      int     `json:"attempt"`
	WorkerID     string  `json:"worker_id"`
	DurationSecs float64 `json:"duration_secs"`
}

// Failed: its retries are used up, or the failure was permanent.
type Failed struct {
	Attempt  int    `json:"attempt"`
	WorkerID string `json:"worker_id"`
	Outcome  string `json:"outcome"`
	Error    string `json:"error"`
	// RetriesLeft were allowed and not made, because the worker reported that they would not help.
	RetriesLeft int `json:"retries_left"`
}

// Retried: it was tried before.
type Retried struct {
	Retries    int `json:"retries"`
	MaxRetries int `json:"max_retries"`
	// Last is the attempt before the current or last one.
	Last JobAttempt `json:"last"`
}

// ConditionFalse: it was skipped because its "if" was false.
type ConditionFalse struct {
	Condition string `json:"condition"`
	// Values are the values in the condition, each once.
	Values []ConditionValue `json:"values"`
	// Needs are those that did not succeed, at most a hundred.
	Needs []JobNeed `json:"needs"`
}

// ConditionValue is one value of a condition.
type ConditionValue struct {
	// Text is as it stands in the condition, such as "needs.build.result".
	Text string `json:"text"`
	// ValueJSON is true, "success", null and the like.
	ValueJSON string `json:"value_json"`
}

// NeedsUnsuccessful: it was skipped because jobs that it needs did not succeed.
type NeedsUnsuccessful struct {
	// Needs are those that did not succeed, at most a hundred; Count is of all.
	Needs []JobNeed `json:"needs"`
	Count int       `json:"count"`
	// Origins are the root causes, if those needs were skipped because of other jobs.
	Origins []JobNeed `json:"origins"`
}

// CancelledReason: its run was cancelled before it ended.
type CancelledReason struct {
	At Time `json:"at_ms"`
	// By is the name of the caller's token; empty if the server has no tokens.
	By string `json:"by"`
	// StoppedAttempt is the attempt that was stopped; nil if none was running.
	StoppedAttempt  *int   `json:"stopped_attempt"`
	StoppedWorkerID string `json:"stopped_worker_id"`
}
