package workflowgraph

import (
	"context"
	"net/http"
	"net/url"
)

// PauseKind is what can be paused.
type PauseKind string

// The kinds of pauses.
const (
	// PauseWorkflow pauses all runs of a workflow.
	PauseWorkflow PauseKind = "workflow"
	// PauseRun pauses one run.
	PauseRun PauseKind = "run"
	// PauseLabel pauses all jobs that require a label.
	PauseLabel PauseKind = "label"
)

// Pause is a pause of a workflow, a run or a label.
type Pause struct {
	Kind PauseKind `json:"kind"`
	// Subject is the id of the workflow or run, or the label.
	Subject string `json:"subject"`
	// Reason is for people; it may be empty.
	Reason   string `json:"reason"`
	PausedAt Time   `json:"paused_at_ms"`
	// PausedBy is the name of the token that paused it; empty when the server ran without tokens.
	PausedBy string `json:"paused_by"`
}

// Pause pauses a workflow, a run or a label until it is resumed; a label needs a token with the scope admin. What is
// paused already keeps its pause.
func (c *Client) Pause(ctx context.Context, kind PauseKind, subject, reason string) (*Pause, error) {
	pause := new(Pause)
	return pause, c.http.post(ctx, "/api/pauses", map[string]any{string(kind): subject, "reason": reason}, pause)
}

// Resume ends a pause. It does nothing when there is none.
func (c *Client) Resume(ctx context.Context, kind PauseKind, subject string) error {
	path := "/api/pauses" + encodeQuery(url.Values{}, string(kind), subject)
	return c.http.call(ctx, httpCall{method: http.MethodDelete, path: path}, nil)
}

// Pauses returns all pauses of workflows, runs and labels.
func (c *Client) Pauses(ctx context.Context) ([]Pause, error) {
	var answer struct {
		Pauses []Pause `json:"pauses"`
	}
	err := c.http.get(ctx, "/api/pauses", &answer)
	return answer.Pauses, err
}
