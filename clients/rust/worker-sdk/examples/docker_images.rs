//! A worker whose commands are names of container images: `cargo run --example docker_images`.
#![allow(clippy::collapsible_if)]

use std::collections::HashMap;
use workflow_graph_worker_sdk::executor::{JobError, JobOutput};
use workflow_graph_worker_sdk::{Worker, WorkerConfig};

async fn my_executor(command: &str) -> Result<JobOutput, JobError> {
    // Parse the command as a Docker image
    let output = tokio::process::Command::new("docker")
        .args(["run", "--rm", command])
        .output()
        .await
        .map_err(|e| JobError { message: format!("docker failed: {e}"), exit_code: None })?;

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

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let server_url = std::env::var("SERVER_URL").unwrap_or("http://localhost:3000".into());
    let config = WorkerConfig { server_url, labels: vec!["docker".into()], ..Default::default() };
    Worker::with_executor(config, my_executor).run().await?;
    Ok(())
}
