//! Drains, pauses and backfills. Times are Unix milliseconds.

use serde::{Deserialize, Serialize};

/// The drain of a worker: it gets no jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct WorkerDrain {
    /// When it was drained.
    pub since_ms: i64,
    /// The name of the token that drained it; `None` when the server ran without tokens.
    pub by: Option<String>,
    /// Why, for people; may be empty.
    pub reason: String,
    /// Whether the worker ends when it runs no job.
    pub stop: bool,
}

/// What can be paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PauseKind {
    /// All runs of a workflow.
    Workflow,
    /// One run.
    Run,
    /// All jobs that require a label.
    Label,
}

impl PauseKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Run => "run",
            Self::Label => "label",
        }
    }
}

/// A pause of a workflow, a run or a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pause {
    /// What is paused.
    pub kind: PauseKind,
    /// The id of the workflow or run, or the label.
    pub subject: String,
    /// Why, for people; may be empty.
    #[serde(default)]
    pub reason: String,
    /// When it was paused.
    #[serde(default)]
    pub paused_at_ms: i64,
    /// The name of the token that paused it; `None` when the server ran without tokens.
    #[serde(default)]
    pub paused_by: Option<String>,
}

/// Runs for past times of a schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Backfill {
    /// Empty for one that was only counted.
    pub id: String,
    /// The workflow's id.
    pub workflow: String,
    /// The schedule's id.
    pub schedule: String,
    /// The first time.
    pub from_ms: i64,
    /// The time before which it ends.
    pub to_ms: i64,
    /// How many of its runs may be unfinished at once.
    pub max_live: u32,
    /// `oldest` or `newest`.
    pub order: String,
    /// Whether times that have a run get another one.
    pub again: bool,
    /// How many times it has.
    pub total: u32,
    /// How many of them were handled so far: `started` + `skipped` + `refused`.
    pub handled: u32,
    /// How many runs it has started.
    pub started: u32,
    /// How many times had a run already.
    pub skipped: u32,
    /// How many runs were refused.
    pub refused: u32,
    /// Why the last one was refused.
    pub last_error: Option<String>,
    /// Its runs that have not ended.
    pub live: u32,
    /// When it was created.
    pub created_at_ms: i64,
    /// The name of the token that created it.
    pub created_by: Option<String>,
    /// When it handled its last time, or was cancelled; `None` while it is active.
    pub ended_at_ms: Option<i64>,
    /// It was cancelled.
    pub cancelled: bool,
}
