// A worker in Go, over plain HTTP and JSON, with the standard library only.
//
//	SERVER_URL=http://localhost:3000 go run .
//
// It runs jobs with the label "go" or none. POLL_INTERVAL_SECS is the delay between polls (2).
// It is a starting point for your own worker: the client library does more, such as logs and cancellation.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

var server = "http://localhost:3000"
var pollInterval = 2 * time.Second

func main() {
	if url := os.Getenv("SERVER_URL"); url != "" {
		server = url
	}
	// Jobs inherit the environment, and this variable can contain a password.
	os.Unsetenv("SERVER_URL")
	if seconds, err := strconv.ParseFloat(os.Getenv("POLL_INTERVAL_SECS"), 64); err == nil {
		pollInterval = time.Duration(seconds * float64(time.Second))
	}
	workerID := fmt.Sprintf("go-%d", time.Now().UnixNano()%100000)
	labels := []string{"go"}

	// On a signal the running job finishes. A signal that was ignored at startup stays ignored, as under nohup.
	stopping := make(chan os.Signal, 1)
	for _, each := range []os.Signal{syscall.SIGTERM, os.Interrupt, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(each) {
			signal.Notify(stopping, each)
		}
	}

	// Register
	postJSON("/api/workers/register", map[string]any{
		"worker_id": workerID, "labels": labels,
	})

	for len(stopping) == 0 {
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
