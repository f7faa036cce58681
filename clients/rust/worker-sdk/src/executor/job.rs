use std::ops::{Deref, DerefMut};

use tokio_util::sync::CancellationToken;

use super::LogWriter;
use crate::wire::ClaimedJob;
use crate::worker::StopSignal;

/// One attempt of a job, as an executor gets it.
///
/// The fields of the claimed job are accessible directly: `job.command`, `job.attempt`, `job.inputs`,
/// `job.upstream_outputs.get("build").and_then(|o| o.get("artifact_url"))`.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Job {
    /// The claimed job.
    pub claimed: ClaimedJob,
    /// The worker that runs it.
    pub worker_id: String,
    /// The job's log.
    pub log: LogWriter,
    /// Triggered when the job must stop: it was cancelled, its lease was lost, its timeout passed, or the worker stops.
    /// Blocking code polls `is_cancelled`.
    pub cancellation: CancellationToken,
    pub(crate) stop: StopSignal,
}

impl Job {
    /// Why the job must stop; none otherwise.
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

/// Why a running job was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StopCause {
    /// The job was cancelled.
    Cancelled,
    /// The server reports that the lease is gone.
    Lost,
    /// The lease time passed without a renewal, by this machine's monotonic clock.
    Expired,
    /// The job's `timeout` has passed.
    Timeout,
    /// The worker stops.
    Stopped,
}
