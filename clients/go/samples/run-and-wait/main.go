// Command run-and-wait starts a run of a workflow, prints the log of each job, and exits with the run's result.
//
//	go run ./samples/run-and-wait release version=1.2.3
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	workflowgraph "workflowgraph.dev/client"
)

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: run-and-wait WORKFLOW [INPUT=VALUE …]")
	}
	state, err := run(context.Background(), os.Args[1], os.Args[2:])
	if err != nil {
		log.Fatal(err)
	}
	if state != workflowgraph.RunSuccess {
		os.Exit(1)
	}
}

func run(ctx context.Context, workflow string, arguments []string) (workflowgraph.RunState, error) {
	client, err := workflowgraph.NewClient(workflowgraph.ClientConfig{
		ServerURL: os.Getenv("SERVER_URL"),
		Token:     os.Getenv("WORKFLOW_GRAPH_TOKEN"),
	})
	if err != nil {
		return "", err
	}
	defer client.Close()
	inputs := make(map[string]string)
	for _, argument := range arguments {
		name, value, _ := strings.Cut(argument, "=")
		inputs[name] = value
	}
	runID, err := client.RunWorkflow(ctx, workflow, workflowgraph.RunOptions{Inputs: inputs})
	if err != nil {
		return "", err
	}
	ended, err := client.Wait(ctx, runID)
	if err != nil {
		return "", err
	}
	for _, job := range ended.Jobs {
		fmt.Printf("== %s: %s\n", job.ID, job.Status)
		for chunk, err := range client.FollowLogs(ctx, runID, job.ID, workflowgraph.LogQuery{}) {
			if err != nil {
				return "", err
			}
			fmt.Print(chunk.Data)
		}
	}
	return ended.State, nil
}
