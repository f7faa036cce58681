package workflowgraph

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"time"
)

// Backfill starts runs for past times of a schedule.
type Backfill struct {
	// ID is empty for one that was only counted.
	ID       string `json:"id"`
	Workflow string `json:"workflow"`
	Schedule string `json:"schedule"`
	From     Time   `json:"from_ms"`
	To       Time   `json:"to_ms"`
	MaxLive  int    `json:"max_live"`
	// Order is "oldest" or "newest".
	Order string `json:"order"`
	// Again: times that have a run get another one.
	Again bool `json:"again"`
	// Total is how many times it has. Handled of them were handled so far: Started, Skipped and Refused.
	Total   int `json:"total"`
	Handled int `json:"handled"`
	Started int `json:"started"`
	Skipped int `json:"skipped"`
	Refused int `json:"refused"`
	// LastError is why the last one was refused.
	LastError string `json:"last_error"`
	// Live is how many of its runs have not ended.
	Live      int  `json:"live"`
	CreatedAt Time `json:"created_at_ms"`
	// CreatedBy is the name of the token that created it.
	CreatedBy string `json:"created_by"`
	// EndedAt is when it handled its last time, or was cancelled; zero while it is active.
	EndedAt   Time `json:"ended_at_ms"`
	Cancelled bool `json:"cancelled"`
}

// BackfillOptions select the past times.
type BackfillOptions struct {
	// From is the first time, and To the time before which it ends.
	From, To time.Time
	// MaxLive is how many of its runs may be unfinished at once; 1 when zero.
	MaxLive int
	// NewestFirst begins with the newest times, not the oldest.
	NewestFirst bool
	// Again gives times that have a run another one.
	Again bool
	// DryRun only counts the times.
	DryRun bool
}

// CreateBackfill starts runs for past times of a schedule.
func (c *Client) CreateBackfill(ctx context.Context, workflow, schedule string, options BackfillOptions) (*Backfill, error) {
	order := "oldest"
	if options.NewestFirst {
		order = "newest"
	}
	created := new(Backfill)
	return created, c.http.post(ctx, backfillsPath(workflow), map[string]any{
		"schedule": schedule,
		"from_ms":  options.From.UnixMilli(),
		"to_ms":    options.To.UnixMilli(),
		"max_live": cmp.Or(options.MaxLive, 1),
		"order":    order,
		"again":    options.Again,
		"dry_run":  options.DryRun,
	}, created)
}

// Backfills returns the newest 100 backfills of a workflow, the newest first.
func (c *Client) Backfills(ctx context.Context, workflow string) ([]Backfill, error) {
	var backfills []Backfill
	return backfills, c.http.get(ctx, backfillsPath(workflow), &backfills)
}

// CancelBackfill cancels a backfill: it starts no more runs; those that it started continue.
func (c *Client) CancelBackfill(ctx context.Context, workflow, id string) (*Backfill, error) {
	cancelled := new(Backfill)
	path := backfillsPath(workflow) + "/" + url.PathEscape(id)
	return cancelled, c.http.call(ctx, httpCall{method: http.MethodDelete, path: path}, cancelled)
}

func backfillsPath(workflow string) string {
	return "/api/workflows/" + url.PathEscape(workflow) + "/backfills"
}
