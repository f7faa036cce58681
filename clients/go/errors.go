package workflowgraph

import (
	"errors"
	"fmt"
	"net/http"
)

// Reason says why the server refused what was asked under a lease.
type Reason string

// The reasons that the server gives.
const (
	// ReasonLeaseExpired: the lease's time ran out, or the attempt's timeout did.
	ReasonLeaseExpired Reason = "lease_expired"
	// ReasonSuperseded: a later attempt of the job has begun.
	ReasonSuperseded Reason = "superseded"
	// ReasonCompleted: the attempt was ended by another report.
	ReasonCompleted Reason = "completed"
	// ReasonCancelled: the run was cancelled.
	ReasonCancelled Reason = "cancelled"
	// ReasonUnknownLease: there is no such lease, or it is not this caller's.
	ReasonUnknownLease Reason = "unknown_lease"
)

// Problem is one place that is wrong with a request or a definition.
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

// Error says that the server answered, and that the answer was no.
type Error struct {
	// Status is the HTTP status; for an answer over gRPC, the one that means the same.
	Status int
	// Code is the server's word for the kind of error, such as "not_found".
	Code string
	// Reason says why a lease was refused; empty when the error is about something else.
	Reason Reason
	// Message is for people.
	Message string
	// Problems holds everything that was wrong with the request, when the server says so place by place.
	Problems []Problem
}

// Error gives the message, and the code and reason in brackets.
func (e *Error) Error() string {
	if e.Reason != "" {
		return fmt.Sprintf("%s (%s, %s)", e.Message, e.Code, e.Reason)
	}
	return fmt.Sprintf("%s (%s)", e.Message, e.Code)
}

// UnreachableError says that there was no answer: the server is away, or something between here and it is. Sending the
// call again may help.
type UnreachableError struct {
	ServerURL string
	// Err is what the network said.
	Err error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no answer from %s: %v", e.ServerURL, e.Err)
}

// Unwrap gives what the network said.
func (e *UnreachableError) Unwrap() error { return e.Err }

// ConfigError names a field of a WorkerConfig or ClientConfig that cannot be as it is.
type ConfigError struct {
	Field   string
	Message string
}

func (e *ConfigError) Error() string { return "workflowgraph: " + e.Field + " " + e.Message }

// RetryableError is what [Retryable] makes: the job failed, and another attempt may help.
type RetryableError struct{ Err error }

func (e *RetryableError) Error() string { return e.Err.Error() }

// Unwrap gives the error that was wrapped.
func (e *RetryableError) Unwrap() error { return e.Err }

// PermanentError is what [Permanent] makes: the job failed, and would fail again.
type PermanentError struct{ Err error }

func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap gives the error that was wrapped.
func (e *PermanentError) Unwrap() error { return e.Err }

// Retryable says, returned from an executor, that another attempt may help. An error that is neither Retryable nor
// Permanent is retryable too; this one says so to readers. An error that has both in its chain is permanent.
func Retryable(err error) error {
	if err == nil {
		return nil
	}
	return &RetryableError{Err: err}
}

// Permanent says, returned from an executor, that the job would fail again: no retry is made, whatever its retry policy
// says.
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
	// ErrLeaseLost: the server says that the lease is gone.
	ErrLeaseLost = errors.New("lease lost")
	// ErrLeaseExpired: the server was not reached for the lease's time to live, so another worker may have the job.
	ErrLeaseExpired = errors.New("lease expired")
	// ErrTimedOut: the job's own timeout is over.
	ErrTimedOut = errors.New("timed out")
	// ErrWorkerStopped: the worker stops, and its drain timeout is over.
	ErrWorkerStopped = errors.New("worker stopped")
)

// isTemporary says whether the same call may succeed later: no answer, an overloaded or starting server, a proxy without
// its server.
func isTemporary(err error) bool {
	if unreachable := (*UnreachableError)(nil); errors.As(err, &unreachable) {
		return true
	}
	status := statusOf(err)
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

// isUnauthorised says whether the server refused the caller itself: no token, a wrong one, or one without the right.
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
