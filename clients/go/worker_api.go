package workflowgraph

import (
	"context"
	"encoding/json"
	"net/url"
	"time"
)

// workerAPI is what a worker asks of a server by single calls, on the documented JSON paths.
type workerAPI struct{ http *httpConnection }

func (a workerAPI) register(ctx context.Context, config *WorkerConfig) error {
	return a.http.post(ctx, "/api/workers/register", map[string]any{
		"worker_id": config.WorkerID,
		"labels":    config.Labels,
		"slots":     config.Slots,
		"version":   userAgent,
	}, nil)
}

// sayAlive fails with HTTP status 404 when the server does not know the worker.
func (a workerAPI) sayAlive(ctx context.Context, workerID string) error {
	return a.http.post(ctx, "/api/workers/"+url.PathEscape(workerID)+"/heartbeat", struct{}{}, nil)
}

// claim waits for a job; nil when there was none in time. The same request id brings the same job while its lease lives.
func (a workerAPI) claim(ctx context.Context, config *WorkerConfig, requestID string, wait time.Duration) (*claim, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+callTimeout)
	defer cancel()
	var answer json.RawMessage
	err := a.http.post(ctx, "/api/jobs/claim", map[string]any{
		"worker_id":      config.WorkerID,
		"labels":         config.Labels,
		"lease_ttl_secs": int64(config.LeaseTTL / time.Second),
		"wait_secs":      wait.Seconds(),
		"request_id":     requestID,
	}, &answer)
	if err != nil {
		return nil, err
	}
	return readClaim(answer)
}

// readClaim wants what a worker cannot do without; what an older server does not send yet is "none".
func readClaim(answer []byte) (*claim, error) {
	var body *struct {
		Job   *Job `json:"job"`
		Lease struct {
			ID      string  `json:"lease_id"`
			TTLSecs float64 `json:"ttl_secs"`
		} `json:"lease"`
	}
	if err := json.Unmarshal(answer, &body); err != nil {
		return nil, &Error{Status: 200, Code: "malformed_claim", Message: "the answer to a claim cannot be read: " + err.Error()}
	}
	if body == nil {
		return nil, nil
	}
	if body.Job == nil || body.Job.ID == "" || body.Job.RunID == "" || body.Lease.ID == "" || body.Lease.TTLSecs <= 0 {
		message := "the answer to a claim lacks job_id, workflow_id, lease_id or ttl_secs"
		return nil, &Error{Status: 200, Code: "malformed_claim", Message: message}
	}
	body.Job.fillIn()
	return &claim{job: body.Job, lease: lease{
		id:    body.Lease.ID,
		runID: body.Job.RunID,
		jobID: body.Job.ID,
		ttl:   time.Duration(body.Lease.TTLSecs * float64(time.Second)),
	}}, nil
}

type heartbeatAnswer struct {
	TTLSecs   float64 `json:"ttl_secs"`
	Cancelled bool    `json:"cancelled"`
}

func (a workerAPI) heartbeat(ctx context.Context, leaseID string) (heartbeatAnswer, error) {
	var answer heartbeatAnswer
	err := a.http.post(ctx, leasePath(leaseID, "heartbeat"), struct{}{}, &answer)
	return answer, err
}

func (a workerAPI) isCancelled(ctx context.Context, runID, jobID string) (bool, error) {
	var answer bool
	err := a.http.get(ctx, "/api/jobs/"+url.PathEscape(runID)+"/"+url.PathEscape(jobID)+"/cancelled", &answer)
	return answer, err
}

func (a workerAPI) pushLogs(ctx context.Context, held lease, chunks []LogChunk) error {
	sent := make([]LogChunk, len(chunks))
	for i, chunk := range chunks {
		chunk.RunID, chunk.JobID = held.runID, held.jobID
		sent[i] = chunk
	}
	return a.http.post(ctx, leasePath(held.id, "logs"), map[string]any{"chunks": sent}, nil)
}

// report ends the attempt.
func (a workerAPI) report(ctx context.Context, leaseID string, ended result) error {
	if ended.failure != nil {
		return a.http.post(ctx, leasePath(leaseID, "fail"), ended.failure, nil)
	}
	return a.http.post(ctx, leasePath(leaseID, "complete"), map[string]any{"outputs": ended.outputs}, nil)
}

// release gives a job back unrun.
func (a workerAPI) release(ctx context.Context, leaseID string) error {
	return a.http.post(ctx, leasePath(leaseID, "release"), struct{}{}, nil)
}

func leasePath(leaseID, verb string) string {
	return "/api/jobs/" + url.PathEscape(leaseID) + "/" + verb
}
