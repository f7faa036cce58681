package workflowgraph_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	workflowgraph "workflowgraph.dev/client"
)

func ExampleWorker() {
	worker, err := workflowgraph.NewWorker(workflowgraph.WorkerConfig{
		ServerURL: "http://localhost:3000",
		Labels:    []string{"go"},
		Executor: workflowgraph.ExecutorFunc(func(ctx context.Context, job *workflowgraph.Job) (workflowgraph.Outputs, error) {
			fmt.Fprintf(job.Stdout(), "building %s\n", job.UpstreamOutputs["prepare"]["version"])
			return workflowgraph.Outputs{"artifact_url": "s3://bucket/build.tar.gz"}, nil
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func ExampleClient() {
	ctx := context.Background()
	client, err := workflowgraph.NewClient(workflowgraph.ClientConfig{Token: os.Getenv("WORKFLOW_GRAPH_TOKEN")})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	runID, err := client.RunWorkflow(ctx, "release", workflowgraph.RunOptions{Inputs: map[string]string{"version": "1.2.3"}})
	if err != nil {
		log.Fatal(err)
	}
	for chunk, err := range client.FollowLogs(ctx, runID, "build", workflowgraph.LogQuery{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(chunk.Data)
	}
	ended, err := client.Wait(ctx, runID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ended.State)
}

func ExampleError() {
	client, err := workflowgraph.NewClient(workflowgraph.ClientConfig{})
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.CreateWorkflow(context.Background(), "name: Release\non: push\njobs: {build: {needs: [test], run: make}}", workflowgraph.CreateOptions{})
	var refusal *workflowgraph.Error
	if errors.As(err, &refusal) {
		for _, problem := range refusal.Problems {
			fmt.Printf("%d:%d: %s\n", problem.Line, problem.Column, problem.Message)
		}
	}
}
