use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::attempt::Attempts;
use super::server_link::ServerLink;
use crate::grpc::Channel;

/// What both ways to get jobs take: the session, and claims by plain calls.
pub(super) struct JobSource {
    /// What becomes of the jobs.
    pub attempts: Arc<Attempts>,
    pub channel: Channel,
    /// No new jobs: the worker drains, or its claims were refused for good.
    pub no_more_jobs: CancellationToken,
    /// The last job has ended.
    pub finished: CancellationToken,
}

impl JobSource {
    pub fn link(&self) -> &Arc<ServerLink> {
        &self.attempts.link
    }

    pub fn free_slots(&self) -> usize {
        self.link().offering().slots.saturating_sub(self.attempts.leases.len())
    }
}
