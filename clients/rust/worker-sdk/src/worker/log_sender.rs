use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::backoff::Backoff;
use super::job_log::{JobLog, LogWork, Piece};
use super::leases::HeldLease;
use super::log_stream::LogStreams;
use super::server_link::ServerLink;
use crate::error::Error;
use crate::wire::LogChunk;

/// Sends a job's log in batches by time and size, one call at a time, until it is finished or closed. What cannot be
/// sent is kept and sent again until the lease is gone.
pub(super) struct LogSender {
    link: Arc<ServerLink>,
    stream: Arc<LogStreams>,
    lease: Arc<HeldLease>,
    sequence: u64,
    /// The log has a gap, which the stream's acknowledgements cannot express.
    has_gap: bool,
}

impl LogSender {
    pub fn new(link: Arc<ServerLink>, stream: Arc<LogStreams>, lease: Arc<HeldLease>) -> Self {
        Self { link, stream, lease, sequence: 0, has_gap: false }
    }

    /// Returns when all that was written is with the server, after the log was finished.
    pub async fn run(mut self) {
        let log = Arc::clone(&self.lease.log);
        loop {
            match log.work() {
                LogWork::Done => return,
                LogWork::Nothing => log.grown.notified().await,
                LogWork::Some => {
                    wait_for_batch(&log, self.link.offering().log_batch_interval).await;
                    self.send_batch(&log).await;
                }
                LogWork::Batch => self.send_batch(&log).await,
            }
        }
    }

    async fn send_batch(&mut self, log: &JobLog) {
        let pieces = log.take_batch();
        if pieces.is_empty() {
            return;
        }
        let bytes = pieces.iter().map(|piece| piece.data.len()).sum();
        let chunks: Vec<LogChunk> = pieces.into_iter().map(|piece| self.chunk(piece)).collect();
        self.push(&chunks).await;
        log.settled(bytes);
    }

    fn chunk(&mut self, piece: Piece) -> LogChunk {
        let sequence = self.sequence;
        self.sequence += 1;
        LogChunk {
            workflow_id: self.lease.run_id.clone(),
            job_id: self.lease.job_id.clone(),
            sequence,
            data: piece.data,
            timestamp_ms: piece.timestamp_ms,
            stream: piece.stream,
            ..LogChunk::default()
        }
    }

    async fn push(&mut self, chunks: &[LogChunk]) {
        let mut backoff = Backoff::default();
        let began_at = Instant::now();
        while !self.lease.log.is_closed() {
            let error = match self.push_once(chunks).await {
                Ok(()) => return self.link.presence.back(),
                Err(error) => error,
            };
            if error.server_error().is_some_and(|refusal| refusal.status == 409) {
                return self.lease.log.close();
            }
            if !error.is_temporary() && !error.is_unauthorised() {
                return Box::pin(self.push_in_halves(chunks, &error)).await;
            }
            if error.is_unauthorised() && began_at.elapsed() >= self.lease.ttl() {
                let (run_id, job_id) = (&self.lease.run_id, &self.lease.job_id);
                tracing::warn!(run_id, job_id, %error, "output was dropped, the server refuses this worker");
                return self.lease.log.close();
            }
            self.link.presence.away(&error.cause_text());
            tokio::time::sleep(backoff.next_delay()).await;
        }
    }

    async fn push_once(&mut self, chunks: &[LogChunk]) -> Result<(), Error> {
        if !self.has_gap {
            match self.stream.push(&self.lease.lease_id, chunks).await {
                Some(result) => return result,
                // There is no stream, or it broke: the plain call says what is wrong, if anything is.
                None => tracing::trace!("log batch goes without the stream"),
            }
        }
        self.link.calls.push_logs(&self.lease.lease_id, chunks).await
    }

    /// A refused batch may be too large, or hold one chunk that the server cannot take: the others still go.
    async fn push_in_halves(&mut self, chunks: &[LogChunk], error: &Error) {
        self.has_gap = true;
        if let [chunk] = chunks {
            let bytes = chunk.data.len();
            let (run_id, job_id) = (&self.lease.run_id, &self.lease.job_id);
            return tracing::warn!(run_id, job_id, bytes, %error, "output was dropped, the server does not take it");
        }
        let (first, second) = chunks.split_at(chunks.len().div_ceil(2));
        self.push(first).await;
        self.push(second).await;
    }
}

/// Returns when a whole batch waits, or the time for it is up.
async fn wait_for_batch(log: &JobLog, interval: Duration) {
    let full = async {
        while log.work() == LogWork::Some {
            log.grown.notified().await;
        }
    };
    // Whether it is full or the time is up, what there is goes out.
    drop(tokio::time::timeout(interval, full).await);
}
