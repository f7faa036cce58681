package workflowgraph

import (
	"context"
	"net/url"
)

// Queue lists the jobs that wait for a worker.
type Queue struct {
	At Time `json:"at_ms"`
	// LabelSets are the waiting jobs by required labels; labels that no live worker has come first.
	LabelSets []QueuedLabelSet `json:"label_sets"`
	Waiting   int64            `json:"waiting"`
}

// QueuedLabelSet is the claimable jobs that require the same labels.
type QueuedLabelSet struct {
	LabelSet int64    `json:"label_set"`
	Labels   []string `json:"labels"`
	Waiting  int64    `json:"waiting"`
	// OldestAt is when the longest waiting job became claimable.
	OldestAt Time `json:"oldest_at_ms"`
	// MatchingWorkers are the live workers that accept these jobs; FreeSlots are theirs.
	MatchingWorkers int64 `json:"matching_workers"`
	FreeSlots       int64 `json:"free_slots"`
	// Message is a sentence for people about why they wait.
	Message          string `json:"message"`
	NoMatchingWorker bool   `json:"no_matching_worker"`
}

// Queue returns the jobs that wait for a worker.
func (c *Client) Queue(ctx context.Context) (*Queue, error) {
	queue := new(Queue)
	return queue, c.http.get(ctx, "/api/queue", queue)
}

// Gate is a concurrency group in use.
type Gate struct {
	Kind  string `json:"kind"`
	Group string `json:"group"`
	// InUse is the number of places in use.
	InUse int `json:"in_use"`
	// Holders are the first ten holders of a place, oldest first.
	Holders []RunAtGate `json:"holders"`
	// Waiting are the first ten of WaitingTotal waiting runs, in order.
	Waiting      []RunAtGate `json:"waiting"`
	WaitingTotal int         `json:"waiting_total"`
}

// RunAtGate is a run that holds or waits for a place in a concurrency group.
type RunAtGate struct {
	RunID    string `json:"run_id"`
	Workflow string `json:"workflow"`
	// Since is the start of holding or waiting.
	Since Time `json:"since_ms"`
}

// GateQuery filters concurrency groups.
type GateQuery struct {
	// Prefix selects groups by the start of their names; all when empty.
	Prefix string
	// Limit is at most 200; 100 when zero.
	Limit int
	// PageToken is the NextPageToken of the previous page.
	PageToken string
}

// GatePage is a page of concurrency groups.
type GatePage struct {
	Gates []Gate `json:"gates"`
	// NextPageToken is empty on the last page.
	NextPageToken string `json:"next_page_token"`
}

// Gates returns a page of the concurrency groups in use, by name.
func (c *Client) Gates(ctx context.Context, query GateQuery) (*GatePage, error) {
	page := new(GatePage)
	values := Page{Limit: query.Limit}.values()
	return page, c.http.get(ctx, "/api/gates"+encodeQuery(values, "prefix", query.Prefix, "page_token", query.PageToken), page)
}

// WorkflowInputs are the inputs of a workflow's runs.
type WorkflowInputs struct {
	// Workflow is the id of the workflow's definition.
	Workflow string `json:"workflow"`
	// Declared is whether the definition declares inputs. If not, a run accepts any, as texts.
	Declared bool               `json:"declared"`
	Inputs   []InputDeclaration `json:"inputs"`
}

// InputDeclaration is an input that a definition declares.
type InputDeclaration struct {
	Name string `json:"name"`
	// Type is "string", "boolean", "number", "choice" or "json".
	Type        string `json:"type"`
	Description string `json:"description"`
	Required    bool   `json:"required"`
	// Default is the value of a run started without it; nil without a default.
	Default *string `json:"default"`
	// Options are the allowed values of a choice.
	Options []string `json:"options"`
	// Min, Max and Integer bound a number, MaxLength a string; nil without a bound.
	Min       *float64 `json:"min"`
	Max       *float64 `json:"max"`
	Integer   bool     `json:"integer"`
	MaxLength *int64   `json:"max_length"`
	// DefaultExpression is a default with expressions, as written; nil without one. Default is nil then.
	DefaultExpression *string `json:"default_expression"`
}

// WorkflowInputs returns the inputs that the current definition of a workflow, or of a run's workflow, declares.
func (c *Client) WorkflowInputs(ctx context.Context, id string) (*WorkflowInputs, error) {
	inputs := new(WorkflowInputs)
	return inputs, c.http.get(ctx, "/api/workflows/"+url.PathEscape(id)+"/inputs", inputs)
}
