package workflowgraph

import (
	"cmp"
	"context"
	"net/url"
)

// RerunOptions select the jobs of a run that run again: the failed ones, or the named ones.
type RerunOptions struct {
	// Failed re-runs every failed or cancelled job.
	Failed bool
	// Jobs re-runs these, instead of Failed.
	Jobs []string
	// WithoutDependants leaves the jobs that need them unchanged.
	WithoutDependants bool
	// Force cancels jobs that are running and would run again, and waits until they have stopped.
	Force bool
	// DryRun changes nothing, and returns what would happen.
	DryRun bool
	// RequestID makes the call idempotent: the same id starts one re-run. At least 16 characters; random when empty.
	RequestID string
}

// Rerun is the effect of a re-run. Lists contain at most a thousand jobs.
type Rerun struct {
	RunID string `json:"run_id"`
	// Generation is the run's generation that starts with it.
	Generation int `json:"generation"`
	// Jobs run again.
	Jobs     []RerunJob `json:"jobs"`
	JobCount int        `json:"job_count"`
	// Kept are the unchanged jobs; only in a dry run.
	Kept      []RerunJob `json:"kept"`
	KeptCount int        `json:"kept_count"`
	// Skipped are jobs that wait again and are certain to be skipped; only in a dry run.
	Skipped      []RerunJob `json:"skipped"`
	SkippedCount int        `json:"skipped_count"`
}

// RerunJob is a job with the reason why it runs again, is kept or is skipped.
type RerunJob struct {
	JobID string `json:"job_id"`
	// Reason is part of a sentence for people.
	Reason string `json:"reason"`
}

// RerunJobs runs jobs of a run again, in the same run, together with all jobs that need them. The outputs of the others
// are kept. It fails with an *Error with ReasonJobRunning or ReasonDependantRunning if a running job prevents it.
func (c *Client) RerunJobs(ctx context.Context, id string, options RerunOptions) (*Rerun, error) {
	answer := new(Rerun)
	jobs := options.Jobs
	if jobs == nil {
		jobs = []string{}
	}
	body := map[string]any{
		"failed":     options.Failed,
		"jobs":       jobs,
		"dependants": !options.WithoutDependants,
		"force":      options.Force,
		"dry_run":    options.DryRun,
		"request_id": cmp.Or(options.RequestID, newRequestID()),
	}
	return answer, c.http.post(ctx, "/api/workflows/"+url.PathEscape(id)+"/rerun", body, answer)
}
