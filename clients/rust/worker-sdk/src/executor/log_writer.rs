use std::sync::Arc;

use crate::wire::LogStream;
use crate::worker::JobLog;

/// Writes a job's output, from any thread. Clones write to the same log.
#[derive(Debug, Clone)]
pub struct LogWriter {
    log: Arc<JobLog>,
}

impl LogWriter {
    pub(crate) fn new(log: Arc<JobLog>) -> Self {
        Self { log }
    }

    /// Writes to the job's standard output. It completes at once while there is room in the buffer, and otherwise when
    /// there is room again, so memory stays bounded.
    pub async fn stdout(&self, text: impl AsRef<str>) {
        self.write(LogStream::Stdout, text.as_ref()).await;
    }

    /// The same for the job's standard error.
    pub async fn stderr(&self, text: impl AsRef<str>) {
        self.write(LogStream::Stderr, text.as_ref()).await;
    }

    /// Writes without waiting, even if the buffer is full.
    pub fn write_now(&self, stream: LogStream, text: &str) {
        self.log.append(stream, text);
    }

    /// Whether the buffer is full.
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
