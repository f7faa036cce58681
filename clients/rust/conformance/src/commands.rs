use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// The driver's commands.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    Hello,
    Start { worker: String, options: Box<Options> },
    Drain { worker: String },
    Terminate { worker: String },
    Call(ClientCall),
}

/// What the library's client is to do.
#[derive(Deserialize)]
pub struct ClientCall {
    pub id: String,
    #[serde(flatten)]
    pub kind: CallKind,
}

#[derive(Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum CallKind {
    Create { definition: Value, request_id: String },
    Remove { target: String },
    Cancel { target: String, request_id: String },
    ReadLog { target: String, job_id: String },
}

/// The options of a worker.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Options {
    pub server_url: Option<String>,
    pub labels: Vec<String>,
    pub only_labelled: bool,
    pub pass_env: Vec<String>,
    pub slots: Option<usize>,
    pub transport: TransportKind,
    pub executor: ExecutorKind,
    pub lease_ttl_secs: Option<f64>,
    pub token: Option<String>,
    pub ca_file: Option<std::path::PathBuf>,
    pub drain_timeout_ms: Option<f64>,
    pub grace_ms: Option<f64>,
    pub heartbeat_interval_ms: Option<f64>,
    pub log_batch_interval_ms: Option<f64>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportKind {
    #[default]
    Stream,
    Http,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutorKind {
    #[default]
    Function,
    Shell,
    /// Does nothing and sends no events: for benchmarks.
    Noop,
}

pub fn duration(ms: Option<f64>, default: Duration) -> Duration {
    ms.map_or(default, |ms| Duration::from_secs_f64(ms / 1000.0))
}
