use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Outputs;
use super::lenient::{or_default, unless_zero};

/// A job and the right to report on it.
#[derive(Debug, Clone, Deserialize)]
pub struct Claim {
    /// What to do.
    pub job: ClaimedJob,
    /// The right to report on it.
    pub lease: Lease,
}

/// A job as it is handed to a worker.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClaimedJob {
    /// The job's key in its workflow.
    pub job_id: String,
    /// The id of the run.
    pub workflow_id: String,
    /// A POSIX shell script, to be run with `sh -c`.
    pub command: String,
    /// The labels that a worker needs for it.
    #[serde(default, deserialize_with = "or_default")]
    pub required_labels: Vec<String>,
    /// How often and when a failed attempt is tried again.
    #[serde(default, deserialize_with = "or_default")]
    pub retry_policy: RetryPolicy,
    /// The number of this attempt, from 0.
    #[serde(default, deserialize_with = "or_default")]
    pub attempt: u32,
    /// The outputs of each job that this one needs, by job id.
    #[serde(default, deserialize_with = "or_default")]
    pub upstream_outputs: HashMap<String, Outputs>,
    /// When the job last became claimable.
    #[serde(default, deserialize_with = "or_default")]
    pub enqueued_at_ms: i64,
    /// Until when the job's last retry was delayed; none when it was not.
    #[serde(default, deserialize_with = "unless_zero")]
    pub delayed_until_ms: Option<i64>,
    /// The id of the workflow's definition.
    #[serde(default, deserialize_with = "or_default")]
    pub workflow: String,
    /// The job's display name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The attempt may take this many seconds; without limit when absent.
    #[serde(default, deserialize_with = "or_default")]
    pub timeout_secs: Option<u64>,
    /// The definition's `env` for this job. `command` sets it already.
    #[serde(default, deserialize_with = "or_default")]
    pub env: HashMap<String, String>,
    /// The job's steps, for display: `command` runs them all.
    #[serde(default, deserialize_with = "or_default")]
    pub steps: Vec<Step>,
    /// The inputs that the run was started with.
    #[serde(default, deserialize_with = "or_default")]
    pub inputs: HashMap<String, String>,
    /// Higher ones are handed out first.
    #[serde(default, deserialize_with = "or_default")]
    pub priority: i32,
    /// Whatever the definition says under the job's `metadata`.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Map<String, Value>,
    /// How each job that this one needs has ended, by job id; empty from an older server.
    #[serde(default, deserialize_with = "or_default")]
    pub needs: HashMap<String, NeedResult>,
    /// Of a child of a job with a matrix, whose id is `test.3`: the key of that job; none for any other job.
    #[serde(default, deserialize_with = "or_default")]
    pub group: Option<String>,
    /// The child's index, from 0.
    #[serde(default, deserialize_with = "or_default")]
    pub index: Option<u32>,
    /// The child's values as a JSON object. `env` has them as `MATRIX_<KEY>`.
    #[serde(default, deserialize_with = "or_default")]
    pub matrix_json: Option<String>,
}

/// How a job that another one needs has ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct NeedResult {
    /// `success`, `failure`, `skipped` or `cancelled`.
    pub result: String,
    /// Whether it failed, and that counts as success.
    pub tolerated: bool,
    /// Of one that failed, the beginning of its error text.
    pub error: Option<String>,
    /// The number of its last attempt, from 0.
    pub attempt: u32,
    /// How long that took, in whole seconds; none when there was none.
    pub duration_secs: Option<u64>,
}

/// One step of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Step {
    /// As written in the definition, or `step-N`, with N from 1.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// Its script.
    pub run: String,
    /// Its own variables.
    pub env: HashMap<String, String>,
}

/// How often and when a failed attempt is tried again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Retries after the first attempt.
    pub max_retries: u32,
    /// How long each waits.
    #[serde(deserialize_with = "or_default")]
    pub backoff: Backoff,
}

/// How long a failed attempt waits before the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Backoff {
    /// No wait.
    #[default]
    None,
    /// The same wait each time.
    Fixed {
        /// Seconds.
        delay_secs: u64,
    },
    /// `base × 2^n`, at most `max`, with n = 0 for the first retry.
    Exponential {
        /// Seconds.
        base_secs: u64,
        /// Seconds.
        max_secs: u64,
        /// Each wait is spread at random over its upper half.
        #[serde(default, deserialize_with = "or_default")]
        jitter: bool,
    },
}

/// The right to report on one attempt.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct Lease {
    /// A secret that grants the right to report on the attempt.
    pub lease_id: String,
    /// The job's key.
    #[serde(default, deserialize_with = "or_default")]
    pub job_id: String,
    /// The id of the run.
    #[serde(default, deserialize_with = "or_default")]
    pub workflow_id: String,
    /// Who holds it.
    #[serde(default, deserialize_with = "or_default")]
    pub worker_id: String,
    /// For how long it lives without a heartbeat, in seconds.
    pub ttl_secs: u64,
    /// How long the server waits, in seconds, for the report of a job that was cancelled or timed out; 0 from a server that
    /// does not wait.
    #[serde(default, deserialize_with = "or_default")]
    pub stop_grace_secs: f64,
    /// When it was granted.
    #[serde(default, deserialize_with = "or_default")]
    pub granted_at_ms: i64,
}
