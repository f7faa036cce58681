//! Starts a run, follows a job's log, and exits with the run's result:
//! `cargo run --example run_and_wait ci build`.

use std::process::ExitCode;

use workflow_graph_worker_sdk::wire::RunState;
use workflow_graph_worker_sdk::{Client, ClientConfig, Error};

#[tokio::main]
async fn main() -> Result<ExitCode, Error> {
    let mut arguments = std::env::args().skip(1);
    let workflow = arguments.next().unwrap_or("ci".into());
    let server_url = std::env::var("SERVER_URL").unwrap_or("http://localhost:3000".into());
    let client = Client::new(ClientConfig { server_url, ..Default::default() })?;

    let run_id = client.run_workflow(&workflow, Default::default()).await?;
    println!("run {run_id}");
    if let Some(job) = arguments.next() {
        let mut log = client.follow_logs(&run_id, &job, Default::default());
        while let Some(chunk) = log.next().await? {
            print!("{}", chunk.data);
        }
    }
    let workflow = client.wait(&run_id).await?;
    for job in &workflow.jobs {
        println!("{:<10?} {}", job.status, job.id);
    }
    Ok(if workflow.state == Some(RunState::Success) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
