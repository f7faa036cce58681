package workflowgraph

import (
	"errors"
	"fmt"
	"net/http"
)

// Reason is why the server refused a call under a lease.
type Reason string

// The reasons that the server gives.
const (
	// ReasonLeaseExpired: the lease expired, or the attempt timed out.
	ReasonLeaseExpired Reason = "lease_expired"
	// ReasonSuperseded: a later attempt of the job has started.
	ReasonSuperseded Reason = "superseded"
	// ReasonCompleted: the attempt was ended by another report.
	ReasonCompleted Reason = "completed"
	// ReasonCancelled: the run was cancelled.
	ReasonCancelled Reason = "cancelled"
	// ReasonUnknownLease: the lease does not exist or belongs to another caller.
	ReasonUnknownLease Reason = "unknown_lease"
	// ReasonJobRunning: a job that would run again is still running.
	ReasonJobRunning Reason = "job_running"
	// ReasonDependantRunning: a job that needs a re-run job is running.
	ReasonDependantRunning Reason = "dependant_running"
)

// Problem is one problem of a request or a definition.
type Problem struct {
	Message string `json:"message"`
	// Field is the path of the field, such as "jobs.build.needs"; empty when unknown.
	Field string `json:"field"`
	// Job is the job's key, for a definition; empty when unknown.
	Job string `json:"job"`
	// Line counts from 1; 0 when unknown.
	Line int `json:"line"`
	// Column counts from 1; 0 when unknown.
	Column int `json:"column"`
}

// Error is a refusal by the server.
type Error struct {
	// Status is the HTTP status; for a gRPC response, the equivalent one.
	Status int
	// Code is the server's error code, such as "not_found".
	Code string
	// Reason says why a lease was refused; empty when the error is about something else.
	Reason Reason
	// Message is for people.
	Message string
	// Problems has all problems of the request, if the server lists them.
	Problems []Problem
}

// Error returns the message, with the code and reason in brackets.
func (e *Error) Error() string {
	if e.Reason != "" {
		return fmt.Sprintf("%s (%s, %s)", e.Message, e.Code, e.Reason)
	}
	return fmt.Sprintf("%s (%s)", e.Message, e.Code)
}

// UnreachableError means that there was no response: the server, or something on the way to it, is unavailable. A retry
// can help.
type UnreachableError struct {
	ServerURL string
	// Err is the network error.
	Err error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no answer from %s: %v", e.ServerURL, e.Err)
}

// Unwrap returns the network error.
func (e *UnreachableError) Unwrap() error { return e.Err }

// ConfigError names an invalid field of a WorkerConfig or ClientConfig.
type ConfigError struct {
	Field   string
	Message string
}

func (e *ConfigError) Error() string { return "workflowgraph: " + e.Field + " " + e.Message }

// RetryableError is created by [Retryable]: the job failed, and another attempt can help.
type RetryableError struct{ Err error }

func (e *RetryableError) Error() string { return e.Err.Error() }

// Unwrap returns the wrapped error.
func (e *RetryableError) Unwrap() error { return e.Err }

// PermanentError is created by [Permanent]: the job failed, and would fail again.
type PermanentError struct{ Err error }

func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap returns the wrapped error.
func (e *PermanentError) Unwrap() error { return e.Err }

// ExitError is the failure of a command with an exit code, from 0 to 255. It can be wrapped by Retryable or Permanent. A
// job can be retried on some exit codes only.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string { return e.Err.Error() }

// Unwrap returns the wrapped error.
func (e *ExitError) Unwrap() error { return e.Err }

// Retryable wraps an error of an executor to mark it as retryable. An error that is neither Retryable nor Permanent is
// retryable too; this one makes it explicit. An error with both in its chain is permanent.
func Retryable(err error) error {
	if err == nil {
		return nil
	}
	return &RetryableError{Err: err}
}

// Permanent wraps an error of an executor to mark it as permanent: the job is not retried, whatever its retry policy
// is.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &PermanentError{Err: err}
}

// Why an executor's context was cancelled: context.Cause(ctx) is, or wraps, one of these.
var (
	// ErrCancelled: the job's run was cancelled.
	ErrCancelled = errors.New("cancelled")
	// ErrLeaseLost: the server reports that the lease is gone.
	ErrLeaseLost = errors.New("lease lost")
	// ErrLeaseExpired: the lease could not be renewed within its time, so another worker may have the job.
	ErrLeaseExpired = errors.New("lease expired")
	// ErrTimedOut: the job's timeout has passed.
	ErrTimedOut = errors.New("timed out")
	// ErrWorkerStopped: the worker stops, and its drain timeout has passed.
	ErrWorkerStopped = errors.New("worker stopped")
)

// isTemporary returns whether a retry can succeed: no response, an overloaded or starting server, a proxy without
// its server.
func isTemporary(err error) bool {
	if unreachable := (*UnreachableError)(nil); errors.As(err, &unreachable) {
		return true
	}
	status := statusOf(err)
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

// isUnauthorised returns whether the server refused the caller: no token, an invalid one, or one without the required
// scope.
func isUnauthorised(err error) bool {
	status := statusOf(err)
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

// statusOf is 0 for an error that is not the server's.
func statusOf(err error) int {
	if refusal := (*Error)(nil); errors.As(err, &refusal) {
		return refusal.Status
	}
	return 0
}

func isPermanent(err error) bool {
	permanent := (*PermanentError)(nil)
	return errors.As(err, &permanent)
}

// exitCodeOf is nil for an error without one that the server takes.
func exitCodeOf(err error) *uint32 {
	exit := (*ExitError)(nil)
	if !errors.As(err, &exit) || exit.Code < 0 || exit.Code > 255 {
		return nil
	}
	code := uint32(exit.Code)
	return &code
}
