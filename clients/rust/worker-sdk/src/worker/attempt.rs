use std::any::Any;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, sleep, timeout};

use super::job_log::JobLog;
use super::leases::{HeldLease, Leases};
use super::log_sender::LogSender;
use super::log_stream::LogStreams;
use super::report::{AttemptResult, ReportOutcome, Reporter, keep_result};
use super::server_link::ServerLink;
use super::session::SessionSlot;
use super::{StopOrder, WorkerInner};
use crate::executor::{Failure, Job, JobOutput, LogWriter, StopCause};
use crate::wire::{Claim, ClaimedJob};

/// The server stores error texts up to this length.
const ERROR_CHARACTERS_MAX: usize = 4096;
/// An executor that ends processes within the grace period may need a little longer to return.
const LEAVE_BEHIND_AFTER_GRACE: Duration = Duration::from_secs(5);

/// What the attempts of a worker share.
pub(super) struct Attempts {
    pub link: Arc<ServerLink>,
    pub leases: Arc<Leases>,
    pub session: Arc<SessionSlot>,
    pub log_stream: Arc<LogStreams>,
    /// Where executors run.
    pub executors: Handle,
}

impl Attempts {
    /// Runs a claimed job beside its lease's heartbeats, sends its log, and reports its end. The slot is taken at once.
    pub fn start(self: &Arc<Self>, claim: Claim) {
        let WorkerInner { config, running, terminating, .. } = &*self.link.worker;
        let log = JobLog::new(config.log_batch_bytes, config.unsent_log_bytes_max);
        let lease = Arc::new(HeldLease::new(&claim, log));
        self.leases.add(Arc::clone(&lease));
        running.fetch_add(1, Ordering::Relaxed);
        if terminating.is_cancelled() {
            lease.stop.stop(StopCause::Stopped, "worker stopped", None);
        }
        let attempt = Attempt { shared: Arc::clone(self), job: claim.job, lease };
        tokio::spawn(attempt.run());
    }
}

/// Releases a job that has not run. If the server cannot be asked, it comes back when its lease ends.
pub(super) async fn give_back(link: Arc<ServerLink>, claim: Claim) {
    if let Err(error) = link.calls.release(&claim.lease.lease_id).await {
        tracing::debug!(job_id = claim.job.job_id, %error, "a job could not be released");
    }
}

struct Attempt {
    shared: Arc<Attempts>,
    job: ClaimedJob,
    lease: Arc<HeldLease>,
}

/// How an attempt ended on this worker.
#[derive(Debug)]
enum Outcome {
    Success,
    Failure,
    Cancelled,
    TimedOut,
    Lost,
}

impl Attempt {
    async fn run(self) {
        let started_at = Instant::now();
        let ClaimedJob { workflow_id: run_id, workflow, job_id, attempt, .. } = &self.job;
        tracing::info!(run_id, workflow, job_id, attempt, "job started");
        let Attempts { link, leases, session, log_stream, .. } = &*self.shared;
        let sender = LogSender::new(Arc::clone(link), Arc::clone(log_stream), Arc::clone(&self.lease));
        let sending = tokio::spawn(sender.run());
        let result = self.execute().await;
        self.flush_log(sending).await;
        let mut reporter = Reporter::new(Arc::clone(link), Arc::clone(session), &self.lease.lease_id);
        let outcome = self.report(&mut reporter, &result).await;
        self.lease.log.close();
        leases.remove(&self.lease);
        reporter.free_slot();
        link.worker.running.fetch_sub(1, Ordering::Relaxed);
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
            (Some(_), Some(stopped)) => cut_error(Err(stop_failure(stopped))),
            (None, stopped) => {
                let grace = self.shared.link.offering().grace;
                let (run_id, job_id) = (&self.job.workflow_id, &self.job.job_id);
                tracing::warn!(run_id, job_id, ?grace, "the executor did not end within the grace and was left behind");
                let stopped = stopped.unwrap_or_else(|| (StopCause::Stopped, "worker stopped".to_owned()));
                cut_error(Err(stop_failure(stopped)))
            }
        }
    }

    /// On the caller's runtime, not on this thread.
    fn call_executor(&self) -> AbortOnDrop<Result<JobOutput, Failure>> {
        let job = Job {
            claimed: self.job.clone(),
            worker_id: self.shared.link.offering().worker_id.clone(),
            log: LogWriter::new(Arc::clone(&self.lease.log)),
            cancellation: self.lease.stop.token().clone(),
            stop: self.lease.stop.clone(),
        };
        let executor = Arc::clone(&self.shared.link.worker.executor);
        AbortOnDrop(self.shared.executors.spawn(async move { executor.execute(job).await }))
    }

    /// Returns when the executor has had its time after the stop, if it comes to that.
    async fn lose_patience(&self) {
        self.lease.stop.token().cancelled().await;
        sleep(self.shared.link.offering().grace + LEAVE_BEHIND_AFTER_GRACE).await;
    }

    /// Never returns.
    async fn stop_at_timeout(&self) {
        if let Some(secs) = self.job.timeout_secs.filter(|&secs| secs > 0) {
            sleep(Duration::from_secs(secs)).await;
            // The server says so as well, unless it is unavailable.
            self.lease.ordered_to_stop(StopOrder { cause: StopCause::Timeout, within: None });
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

    /// Sends the result to the server. The server refuses that of a cancelled job, but it confirms that the
    /// job's processes are gone.
    async fn report(&self, reporter: &mut Reporter, result: &AttemptResult) -> Outcome {
        let cause = self.lease.stop.cause();
        if self.lease.is_lost() && result.is_err() {
            return self.outcome_without_report(cause);
        }
        let ttl = self.lease.ttl();
        let (run_id, job_id) = (&self.job.workflow_id, &self.job.job_id);
        let refusal = match reporter.report(result, ttl).await {
            ReportOutcome::Accepted if cause == Some(StopCause::Timeout) => return Outcome::TimedOut,
            ReportOutcome::Accepted if result.is_ok() => return Outcome::Success,
            ReportOutcome::Accepted => return Outcome::Failure,
            ReportOutcome::GivenUp { after } => {
                tracing::warn!(run_id, job_id, ?after, "the result could not be reported, given up");
                return Outcome::Lost;
            }
            ReportOutcome::Refused(refusal) => refusal,
        };
        let (status, reason) = (refusal.status, refusal.reason.as_deref());
        if status == 409 && matches!(cause, Some(StopCause::Cancelled | StopCause::Timeout)) {
            let is_cancelled = reason == Some("cancelled");
            return self.outcome_without_report(if is_cancelled { Some(StopCause::Cancelled) } else { cause });
        }
        tracing::warn!(run_id, job_id, status, reason, message = refusal.message, "the server refused the report");
        match (status, reason) {
            (409, Some("cancelled")) => return Outcome::Cancelled,
            (401 | 403 | 409, _) => return Outcome::Lost,
            _ => {}
        }
        // The lease is valid but the report is not, for example because its outputs are too large:
        // the job fails.
        let error = Failure::permanent(format!("the server refused the result: {}", refusal.message));
        match reporter.report(&cut_error(Err(error)), ttl).await {
            ReportOutcome::Accepted => Outcome::Failure,
            ReportOutcome::Refused(_) | ReportOutcome::GivenUp { .. } => Outcome::Lost,
        }
    }

    /// What became of an attempt whose report the server does not take any more.
    fn outcome_without_report(&self, cause: Option<StopCause>) -> Outcome {
        let (run_id, job_id) = (&self.job.workflow_id, &self.job.job_id);
        match cause {
            Some(StopCause::Timeout) => {
                tracing::warn!(run_id, job_id, "the job did not end within the server's grace after its timeout");
                Outcome::TimedOut
            }
            Some(StopCause::Cancelled) => Outcome::Cancelled,
            _ => Outcome::Lost,
        }
    }
}

/// The result of a stopped job.
fn stop_failure((cause, text): (StopCause, String)) -> Failure {
    match cause {
        StopCause::Cancelled => Failure::permanent(text),
        _ => Failure::retryable(text),
    }
}

/// A task that ends when it is no longer awaited.
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
