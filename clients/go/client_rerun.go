package workflowgraph

import (
	"cmp"
	"context"
	"net/url"
)

// RerunOptions say which jobs of a run run again: the failed ones, or those that are named.
type RerunOptions struct {
	// Failed runs every job again that failed or was cancelled.
	Failed bool
	// Jobs runs these again, instead of Failed.
	Jobs []string
	// WithoutDependants keeps the jobs that need them as they are.
	WithoutDependants bool
	// Force cancels jobs that are running and would run again, and waits until they have stopped.
	Force bool
	// DryRun changes nothing, and answers what would happen.
	DryRun bool
	// RequestID begins the same re-run however often it is sent, 16 characters at least; a random one when empty.
	RequestID string
}

// Rerun is what a re-run does, or would do. Lists hold the first thousand.
type Rerun struct {
	RunID string `json:"run_id"`
	// Generation is that of the run which begins with it.
	Generation int `json:"generation"`
	// Jobs run again.
	Jobs     []RerunJob `json:"jobs"`
	JobCount int        `json:"job_count"`
	// Kept are the jobs that stay as they are; of a dry run only.
	Kept      []RerunJob `json:"kept"`
	KeptCount int        `json:"kept_count"`
	// Skipped are jobs that wait again and are certain to be skipped; of a dry run only.
	Skipped      []RerunJob `json:"skipped"`
	SkippedCount int        `json:"skipped_count"`
}

// RerunJob is a job, and why it runs again, stays or is skipped.
type RerunJob struct {
	JobID string `json:"job_id"`
	// Reason is a part of a sentence for people.
	Reason string `json:"reason"`
}

// RerunJobs runs jobs of a run again, in the same run, and with them all jobs that need them. Outputs of the others stay.
// It fails with an *Error with ReasonJobRunning or ReasonDependantRunning when a job is in the way.
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
