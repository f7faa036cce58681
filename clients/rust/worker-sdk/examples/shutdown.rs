//! Ends with the program: its running jobs are requeued when their leases expire. To let them finish instead, use
//! `Worker::run_until`. `cargo run --example shutdown`.

use workflow_graph_worker_sdk::{Worker, WorkerConfig};

#[tokio::main]
async fn main() {
    let server_url = std::env::var("SERVER_URL").unwrap_or("http://localhost:3000".into());
    let config = WorkerConfig { server_url, ..Default::default() };

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
