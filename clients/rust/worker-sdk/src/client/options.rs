use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::http::{path_segment, without_user};
use crate::wire::{JobStatus, RunState};

/// The configuration of a client.
#[derive(Clone)]
pub struct ClientConfig {
    /// The server, `http://localhost:3000` by default. A path prefix is kept. Without a token, a user and a password in
    /// it are sent as basic authorisation.
    pub server_url: String,
    /// A bearer token, if the server requires one. None by default.
    pub token: Option<String>,
    /// A file with the certificates (PEM) of the trusted authorities for an `https://` server; the system's when
    /// `None`, the default.
    pub ca_file: Option<PathBuf>,
    /// Timeout of one call; 30 s by default.
    pub timeout: Duration,
}

impl Default for ClientConfig {
    fn default() -> Self {
        let server_url = "http://localhost:3000".into();
        Self { server_url, token: None, ca_file: None, timeout: Duration::from_secs(30) }
    }
}

/// Omits secrets.
impl std::fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientConfig").field("server_url", &without_user(&self.server_url)).finish_non_exhaustive()
    }
}

/// Which workflows to list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListWorkflows {
    /// At most 1000; 100 when absent.
    pub limit: Option<u32>,
    /// How many to skip.
    pub offset: Option<u32>,
    /// Only workflows with a job in this state.
    pub status: Option<JobStatus>,
}

/// Which jobs of a run run again: those of `jobs`, or all that failed or were cancelled.
#[derive(Debug, Clone, Default)]
pub struct RerunOptions {
    /// Every job that failed or was cancelled runs again.
    pub failed: bool,
    /// These jobs run again, instead of `failed`.
    pub jobs: Vec<String>,
    /// Leaves the jobs that need them unchanged.
    pub without_dependants: bool,
    /// Cancels jobs that are running and would run again, and waits until they have stopped.
    pub force: bool,
    /// Changes nothing, and answers what would happen.
    pub dry_run: bool,
    /// The same one begins one re-run, however often it is sent; random when absent. At least 16 characters.
    pub request_id: Option<String>,
}

/// Which schedules to list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListSchedules {
    /// Only those of this workflow.
    pub workflow: Option<String>,
    /// At most 1000; 100 when absent.
    pub limit: Option<u32>,
    /// The `next_page_token` of the previous page.
    pub page_token: Option<String>,
}

/// Which concurrency groups to list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListGates {
    /// Only groups whose names begin so.
    pub prefix: Option<String>,
    /// At most 200; 100 when absent.
    pub limit: Option<u32>,
    /// The `next_page_token` of the previous page.
    pub page_token: Option<String>,
}

/// Which runs to list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListRuns {
    /// Only runs of this workflow.
    pub workflow: Option<String>,
    /// Only runs in this state.
    pub state: Option<RunState>,
    /// At most 1000; 100 when absent.
    pub limit: Option<u32>,
    /// The `next_page_token` of the previous page.
    pub page_token: Option<String>,
}

/// Which workers to list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListWorkers {
    /// At most 1000; 1000 when absent.
    pub limit: Option<u32>,
    /// How many to skip.
    pub offset: Option<u32>,
}

/// Which part of a job's log to read.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LogOptions {
    /// Only this attempt.
    pub attempt: Option<u32>,
    /// At most this many chunks, up to 10000; all chunks when absent.
    pub limit: Option<u32>,
    /// Only the last stored lines. Ignored with `after`.
    pub tail: Option<u32>,
    /// Only chunks after this [position](crate::wire::LogChunk::position).
    pub after: Option<String>,
}

/// Which part of a job's log to follow.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FollowOptions {
    /// Only this attempt.
    pub attempt: Option<u32>,
    /// Starts with the last stored lines. Ignored with `after`.
    pub tail: Option<u32>,
    /// Starts after this [position](crate::wire::LogChunk::position).
    #[serde(skip)]
    pub after: Option<String>,
}

/// Options for creating a workflow.
#[derive(Debug, Clone, Default)]
pub struct CreateOptions {
    /// Makes the call idempotent: the same id creates one workflow. Random when absent. At least 16 characters.
    pub request_id: Option<String>,
}

/// Options for cancelling a run.
#[derive(Debug, Clone, Default)]
pub struct CancelOptions {
    /// Also ends jobs that run after a cancellation, such as clean-up jobs with `if: always()`.
    pub force: bool,
    /// Makes the call idempotent: with a workflow id, the same request id refers to the same run, even if the workflow
    /// has a newer one. Random when absent. At least 16 characters.
    pub request_id: Option<String>,
}

/// Options for starting a run.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Passed to every job of the run.
    pub inputs: HashMap<String, String>,
    /// Makes the call idempotent: the same id starts one run. Random when absent. At least 16 characters.
    pub request_id: Option<String>,
}

/// Options for draining a worker.
#[derive(Debug, Clone, Default)]
pub struct DrainOptions {
    /// Workers of the client libraries end when they run no job.
    pub stop: bool,
    /// Why, for people; at most 500 characters.
    pub reason: String,
}

/// Which past times of a schedule get runs.
#[derive(Debug, Clone, Default)]
pub struct BackfillOptions {
    /// The first time, in Unix milliseconds.
    pub from_ms: i64,
    /// The time before which it ends, in Unix milliseconds.
    pub to_ms: i64,
    /// How many of its runs may be unfinished at once; 1 when absent.
    pub max_live: Option<u32>,
    /// The newest times come first, not the oldest.
    pub newest_first: bool,
    /// Times that have a run get another one.
    pub again: bool,
    /// Only counts the times.
    pub dry_run: bool,
}

/// The present fields, as the query of a URL.
pub(super) fn query(fields: &impl Serialize) -> String {
    let fields = match serde_json::to_value(fields).unwrap_or_default() {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let parameters: Vec<String> = fields.iter().filter_map(|(name, value)| parameter(name, value)).collect();
    if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) }
}

fn parameter(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(format!("{name}={}", path_segment(text))),
        other => Some(format!("{name}={other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_has_only_what_is_asked_for_and_escapes_it() {
        assert_eq!(query(&ListRuns::default()), "");
        let list = ListRuns { workflow: Some("a&b".into()), state: Some(RunState::Running), ..ListRuns::default() };
        assert_eq!(query(&list), "?state=running&workflow=a%26b");
        let log = FollowOptions { tail: Some(2), after: Some("0.1.stdout".into()), ..FollowOptions::default() };
        assert_eq!(query(&log), "?tail=2");
    }
}
