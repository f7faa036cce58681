use std::sync::Arc;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::WorkerInner;
use super::leases::Leases;
use super::log_stream::LogStreams;
use super::presence::Presence;
use super::session::SessionSlot;
use crate::config::WorkerConfig;
use crate::grpc::Channel;
use crate::http::WorkerCalls;

/// What the parts of one running worker share.
pub(super) struct Context {
    pub worker: Arc<WorkerInner>,
    pub calls: WorkerCalls,
    /// For jobs and logs.
    pub channel: Channel,
    /// Heartbeats have a connection of their own, so that nothing else can hold them up.
    pub heartbeat_channel: Channel,
    pub presence: Presence,
    pub leases: Leases,
    pub session: SessionSlot,
    pub log_stream: LogStreams,
    /// Where executors run.
    pub executors: Handle,
    /// No new jobs: the worker drains, or its claims were refused for good.
    pub no_more_jobs: CancellationToken,
    /// Streams cannot be had, or are not wanted.
    pub no_streams: CancellationToken,
    /// The last job has ended.
    pub finished: CancellationToken,
}

impl Context {
    pub fn config(&self) -> &WorkerConfig {
        &self.worker.config
    }

    pub fn free_slots(&self) -> usize {
        self.config().slots.saturating_sub(self.leases.len())
    }
}
