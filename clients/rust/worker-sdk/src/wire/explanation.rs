use serde::Deserialize;
use serde_json::{Map, Value};

use super::JobStatus;
use super::lenient::or_default;

/// Why a job is in the state that it is in.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct JobExplanation {
    /// The run.
    pub run_id: String,
    /// The definition's id.
    pub workflow: String,
    /// The job's key.
    pub job_id: String,
    /// Its state.
    pub status: JobStatus,
    /// When the server looked.
    pub at_ms: i64,
    /// The main reason first.
    #[serde(deserialize_with = "or_default")]
    pub reasons: Vec<JobReason>,
    /// Oldest first; at most the newest hundred.
    #[serde(deserialize_with = "or_default")]
    pub attempts: Vec<JobAttempt>,
}

/// A reason for the state of a job.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct JobReason {
    /// What kind of reason it is, such as `needs_open`, `no_matching_worker` or `failed`.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// The details, each under the code that it belongs to; those of other codes are null.
    #[serde(flatten)]
    pub details: Map<String, Value>,
}

impl JobReason {
    /// The details of this reason's code; null when it has none.
    pub fn detail(&self) -> &Value {
        self.details.get(&self.code).unwrap_or(&Value::Null)
    }
}

/// One try of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct JobAttempt {
    /// From 0.
    pub attempt: u32,
    /// Who ran it.
    pub worker_id: String,
    /// When it was claimed.
    pub started_at_ms: i64,
    /// When it ended.
    pub ended_at_ms: Option<i64>,
    /// `success`, `failure`, `lease_expired`, `timed_out` or `cancelled`; none while it runs.
    pub outcome: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// So many bytes are missing in the middle of its log, which was too long.
    pub log_missing_bytes: Option<u64>,
    /// The exit code that the worker reported; `None` if it reported none.
    pub exit_code: Option<u8>,
}
