use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::WorkerInner;
use super::backoff::Backoff;
use super::presence::Presence;
use super::server_drain::ServerDrain;
use crate::config::WorkerConfig;
use crate::error::Error;
use crate::http::WorkerCalls;

const WORKER_HEARTBEAT: Duration = Duration::from_secs(10);

/// The server as the parts of a worker see it: plain calls, whether it answers, and that it knows the worker.
pub(super) struct ServerLink {
    pub worker: Arc<WorkerInner>,
    pub calls: WorkerCalls,
    pub presence: Presence,
    pub drain: ServerDrain,
}

impl ServerLink {
    pub fn offering(&self) -> &WorkerConfig {
        &self.worker.offering
    }

    /// Makes the worker known, before it takes jobs; a session does so again by itself. A server that is away is waited
    /// for, until the worker drains.
    pub async fn register(&self) -> Result<(), Error> {
        let draining = &self.worker.draining;
        let mut backoff = Backoff::default();
        while !draining.is_cancelled() {
            match draining.run_until_cancelled(self.calls.register(self.offering())).await {
                None => break,
                Some(Ok(())) => {
                    self.presence.back();
                    self.say_registered();
                    draining.run_until_cancelled(self.warn_of_newer_server()).await;
                    break;
                }
                Some(Err(error)) if error.is_temporary() => self.presence.away(&error.cause_text()),
                Some(Err(error)) => return Err(error),
            }
            draining.run_until_cancelled(sleep(backoff.next_delay())).await;
        }
        Ok(())
    }

    /// Says every few seconds that the worker lives, and registers it with a server that does not know it.
    pub async fn say_alive(&self) {
        loop {
            sleep(WORKER_HEARTBEAT).await;
            let said = self.calls.heartbeat_worker(&self.offering().worker_id, WORKER_HEARTBEAT).await;
            match said {
                Ok(answer) => self.drain.heard(&answer),
                // A refusal ends the claims, which meet it too.
                Err(Error::Refused(refusal)) if refusal.status == 404 => drop(self.register().await),
                Err(_) => {}
            }
        }
    }

    fn say_registered(&self) {
        let WorkerConfig { worker_id, labels, slots, .. } = self.offering();
        let server_url = self.calls.server_url();
        self.worker.registered.cancel();
        tracing::info!(worker_id, server_url, labels = labels.join(","), slots, "worker registered");
    }
}
