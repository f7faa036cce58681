use std::convert::Infallible;
use std::fs;
use std::future::pending;
use std::io;
use std::process::exit;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Worker;
use crate::error::Error;
use crate::shell::kill_running_jobs;

/// The signals that ask a process to end. A terminal that is closed sends SIGHUP, Ctrl-\ sends SIGQUIT.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    /// None when it was ignored before.
    hangup: Option<Signal>,
    quit: Option<Signal>,
}

#[derive(PartialEq)]
enum Received {
    HangUp,
    Other,
}

impl Signals {
    /// From here on they no longer end the process by themselves.
    pub fn listen() -> Result<Self, Error> {
        let failed = |error: io::Error| Error::Thread(format!("signals cannot be listened to: {error}"));
        let unless_ignored = |kind: SignalKind| match is_ignored(kind) {
            true => Ok(None),
            false => signal(kind).map(Some).map_err(failed),
        };
        Ok(Self {
            hangup: unless_ignored(SignalKind::hangup())?,
            quit: unless_ignored(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
        })
    }

    /// The first signal drains, the second ends the jobs, the third ends this process and with it the jobs by force. A
    /// hang-up counts as the first only.
    pub async fn stop(&mut self, worker: &Worker) -> Infallible {
        self.next().await;
        worker.drain();
        self.next_but_hangup().await;
        worker.terminate();
        self.next_but_hangup().await;
        kill_running_jobs();
        exit(130)
    }

    async fn next_but_hangup(&mut self) {
        while self.next().await == Received::HangUp {}
    }

    async fn next(&mut self) -> Received {
        tokio::select! {
            _ = self.terminate.recv() => Received::Other,
            _ = self.interrupt.recv() => Received::Other,
            () = received(&mut self.quit) => Received::Other,
            () = received(&mut self.hangup) => Received::HangUp,
        }
    }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => pending().await,
    }
}

/// Whether the signal was ignored when this process was started. Linux alone says so without code that is unsafe in Rust.
fn is_ignored(kind: SignalKind) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (kind.as_raw_value() - 1)) != 0)
}
