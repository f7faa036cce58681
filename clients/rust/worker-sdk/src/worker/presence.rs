use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Tracks whether the server is reachable, and logs each change once, whichever loop of the worker detects it.
#[derive(Debug)]
pub(super) struct Presence {
    server_url: String,
    away_since: Mutex<Option<Instant>>,
}

impl Presence {
    pub fn new(server_url: &str) -> Self {
        Self { server_url: server_url.into(), away_since: Mutex::default() }
    }

    pub fn away(&self, cause: &str) {
        let mut away_since = self.away_since.lock().unwrap_or_else(PoisonError::into_inner);
        if away_since.is_none() {
            *away_since = Some(Instant::now());
            tracing::warn!(server_url = self.server_url, cause, "server is away, retrying");
        }
    }

    pub fn back(&self) {
        let away_since = self.away_since.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(since) = away_since {
            let away_secs = since.elapsed().as_secs_f64();
            tracing::info!(server_url = self.server_url, away_secs, "server is back");
        }
    }
}
