package workflowgraph

import (
	"context"
	"net/url"
)

// workerAPI is what a worker asks of a server by single calls, on the documented JSON paths.
type workerAPI struct{ http *httpConnection }

func (a workerAPI) register(ctx context.Context, config *WorkerConfig) error {
	return a.http.post(ctx, "/api/workers/register", map[string]any{
		"worker_id":     config.WorkerID,
		"labels":        config.offeredLabels(),
		"only_labelled": config.OnlyLabelled,
		"slots":         config.Slots,
		"version":       userAgent,
	}, nil)
}

// serverVersion needs no token.
func (a workerAPI) serverVersion(ctx context.Context) (string, error) {
	var session struct {
		Version string `json:"version"`
	}
	err := a.http.get(ctx, "/api/session", &session)
	return session.Version, err
}

// sayAlive fails with HTTP status 404 when the server does not know the worker.
func (a workerAPI) sayAlive(ctx context.Context, workerID string) (serverDrain, error) {
	var answer drainAnswer
	err := a.http.post(ctx, "/api/workers/"+url.PathEscape(workerID)+"/heartbeat", struct{}{}, &answer)
	return answer.drain(), err
}

type heartbeatAnswer struct {
	TTLSecs float64 `json:"ttl_secs"`
	// Cancelled: the job is to end, for any reason.
	Cancelled      bool       `json:"cancelled"`
	StopReason     stopReason `json:"stop_reason"`
	StopWithinSecs float64    `json:"stop_within_secs"`
	drainAnswer
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
