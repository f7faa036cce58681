//! A worker that runs shell commands: `cargo run --example minimal`.

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
