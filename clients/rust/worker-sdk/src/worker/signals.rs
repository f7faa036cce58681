use std::convert::Infallible;
use std::io;
use std::process::exit;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Worker;
use crate::error::Error;
use crate::shell::kill_running_jobs;

/// The signals that ask a process to end.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From here on they no longer end the process by themselves.
    pub fn listen() -> Result<Self, Error> {
        let failed = |error: io::Error| Error::Thread(format!("signals cannot be listened to: {error}"));
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        Ok(Self { terminate, interrupt })
    }

    /// The first signal drains, the second ends the jobs, the third ends this process and with it the jobs by force.
    pub async fn stop(&mut self, worker: &Worker) -> Infallible {
        self.next().await;
        worker.drain();
        self.next().await;
        worker.terminate();
        self.next().await;
        kill_running_jobs();
        exit(130)
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
