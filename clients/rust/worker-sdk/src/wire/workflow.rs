use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::lenient::or_default;
use super::{Outputs, WorkerDrain};

/// The state of a job as readers see it. A job whose needs are open, or whose retry is delayed, is queued.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobStatus {
    /// Not yet claimed.
    Queued,
    /// A worker holds its lease.
    Running,
    /// An attempt completed it.
    Success,
    /// It failed for good.
    Failure,
    /// It never ran, because its condition was false.
    Skipped,
    /// Its run was cancelled before it ended.
    Cancelled,
    /// A state that this version does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// The state of a run, a function of the states of its jobs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunState {
    /// No job of it was claimed yet.
    Queued,
    /// At least one job was claimed, and at least one has not ended.
    Running,
    /// Every job has ended, none failed, none was cancelled.
    Success,
    /// Every job has ended and at least one failed.
    Failure,
    /// It was cancelled, and every job has ended.
    Cancelled,
    /// A state that this version does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

impl RunState {
    /// Whether every job of the run has ended.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Success | Self::Failure | Self::Cancelled)
    }
}

/// Whether a worker is at work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkerStatus {
    /// Heard of lately, and holds no lease.
    Idle,
    /// Holds at least one lease.
    Busy,
    /// It sent no recent heartbeat.
    Offline,
    /// A state that this version does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// A workflow, with the state of the requested run, or of its newest.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Workflow {
    /// The id of the request: a run id, or the id of the definition.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// What `on` says; several are joined by ", ".
    pub trigger: String,
    /// Its jobs, in the order of the definition.
    pub jobs: Vec<JobState>,
    /// The definition's id.
    pub workflow: String,
    /// The run that `jobs` shows; none before the first.
    pub run_id: Option<String>,
    /// That run's state; none before the first.
    pub state: Option<RunState>,
    /// The definition's version that `jobs` shows, from 1.
    pub version: u32,
    /// When the run was made.
    pub created_at_ms: Option<i64>,
    /// When its first job was claimed.
    pub started_at_ms: Option<i64>,
    /// When its last job ended.
    pub ended_at_ms: Option<i64>,
}

impl Workflow {
    /// The job of this key.
    pub fn job(&self, id: &str) -> Option<&JobState> {
        self.jobs.iter().find(|job| job.id == id)
    }
}

/// A job's definition and its state in a run.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct JobState {
    /// The job's key in its workflow.
    pub id: String,
    /// Its display name.
    pub name: String,
    /// Its state.
    pub status: JobStatus,
    /// The script.
    pub command: String,
    /// From start to end of the last attempt, in whole seconds; older servers send fractions.
    pub duration_secs: Option<f64>,
    /// The same in milliseconds; none from older servers.
    pub duration_ms: Option<u64>,
    /// When the last attempt was claimed.
    pub started_at: Option<i64>,
    /// The keys of the jobs that it needs.
    pub depends_on: Vec<String>,
    /// The error text of a job that failed.
    pub output: Option<String>,
    /// The labels that a worker needs for it.
    pub required_labels: Vec<String>,
    /// Retries after the first attempt.
    pub max_retries: u32,
    /// The number of the last attempt, from 0.
    pub attempt: u32,
    /// Whatever the definition says under the job's `metadata`.
    #[serde(deserialize_with = "or_default")]
    pub metadata: Map<String, Value>,
    /// The condition as written.
    #[serde(rename = "if")]
    pub condition: Option<String>,
    /// An attempt may take this many seconds.
    pub timeout_secs: Option<u64>,
    /// Higher ones are handed out first.
    pub priority: i32,
    /// The outputs of the winning attempt.
    #[serde(deserialize_with = "or_default")]
    pub outputs: Outputs,
    /// When the job ended.
    pub ended_at: Option<i64>,
    /// The worker of the last attempt.
    pub worker_id: Option<String>,
    /// Until when its retry is delayed.
    pub delayed_until_ms: Option<i64>,
    /// So many bytes are missing in the middle of the last attempt's log, which was too long.
    pub log_missing_bytes: Option<u64>,
    /// The exit code that the worker reported; `None` if it reported none.
    pub exit_code: Option<u8>,
}

/// One execution of a workflow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Run {
    /// Its id; ids sort by time.
    pub run_id: String,
    /// The definition's id.
    pub workflow: String,
    /// The definition's name.
    pub name: String,
    /// Its state.
    pub state: RunState,
    /// The definition's version, from 1.
    pub version: u32,
    /// When it was made.
    pub created_at_ms: i64,
    /// When its first job was claimed.
    pub started_at_ms: Option<i64>,
    /// When its last job ended.
    pub ended_at_ms: Option<i64>,
    /// How many jobs it has.
    pub jobs: u32,
    /// How many of its jobs have not ended.
    pub open_jobs: u32,
    /// What it was started with.
    pub inputs: HashMap<String, String>,
}

/// Some of the runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RunPage {
    /// Newest first.
    pub runs: Vec<Run>,
    /// Names the next page; empty on the last.
    pub next_page_token: String,
}

/// A worker as the server sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct WorkerInfo {
    /// Its name.
    pub worker_id: String,
    /// What it can do.
    pub labels: Vec<String>,
    /// It takes no jobs that require no label.
    pub only_labelled: bool,
    /// When it registered last.
    pub registered_at_ms: i64,
    /// The time of its last heartbeat.
    pub last_heartbeat_ms: i64,
    /// The key of a job that it runs.
    pub current_job: Option<String>,
    /// Whether it is at work.
    pub status: WorkerStatus,
    /// The run of `current_job`.
    pub current_workflow_id: Option<String>,
    /// How many leases it holds.
    pub running: u32,
    /// How many jobs it runs at once.
    pub slots: u32,
    /// Name and version of its software.
    pub version: String,
    /// `None` unless it is draining.
    pub drain: Option<WorkerDrain>,
}
