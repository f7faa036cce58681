mod controls;
mod follow;
mod options;
mod server_sent_events;

use std::time::Duration;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::Error;
use crate::http::{HttpConnection, HttpRequest, json_of, path_segment};
use crate::wire::{
    GatePage, JobExplanation, LogChunk, Queue, Rerun, RunPage, Schedule, SchedulePage, WorkerInfo, Workflow,
    WorkflowInputs,
};
pub use follow::FollowedLog;
use options::query;
pub use options::{
    BackfillOptions, CancelOptions, ClientConfig, CreateOptions, DrainOptions, FollowOptions, ListGates, ListRuns,
    ListSchedules, ListWorkers, ListWorkflows, LogOptions, RerunOptions, RunOptions,
};

/// Creates workflows, starts runs and inspects them. An `id` parameter accepts a run id, or a workflow id, which means
/// its newest run.
///
/// Every method fails with [`Error::Refused`] if the server refuses the call, and with [`Error::Unreachable`] if it
/// cannot be reached. A client belongs to the tokio runtime on which it is used. Clones share their connections.
///
/// ```no_run
/// # use workflow_graph_worker_sdk::{Client, ClientConfig};
/// # async fn run() -> Result<(), workflow_graph_worker_sdk::Error> {
/// let client = Client::new(ClientConfig::default())?;
/// let run_id = client.run_workflow("release", Default::default()).await?;
/// let mut log = client.follow_logs(&run_id, "build", Default::default());
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
    /// Fails for an invalid configuration. Connections are opened on demand.
    pub fn new(config: ClientConfig) -> Result<Self, Error> {
        let connection = HttpConnection::new(&config.server_url, config.token.as_deref(), config.ca_file.as_deref())?;
        Ok(Self { connection, config })
    }

    /// Stores a definition: the text of a workflow file, in YAML or JSON.
    pub async fn create_workflow(&self, definition: &str, options: CreateOptions) -> Result<Workflow, Error> {
        let request = HttpRequest::post(create_path(options), definition.to_owned(), self.config.timeout);
        json_of(&self.connection, HttpRequest { content_type: "application/yaml", ..request }).await
    }

    /// Stores a definition: `{"name", "trigger", "jobs": [{"id", "command", "depends_on", …}]}`, or the content of a
    /// workflow file.
    pub async fn create_workflow_json(&self, definition: &Value, options: CreateOptions) -> Result<Workflow, Error> {
        self.post(create_path(options), definition).await
    }

    /// The workflows by id, each with the state of its newest run.
    pub async fn workflows(&self, list: ListWorkflows) -> Result<Vec<Workflow>, Error> {
        self.get(format!("/api/workflows{}", query(&list))).await
    }

    /// The workflow with the states of its jobs.
    pub async fn status(&self, id: &str) -> Result<Workflow, Error> {
        self.get(format!("/api/workflows/{}/status", path_segment(id))).await
    }

    /// Starts a run of the workflow's current definition and returns its id.
    pub async fn run_workflow(&self, id: &str, options: RunOptions) -> Result<String, Error> {
        let body = json!({ "inputs": options.inputs, "request_id": request_id(options.request_id) });
        let started: RunId = self.post(format!("/api/workflows/{}/run", path_segment(id)), &body).await?;
        Ok(started.run_id)
    }

    /// Runs, newest first.
    pub async fn runs(&self, list: ListRuns) -> Result<RunPage, Error> {
        self.get(format!("/api/runs{}", query(&list))).await
    }

    /// Cancels a run: jobs that have not started end, and workers are asked to stop running jobs. Returns the run's id,
    /// which is empty for a workflow that has not run. Repeating the call changes nothing.
    pub async fn cancel(&self, id: &str, options: CancelOptions) -> Result<String, Error> {
        let body = json!({ "force": options.force, "request_id": request_id(options.request_id) });
        let cancelled: RunId = self.post(format!("/api/workflows/{}/cancel", path_segment(id)), &body).await?;
        Ok(cancelled.run_id)
    }

    /// Runs jobs of a run again, in the same run, and with them all jobs that need them. Outputs of the others stay. The
    /// server refuses it with the reason `job_running` or `dependant_running` while a job is in the way.
    pub async fn rerun(&self, id: &str, options: RerunOptions) -> Result<Rerun, Error> {
        let body = json!({
            "failed": options.failed,
            "jobs": options.jobs,
            "dependants": !options.without_dependants,
            "force": options.force,
            "dry_run": options.dry_run,
            "request_id": request_id(options.request_id),
        });
        self.post(format!("/api/workflows/{}/rerun", path_segment(id)), &body).await
    }

    /// The inputs that the current definition of a workflow, or of a run's workflow, declares.
    pub async fn workflow_inputs(&self, id: &str) -> Result<WorkflowInputs, Error> {
        self.get(format!("/api/workflows/{}/inputs", path_segment(id))).await
    }

    /// The schedules of workflows.
    pub async fn schedules(&self, list: ListSchedules) -> Result<SchedulePage, Error> {
        self.get(format!("/api/schedules{}", query(&list))).await
    }

    /// Pauses a schedule: until it is resumed it starts no runs, and times that come meanwhile get none later.
    pub async fn pause_schedule(&self, workflow: &str, schedule: &str, reason: &str) -> Result<Schedule, Error> {
        self.post(schedule_path(workflow, schedule, "pause"), &json!({ "reason": reason })).await
    }

    /// Resumes a paused schedule at its next time.
    pub async fn resume_schedule(&self, workflow: &str, schedule: &str) -> Result<Schedule, Error> {
        self.post(schedule_path(workflow, schedule, "resume"), &json!({})).await
    }

    /// The concurrency groups in use, by name.
    pub async fn gates(&self, list: ListGates) -> Result<GatePage, Error> {
        self.get(format!("/api/gates{}", query(&list))).await
    }

    /// What waits for a worker, by the labels that it requires: those that no live worker has first.
    pub async fn queue(&self) -> Result<Queue, Error> {
        self.get("/api/queue".into()).await
    }

    /// Removes a workflow from the list, so it can no longer be started; its runs stay until they are pruned. The
    /// server refuses to remove a workflow that comes from a file.
    pub async fn remove_workflow(&self, id: &str) -> Result<(), Error> {
        let path = format!("/api/workflows/{}", path_segment(id));
        json_of::<IgnoredAny>(&self.connection, HttpRequest::delete(path, self.config.timeout)).await?;
        Ok(())
    }

    /// Explains the state of a job: what it waits for, why it was retried, skipped or cancelled, how it failed.
    pub async fn explain(&self, id: &str, job_id: &str) -> Result<JobExplanation, Error> {
        self.get(format!("/api/workflows/{}/jobs/{}/why", path_segment(id), path_segment(job_id))).await
    }

    /// The stored log of a job: all attempts in order, or one.
    pub async fn logs(&self, id: &str, job_id: &str, options: LogOptions) -> Result<Vec<LogChunk>, Error> {
        self.get(format!("{}{}", logs_path(id, job_id), query(&options))).await
    }

    /// Follows a job's log: first the stored part, then live, until the job has ended. After a broken connection it
    /// resumes where it was.
    pub fn follow_logs(&self, id: &str, job_id: &str, options: FollowOptions) -> FollowedLog {
        let path = format!("{}/stream{}", logs_path(id, job_id), query(&options));
        FollowedLog::new(self.connection.clone(), path, options.after, self.config.timeout)
    }

    /// The workers that the server knows, newest registration first.
    pub async fn workers(&self, list: ListWorkers) -> Result<Vec<WorkerInfo>, Error> {
        self.get(format!("/api/workers{}", query(&list))).await
    }

    /// Waits until the run has ended and returns its final state. It also waits while the server is unavailable.
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
        f.debug_struct("Client").field("server_url", &self.connection.server_url()).finish_non_exhaustive()
    }
}

/// Makes an idempotent call, which this library or a proxy can repeat.
fn request_id(given: Option<String>) -> String {
    given.unwrap_or_else(|| Uuid::new_v4().to_string())
}

fn create_path(options: CreateOptions) -> String {
    format!("/api/workflows?request_id={}", path_segment(&request_id(options.request_id)))
}

fn schedule_path(workflow: &str, schedule: &str, verb: &str) -> String {
    format!("/api/workflows/{}/schedules/{}/{verb}", path_segment(workflow), path_segment(schedule))
}

fn logs_path(id: &str, job_id: &str) -> String {
    format!("/api/workflows/{}/jobs/{}/logs", path_segment(id), path_segment(job_id))
}
