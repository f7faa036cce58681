use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{HttpConnection, HttpRequest, json_of};
use crate::config::WorkerConfig;
use crate::error::Error;
use crate::executor::Failure;
use crate::wire::{Claim, LogChunk, Outputs};

/// Timeout of a call other than a waiting claim.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// The worker's first claim waits for the answer.
const VERSION_TIMEOUT: Duration = Duration::from_secs(2);

/// The calls of a worker on the documented paths. Each call can be repeated when its response was lost.
#[derive(Clone)]
pub(crate) struct WorkerCalls {
    connection: HttpConnection,
}

/// A claim of jobs.
#[derive(Clone, Serialize)]
pub(crate) struct ClaimRequest {
    pub worker_id: String,
    pub labels: Vec<String>,
    pub only_labelled: bool,
    pub lease_ttl_secs: u64,
    /// How long the claim waits at the server.
    pub wait_secs: f64,
    /// The same id returns the same jobs while their leases live.
    pub request_id: String,
    /// At most 1000.
    pub max_jobs: usize,
}

/// The response to a renewal of a lease, or to a worker's heartbeat, which has only the drain. An older server sends none of these fields.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Renewal {
    pub ttl_secs: Option<f64>,
    /// The job must stop, for any reason.
    pub cancelled: bool,
    pub stop_reason: Option<String>,
    pub stop_within_secs: Option<f64>,
    /// The worker is draining.
    pub drain: bool,
    /// It stops when it runs no job.
    pub drain_stop: bool,
}

impl ClaimRequest {
    fn timeout(&self) -> Duration {
        Duration::from_secs_f64(self.wait_secs) + CALL_TIMEOUT
    }
}

impl WorkerCalls {
    pub fn new(connection: HttpConnection) -> Self {
        Self { connection }
    }

    /// Where the server is, without a user or a password.
    pub fn server_url(&self) -> &str {
        self.connection.server_url()
    }

    /// Registers the worker, or replaces its labels.
    pub async fn register(&self, config: &WorkerConfig) -> Result<(), Error> {
        let WorkerConfig { worker_id, labels, only_labelled, slots, .. } = config;
        let version = super::USER_AGENT;
        let body = json!({
            "worker_id": worker_id, "labels": labels, "only_labelled": only_labelled, "slots": slots, "version": version,
        });
        self.post("/api/workers/register".into(), &body, CALL_TIMEOUT).await.map(ignore)
    }

    /// The version of the server. This call needs no token.
    pub async fn server_version(&self) -> Result<String, Error> {
        #[derive(Deserialize)]
        struct Session {
            version: String,
        }
        let session: Session = json_of(&self.connection, HttpRequest::get("/api/session", VERSION_TIMEOUT)).await?;
        Ok(session.version)
    }

    /// Reports that the worker is alive. Refused with status 404 if the worker is not registered.
    pub async fn heartbeat_worker(&self, worker_id: &str, timeout: Duration) -> Result<Renewal, Error> {
        let path = format!("/api/workers/{}/heartbeat", path_segment(worker_id));
        let answer: Option<Renewal> = self.post(path, &json!({}), timeout).await?;
        Ok(answer.unwrap_or_default())
    }

    /// Waits for a job and claims it.
    pub async fn claim_one(&self, request: &ClaimRequest) -> Result<Option<Claim>, Error> {
        self.post("/api/jobs/claim".into(), request, request.timeout()).await
    }

    /// Waits for jobs and claims as many as there are, at most `max_jobs`.
    pub async fn claim_many(&self, request: &ClaimRequest) -> Result<Vec<Claim>, Error> {
        #[derive(Deserialize)]
        struct Claims {
            claims: Vec<Claim>,
        }
        let answer: Claims = self.post("/api/jobs/claim-many".into(), request, request.timeout()).await?;
        Ok(answer.claims)
    }

    /// Renews a lease.
    pub async fn heartbeat_lease(&self, lease_id: &str, timeout: Duration) -> Result<Renewal, Error> {
        let renewal: Option<Renewal> = self.post(lease_path(lease_id, "heartbeat"), &json!({}), timeout).await?;
        Ok(renewal.unwrap_or_default())
    }

    /// Whether the job was cancelled.
    pub async fn is_cancelled(&self, run_id: &str, job_id: &str, timeout: Duration) -> Result<bool, Error> {
        let path = format!("/api/jobs/{}/{}/cancelled", path_segment(run_id), path_segment(job_id));
        json_of(&self.connection, HttpRequest::get(path, timeout)).await
    }

    /// Stores chunks of a job's output; returns when they are durable.
    pub async fn push_logs(&self, lease_id: &str, chunks: &[LogChunk]) -> Result<(), Error> {
        self.post(lease_path(lease_id, "logs"), &json!({ "chunks": chunks }), CALL_TIMEOUT).await.map(ignore)
    }

    pub async fn complete(&self, lease_id: &str, outputs: &Outputs) -> Result<(), Error> {
        self.post(lease_path(lease_id, "complete"), &json!({ "outputs": outputs }), CALL_TIMEOUT).await.map(ignore)
    }

    pub async fn fail(&self, lease_id: &str, failure: &Failure) -> Result<(), Error> {
        let mut body = json!({ "error": failure.error, "retryable": failure.retryable });
        if let Some(exit_code) = failure.exit_code {
            body["exit_code"] = exit_code.into();
        }
        self.post(lease_path(lease_id, "fail"), &body, CALL_TIMEOUT).await.map(ignore)
    }

    /// Releases a job that has not run.
    pub async fn release(&self, lease_id: &str) -> Result<(), Error> {
        self.post(lease_path(lease_id, "release"), &json!({}), CALL_TIMEOUT).await.map(ignore)
    }

    async fn post<T: for<'de> Deserialize<'de>>(
        &self,
        path: String,
        body: &impl Serialize,
        timeout: Duration,
    ) -> Result<T, Error> {
        let body = serde_json::to_string(body).map_err(|error| Error::InvalidConfig(error.to_string()))?;
        json_of(&self.connection, HttpRequest::post(path, body, timeout)).await
    }
}

fn ignore(_answer: Value) {}

fn lease_path(lease_id: &str, verb: &str) -> String {
    format!("/api/jobs/{}/{verb}", path_segment(lease_id))
}

const PATH_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as one segment of a path.
pub(crate) fn path_segment(text: &str) -> String {
    utf8_percent_encode(text, PATH_SEGMENT).to_string()
}
