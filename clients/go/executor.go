package workflowgraph

import "context"

// Executor runs one attempt of a job and gives its outputs, or an error.
//
// An error made by [Permanent] fails the job at once. Any other error is retryable: the server tries again while the
// job's retry policy allows. So is a panic.
//
// The context is cancelled when the job has to end: it was cancelled, its lease was lost, its time is up, or the worker
// stops; context.Cause says which. An executor that goes on for five seconds more than the worker's grace is left
// behind: its slot is given to another job, and what it returns is dropped.
type Executor interface {
	Execute(ctx context.Context, job *Job) (Outputs, error)
}

// ExecutorFunc is a function as an Executor.
type ExecutorFunc func(ctx context.Context, job *Job) (Outputs, error)

// Execute calls the function.
func (f ExecutorFunc) Execute(ctx context.Context, job *Job) (Outputs, error) { return f(ctx, job) }
