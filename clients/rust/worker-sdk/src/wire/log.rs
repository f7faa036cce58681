use serde::{Deserialize, Serialize};

/// Which of a job's two output streams a chunk came from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    /// The standard output.
    #[default]
    Stdout,
    /// The standard error.
    Stderr,
}

/// A piece of a job's output.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogChunk {
    /// The id of the run.
    pub workflow_id: String,
    /// The job's key.
    pub job_id: String,
    /// Orders the chunks of one attempt over both streams, from 0.
    pub sequence: u64,
    /// Text, not necessarily whole lines.
    pub data: String,
    /// The worker's clock.
    pub timestamp_ms: i64,
    /// Where it came from.
    pub stream: LogStream,
    /// The attempt that wrote it; set by the server.
    #[serde(default, skip_serializing)]
    pub attempt: u32,
    /// So many bytes are missing in place of this chunk, in the middle of a log that was too long; none for any other
    /// chunk.
    #[serde(default, skip_serializing)]
    pub missing_bytes: Option<u64>,
    /// Set on a line that the server wrote itself, such as that the attempt timed out.
    #[serde(default, skip_serializing)]
    pub system_line: Option<u32>,
}

impl LogChunk {
    /// Where the chunk is in its job's log.
    pub fn position(&self) -> String {
        let stream = match (self.system_line, self.stream) {
            (Some(1), _) => "system-first",
            (Some(2), _) => "system-stop",
            (Some(_), _) => "system-end",
            (None, LogStream::Stdout) => "stdout",
            (None, LogStream::Stderr) => "stderr",
        };
        format!("{}.{}.{stream}", self.attempt, self.sequence)
    }
}
