//! The worker that is published as `workflow-graph-worker-sdk` 1.2.11 runs workflows of a server, and the types of the
//! published crates read every answer. Takes the server's address and a folder for its marks; the exit status tells.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use workflow_graph_queue::traits::{Lease, LogChunk, QueuedJob, WorkerInfo};
use workflow_graph_shared::{JobStatus, Workflow};
use workflow_graph_worker_sdk::{Worker, WorkerConfig};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// How the published worker reads a claim.
#[derive(Deserialize)]
struct Claim {
    job: QueuedJob,
    lease: Lease,
}

struct Api {
    url: String,
    http: reqwest::Client,
}

impl Api {
    async fn get<T: DeserializeOwned>(&self, path: &str) -> Outcome<T> {
        read(path, self.http.get(format!("{}{path}", self.url)).send().await?).await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: Value) -> Outcome<T> {
        read(path, self.http.post(format!("{}{path}", self.url)).json(&body).send().await?).await
    }

    async fn create(&self, jobs: Value) -> Outcome<Workflow> {
        self.post("/api/workflows", json!({"name": "interop", "trigger": "push", "jobs": jobs})).await
    }

    async fn run(&self, id: &str) -> Outcome<String> {
        let answer: Value = self.post(&format!("/api/workflows/{id}/run"), json!({})).await?;
        Ok(answer["run_id"].as_str().ok_or("no run_id")?.to_owned())
    }

    /// Waits until the jobs of a run are as wanted, reading it by the published type each time.
    async fn wait(&self, run: &str, what: &str, wanted: impl Fn(&Workflow) -> bool) -> Outcome<Workflow> {
        let begun = Instant::now();
        loop {
            let workflow: Workflow = self.get(&format!("/api/workflows/{run}/status")).await?;
            if wanted(&workflow) {
                return Ok(workflow);
            }
            if begun.elapsed() > Duration::from_secs(300) {
                return Err(format!("waited for {what}, found {workflow:?}").into());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn read<T: DeserializeOwned>(path: &str, answer: reqwest::Response) -> Outcome<T> {
    let status = answer.status();
    let text = answer.text().await?;
    if !status.is_success() {
        return Err(format!("{path}: {status} {text}").into());
    }
    serde_json::from_str(&text).map_err(|error| format!("{path}: {error} in {text}").into())
}

fn status_of<'a>(workflow: &'a Workflow, job: &str) -> Option<&'a JobStatus> {
    workflow.jobs.iter().find(|one| one.id == job).map(|one| &one.status)
}

fn all_succeeded(workflow: &Workflow) -> bool {
    workflow.jobs.iter().all(|job| job.status == JobStatus::Success)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    // The published worker's future cannot move between threads.
    tokio::task::LocalSet::new().run_until(check()).await
}

async fn check() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let (url, marks) = (arguments.next().ok_or("no server")?, arguments.next().ok_or("no folder")?);
    let api = Api { url: url.clone(), http: reqwest::Client::new() };
    let config = WorkerConfig {
        server_url: url,
        labels: vec!["linux".into()],
        poll_interval: Duration::from_millis(100),
        cancellation_check_interval: Duration::from_millis(200),
        ..WorkerConfig::default()
    };
    let worker = tokio::task::spawn_local(async move { Worker::new(config).run().await.map_err(|error| error.to_string()) });

    // A graph whose middle fails once and is tried again after a delay, and outputs that reach what needs them.
    let flaky = format!("test -e '{marks}/seen' || {{ touch '{marks}/seen'; echo failing >&2; exit 3; }}");
    let graph = api
        .create(json!([
            {"id": "first", "command": "echo hello; echo '::set-output version=1.2.3'", "metadata": {"icon": "box"}},
            {"id": "flaky", "command": flaky, "depends_on": ["first"], "required_labels": ["linux"],
             "retry_policy": {"max_retries": 2, "backoff": {"Fixed": {"delay_secs": 1}}}},
            {"id": "last", "command": "true", "depends_on": ["first", "flaky"]},
        ]))
        .await?;
    let unrun: Vec<LogChunk> = api.get(&format!("/api/workflows/{}/jobs/first/logs", graph.id)).await?;
    assert!(unrun.is_empty());
    let run = api.run(&graph.id).await?;
    let done = api.wait(&run, "the graph to succeed", all_succeeded).await?;
    let attempts: Vec<u32> = done.jobs.iter().map(|job| job.attempt).collect();
    assert_eq!(attempts, [0, 1, 0], "only the flaky job is tried again");
    assert_eq!(done.jobs[0].metadata["icon"], "box");
    let raw: Value = api.get(&format!("/api/workflows/{run}/status")).await?;
    assert_eq!(raw["jobs"][0]["outputs"]["version"], "1.2.3");
    let chunks: Vec<LogChunk> = api.get(&format!("/api/workflows/{run}/jobs/first/logs")).await?;
    assert!(chunks.iter().any(|chunk| chunk.data.contains("hello")));

    // A cancel reaches a job that runs, and the worker goes on to the next.
    let long = api.create(json!([{"id": "long", "command": "exec sleep 600"}])).await?;
    let run = api.run(&long.id).await?;
    api.wait(&run, "the long job to run", |now| status_of(now, "long") == Some(&JobStatus::Running)).await?;
    let _: Value = api.post(&format!("/api/workflows/{run}/cancel"), json!({})).await?;
    api.wait(&run, "the cancel", |now| status_of(now, "long") == Some(&JobStatus::Cancelled)).await?;
    let next = api.create(json!([{"id": "next", "command": "true"}])).await?;
    let run = api.run(&next.id).await?;
    api.wait(&run, "the next job", all_succeeded).await?;

    // What the worker read of its claims, once more and with everything in it.
    let probe = api
        .create(json!([
            {"id": "up", "command": "echo '::set-output k=v'"},
            {"id": "down", "command": "x", "depends_on": ["up"], "required_labels": ["probe"],
             "retry_policy": {"max_retries": 1, "backoff": {"Exponential": {"base_secs": 2, "max_secs": 60}}}},
        ]))
        .await?;
    let run = api.run(&probe.id).await?;
    api.wait(&run, "the first job", |now| status_of(now, "up") == Some(&JobStatus::Success)).await?;
    let wanted = json!({"worker_id": "probe", "labels": ["probe"], "lease_ttl_secs": 60});
    let claim: Option<Claim> = api.post("/api/jobs/claim", wanted.clone()).await?;
    let Claim { job, lease } = claim.ok_or("no job for the probe")?;
    assert_eq!((job.job_id.as_str(), job.delayed_until_ms, lease.ttl_secs), ("down", 0, 60));
    assert_eq!(job.upstream_outputs["up"]["k"], "v");
    let none: Option<Claim> = api.post("/api/jobs/claim", wanted).await?;
    assert!(none.is_none());
    let cancelled: bool = api.get(&format!("/api/jobs/{run}/down/cancelled")).await?;
    assert!(!cancelled);

    let workers: Vec<WorkerInfo> = api.get("/api/workers").await?;
    assert!(workers.len() >= 2, "{workers:?}");
    let all: Vec<Workflow> = api.get("/api/workflows").await?;
    assert_eq!(all.len(), 4);
    if worker.is_finished() {
        return Err(format!("the worker ended: {:?}", worker.await?).into());
    }
    println!("{} workflows, {} workers: the published crates read every answer", all.len(), workers.len());
    Ok(())
}
