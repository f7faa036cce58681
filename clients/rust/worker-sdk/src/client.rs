mod follow;
mod options;
mod server_sent_events;

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::Error;
use crate::http::{HttpConnection, HttpRequest, json_of, path_segment};
use crate::wire::{JobExplanation, LogChunk, RunPage, WorkerInfo, Workflow};
pub use follow::FollowedLog;
use options::query;
pub use options::{ClientConfig, ListRuns, ListWorkers, ListWorkflows, LogOptions, RunOptions};

/// Creates workflows, starts runs and looks at them. Where a method takes `id`, that is the id of a run, or of a
/// workflow, which then means its newest run.
///
/// Every method fails with [`Error::Refused`] when the server says no, and with [`Error::Unreachable`] when nobody
/// answers. It belongs to the tokio runtime that it is used on. Clones share their connections.
///
/// ```no_run
/// # use workflow_graph_worker_sdk::{Client, ClientConfig};
/// # async fn run() -> Result<(), workflow_graph_worker_sdk::Error> {
/// let client = Client::new(ClientConfig::default())?;
/// let run_id = client.run_workflow("release", Default::default()).await?;
/// let mut log = client.follow_logs(&run_id, "build", None);
/// while let Some(chunk) = log.next().await? {
///     print!("{}", chunk.data);
/// }
/// let workflow = client.wait(&run_id).await?;
/// println!("{:?}", workflow.state);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    connection: HttpConnection,
    config: ClientConfig,
}

impl Client {
    /// Fails when the configuration cannot be used. Connections are made when they are needed.
    pub fn new(config: ClientConfig) -> Result<Self, Error> {
        let connection = HttpConnection::new(&config.server_url, config.token.as_deref(), config.ca_file.as_deref())?;
        Ok(Self { connection, config })
    }

    /// Stores a definition: the text of a workflow file, in YAML or JSON.
    pub async fn create_workflow(&self, definition: &str) -> Result<Workflow, Error> {
        let request = HttpRequest::post("/api/workflows", definition.to_owned(), self.config.timeout);
        json_of(&self.connection, HttpRequest { content_type: "application/yaml", ..request }).await
    }

    /// Stores a definition: `{"name", "trigger", "jobs": [{"id", "command", "depends_on", …}]}`, or what a workflow file
    /// holds.
    pub async fn create_workflow_json(&self, definition: &Value) -> Result<Workflow, Error> {
        self.post("/api/workflows".into(), definition).await
    }

    /// The workflows by id, each with the state of its newest run.
    pub async fn workflows(&self, list: ListWorkflows) -> Result<Vec<Workflow>, Error> {
        self.get(format!("/api/workflows{}", query(&list))).await
    }

    /// The workflow with the states of its jobs.
    pub async fn status(&self, id: &str) -> Result<Workflow, Error> {
        self.get(format!("/api/workflows/{}/status", path_segment(id))).await
    }

    /// Starts a run of the workflow's current definition, and gives its id.
    pub async fn run_workflow(&self, id: &str, options: RunOptions) -> Result<String, Error> {
        let request_id = options.request_id.unwrap_or_else(|| Uuid::new_v4().to_string());
        let body = json!({ "inputs": options.inputs, "request_id": request_id });
        let started: RunId = self.post(format!("/api/workflows/{}/run", path_segment(id)), &body).await?;
        Ok(started.run_id)
    }

    /// Runs, newest first.
    pub async fn runs(&self, list: ListRuns) -> Result<RunPage, Error> {
        self.get(format!("/api/runs{}", query(&list))).await
    }

    /// Cancels a run: what has not started ends, and the workers of what has are told. Gives the run's id.
    pub async fn cancel(&self, id: &str) -> Result<String, Error> {
        let cancelled: RunId = self.post(format!("/api/workflows/{}/cancel", path_segment(id)), &json!({})).await?;
        Ok(cancelled.run_id)
    }

    /// Why a job is in the state that it is in: what it waits for, why it was retried, skipped or cancelled, how it
    /// failed.
    pub async fn explain(&self, id: &str, job_id: &str) -> Result<JobExplanation, Error> {
        self.get(format!("/api/workflows/{}/jobs/{}/why", path_segment(id), path_segment(job_id))).await
    }

    /// The stored log of a job: all attempts in order, or one.
    pub async fn logs(&self, id: &str, job_id: &str, options: LogOptions) -> Result<Vec<LogChunk>, Error> {
        self.get(format!("{}{}", logs_path(id, job_id), query(&options))).await
    }

    /// A job's log as it grows: what is stored, then live, until the job has ended. A connection that breaks is made
    /// again and goes on where it was.
    pub fn follow_logs(&self, id: &str, job_id: &str, attempt: Option<u32>) -> FollowedLog {
        let path = format!("{}/stream{}", logs_path(id, job_id), query(&[("attempt", attempt)]));
        FollowedLog::new(self.connection.clone(), path, self.config.timeout)
    }

    /// The workers that the server knows, newest registration first.
    pub async fn workers(&self, list: ListWorkers) -> Result<Vec<WorkerInfo>, Error> {
        self.get(format!("/api/workers{}", query(&list))).await
    }

    /// Waits until the run has ended, and gives its last state. A server that is away meanwhile is waited for.
    pub async fn wait(&self, id: &str) -> Result<Workflow, Error> {
        const LOOK_EVERY: Duration = Duration::from_millis(500);
        loop {
            match self.status(id).await {
                Ok(workflow) if workflow.state.is_some_and(|state| state.has_ended()) => return Ok(workflow),
                Ok(_) => {}
                Err(error) if error.is_temporary() => {}
                Err(error) => return Err(error),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn get<T: DeserializeOwned>(&self, path: String) -> Result<T, Error> {
        json_of(&self.connection, HttpRequest::get(path, self.config.timeout)).await
    }

    async fn post<T: DeserializeOwned>(&self, path: String, body: &Value) -> Result<T, Error> {
        json_of(&self.connection, HttpRequest::post(path, body.to_string(), self.config.timeout)).await
    }
}

#[derive(Deserialize)]
struct RunId {
    run_id: String,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("server_url", &self.config.server_url).finish_non_exhaustive()
    }
}

fn logs_path(id: &str, job_id: &str) -> String {
    format!("/api/workflows/{}/jobs/{}/logs", path_segment(id), path_segment(job_id))
}
