use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{HttpConnection, HttpRequest, json_of};
use crate::error::Error;
use crate::executor::Failure;
use crate::wire::{Claim, LogChunk, Outputs};

/// How long a call other than a waiting claim may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// What a worker asks of a server on the documented paths. Each call may be repeated when its answer was lost.
#[derive(Clone)]
pub(crate) struct WorkerCalls {
    connection: HttpConnection,
}

/// A claim of jobs.
#[derive(Clone, Serialize)]
pub(crate) struct ClaimRequest {
    pub worker_id: String,
    pub labels: Vec<String>,
    pub lease_ttl_secs: u64,
    /// How long the claim waits at the server.
    pub wait_secs: f64,
    /// The same id gets the same jobs while their leases live.
    pub request_id: String,
    /// At most 1000.
    pub max_jobs: usize,
}

/// What a renewal brings back. An older server answers without any of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Renewal {
    pub ttl_secs: Option<f64>,
    pub cancelled: bool,
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

    /// Makes the worker known, or replaces its labels.
    pub async fn register(&self, worker_id: &str, labels: &[String], slots: usize) -> Result<(), Error> {
        let version = super::USER_AGENT;
        let body = json!({ "worker_id": worker_id, "labels": labels, "slots": slots, "version": version });
        self.post("/api/workers/register".into(), &body, CALL_TIMEOUT).await.map(ignore)
    }

    /// Says that the worker is alive. Refused with status 404 when the server does not know it.
    pub async fn heartbeat_worker(&self, worker_id: &str, timeout: Duration) -> Result<(), Error> {
        let path = format!("/api/workers/{}/heartbeat", path_segment(worker_id));
        self.post(path, &json!({}), timeout).await.map(ignore)
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

    /// Stores pieces of a job's output; returns when they are durable.
    pub async fn push_logs(&self, lease_id: &str, chunks: &[LogChunk]) -> Result<(), Error> {
        self.post(lease_path(lease_id, "logs"), &json!({ "chunks": chunks }), CALL_TIMEOUT).await.map(ignore)
    }

    pub async fn complete(&self, lease_id: &str, outputs: &Outputs) -> Result<(), Error> {
        self.post(lease_path(lease_id, "complete"), &json!({ "outputs": outputs }), CALL_TIMEOUT).await.map(ignore)
    }

    pub async fn fail(&self, lease_id: &str, failure: &Failure) -> Result<(), Error> {
        let body = json!({ "error": failure.error, "retryable": failure.retryable });
        self.post(lease_path(lease_id, "fail"), &body, CALL_TIMEOUT).await.map(ignore)
    }

    /// Gives a job back unrun.
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
