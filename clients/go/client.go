package workflowgraph

import (
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

// pageSize is how many entries the iterators ask for at once; the server gives a thousand at most.
const pageSize = 500

// ClientConfig says where a server is. The zero value of each field is its default.
type ClientConfig struct {
	// ServerURL is http:// or https://, host and port; DefaultServerURL when empty.
	ServerURL string
	// Token is a bearer token, when the server wants one.
	Token string
	// TLS is for https; the system's trusted authorities when nil. TrustFile makes one for an authority of your own.
	TLS *tls.Config
}

// Client creates workflows, starts runs and looks at them. Where a method takes an id, that is the id of a run, or of a
// workflow, which then means its newest run. It may be used from several goroutines.
//
// Every method fails with an *Error when the server says no, an *UnreachableError when nobody answers, and the context's
// own error when that was cancelled. A call whose context has no deadline may take 30 seconds.
type Client struct {
	config ClientConfig
	server *url.URL
	http   *httpConnection

	mutex      sync.Mutex
	connection *grpc.ClientConn
}

// NewClient gives a *ConfigError for a configuration that cannot be. It does not talk to the server.
func NewClient(config ClientConfig) (*Client, error) {
	server, err := parseServerURL(config.ServerURL)
	if err != nil {
		return nil, err
	}
	config.ServerURL = server.String()
	return &Client{config: config, server: server, http: newHTTPConnection(server, config.Token, config.TLS)}, nil
}

// Close ends the connections.
func (c *Client) Close() {
	c.http.close()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.connection != nil {
		_ = c.connection.Close()
		c.connection = nil
	}
}

// CreateWorkflow stores a definition: the text of a workflow file, YAML or JSON. A definition that cannot run gives an
// *Error with every problem and its place.
func (c *Client) CreateWorkflow(ctx context.Context, definition string) (*Workflow, error) {
	return c.create(ctx, []byte(definition), "application/yaml")
}

// CreateWorkflowJSON stores a definition that is made of Go values: what json.Marshal gives must be a workflow file, or
// {name, trigger, jobs: [{id, name, command, depends_on, …}]}.
func (c *Client) CreateWorkflowJSON(ctx context.Context, definition any) (*Workflow, error) {
	data, err := json.Marshal(definition)
	if err != nil {
		return nil, err
	}
	return c.create(ctx, data, "application/json")
}

func (c *Client) create(ctx context.Context, definition []byte, contentType string) (*Workflow, error) {
	created := new(Workflow)
	call := httpCall{method: http.MethodPost, path: "/api/workflows", body: definition, contentType: contentType}
	return created, c.http.call(ctx, call, created)
}

// Page is a part of a list.
type Page struct {
	// Limit is at most 1000; the server's default when zero.
	Limit  int
	Offset int
}

// WorkflowQuery chooses workflows.
type WorkflowQuery struct {
	Page
	// Status chooses workflows with a job in this state; all when empty.
	Status JobStatus
}

// Workflows gives a page of the workflows by id, each with the state of its newest run.
func (c *Client) Workflows(ctx context.Context, query WorkflowQuery) ([]Workflow, error) {
	var page []Workflow
	return page, c.http.get(ctx, "/api/workflows"+encodeQuery(query.Page.values(), "status", string(query.Status)), &page)
}

// AllWorkflows gives all workflows from the query's offset on, page by page. It ends after an error.
func (c *Client) AllWorkflows(ctx context.Context, query WorkflowQuery) iter.Seq2[Workflow, error] {
	return allPages(query.Page, func(page Page) ([]Workflow, error) {
		query.Page = page
		return c.Workflows(ctx, query)
	})
}

// Status gives the workflow with the states of its jobs.
func (c *Client) Status(ctx context.Context, id string) (*Workflow, error) {
	found := new(Workflow)
	return found, c.http.get(ctx, "/api/workflows/"+url.PathEscape(id)+"/status", found)
}

// RunOptions are how a run is started.
type RunOptions struct {
	// Inputs are handed to every job of the run.
	Inputs map[string]string
	// RequestID starts the same run however often it is sent, 16 characters at least; a random one when empty.
	RequestID string
}

// RunWorkflow starts a run of the workflow's current definition, and gives its id.
func (c *Client) RunWorkflow(ctx context.Context, id string, options RunOptions) (runID string, err error) {
	if options.RequestID == "" {
		options.RequestID = newRequestID()
	}
	inputs := options.Inputs
	if inputs == nil {
		inputs = map[string]string{}
	}
	var answer struct {
		RunID string `json:"run_id"`
	}
	body := map[string]any{"inputs": inputs, "request_id": options.RequestID}
	err = c.http.post(ctx, "/api/workflows/"+url.PathEscape(id)+"/run", body, &answer)
	return answer.RunID, err
}

// Cancel cancels a run, and gives its id: what has not started ends, and the workers of what has are told.
func (c *Client) Cancel(ctx context.Context, id string) (runID string, err error) {
	var answer struct {
		RunID string `json:"run_id"`
	}
	err = c.http.post(ctx, "/api/workflows/"+url.PathEscape(id)+"/cancel", struct{}{}, &answer)
	return answer.RunID, err
}

// RunQuery chooses runs.
type RunQuery struct {
	// Workflow chooses the runs of this workflow; all when empty.
	Workflow string
	// State chooses the runs in this state; all when empty.
	State RunState
	// Limit is at most 1000; 100 when zero.
	Limit int
	// PageToken is the NextPageToken of the page before.
	PageToken string
}

// Runs gives a page of runs, newest first.
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

// AllRuns gives all runs, newest first, page by page. It ends after an error.
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

// Workers gives a page of the workers that the server knows, newest registration first.
func (c *Client) Workers(ctx context.Context, page Page) ([]WorkerInfo, error) {
	var workers []WorkerInfo
	return workers, c.http.get(ctx, "/api/workers"+encodeQuery(page.values()), &workers)
}

// AllWorkers gives all workers from the offset on, page by page. It ends after an error.
func (c *Client) AllWorkers(ctx context.Context, page Page) iter.Seq2[WorkerInfo, error] {
	return allPages(page, func(page Page) ([]WorkerInfo, error) { return c.Workers(ctx, page) })
}

// Explain says why a job is in the state that it is in: what it waits for, why it was retried, skipped or cancelled, how
// it failed.
func (c *Client) Explain(ctx context.Context, id, jobID string) (*JobExplanation, error) {
	explanation := new(JobExplanation)
	path := "/api/workflows/" + url.PathEscape(id) + "/jobs/" + url.PathEscape(jobID) + "/why"
	return explanation, c.http.get(ctx, path, explanation)
}

// Wait waits until the run has ended, and gives its last state. A server that is away meanwhile is waited for.
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

// encodeQuery adds names with their values, those that are not empty.
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
			if len(entries) < page.Limit {
				return
			}
			page.Offset += len(entries)
		}
	}
}
