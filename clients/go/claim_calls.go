package workflowgraph

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// claimRequest asks for jobs. The same id brings the same jobs while their leases live.
type claimRequest struct {
	id string
	// At most so many jobs.
	count int
}

// claimCalls claims jobs by plain calls: several in one where the server has that.
type claimCalls struct {
	http *httpConnection
	// An older server has only the call for one job.
	onlyOne bool
}

// claim waits for jobs; none came in time when there are none.
func (c *claimCalls) claim(ctx context.Context, config *WorkerConfig, request claimRequest, wait time.Duration) ([]claim, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+callTimeout)
	defer cancel()
	body := map[string]any{
		"worker_id":      config.WorkerID,
		"labels":         config.Labels,
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
		// So it is the path that was not found. Where this call is not found either, it was something else.
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
		// Who answers next may be a newer server.
		c.onlyOne = false
		return nil, err
	}
	return readClaims([]json.RawMessage{answer})
}

// readClaims leaves out what is null: there was no job.
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

// readClaim wants what a worker cannot do without; what an older server does not send yet is "none".
func readClaim(answer []byte) (*claim, error) {
	if len(answer) == 0 {
		return nil, nil
	}
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
