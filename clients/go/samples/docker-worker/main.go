// Command docker-worker runs each job's command in a container. The image comes from the job's metadata, such as
//
//	jobs:
//	  build:
//	    run: go build ./...
//	    labels: [docker]
//	    metadata: {image: "golang:1.26"}
//
// The shell executor does the rest: logs, outputs, cancellation. Docker ends the container when its client is ended.
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
	worker, err := workflowgraph.NewWorker(workflowgraph.WorkerConfig{
		ServerURL: os.Getenv("SERVER_URL"),
		Token:     os.Getenv("WORKFLOW_GRAPH_TOKEN"),
		Labels:    []string{"docker"},
		Executor:  inContainer{new(workflowgraph.ShellExecutor)},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}

type inContainer struct{ shell *workflowgraph.ShellExecutor }

func (c inContainer) Execute(ctx context.Context, job *workflowgraph.Job) (workflowgraph.Outputs, error) {
	image, ok := job.Metadata["image"].(string)
	if !ok {
		return nil, workflowgraph.Permanent(fmt.Errorf("job %q has no image in its metadata", job.ID))
	}
	wrapped := *job
	// The outputs file is at the same place inside.
	wrapped.Command = `exec docker run --rm --init -e WORKFLOW_GRAPH_OUTPUT -v "$WORKFLOW_GRAPH_OUTPUT:$WORKFLOW_GRAPH_OUTPUT" ` +
		quote(image) + " sh -c " + quote(job.Command)
	return c.shell.Execute(ctx, &wrapped)
}

// quote makes one word of a text for a POSIX shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
