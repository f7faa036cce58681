// Command workflow-graph-worker claims jobs from a server and runs each with "sh -c".
//
//	SERVER_URL=http://my-server:3000 WORKER_LABELS=docker,linux workflow-graph-worker
//
// On SIGTERM, SIGINT, SIGHUP or SIGQUIT it takes no new jobs; running ones can finish within -drain-timeout. A second
// signal ends them now, a third kills this process and them.
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
	hideSecrets()
	config, err := readConfig(os.Args[1:], os.Stderr)
	if errors.Is(err, errHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	worker, err := workflowgraph.NewWorker(config)
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", refusalText(err, worker.ServerURL()))
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
