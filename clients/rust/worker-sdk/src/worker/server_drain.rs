use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use super::job_source::JobSource;
use crate::http::Renewal;

/// The server gives this worker no jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Drain {
    /// The worker stops when it runs no job.
    pub stop: bool,
}

/// The server's drain of a worker, as it was last reported.
#[derive(Default)]
pub(super) struct ServerDrain {
    state: watch::Sender<Option<Drain>>,
    has_session: AtomicBool,
}

impl ServerDrain {
    /// The worker is draining, or not: `None`.
    pub fn report(&self, drain: Option<Drain>) {
        let is_new = self.state.send_if_modified(|held| std::mem::replace(held, drain) != drain);
        match drain {
            _ if !is_new => {}
            None => tracing::warn!("the drain of this worker was undone: it gets jobs again"),
            Some(Drain { stop: true }) => {
                tracing::warn!("the server drains this worker: it gets no jobs, and stops when no job is running");
            }
            Some(Drain { stop: false }) => {
                tracing::warn!("the server drains this worker: it gets no jobs until the drain is undone");
            }
        }
    }

    /// What a response to a heartbeat says. A session reports each change itself, and a response that was sent before
    /// the change may arrive after it.
    pub fn heard(&self, renewal: &Renewal) {
        if !self.has_session.load(Ordering::Relaxed) {
            self.report(renewal.drain.then_some(Drain { stop: renewal.drain_stop }));
        }
    }

    /// A session begins with the worker's drain, if there is one.
    pub fn session_begins(&self) {
        self.has_session.store(true, Ordering::Relaxed);
        self.state.send_replace(None);
    }

    pub fn session_ended(&self) {
        self.has_session.store(false, Ordering::Relaxed);
    }
}

/// Stops the worker when the server drains it with `stop` and no job is running.
pub(super) async fn stop_when_drained(source: &JobSource) {
    let mut state = source.link().drain.state.subscribe();
    loop {
        if state.wait_for(is_to_stop).await.is_err() {
            return;
        }
        tokio::select! {
            () = source.attempts.leases.emptied() => {}
            _ = state.changed() => continue,
        }
        if is_to_stop(&state.borrow()) {
            return source.link().worker.draining.cancel();
        }
    }
}

fn is_to_stop(drain: &Option<Drain>) -> bool {
    drain.is_some_and(|drain| drain.stop)
}
