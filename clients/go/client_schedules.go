package workflowgraph

import (
	"context"
	"iter"
	"net/url"
)

// Schedule is a schedule of a workflow.
type Schedule struct {
	// Workflow is the workflow's id, ID the schedule's own, unique in its workflow.
	Workflow string `json:"workflow"`
	ID       string `json:"id"`
	Cron     string `json:"cron"`
	Timezone string `json:"timezone"`
	// Inputs are the inputs of its runs, as written in the file.
	Inputs     map[string]string `json:"inputs"`
	JitterSecs int64             `json:"jitter_secs"`
	// CatchUp is "latest", "all" or "none".
	CatchUp    string `json:"catch_up"`
	WithinSecs int64  `json:"within_secs"`
	// Overlap is "allow", "skip", "queue" or "cancel".
	Overlap string `json:"overlap"`
	// NextAt is the next time that it is due; zero while it is paused.
	NextAt Time `json:"next_at_ms"`
	// NextStart is when the run of that time starts: later by a fraction of the jitter.
	NextStart Time `json:"next_start_ms"`
	// LastAt is the last time with an outcome; zero before the first.
	LastAt Time `json:"last_at_ms"`
	// LastOutcome is "started", "overlap", "missed" or "refused"; empty before the first.
	LastOutcome string `json:"last_outcome"`
	LastRunID   string `json:"last_run_id"`
	LastError   string `json:"last_error"`
	// PausedAt is zero unless it is paused.
	PausedAt Time `json:"paused_at_ms"`
	// PausedBy is the name of the token that paused it.
	PausedBy    string `json:"paused_by"`
	PauseReason string `json:"pause_reason"`
	// Explanation is a sentence for people about its next and its last time.
	Explanation string `json:"explanation"`
}

// ScheduleQuery filters schedules.
type ScheduleQuery struct {
	// Workflow selects the schedules of this workflow; all when empty.
	Workflow string
	// Limit is at most 1000; 100 when zero.
	Limit int
	// PageToken is the NextPageToken of the previous page.
	PageToken string
}

// SchedulePage is a page of schedules.
type SchedulePage struct {
	Schedules []Schedule `json:"schedules"`
	// NextPageToken is empty on the last page.
	NextPageToken string `json:"next_page_token"`
}

// Schedules returns a page of the schedules of workflows.
func (c *Client) Schedules(ctx context.Context, query ScheduleQuery) (*SchedulePage, error) {
	page := new(SchedulePage)
	values := Page{Limit: query.Limit}.values()
	return page, c.http.get(ctx, "/api/schedules"+encodeQuery(values, "workflow", query.Workflow, "page_token", query.PageToken), page)
}

// AllSchedules iterates over all schedules. It ends after an error.
func (c *Client) AllSchedules(ctx context.Context, query ScheduleQuery) iter.Seq2[Schedule, error] {
	return func(yield func(Schedule, error) bool) {
		for {
			page, err := c.Schedules(ctx, query)
			if err != nil {
				yield(Schedule{}, err)
				return
			}
			for _, schedule := range page.Schedules {
				if !yield(schedule, nil) {
					return
				}
			}
			if page.NextPageToken == "" {
				return
			}
			query.PageToken = page.NextPageToken
		}
	}
}

// PauseSchedule pauses a schedule: until it is resumed it starts no runs, and it does not catch up on missed times.
func (c *Client) PauseSchedule(ctx context.Context, workflow, schedule, reason string) (*Schedule, error) {
	paused := new(Schedule)
	return paused, c.http.post(ctx, schedulePath(workflow, schedule, "pause"), map[string]any{"reason": reason}, paused)
}

// ResumeSchedule resumes a paused schedule at its next time.
func (c *Client) ResumeSchedule(ctx context.Context, workflow, schedule string) (*Schedule, error) {
	resumed := new(Schedule)
	return resumed, c.http.post(ctx, schedulePath(workflow, schedule, "resume"), struct{}{}, resumed)
}

func schedulePath(workflow, schedule, verb string) string {
	return "/api/workflows/" + url.PathEscape(workflow) + "/schedules/" + url.PathEscape(schedule) + "/" + verb
}
