// A worker in Go, over plain HTTP and JSON, with the standard library only.
//
//	SERVER_URL=http://localhost:3000 go run .
//
// It runs jobs that want the label "go", or none. POLL_INTERVAL_SECS is how long it waits when there is no job (2).
// Meant to be read and changed: the client library does more, such as logs and cancellation.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"time"
)

var server = "http://localhost:3000"
var pollInterval = 2 * time.Second

func main() {
	if url := os.Getenv("SERVER_URL"); url != "" {
		server = url
	}
	if seconds, err := strconv.ParseFloat(os.Getenv("POLL_INTERVAL_SECS"), 64); err == nil {
		pollInterval = time.Duration(seconds * float64(time.Second))
	}
	workerID := fmt.Sprintf("go-%d", time.Now().UnixNano()%100000)
	labels := []string{"go"}

	// Register
	postJSON("/api/workers/register", map[string]any{
		"worker_id": workerID, "labels": labels,
	})

	for {
		// Claim
		resp := postJSON("/api/jobs/claim", map[string]any{
			"worker_id": workerID, "labels": labels, "lease_ttl_secs": 60,
		})
		if resp == nil {
			time.Sleep(pollInterval)
			continue
		}

		job := resp["job"].(map[string]any)
		lease := resp["lease"].(map[string]any)
		leaseID := lease["lease_id"].(string)
		fmt.Printf("[%s] Claimed: %s\n", workerID, job["job_id"])

		// Heartbeat goroutine
		done := make(chan struct{})
		go func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(10 * time.Second):
					postJSON(fmt.Sprintf("/api/jobs/%s/heartbeat", leaseID), nil)
				}
			}
		}()

		// Execute
		cmd := exec.Command("sh", "-c", job["command"].(string))
		output, err := cmd.CombinedOutput()
		close(done)

		// Report
		if err == nil {
			postJSON(fmt.Sprintf("/api/jobs/%s/complete", leaseID),
				map[string]any{"outputs": map[string]string{}})
		} else {
			postJSON(fmt.Sprintf("/api/jobs/%s/fail", leaseID),
				map[string]any{"error": string(output), "retryable": true})
		}
	}
}

func postJSON(path string, body any) map[string]any {
	var buf bytes.Buffer
	if body != nil {
		json.NewEncoder(&buf).Encode(body)
	}
	resp, err := http.Post(server+path, "application/json", &buf)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	var result map[string]any
	json.NewDecoder(resp.Body).Decode(&result)
	return result
}
