package workflowgraph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"
)

// leaveBehindAfterGrace: an executor that ends processes within the grace period may need a little longer to return.
const leaveBehindAfterGrace = 5 * time.Second

// The outcomes of an attempt on this worker. An attempt whose lease was lost reports nothing.
const (
	outcomeSuccess   = "success"
	outcomeFailure   = "failure"
	outcomeCancelled = "cancelled"
	outcomeTimedOut  = "timed_out"
	outcomeLost      = "lost"
)

// attempt is one attempt on this worker: it runs the executor, renews the lease, sends the log, and reports the result.
type attempt struct {
	job    *Job
	lease  lease
	worker *Worker
	logger *slog.Logger

	ctx context.Context
	// stop stops the job. The first cause takes precedence.
	stop context.CancelCauseFunc

	mutex    sync.Mutex
	isLost   bool
	lossText string
}

func newAttempt(worker *Worker, claimed claim) *attempt {
	job := claimed.job
	job.WorkerID = worker.config.WorkerID
	a := &attempt{
		job:    job,
		lease:  claimed.lease,
		worker: worker,
		logger: worker.config.Logger.With("run", job.RunID, "workflow", job.Workflow, "job", job.ID, "attempt", job.Attempt),
	}
	a.ctx, a.stop = context.WithCancelCause(worker.jobContext)
	sender := &logSender{api: worker.api, stream: worker.logs, lease: claimed.lease}
	job.log = newJobLog(jobLogConfig{
		batchWait:      worker.config.LogBatchInterval,
		batchBytes:     worker.config.LogBatchBytes,
		unsentBytesMax: worker.config.UnsentLogBytes,
		refusedMax:     claimed.lease.ttl,
		push:           sender.push,
		away:           worker.presence.away,
		sent:           worker.presence.back,
		dropped: func(bytes int, err error) {
			a.logger.Warn("a part of the log was dropped", "bytes", bytes, "error", err)
		},
	})
	return a
}

// leaseLost, leaseExpired and leaseStopped are called by the heartbeats.
func (a *attempt) leaseLost(reason Reason, message string) {
	a.mutex.Lock()
	a.isLost = true
	a.lossText = message
	if reason != "" {
		a.lossText = fmt.Sprintf("%s (%s)", message, reason)
	}
	a.mutex.Unlock()
	a.job.log.close()
	a.stop(ErrLeaseLost)
}

func (a *attempt) leaseExpired() { a.stop(ErrLeaseExpired) }

func (a *attempt) leaseStopped(order stopOrder) {
	if order.within <= 0 {
		order.within = a.lease.stopGrace
	}
	if a.ctx.Err() == nil {
		a.logger.Info("ending the job: " + a.textOf(order.cause))
	}
	a.stop(order)
}

// run returns when the server has accepted or refused the result, or the worker gives up on it.
func (a *attempt) run() {
	startedAt := time.Now()
	a.logger.Info("job started")
	a.worker.heartbeats.watch(a.lease, a)
	if secs := a.job.TimeoutSecs; secs != nil && *secs > 0 {
		// The server says so as well, unless it is unavailable.
		timeout := time.AfterFunc(seconds(*secs), func() { a.leaseStopped(stopOrder{cause: ErrTimedOut}) })
		defer timeout.Stop()
	}
	ended := a.execute()
	kept, cancel := context.WithTimeout(a.worker.reports, keepResult(a.lease.ttl))
	defer cancel()
	a.job.log.flush(kept)
	outcome := a.report(kept, ended)
	a.worker.heartbeats.forget(a.lease.id)
	a.job.log.close()
	a.stop(nil)
	attributes := []any{"outcome", outcome, "duration", time.Since(startedAt).Round(time.Millisecond)}
	if ended.failure != nil && outcome != outcomeSuccess {
		attributes = append(attributes, "error", ended.failure.Error, "retryable", ended.failure.Retryable)
	}
	a.logger.Info("job ended", attributes...)
}

// execute waits for the executor, or for the end of its grace period.
func (a *attempt) execute() result {
	ended := make(chan result, 1)
	go func() { ended <- a.callExecutor() }()
	select {
	case result := <-ended:
		return a.judge(result)
	case <-a.ctx.Done():
	}
	patience := time.NewTimer(max(0, a.worker.config.Grace) + leaveBehindAfterGrace)
	defer patience.Stop()
	select {
	case result := <-ended:
		return a.judge(result)
	case <-patience.C:
		a.logger.Warn("the executor did not end after its context and was left behind", "grace", a.worker.config.Grace)
		return a.stoppedResult()
	}
}

// judge: the result of an executor after a stop does not count; but a job that finishes while its worker stops counts
// as finished.
func (a *attempt) judge(ended result) result {
	cause := context.Cause(a.ctx)
	if cause == nil || ended.failure == nil && errors.Is(cause, ErrWorkerStopped) {
		return ended
	}
	return a.stoppedResult()
}

// stoppedResult is the result of a stopped job.
func (a *attempt) stoppedResult() result {
	cause := context.Cause(a.ctx)
	return failed(a.textOf(cause), !errors.Is(cause, ErrCancelled))
}

func (a *attempt) callExecutor() (ended result) {
	returned := false
	defer func() {
		if panicked := recover(); panicked != nil {
			a.logger.Error("the executor panicked", "panic", panicked, "stack", string(debug.Stack()))
			ended = failed(fmt.Sprintf("panic: %v", panicked), true)
		} else if !returned {
			// runtime.Goexit, as testing's FailNow does.
			ended = failed("the executor ended its goroutine", true)
		}
	}()
	outputs, err := a.worker.config.Executor.Execute(a.ctx, a.job)
	returned = true
	if err != nil {
		return failedWith(err)
	}
	return success(outputs)
}

// report sends the result to the server. The server refuses the report of a cancelled job, but it confirms that the
// job's processes are gone.
func (a *attempt) report(ctx context.Context, ended result) string {
	cause := context.Cause(a.ctx)
	isCancelled, isTimedOut := errors.Is(cause, ErrCancelled), errors.Is(cause, ErrTimedOut)
	if a.wasLost() && ended.failure != nil {
		return a.lostOutcome(isCancelled, isTimedOut)
	}
	began := time.Now()
	err := a.worker.reporter.report(ctx, a.lease, ended)
	refusal := (*Error)(nil)
	switch {
	case err == nil && isTimedOut:
		return outcomeTimedOut
	case err == nil:
		return ended.outcome()
	case !errors.As(err, &refusal):
		a.logger.Error("the result could not be reported", "given_up_after", time.Since(began).Round(time.Millisecond))
		return outcomeLost
	case refusal.Status == http.StatusConflict && (isCancelled || isTimedOut):
		return a.lostOutcome(isCancelled, isTimedOut && refusal.Reason != ReasonCancelled)
	}
	a.logger.Warn("the server refused the result", "error", refusal)
	if refusal.Status == http.StatusConflict {
		if refusal.Reason == ReasonCancelled {
			return outcomeCancelled
		}
		return outcomeLost
	}
	if isUnauthorised(refusal) {
		return outcomeLost
	}
	// The lease lives but the result is invalid, for example because its outputs are too large: the job fails.
	again := failed("the server refused the result: "+refusal.Message, false)
	if a.worker.reporter.report(ctx, a.lease, again) != nil {
		return outcomeLost
	}
	return outcomeFailure
}

// lostOutcome is the outcome of an attempt whose report the server no longer accepts.
func (a *attempt) lostOutcome(isCancelled, isTimedOut bool) string {
	switch {
	case isTimedOut:
		a.logger.Warn("the job did not end within the server's grace after its timeout", "grace", a.lease.stopGrace)
		return outcomeTimedOut
	case isCancelled:
		return outcomeCancelled
	}
	return outcomeLost
}

func (a *attempt) wasLost() bool {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.isLost
}

func (a *attempt) textOf(cause error) string {
	switch {
	case errors.Is(cause, ErrLeaseLost):
		a.mutex.Lock()
		defer a.mutex.Unlock()
		return "lease lost: " + a.lossText
	case errors.Is(cause, ErrLeaseExpired):
		return fmt.Sprintf("lease expired: the server was not reached for %d s", a.lease.ttl/time.Second)
	case errors.Is(cause, ErrTimedOut) && a.job.TimeoutSecs != nil:
		return fmt.Sprintf("timed out after %d s", *a.job.TimeoutSecs)
	}
	return cause.Error()
}
