use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::http::parse_server_url;

/// How a worker works. Every field has a default:
///
/// ```
/// # use workflow_graph_worker_sdk::WorkerConfig;
/// let config = WorkerConfig {
///     server_url: "http://my-server:3000".into(),
///     labels: vec!["docker".into(), "linux".into()],
///     ..Default::default()
/// };
/// ```
#[derive(Clone, PartialEq)]
pub struct WorkerConfig {
    /// The server, `http://localhost:3000` by default. A path prefix is kept.
    pub server_url: String,
    /// The worker's name; the host's name and eight random characters by default.
    pub worker_id: String,
    /// What the worker can do: it is handed only jobs whose required labels are all among these. None by default.
    pub labels: Vec<String>,
    /// How long a job stays with a worker that is not heard of, in whole seconds from 1 s to a day; 30 s by default.
    pub lease_ttl: Duration,
    /// The wait before the next claim when the server had no job and answered at once; 2 s by default. A server that
    /// lets claims wait (see `claim_wait`) or pushes jobs makes it idle.
    pub poll_interval: Duration,
    /// How often leases are renewed, at least three times within their time to live; 10 s by default.
    pub heartbeat_interval: Duration,
    /// How often the server is asked whether a job was cancelled where it cannot say so by itself; 1.5 s by default.
    pub cancellation_check_interval: Duration,
    /// How long output waits for more before it is sent; 200 ms by default.
    pub log_batch_interval: Duration,
    /// How many jobs run at once; 1 by default.
    pub slots: usize,
    /// A bearer token with the worker scope, when the server wants one. None by default.
    pub token: Option<String>,
    /// A file with the certificates (PEM) of the authorities that may vouch for an `https://` server; the system's
    /// authorities when `None`, the default.
    pub ca_file: Option<PathBuf>,
    /// What carries jobs, heartbeats and logs; the stream by default.
    pub transport: Transport,
    /// How long a claim waits at the server for a job, at most 60 s; 20 s by default.
    pub claim_wait: Duration,
    /// How much output is sent at once, in bytes; 64 KiB by default.
    pub log_batch_bytes: usize,
    /// With more than this much unsent output a job has to wait with writing, in bytes; 4 MiB by default.
    pub unsent_log_bytes_max: usize,
    /// From asking a job to end (SIGTERM, its cancellation) to ending it by force; 10 s by default.
    pub grace: Duration,
    /// How long running jobs may go on when the worker drains; 60 s by default.
    pub drain_timeout: Duration,
    /// The directory that shell jobs start in; the worker's own by default.
    pub workdir: Option<PathBuf>,
}

/// What carries a worker's jobs, heartbeats and logs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// gRPC streams: the server pushes jobs and cancellations. Where they cannot be had, the worker falls back to
    /// `Http` and says so once.
    #[default]
    Stream,
    /// JSON over HTTP/1.1, with claims that wait at the server.
    Http,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            server_url: "http://localhost:3000".into(),
            worker_id: default_worker_id(),
            labels: Vec::new(),
            lease_ttl: Duration::from_secs(30),
            poll_interval: Duration::from_secs(2),
            heartbeat_interval: Duration::from_secs(10),
            cancellation_check_interval: Duration::from_millis(1_500),
            log_batch_interval: Duration::from_millis(200),
            slots: 1,
            token: None,
            ca_file: None,
            transport: Transport::Stream,
            claim_wait: Duration::from_secs(20),
            log_batch_bytes: 64 * 1024,
            unsent_log_bytes_max: 4 * 1024 * 1024,
            grace: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(60),
            workdir: None,
        }
    }
}

/// Everything but the token.
impl std::fmt::Debug for WorkerConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkerConfig")
            .field("server_url", &self.server_url)
            .field("worker_id", &self.worker_id)
            .field("labels", &self.labels)
            .field("slots", &self.slots)
            .field("transport", &self.transport)
            .field("lease_ttl", &self.lease_ttl)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .finish_non_exhaustive()
    }
}

impl WorkerConfig {
    /// Says which field cannot be used, if one cannot.
    pub(crate) fn check(&self) -> Result<(), Error> {
        const DAY: Duration = Duration::from_secs(86_400);
        const ZERO: Duration = Duration::ZERO;
        parse_server_url(&self.server_url)?;
        check_text("worker_id", &self.worker_id, 200)?;
        self.labels.iter().try_for_each(|label| check_text("labels", label, 100))?;
        check_duration("lease_ttl", self.lease_ttl, Duration::from_secs(1), DAY)?;
        check_duration("poll_interval", self.poll_interval, ZERO, DAY)?;
        check_duration("heartbeat_interval", self.heartbeat_interval, Duration::from_millis(10), DAY)?;
        let check = self.cancellation_check_interval;
        check_duration("cancellation_check_interval", check, Duration::from_millis(10), DAY)?;
        check_duration("log_batch_interval", self.log_batch_interval, ZERO, Duration::from_secs(60))?;
        check_duration("claim_wait", self.claim_wait, ZERO, Duration::from_secs(60))?;
        check_duration("grace", self.grace, ZERO, DAY)?;
        check_number("slots", self.slots, 1, 10_000)?;
        check_number("log_batch_bytes", self.log_batch_bytes, 1024, 1024 * 1024)?;
        check_number("unsent_log_bytes_max", self.unsent_log_bytes_max, 1024, 1 << 30)
    }
}

fn default_worker_id() -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().chars().take(100).collect::<String>();
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("{}-{}", if host.is_empty() { "worker" } else { &host }, &random[..8])
}

fn check_text(field: &str, text: &str, characters_max: usize) -> Result<(), Error> {
    let characters = text.chars().count();
    if (1..=characters_max).contains(&characters) {
        return Ok(());
    }
    let begin: String = text.chars().take(50).collect();
    Err(Error::InvalidConfig(format!("{field}: \"{begin}\" must have 1 to {characters_max} characters")))
}

fn check_duration(field: &str, value: Duration, min: Duration, max: Duration) -> Result<(), Error> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(Error::InvalidConfig(format!("{field} must be from {min:?} to {max:?}, and is {value:?}")))
}

fn check_number(field: &str, value: usize, min: usize, max: usize) -> Result<(), Error> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    Err(Error::InvalidConfig(format!("{field} must be from {min} to {max}, and is {value}")))
}
