use std::sync::Arc;

use crate::wire::LogStream;
use crate::worker::JobLog;

/// Takes a job's output, from any thread. Clones write to the same log.
#[derive(Debug, Clone)]
pub struct LogWriter {
    log: Arc<JobLog>,
}

impl LogWriter {
    pub(crate) fn new(log: Arc<JobLog>) -> Self {
        Self { log }
    }

    /// Writes to the job's standard output. It is done at once while the worker keeps up with the server, else when
    /// there is room again, so that memory stays bounded.
    pub async fn stdout(&self, text: impl AsRef<str>) {
        self.write(LogStream::Stdout, text.as_ref()).await;
    }

    /// The same for the job's standard error.
    pub async fn stderr(&self, text: impl AsRef<str>) {
        self.write(LogStream::Stderr, text.as_ref()).await;
    }

    /// Writes without waiting, whether or not there is room.
    pub fn write_now(&self, stream: LogStream, text: &str) {
        self.log.append(stream, text);
    }

    /// Whether there is no room now.
    pub fn is_full(&self) -> bool {
        self.log.is_full()
    }

    /// Returns when there is room.
    pub async fn room(&self) {
        self.log.room().await;
    }

    async fn write(&self, stream: LogStream, text: &str) {
        self.log.append(stream, text);
        self.log.room().await;
    }
}
