use std::any::Any;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, sleep, timeout};

use super::context::Context;
use super::job_log::JobLog;
use super::leases::HeldLease;
use super::log_sender::LogSender;
use super::report::{AttemptResult, ReportOutcome, Reporter, keep_result};
use crate::executor::{Failure, Job, JobOutput, LogWriter, StopCause};
use crate::wire::{Claim, ClaimedJob};

/// The server stores error texts up to this length.
const ERROR_CHARACTERS_MAX: usize = 4096;
/// An executor that ends processes within the grace may need a little longer to say so.
const LEAVE_BEHIND_AFTER_GRACE: Duration = Duration::from_secs(5);

/// Runs a claimed job beside its lease's heartbeats, sends its log, and reports its end. The slot is taken at once.
pub(super) fn start_attempt(context: &Arc<Context>, claim: Claim) {
    let config = context.config();
    let log = JobLog::new(config.log_batch_bytes, config.unsent_log_bytes_max);
    let lease = Arc::new(HeldLease::new(&claim, log));
    context.leases.add(Arc::clone(&lease));
    context.worker.running.fetch_add(1, Ordering::Relaxed);
    if context.worker.terminating.is_cancelled() {
        lease.stop.stop(StopCause::Stopped, "worker stopped");
    }
    let attempt = Attempt { context: Arc::clone(context), job: claim.job, lease };
    tokio::spawn(attempt.run());
}

/// Gives a job back unrun. If the server cannot be asked, it comes back when its lease ends.
pub(super) async fn give_back(context: Arc<Context>, claim: Claim) {
    if let Err(error) = context.calls.release(&claim.lease.lease_id).await {
        tracing::debug!(job_id = claim.job.job_id, %error, "a job could not be given back");
    }
}

struct Attempt {
    context: Arc<Context>,
    job: ClaimedJob,
    lease: Arc<HeldLease>,
}

/// How an attempt ended on this worker.
#[derive(Debug)]
enum Outcome {
    Success,
    Failure,
    Cancelled,
    Lost,
}

impl Attempt {
    async fn run(self) {
        let started_at = Instant::now();
        let ClaimedJob { workflow_id: run_id, workflow, job_id, attempt, .. } = &self.job;
        tracing::info!(run_id, workflow, job_id, attempt, "job started");
        let sending = tokio::spawn(LogSender::new(Arc::clone(&self.context), Arc::clone(&self.lease)).run());
        let result = self.execute().await;
        self.flush_log(sending).await;
        let mut reporter = Reporter::new(Arc::clone(&self.context), &self.lease.lease_id);
        let outcome = self.report(&mut reporter, &result).await;
        self.lease.log.close();
        self.context.leases.remove(&self.lease);
        reporter.free_slot();
        self.context.worker.running.fetch_sub(1, Ordering::Relaxed);
        let duration_secs = started_at.elapsed().as_secs_f64();
        let error = result.err().map(|failure| failure.error).filter(|_| !matches!(outcome, Outcome::Success));
        tracing::info!(run_id, workflow, job_id, attempt, duration_secs, ?outcome, error, "job ended");
    }

    async fn execute(&self) -> AttemptResult {
        let mut running = self.call_executor();
        let result = tokio::select! {
            result = &mut running.0 => Some(result.unwrap_or_else(|error| Err(executor_crash(error)))),
            () = self.lose_patience() => None,
            () = self.stop_at_timeout() => None,
        };
        let stopped = self.lease.stop.said();
        match (result, stopped) {
            (Some(result), None) => cut_error(result.map(|output| output.outputs)),
            // A job that finishes while its worker stops has finished.
            (Some(Ok(output)), Some((StopCause::Stopped, _))) => Ok(output.outputs),
            (Some(_), Some((_, text))) => cut_error(Err(Failure::retryable(text))),
            (None, stopped) => {
                let grace = self.context.config().grace;
                let (run_id, job_id) = (&self.job.workflow_id, &self.job.job_id);
                tracing::warn!(run_id, job_id, ?grace, "the executor did not end within the grace and was left behind");
                let text = stopped.map_or_else(|| "worker stopped".to_owned(), |(_, text)| text);
                cut_error(Err(Failure::retryable(text)))
            }
        }
    }

    /// On the caller's runtime, not on this thread.
    fn call_executor(&self) -> AbortOnDrop<Result<JobOutput, Failure>> {
        let job = Job {
            claimed: self.job.clone(),
            worker_id: self.context.config().worker_id.clone(),
            log: LogWriter::new(Arc::clone(&self.lease.log)),
            cancellation: self.lease.stop.token().clone(),
            stop: self.lease.stop.clone(),
        };
        let executor = Arc::clone(&self.context.worker.executor);
        AbortOnDrop(self.context.executors.spawn(async move { executor.execute(job).await }))
    }

    /// Returns when the executor has had its time after the stop, if it comes to that.
    async fn lose_patience(&self) {
        self.lease.stop.token().cancelled().await;
        sleep(self.context.config().grace + LEAVE_BEHIND_AFTER_GRACE).await;
    }

    /// Never returns.
    async fn stop_at_timeout(&self) {
        if let Some(secs) = self.job.timeout_secs.filter(|&secs| secs > 0) {
            sleep(Duration::from_secs(secs)).await;
            self.lease.stop.stop(StopCause::Timeout, format!("timed out after {secs} s"));
        }
        pending().await
    }

    async fn flush_log(&self, sending: JoinHandle<()>) {
        self.lease.log.finish();
        let mut sending = AbortOnDrop(sending);
        if timeout(keep_result(self.lease.ttl()), &mut sending.0).await.is_err() {
            tracing::warn!(
                run_id = self.job.workflow_id,
                job_id = self.job.job_id,
                "the end of the log could not be sent"
            );
        }
    }

    async fn report(&self, reporter: &mut Reporter, result: &AttemptResult) -> Outcome {
        match self.lease.stop.cause() {
            Some(StopCause::Cancelled) => return Outcome::Cancelled,
            Some(StopCause::Lost) if result.is_err() => return Outcome::Lost,
            _ => {}
        }
        let ttl = self.lease.ttl();
        let (run_id, job_id) = (&self.job.workflow_id, &self.job.job_id);
        let refusal = match reporter.report(result, ttl).await {
            ReportOutcome::Accepted if result.is_ok() => return Outcome::Success,
            ReportOutcome::Accepted => return Outcome::Failure,
            ReportOutcome::GivenUp { after } => {
                tracing::warn!(run_id, job_id, ?after, "the result could not be reported, given up");
                return Outcome::Lost;
            }
            ReportOutcome::Refused(refusal) => refusal,
        };
        let (status, reason) = (refusal.status, refusal.reason.as_deref());
        tracing::warn!(run_id, job_id, status, reason, message = refusal.message, "the server refused the report");
        match (status, reason) {
            (409, Some("cancelled")) => return Outcome::Cancelled,
            (401 | 403 | 409, _) => return Outcome::Lost,
            _ => {}
        }
        // The lease lives but the report itself cannot be taken, such as outputs that are too large: the job has failed.
        let error = Failure::permanent(format!("the server refused the result: {}", refusal.message));
        match reporter.report(&cut_error(Err(error)), ttl).await {
            ReportOutcome::Accepted => Outcome::Failure,
            ReportOutcome::Refused(_) | ReportOutcome::GivenUp { .. } => Outcome::Lost,
        }
    }
}

/// A task that ends when nobody waits for it any more.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn cut_error(result: AttemptResult) -> AttemptResult {
    result.map_err(|failure| {
        let error = match failure.error.char_indices().nth(ERROR_CHARACTERS_MAX) {
            Some((end, _)) => failure.error[..end].to_owned(),
            None => failure.error,
        };
        Failure { error, ..failure }
    })
}

fn executor_crash(error: JoinError) -> Failure {
    match error.try_into_panic() {
        Ok(panic) => Failure::retryable(format!("the executor panicked: {}", panic_text(panic.as_ref()))),
        Err(_) => Failure::retryable("the executor's runtime has ended"),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "(no text)".into())
}
