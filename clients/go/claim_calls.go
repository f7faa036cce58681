package workflowgraph

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// claimRequest is a claim. The same id returns the same jobs while their leases live.
type claimRequest struct {
	id string
	// The maximum number of jobs.
	count int
}

// claimCalls claims jobs with plain calls: several in one call if the server supports it.
type claimCalls struct {
	http *httpConnection
	// An older server supports only the call for one job.
	onlyOne bool
}

// claim waits for jobs; it returns none if none arrived in time.
func (c *claimCalls) claim(ctx context.Context, config *WorkerConfig, request claimRequest, wait time.Duration) ([]claim, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+callTimeout)
	defer cancel()
	body := map[string]any{
		"worker_id":      config.WorkerID,
		"labels":         config.offeredLabels(),
		"only_labelled":  config.OnlyLabelled,
		"lease_ttl_secs": int64(config.LeaseTTL / time.Second),
		"wait_secs":      wait.Seconds(),
		"request_id":     request.id,
	}
	if request.count == 1 || c.onlyOne {
		return c.claimOne(ctx, body)
	}
	body["max_jobs"] = request.count
	var answer struct {
		Claims []json.RawMessage `json:"claims"`
	}
	err := c.http.post(ctx, "/api/jobs/claim-many", body, &answer)
	if status := statusOf(err); status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
		delete(body, "max_jobs")
		claims, err := c.claimOne(ctx, body)
		// So the path was not found. If this call is not found either, the cause is something else.
		c.onlyOne = err == nil
		return claims, err
	}
	if err != nil {
		return nil, err
	}
	return readClaims(answer.Claims)
}

func (c *claimCalls) claimOne(ctx context.Context, body map[string]any) ([]claim, error) {
	var answer json.RawMessage
	if err := c.http.post(ctx, "/api/jobs/claim", body, &answer); err != nil {
		// The next response may come from a newer server.
		c.onlyOne = false
		return nil, err
	}
	return readClaims([]json.RawMessage{answer})
}

// readClaims skips null: there was no job.
func readClaims(answers []json.RawMessage) ([]claim, error) {
	claims := make([]claim, 0, len(answers))
	for _, answer := range answers {
		read, err := readClaim(answer)
		if err != nil {
			return nil, err
		}
		if read != nil {
			claims = append(claims, *read)
		}
	}
	return claims, nil
}

// readClaim requires the mandatory fields; fields that an older server does not send mean "none".
func readClaim(answer []byte) (*claim, error) {
	if len(answer) == 0 {
		return nil, nil
	}
	var body *struct {
		Job   *Job `json:"job"`
		Lease struct {
			ID      string  `json:"lease_id"`
			TTLSecs float64 `json:"ttl_secs"`
			// Zero from an older server.
			StopGraceSecs float64 `json:"stop_grace_secs"`
		} `json:"lease"`
	}
	if err := json.Unmarshal(answer, &body); err != nil {
		return nil, malformedClaim(err)
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
		id:        body.Lease.ID,
		runID:     body.Job.RunID,
		jobID:     body.Job.ID,
		ttl:       durationOfSecs(body.Lease.TTLSecs),
		stopGrace: durationOfSecs(body.Lease.StopGraceSecs),
	}}, nil
}

func malformedClaim(err error) error {
	return &Error{Status: 200, Code: "malformed_claim", Message: "the answer to a claim cannot be read: " + err.Error()}
}
