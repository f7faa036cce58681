use std::ops::{Deref, DerefMut};

use tokio_util::sync::CancellationToken;

use super::LogWriter;
use crate::wire::ClaimedJob;
use crate::worker::StopSignal;

/// One attempt of a job, as an executor gets it.
///
/// What the server says of the job is reached directly: `job.command`, `job.attempt`, `job.inputs`,
/// `job.upstream_outputs.get("build").and_then(|o| o.get("artifact_url"))`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Job {
    /// What the server says of the job.
    pub claimed: ClaimedJob,
    /// The worker that runs it.
    pub worker_id: String,
    /// The job's log.
    pub log: LogWriter,
    /// Triggered when the job has to end: it was cancelled, its lease is gone, its time is up, or the worker stops. Code
    /// that blocks its thread sees it by `is_cancelled`.
    pub cancellation: CancellationToken,
    pub(crate) stop: StopSignal,
}

impl Job {
    /// Why the job has to end; none while it may go on.
    pub fn stop_cause(&self) -> Option<StopCause> {
        self.stop.cause()
    }
}

impl Deref for Job {
    type Target = ClaimedJob;

    fn deref(&self) -> &ClaimedJob {
        &self.claimed
    }
}

impl DerefMut for Job {
    fn deref_mut(&mut self) -> &mut ClaimedJob {
        &mut self.claimed
    }
}

/// Why a running job was ended from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopCause {
    /// The job was cancelled.
    Cancelled,
    /// The server says that the lease is gone.
    Lost,
    /// The lease's time to live passed without a renewal, by this machine's monotonic clock.
    Expired,
    /// The job's `timeout` is over.
    Timeout,
    /// The worker stops.
    Stopped,
}
