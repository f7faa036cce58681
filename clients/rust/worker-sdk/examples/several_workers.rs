//! Two workers in one process: `cargo run --example several_workers`.

use workflow_graph_worker_sdk::{Worker, WorkerConfig};

#[tokio::main]
async fn main() {
    let docker_worker = Worker::new(WorkerConfig { labels: vec!["docker".into()], ..Default::default() });

    let gpu_worker = Worker::new(WorkerConfig { labels: vec!["gpu".into(), "cuda".into()], ..Default::default() });

    tokio::spawn(async move { docker_worker.run().await });
    tokio::spawn(async move { gpu_worker.run().await });

    tokio::signal::ctrl_c().await.ok();
}
