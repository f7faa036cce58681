// Command workflow-graph-worker claims jobs from a server and runs each with "sh -c".
//
//	SERVER_URL=http://my-server:3000 WORKER_LABELS=docker,linux workflow-graph-worker
//
// SIGTERM or SIGINT: no new jobs; running ones may finish within -drain-timeout. A second one ends them now, a third one
// ends this process and them by force.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	workflowgraph "workflowgraph.dev/client"
)

func main() {
	config, err := readConfig(os.Args[1:], os.Stderr)
	if errors.Is(err, errHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	// Neither jobs nor what else this process starts need it from here on.
	os.Unsetenv("WORKFLOW_GRAPH_TOKEN")
	worker, err := workflowgraph.NewWorker(config)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", refusalText(err, config.ServerURL))
		os.Exit(1)
	}
}

func refusalText(err error, server string) string {
	refusal := (*workflowgraph.Error)(nil)
	if !errors.As(err, &refusal) {
		return err.Error()
	}
	switch refusal.Status {
	case http.StatusUnauthorized:
		return fmt.Sprintf("%s wants a valid token: %s (give one with -token-file)", server, refusal.Message)
	case http.StatusForbidden:
		return fmt.Sprintf("%s does not allow this token to work: %s (it needs the worker scope)", server, refusal.Message)
	case http.StatusNotFound:
		return fmt.Sprintf("%s does not look like a workflow-graph server: %s", server, refusal.Message)
	}
	return fmt.Sprintf("%s refused this worker: %s", server, refusal.Message)
}
