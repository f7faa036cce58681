use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::http::{ServerAddress, without_user};
use crate::shell::check_pass_env;

/// The configuration of a worker. Every field has a default:
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
    /// The server, `http://localhost:3000` by default. A path prefix is kept. Without a token, a user and a password in
    /// it are sent as basic authorisation; they are not logged.
    pub server_url: String,
    /// The worker's id; the host's name and eight random characters by default.
    pub worker_id: String,
    /// The worker's labels: it gets only jobs whose required labels it has. None by default.
    pub labels: Vec<String>,
    /// Reserves the worker for jobs that require a label. Off by default.
    pub only_labelled: bool,
    /// The lease time: a job is requeued after this long without a heartbeat. Whole seconds, from 1 s to a day; 30 s by
    /// default.
    pub lease_ttl: Duration,
    /// The delay before the next claim if the server had no job and responded at once; 2 s by default. It is unused if
    /// the server supports waiting claims (see `claim_wait`) or pushes jobs.
    pub poll_interval: Duration,
    /// The renewal interval of leases, at most a third of the lease time; 10 s by default.
    pub heartbeat_interval: Duration,
    /// The polling interval for cancellations, over plain HTTP; 1.5 s by default.
    pub cancellation_check_interval: Duration,
    /// How long output is batched before it is sent; 200 ms by default.
    pub log_batch_interval: Duration,
    /// How many jobs run at once; 1 by default.
    pub slots: usize,
    /// A bearer token with the worker scope, if the server requires one. None by default.
    pub token: Option<String>,
    /// A file with the certificates (PEM) of the trusted authorities for an `https://` server; the system's when
    /// `None`, the default.
    pub ca_file: Option<PathBuf>,
    /// The transport of jobs, heartbeats and logs; the stream by default.
    pub transport: Transport,
    /// How long a claim waits at the server for a job, at most 60 s; 20 s by default.
    pub claim_wait: Duration,
    /// How much output is sent at once, in bytes; 64 KiB by default.
    pub log_batch_bytes: usize,
    /// With more unsent output than this, writing to the log waits; in bytes, 4 MiB by default.
    pub unsent_log_bytes_max: usize,
    /// The time between asking a job to stop (SIGTERM, its cancellation) and killing it; 10 s by default.
    pub grace: Duration,
    /// How long running jobs can continue while the worker drains; 60 s by default.
    pub drain_timeout: Duration,
    /// The working directory of shell jobs; the worker's own by default.
    pub workdir: Option<PathBuf>,
    /// Additional variables of this process for shell jobs, see
    /// [`ShellExecutor::pass_env`](crate::ShellExecutor::pass_env). None by default.
    pub pass_env: Vec<String>,
}

/// The transport of a worker's jobs, heartbeats and logs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// gRPC streams: the server pushes jobs and cancellations. If they are not available, the worker falls back to
    /// `Http` and logs that once.
    #[default]
    Stream,
    /// JSON over HTTP/1.1, with long polls.
    Http,
}

impl Default for WorkerConfig {
    fn default() -> Self {
        Self {
            server_url: "http://localhost:3000".into(),
            worker_id: default_worker_id(),
            labels: Vec::new(),
            only_labelled: false,
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
            pass_env: Vec::new(),
        }
    }
}

/// Omits secrets.
impl std::fmt::Debug for WorkerConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkerConfig")
            .field("server_url", &without_user(&self.server_url))
            .field("worker_id", &self.worker_id)
            .field("labels", &self.labels)
            .field("only_labelled", &self.only_labelled)
            .field("slots", &self.slots)
            .field("transport", &self.transport)
            .field("lease_ttl", &self.lease_ttl)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .finish_non_exhaustive()
    }
}

impl WorkerConfig {
    /// Returns an error that names an invalid field.
    pub(crate) fn check(&self) -> Result<(), Error> {
        const DAY: Duration = Duration::from_secs(86_400);
        const ZERO: Duration = Duration::ZERO;
        ServerAddress::parse(&self.server_url, self.token.as_deref())?;
        check_pass_env(&self.pass_env)?;
        check_text("worker_id", &self.worker_id, 200)?;
        self.labels.iter().try_for_each(|label| check_text("labels", label, 100))?;
        if self.only_labelled && self.labels.is_empty() {
            let text = "only_labelled is set and labels are empty, so the worker would never get a job: give it labels";
            return Err(Error::InvalidConfig(text.into()));
        }
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
