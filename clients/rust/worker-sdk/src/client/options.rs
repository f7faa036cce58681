use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::http::path_segment;
use crate::wire::{JobStatus, RunState};

/// Which server, and how.
#[derive(Clone)]
pub struct ClientConfig {
    /// The server, `http://localhost:3000` by default. A path prefix is kept.
    pub server_url: String,
    /// A bearer token, when the server wants one. None by default.
    pub token: Option<String>,
    /// A file with the certificates (PEM) of the authorities that may vouch for an `https://` server; the system's
    /// authorities when `None`, the default.
    pub ca_file: Option<PathBuf>,
    /// How long one call may take; 30 s by default.
    pub timeout: Duration,
}

impl Default for ClientConfig {
    fn default() -> Self {
        let server_url = "http://localhost:3000".into();
        Self { server_url, token: None, ca_file: None, timeout: Duration::from_secs(30) }
    }
}

/// Everything but the token.
impl std::fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientConfig").field("server_url", &self.server_url).finish_non_exhaustive()
    }
}

/// Which workflows to list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListWorkflows {
    /// At most 1000; 100 when absent.
    pub limit: Option<u32>,
    /// How many to pass over.
    pub offset: Option<u32>,
    /// Only workflows with a job in this state.
    pub status: Option<JobStatus>,
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
    /// The `next_page_token` of the page before.
    pub page_token: Option<String>,
}

/// Which workers to list.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ListWorkers {
    /// At most 1000; 1000 when absent.
    pub limit: Option<u32>,
    /// How many to pass over.
    pub offset: Option<u32>,
}

/// Which part of a job's log to read.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LogOptions {
    /// Only this attempt.
    pub attempt: Option<u32>,
    /// At most this many chunks; 10000 when absent, which is also the most.
    pub limit: Option<u32>,
    /// Only what comes after this [position](crate::wire::LogChunk::position).
    pub after: Option<String>,
}

/// How to start a run.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Handed to every job of the run.
    pub inputs: HashMap<String, String>,
    /// The same id starts the same run, however often it is sent; a random one when absent. At least 16 characters.
    pub request_id: Option<String>,
}

/// The fields that are there, as the query of a URL.
pub(super) fn query(fields: &(impl Serialize + ?Sized)) -> String {
    let fields = match serde_json::to_value(fields).unwrap_or_default() {
        Value::Object(fields) => fields.into_iter().collect(),
        Value::Array(pairs) => pairs.into_iter().filter_map(|pair| serde_json::from_value(pair).ok()).collect(),
        _ => Vec::<(String, Value)>::new(),
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
        assert_eq!(query(&[("attempt", Some(2))]), "?attempt=2");
        assert_eq!(query(&[("attempt", None::<u32>)]), "");
    }
}
