//! The Rust code of the documentation, as printed: that it compiles is the test. The programs in `examples/` are run.
#![allow(dead_code, clippy::all, clippy::unwrap_used)]

#[rustfmt::skip]
mod minimal_example {
use workflow_graph_worker_sdk::{Worker, WorkerConfig};
#[tokio::main]
async fn main() -> anyhow::Result<()> {
let worker = Worker::new(WorkerConfig {
server_url: "http://localhost:3000".into(),
labels: vec!["rust".into()],
..Default::default()
});
worker.run().await?;
Ok(())
}
}

#[rustfmt::skip]
mod with_custom_execution_logic {
use std::collections::HashMap;
use workflow_graph_worker_sdk::executor::{JobOutput, JobError};
async fn my_executor(command: &str) -> Result<JobOutput, JobError> {
// Parse the command as a Docker image
let output = tokio::process::Command::new("docker")
.args(["run", "--rm", command])
.output()
.await
.map_err(|e| JobError {
message: format!("docker failed: {e}"),
exit_code: None,
})?;
if !output.status.success() {
return Err(JobError {
message: String::from_utf8_lossy(&output.stderr).to_string(),
exit_code: output.status.code(),
});
}
// Extract outputs from stdout
let mut outputs = HashMap::new();
for line in String::from_utf8_lossy(&output.stdout).lines() {
if let Some(rest) = line.strip_prefix("::set-output ") {
if let Some((k, v)) = rest.split_once('=') {
outputs.insert(k.to_string(), v.to_string());
}
}
}
Ok(JobOutput { outputs })
}

#[test]
fn it_can_be_a_worker_s() {
    use workflow_graph_worker_sdk::{Worker, WorkerConfig};
    let worker = Worker::with_executor(WorkerConfig::default(), my_executor);
    assert_eq!(worker.running(), 0);
}
}

#[rustfmt::skip]
mod graceful_shutdown {
use workflow_graph_worker_sdk::{Worker, WorkerConfig};
async fn shutdown(config: WorkerConfig) {
let worker = Worker::new(config);
tokio::select! {
result = worker.run() => {
if let Err(e) = result {
eprintln!("Worker error: {e}");
}
}
_ = tokio::signal::ctrl_c() => {
println!("Shutting down gracefully...");
// Current job finishes or lease expires and gets retried
}
}
}
}

#[rustfmt::skip]
mod running_multiple_workers {
use workflow_graph_worker_sdk::{Worker, WorkerConfig};
#[tokio::main]
async fn main() {
let docker_worker = Worker::new(WorkerConfig {
labels: vec!["docker".into()],
..Default::default()
});
let gpu_worker = Worker::new(WorkerConfig {
labels: vec!["gpu".into(), "cuda".into()],
..Default::default()
});
tokio::spawn(async move { docker_worker.run().await });
tokio::spawn(async move { gpu_worker.run().await });
tokio::signal::ctrl_c().await.ok();
}
}

#[rustfmt::skip]
mod reading_outputs_in_workers {
use workflow_graph_worker_sdk::executor::Job;
fn read(job: Job) -> String {
let artifact_url = job.upstream_outputs
.get("build")
.and_then(|o| o.get("artifact_url"))
.expect("build should produce artifact_url");
artifact_url.clone()
}
}
