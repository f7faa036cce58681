package workflowgraph

import (
	"context"
	"net/http"
	"net/url"
)

// WorkerDrain is the drain of a worker: it gets no jobs.
type WorkerDrain struct {
	Since Time `json:"since_ms"`
	// By is the name of the token that drained it; empty when the server ran without tokens.
	By string `json:"by"`
	// Reason is for people; it may be empty.
	Reason string `json:"reason"`
	// Stop: the worker ends when it runs no job.
	Stop bool `json:"stop"`
}

// DrainOptions are the options of DrainWorker.
type DrainOptions struct {
	// Stop ends workers of the client libraries when they run no job.
	Stop bool
	// Reason is for people; at most 500 characters.
	Reason string
}

// DrainWorker drains a worker: it gets no more jobs, and those that it runs continue. It needs a token with the scope
// admin.
func (c *Client) DrainWorker(ctx context.Context, workerID string, options DrainOptions) (*WorkerDrain, error) {
	drain := new(WorkerDrain)
	body := map[string]any{"stop": options.Stop, "reason": options.Reason}
	return drain, c.http.post(ctx, drainPath(workerID), body, drain)
}

// UndrainWorker undoes the drain of a worker. It does nothing when the worker is not draining.
func (c *Client) UndrainWorker(ctx context.Context, workerID string) error {
	return c.http.call(ctx, httpCall{method: http.MethodDelete, path: drainPath(workerID)}, nil)
}

func drainPath(workerID string) string { return "/api/workers/" + url.PathEscape(workerID) + "/drain" }
