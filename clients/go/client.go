package workflowgraph

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"google.golang.org/grpc"

	"workflowgraph.dev/client/internal/backoff"
)

// pageSize is the page size of the iterators; the server returns at most 1000 entries.
const pageSize = 500

// ClientConfig configures a Client. A field's zero value means its default.
type ClientConfig struct {
	// ServerURL is http:// or https://, host and port; DefaultServerURL when empty. Without a Token, a user and a
	// password in it are sent as basic authorisation.
	ServerURL string
	// Token is a bearer token, if the server requires one.
	Token string
	// TLS is for https; the system's trusted authorities when nil. TrustFile creates one for your own authority.
	TLS *tls.Config
}

// Client creates workflows, starts runs and inspects them. An id parameter accepts a run id, or a workflow id, which
// means its newest run. It is safe for concurrent use.
//
// Every method fails with an *Error if the server refuses the call, an *UnreachableError if it cannot be reached, and
// the context's error if that was cancelled. Without a deadline in the context, a call times out after 30 seconds.
type Client struct {
	config ClientConfig
	server serverAddress
	http   *httpConnection

	mutex      sync.Mutex
	connection *grpc.ClientConn
}

// NewClient returns a *ConfigError for an invalid configuration. It does not connect to the server.
func NewClient(config ClientConfig) (*Client, error) {
	server, err := parseServerURL(config.ServerURL, config.Token)
	if err != nil {
		return nil, err
	}
	config.ServerURL = server.url.String()
	return &Client{config: config, server: server, http: newHTTPConnection(server, config.TLS)}, nil
}

// Close closes the connections.
func (c *Client) Close() {
	c.http.close()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.connection != nil {
		_ = c.connection.Close()
		c.connection = nil
	}
}

// CreateOptions are the options of CreateWorkflow.
type CreateOptions struct {
	// RequestID makes the call idempotent: the same id creates one workflow. At least 16 characters; random when empty.
	RequestID string
}

// CreateWorkflow stores a definition: the text of a workflow file, YAML or JSON. An invalid definition returns an
// *Error with every problem and its location.
func (c *Client) CreateWorkflow(ctx context.Context, definition string, options CreateOptions) (*Workflow, error) {
	return c.create(ctx, []byte(definition), "application/yaml", options)
}

// CreateWorkflowJSON stores a definition from Go values: json.Marshal must produce a workflow file, or
// {name, trigger, jobs: [{id, name, command, depends_on, …}]}.
func (c *Client) CreateWorkflowJSON(ctx context.Context, definition any, options CreateOptions) (*Workflow, error) {
	data, err := json.Marshal(definition)
	if err != nil {
		return nil, err
	}
	return c.create(ctx, data, "application/json", options)
}

func (c *Client) create(ctx context.Context, definition []byte, contentType string, options CreateOptions) (*Workflow, error) {
	created := new(Workflow)
	path := "/api/workflows" + encodeQuery(url.Values{}, "request_id", cmp.Or(options.RequestID, newRequestID()))
	call := httpCall{method: http.MethodPost, path: path, body: definition, contentType: contentType}
	return created, c.http.call(ctx, call, created)
}

// Page selects a part of a list.
type Page struct {
	// Limit is at most 1000; the server's default when zero.
	Limit  int
	Offset int
}

// WorkflowQuery filters workflows.
type WorkflowQuery struct {
	Page
	// Status selects workflows with a job in this state; all when empty.
	Status JobStatus
}

// Workflows returns a page of the workflows by id, each with the state of its newest run.
func (c *Client) Workflows(ctx context.Context, query WorkflowQuery) ([]Workflow, error) {
	var page []Workflow
	return page, c.http.get(ctx, "/api/workflows"+encodeQuery(query.Page.values(), "status", string(query.Status)), &page)
}

// AllWorkflows iterates over all workflows from the query's offset. It ends after an error.
func (c *Client) AllWorkflows(ctx context.Context, query WorkflowQuery) iter.Seq2[Workflow, error] {
	return allPages(query.Page, func(page Page) ([]Workflow, error) {
		query.Page = page
		return c.Workflows(ctx, query)
	})
}

// Status returns the workflow with the states of its jobs.
func (c *Client) Status(ctx context.Context, id string) (*Workflow, error) {
	found := new(Workflow)
	return found, c.http.get(ctx, "/api/workflows/"+url.PathEscape(id)+"/status", found)
}

// RunOptions are the options of RunWorkflow.
type RunOptions struct {
	// Inputs are passed to every job of the run.
	Inputs map[string]string
	// RequestID makes the call idempotent: the same id starts one run. At least 16 characters; random when empty.
	RequestID string
}

// RunWorkflow starts a run of the workflow's current definition and returns its id.
func (c *Client) RunWorkflow(ctx context.Context, id string, options RunOptions) (runID string, err error) {
	inputs := options.Inputs
	if inputs == nil {
		inputs = map[string]string{}
	}
	var answer struct {
		RunID string `json:"run_id"`
	}
	body := map[string]any{"inputs": inputs, "request_id": cmp.Or(options.RequestID, newRequestID())}
	err = c.http.post(ctx, "/api/workflows/"+url.PathEscape(id)+"/run", body, &answer)
	return answer.RunID, err
}

// CancelOptions are the options of Cancel.
type CancelOptions struct {
	// Force also ends jobs that run after a cancellation, such as clean-up jobs with "if: always()".
	Force bool
	// RequestID makes the call idempotent: with a workflow id, the same request id refers to the same run, even if the
	// workflow has a newer one. At least 16 characters; random when empty.
	RequestID string
}

// Cancel cancels a run and returns its id, which is empty for a workflow that has not run. Jobs that have not started
// end, and workers are asked to stop running jobs. Repeating the call changes nothing.
func (c *Client) Cancel(ctx context.Context, id string, options CancelOptions) (runID string, err error) {
	var answer struct {
		RunID string `json:"run_id"`
	}
	body := map[string]any{"force": options.Force, "request_id": cmp.Or(options.RequestID, newRequestID())}
	err = c.http.post(ctx, "/api/workflows/"+url.PathEscape(id)+"/cancel", body, &answer)
	return answer.RunID, err
}

// RemoveWorkflow removes a workflow from the list, so it can no longer be started; its runs stay until they are pruned.
// The server refuses to remove a workflow that comes from a file.
func (c *Client) RemoveWorkflow(ctx context.Context, id string) error {
	return c.http.call(ctx, httpCall{method: http.MethodDelete, path: "/api/workflows/" + url.PathEscape(id)}, nil)
}

// RunQuery filters runs.
type RunQuery struct {
	// Workflow selects the runs of this workflow; all when empty.
	Workflow string
	// State selects the runs in this state; all when empty.
	State RunState
	// Limit is at most 1000; 100 when zero.
	Limit int
	// PageToken is the NextPageToken of the previous page.
	PageToken string
}

// Runs returns a page of runs, newest first.
func (c *Client) Runs(ctx context.Context, query RunQuery) (*RunPage, error) {
	page := new(RunPage)
	path := "/api/runs" + encodeQuery(
		Page{Limit: query.Limit}.values(),
		"workflow", query.Workflow,
		"state", string(query.State),
		"page_token", query.PageToken,
	)
	return page, c.http.get(ctx, path, page)
}

// AllRuns iterates over all runs, newest first. It ends after an error.
func (c *Client) AllRuns(ctx context.Context, query RunQuery) iter.Seq2[Run, error] {
	return func(yield func(Run, error) bool) {
		for {
			page, err := c.Runs(ctx, query)
			if err != nil {
				yield(Run{}, err)
				return
			}
			for _, run := range page.Runs {
				if !yield(run, nil) {
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

// Workers returns a page of the registered workers, newest registration first.
func (c *Client) Workers(ctx context.Context, page Page) ([]WorkerInfo, error) {
	var workers []WorkerInfo
	return workers, c.http.get(ctx, "/api/workers"+encodeQuery(page.values()), &workers)
}

// AllWorkers iterates over all workers from the offset. It ends after an error.
func (c *Client) AllWorkers(ctx context.Context, page Page) iter.Seq2[WorkerInfo, error] {
	return allPages(page, func(page Page) ([]WorkerInfo, error) { return c.Workers(ctx, page) })
}

// Explain explains the state of a job: what it waits for, why it was retried, skipped or cancelled, how
// it failed.
func (c *Client) Explain(ctx context.Context, id, jobID string) (*JobExplanation, error) {
	explanation := new(JobExplanation)
	path := "/api/workflows/" + url.PathEscape(id) + "/jobs/" + url.PathEscape(jobID) + "/why"
	return explanation, c.http.get(ctx, path, explanation)
}

// Wait waits until the run has ended and returns its final state. It also waits while the server is unavailable.
func (c *Client) Wait(ctx context.Context, id string) (*Workflow, error) {
	const interval = 500 * time.Millisecond
	for {
		call, cancel := context.WithTimeout(ctx, callTimeout)
		workflow, err := c.Status(call, id)
		cancel()
		if err == nil && workflow.State.Ended() {
			return workflow, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil && !isTemporary(err) {
			return nil, err
		}
		backoff.Sleep(ctx, interval)
	}
}

func (p Page) values() url.Values {
	values := url.Values{}
	if p.Limit != 0 {
		values.Set("limit", strconv.Itoa(p.Limit))
	}
	if p.Offset != 0 {
		values.Set("offset", strconv.Itoa(p.Offset))
	}
	return values
}

// encodeQuery adds the names with non-empty values.
func encodeQuery(values url.Values, more ...string) string {
	for i := 0; i < len(more); i += 2 {
		if more[i+1] != "" {
			values.Set(more[i], more[i+1])
		}
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

func allPages[Entry any](page Page, get func(Page) ([]Entry, error)) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		page := page
		if page.Limit == 0 {
			page.Limit = pageSize
		}
		for {
			entries, err := get(page)
			if err != nil {
				yield(*new(Entry), err)
				return
			}
			for _, entry := range entries {
				if !yield(entry, nil) {
					return
				}
			}
			// A page can be shorter than its limit, because the size of a response is bounded.
			if len(entries) == 0 {
				return
			}
			page.Offset += len(entries)
		}
	}
}
