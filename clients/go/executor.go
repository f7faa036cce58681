package workflowgraph

import "context"

// Executor runs one attempt of a job and returns its outputs, or an error.
//
// An error created by [Permanent] fails the job at once. Any other error, and a panic, is retryable: the server retries
// the job while its retry policy allows.
//
// The context is cancelled when the job must stop: it was cancelled, its lease was lost, its timeout passed, or the
// worker stops; context.Cause has the reason. An executor that does not return within the worker's grace period plus
// five seconds is abandoned: its slot is reused, and its result is discarded.
type Executor interface {
	Execute(ctx context.Context, job *Job) (Outputs, error)
}

// ExecutorFunc adapts a function to an Executor.
type ExecutorFunc func(ctx context.Context, job *Job) (Outputs, error)

// Execute calls the function.
func (f ExecutorFunc) Execute(ctx context.Context, job *Job) (Outputs, error) { return f(ctx, job) }
