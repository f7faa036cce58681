// Command worker runs jobs as Go functions, four at once, until SIGINT or SIGTERM.
//
//	SERVER_URL=http://localhost:3000 go run ./samples/worker
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	workflowgraph "workflowgraph.dev/client"
)

func main() {
	worker, err := workflowgraph.NewWorker(workflowgraph.WorkerConfig{
		ServerURL: os.Getenv("SERVER_URL"),
		Token:     os.Getenv("WORKFLOW_GRAPH_TOKEN"),
		Labels:    []string{"go"},
		Slots:     4,
		Executor:  workflowgraph.ExecutorFunc(execute),
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := worker.RunUntilSignal(context.Background()); err != nil {
		log.Fatal(err)
	}
}

// execute takes a command of one word as a task's name.
func execute(ctx context.Context, job *workflowgraph.Job) (workflowgraph.Outputs, error) {
	switch job.Command {
	case "countdown":
		return countdown(ctx, job)
	default:
		// Another attempt would fail too.
		return nil, workflowgraph.Permanent(fmt.Errorf("there is no task %q", job.Command))
	}
}

func countdown(ctx context.Context, job *workflowgraph.Job) (workflowgraph.Outputs, error) {
	for left := 3; left > 0; left-- {
		fmt.Fprintf(job.Stdout(), "%d …\n", left)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, errors.Join(errors.New("the countdown was held"), context.Cause(ctx))
		}
	}
	return workflowgraph.Outputs{"launched_at": time.Now().Format(time.RFC3339)}, nil
}
