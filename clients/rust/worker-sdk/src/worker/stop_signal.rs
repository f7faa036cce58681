use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::executor::StopCause;

/// Tells a running job to end, and why. The first cause is the one that counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct StopSignal {
    token: CancellationToken,
    said: Arc<Mutex<Option<(StopCause, String)>>>,
}

impl StopSignal {
    pub fn stop(&self, cause: StopCause, text: impl Into<String>) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none() {
            *said = Some((cause, text.into()));
            drop(said);
            self.token.cancel();
        }
    }

    pub fn cause(&self) -> Option<StopCause> {
        self.said().map(|(cause, _)| cause)
    }

    /// The cause with its text for people.
    pub fn said(&self) -> Option<(StopCause, String)> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn token(&self) -> &CancellationToken {
        &self.token
    }
}
