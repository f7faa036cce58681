use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{JobLog, StopOrder, StopSignal, positive_duration};
use crate::executor::StopCause;
use crate::wire::Claim;

/// The leases that a worker holds, by id.
#[derive(Default)]
pub(super) struct Leases {
    held: Mutex<HashMap<String, Arc<HeldLease>>>,
    /// One was added.
    pub added: Notify,
    /// One was removed.
    pub removed: Notify,
}

/// A lease, and the job that runs under it.
pub(super) struct HeldLease {
    pub lease_id: String,
    pub run_id: String,
    pub job_id: String,
    pub stop: StopSignal,
    pub log: Arc<JobLog>,
    /// Triggered when the lease is no longer held.
    pub released: CancellationToken,
    /// How long the server waits for the report of a job that is to end, as the claim said.
    stop_grace: Option<Duration>,
    timeout_secs: Option<u64>,
    life: Mutex<Life>,
}

#[derive(Clone, Copy)]
struct Life {
    ttl: Duration,
    /// When the renewal that the server answered last was *sent*: it may have been the last that the server saw.
    renewed_at: Instant,
    is_stopped: bool,
}

impl HeldLease {
    pub fn new(claim: &Claim, log: JobLog) -> Self {
        let ttl = Duration::from_secs(claim.lease.ttl_secs.max(1));
        Self {
            lease_id: claim.lease.lease_id.clone(),
            run_id: claim.job.workflow_id.clone(),
            job_id: claim.job.job_id.clone(),
            stop: StopSignal::default(),
            log: Arc::new(log),
            released: CancellationToken::new(),
            stop_grace: positive_duration(claim.lease.stop_grace_secs),
            timeout_secs: claim.job.timeout_secs.filter(|&secs| secs > 0),
            life: Mutex::new(Life { ttl, renewed_at: Instant::now(), is_stopped: false }),
        }
    }

    pub fn ttl(&self) -> Duration {
        self.life().ttl
    }

    /// When the lease is over unless it is renewed.
    pub fn deadline(&self) -> Instant {
        let life = self.life();
        life.renewed_at + life.ttl
    }

    pub fn renewed_at(&self) -> Instant {
        self.life().renewed_at
    }

    /// How often to renew: the configured interval, and at least three times within the time to live.
    pub fn interval(&self, configured: Duration) -> Duration {
        configured.min(self.ttl() / 3)
    }

    /// The server, or the job's timeout, has said that the job is to end.
    pub fn is_stopped(&self) -> bool {
        self.life().is_stopped
    }

    /// The server reports that the lease is gone.
    pub fn is_lost(&self) -> bool {
        self.released.is_cancelled()
    }

    /// A renewal that was sent at this time was answered.
    pub fn renewed(&self, sent_at: Instant, ttl: Option<Duration>) {
        let mut life = self.life();
        life.renewed_at = sent_at;
        if let Some(ttl) = ttl.filter(|ttl| !ttl.is_zero()) {
            life.ttl = ttl;
        }
    }

    /// The job is to end. The lease is kept, for the log and the report.
    pub fn ordered_to_stop(&self, order: StopOrder) {
        self.life().is_stopped = true;
        let text = match (order.cause, self.timeout_secs) {
            (StopCause::Timeout, Some(secs)) => format!("timed out after {secs} s"),
            (StopCause::Timeout, None) => "timed out".into(),
            _ => "cancelled".into(),
        };
        if self.stop.stop(order.cause, text.clone(), order.within.or(self.stop_grace)) {
            let (run_id, job_id) = (&self.run_id, &self.job_id);
            tracing::info!(run_id, job_id, reason = text, "ending the job");
        }
    }

    /// The server reports that the lease is gone.
    pub fn lost(&self, reason: Option<&str>, message: &str) {
        if reason == Some("cancelled") {
            return self.ordered_to_stop(StopOrder::CANCELLED);
        }
        let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
        self.log.close();
        self.released.cancel();
        self.stop.stop(StopCause::Lost, format!("lease lost: {message}{reason}"), None);
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leases {
    pub fn add(&self, lease: Arc<HeldLease>) {
        self.held().insert(lease.lease_id.clone(), lease);
        self.added.notify_waiters();
    }

    pub fn remove(&self, lease: &HeldLease) {
        lease.released.cancel();
        self.held().remove(&lease.lease_id);
        self.removed.notify_waiters();
    }

    /// Returns when none is held.
    pub async fn emptied(&self) {
        loop {
            let removed = self.removed.notified();
            tokio::pin!(removed);
            removed.as_mut().enable();
            if self.len() == 0 {
                return;
            }
            removed.await;
        }
    }

    pub fn get(&self, lease_id: &str) -> Option<Arc<HeldLease>> {
        self.held().get(lease_id).cloned()
    }

    /// Those that are still to be renewed.
    pub fn renewable(&self) -> Vec<Arc<HeldLease>> {
        self.held().values().filter(|lease| !lease.released.is_cancelled()).cloned().collect()
    }

    pub fn all(&self) -> Vec<Arc<HeldLease>> {
        self.held().values().cloned().collect()
    }

    pub fn len(&self) -> usize {
        self.held().len()
    }

    fn held(&self) -> MutexGuard<'_, HashMap<String, Arc<HeldLease>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
