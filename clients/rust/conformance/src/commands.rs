use std::time::Duration;

use serde::Deserialize;

/// What the driver asks for.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Command {
    Hello,
    Start { worker: String, options: Options },
    Drain { worker: String },
    Terminate { worker: String },
}

/// How a worker is to be.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Options {
    pub server_url: Option<String>,
    pub labels: Vec<String>,
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
    /// Nothing is done and nothing told: for benchmarks.
    Noop,
}

pub fn duration(ms: Option<f64>, default: Duration) -> Duration {
    ms.map_or(default, |ms| Duration::from_secs_f64(ms / 1000.0))
}
