//! A worker in ten lines that uses the output of another job: `cargo run --example deploy`.

use workflow_graph_worker_sdk::executor::{Failure, Job, JobOutput};
use workflow_graph_worker_sdk::{Worker, WorkerConfig};

async fn deploy(job: Job) -> Result<JobOutput, Failure> {
    let artifact_url = job
        .upstream_outputs
        .get("build")
        .and_then(|o| o.get("artifact_url"))
        .ok_or_else(|| Failure::permanent("build should produce artifact_url"))?;
    job.log.stdout(format!("deploying {artifact_url}\n")).await;
    Ok(JobOutput::from([("deployed", artifact_url.clone())]))
}

#[tokio::main]
async fn main() -> Result<(), workflow_graph_worker_sdk::Error> {
    let server_url = std::env::var("SERVER_URL").unwrap_or("http://localhost:3000".into());
    let config = WorkerConfig { server_url, labels: vec!["deploy".into()], ..Default::default() };
    Worker::with_executor(config, deploy).run_until(async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await
}
