//! Answers about re-runs, schedules, queues, concurrency groups and inputs.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// A job, and why it runs again, stays or is skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RerunJob {
    /// The job's key.
    pub job_id: String,
    /// A part of a sentence for people.
    pub reason: String,
}

/// What a re-run does, or would do. Lists hold the first thousand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Rerun {
    /// The run.
    pub run_id: String,
    /// The generation of the run that begins with it.
    pub generation: u32,
    /// The jobs that run again.
    pub jobs: Vec<RerunJob>,
    /// How many jobs run again.
    pub job_count: u32,
    /// Of a dry run: the jobs that stay as they are.
    pub kept: Vec<RerunJob>,
    /// How many jobs stay.
    pub kept_count: u32,
    /// Of a dry run: jobs that wait again and are certain to be skipped.
    pub skipped: Vec<RerunJob>,
    /// How many are skipped.
    pub skipped_count: u32,
}

/// A schedule of a workflow. Times are Unix milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Schedule {
    /// The workflow's id.
    pub workflow: String,
    /// Its own id, unique in its workflow.
    pub id: String,
    /// When it is due, as the file has it.
    pub cron: String,
    /// Whose clocks `cron` means.
    pub timezone: String,
    /// The inputs of its runs, as the file has them.
    pub inputs: HashMap<String, String>,
    /// Up to how much later a run starts.
    pub jitter_secs: u64,
    /// `latest`, `all` or `none`.
    pub catch_up: String,
    /// How late a run may still start.
    pub within_secs: u64,
    /// `allow` or `skip`.
    pub overlap: String,
    /// The next time that it is due; `None` while it is paused.
    pub next_at_ms: Option<i64>,
    /// When the run of that time starts.
    pub next_start_ms: Option<i64>,
    /// The last time that something became of; `None` before the first.
    pub last_at_ms: Option<i64>,
    /// `started`, `overlap`, `missed` or `refused`; empty before the first.
    pub last_outcome: String,
    /// The run of the last time.
    pub last_run_id: Option<String>,
    /// Why the last time has none.
    pub last_error: Option<String>,
    /// Since when it is paused; `None` while it is not.
    pub paused_at_ms: Option<i64>,
    /// The name of the token that it was paused with.
    pub paused_by: Option<String>,
    /// Why it is paused.
    pub pause_reason: String,
    /// What it does next and what it did last, in a sentence for people.
    pub explanation: String,
}

/// A page of schedules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SchedulePage {
    /// The schedules.
    pub schedules: Vec<Schedule>,
    /// Empty on the last page.
    pub next_page_token: String,
}

/// The claimable jobs that require the same labels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct QueuedLabelSet {
    /// The number of the labels.
    pub label_set: u64,
    /// The labels.
    pub labels: Vec<String>,
    /// How many jobs wait.
    pub waiting: u64,
    /// When the one that has waited longest became claimable.
    pub oldest_at_ms: i64,
    /// Live workers that take these jobs.
    pub matching_workers: u64,
    /// Their free slots.
    pub free_slots: u64,
    /// Why they wait, a sentence for people.
    pub message: String,
    /// Whether no live worker takes them.
    pub no_matching_worker: bool,
}

/// What waits for a worker.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Queue {
    /// When the server looked.
    pub at_ms: i64,
    /// Those that no live worker has first.
    pub label_sets: Vec<QueuedLabelSet>,
    /// How many jobs wait.
    pub waiting: u64,
}

/// A run that has a place in a concurrency group, or waits for one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RunAtGate {
    /// The run.
    pub run_id: String,
    /// Its workflow's id.
    pub workflow: String,
    /// Since when it has its place, or waits for it.
    pub since_ms: i64,
}

/// A concurrency group in use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Gate {
    /// Whose group it is, such as `runs`.
    pub kind: String,
    /// Its name.
    pub group: String,
    /// How many have a place.
    pub in_use: u32,
    /// The first ten that have a place, the oldest first.
    pub holders: Vec<RunAtGate>,
    /// The first ten that wait, in order.
    pub waiting: Vec<RunAtGate>,
    /// How many wait.
    pub waiting_total: u32,
}

/// A page of concurrency groups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct GatePage {
    /// The groups.
    pub gates: Vec<Gate>,
    /// Empty on the last page.
    pub next_page_token: String,
}

/// An input that a definition declares.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct InputDeclaration {
    /// Its name.
    pub name: String,
    /// `string`, `boolean`, `number`, `choice` or `json`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whether a run needs it.
    pub required: bool,
    /// What it is when a run is started without it.
    pub default: Option<String>,
    /// Of a choice: what it may be.
    pub options: Vec<String>,
    /// Of a number: the least that it may be.
    pub min: Option<f64>,
    /// Of a number: the most that it may be.
    pub max: Option<f64>,
    /// Of a number: whether it must be whole.
    pub integer: bool,
    /// Of a string: how many characters it may have.
    pub max_length: Option<u64>,
    /// A default with expressions, as written; `default` is none then.
    pub default_expression: Option<String>,
}

/// The inputs of a workflow's runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct WorkflowInputs {
    /// The id of the workflow's definition.
    pub workflow: String,
    /// Whether the definition declares inputs. If not, a run takes any, as texts.
    pub declared: bool,
    /// The declared inputs.
    pub inputs: Vec<InputDeclaration>,
}
