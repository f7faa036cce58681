//! Workers that the server drains.

use crate::support::{Running, Server, job};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use workflow_graph_worker_sdk::executor::{Failure, Job};
use workflow_graph_worker_sdk::wire::{JobStatus, RunState};
use workflow_graph_worker_sdk::{DrainOptions, Transport, Worker, WorkerConfig};

on_both_transports!(
    a_worker_drained_with_stop_finishes_its_job_and_ends,
    an_idle_worker_drained_with_stop_ends,
    an_undrained_worker_gets_jobs_again,
);

/// A worker whose job `first` ends when it may.
fn worker(server: &Server, transport: Transport, may_end: &Arc<Notify>) -> Worker {
    let may_end = Arc::clone(may_end);
    let executor = move |job: Job| {
        let may_end = Arc::clone(&may_end);
        async move {
            if job.job_id == "first" {
                may_end.notified().await;
            }
            Ok::<_, Failure>(())
        }
    };
    let heartbeat_interval = Duration::from_millis(200);
    Worker::with_executor(WorkerConfig { heartbeat_interval, ..server.config(transport) }, executor)
}

async fn a_worker_drained_with_stop_finishes_its_job_and_ends(server: Server, transport: Transport) {
    let may_end = Arc::new(Notify::new());
    let running = Running::start(worker(&server, transport, &may_end));
    let run = server.run(&[("first", "x", json!({})), ("second", "x", json!({"depends_on": ["first"]}))]).await;
    running.has_job().await;
    let options = DrainOptions { stop: true, reason: "test".into() };
    let drain = server.client().drain_worker(running.worker.worker_id(), options).await.unwrap();
    assert_eq!((drain.stop, drain.reason.as_str(), &drain.by), (true, "test", &None));
    let workers = server.client().workers(Default::default()).await.unwrap();
    assert_eq!(workers[0].drain.as_ref(), Some(&drain));
    may_end.notify_one();
    running.ended().await.unwrap();
    let status = server.client().status(&run).await.unwrap();
    assert_eq!(job(&status, "first").status, JobStatus::Success);
    assert_eq!(job(&status, "second").status, JobStatus::Queued);
}

async fn an_idle_worker_drained_with_stop_ends(server: Server, transport: Transport) {
    let running = Running::start(worker(&server, transport, &Arc::default()));
    running.worker.registered().await;
    let options = DrainOptions { stop: true, ..DrainOptions::default() };
    server.client().drain_worker(running.worker.worker_id(), options).await.unwrap();
    running.ended().await.unwrap();
}

async fn an_undrained_worker_gets_jobs_again(server: Server, transport: Transport) {
    let may_end = Arc::new(Notify::new());
    let running = Running::start(worker(&server, transport, &may_end));
    let run = server.run(&[("first", "x", json!({})), ("second", "x", json!({"depends_on": ["first"]}))]).await;
    running.has_job().await;
    server.client().drain_worker(running.worker.worker_id(), DrainOptions::default()).await.unwrap();
    may_end.notify_one();
    let ended = server.until(&run, |workflow| job(workflow, "first").status == JobStatus::Success).await;
    assert_eq!(job(&ended, "second").status, JobStatus::Queued);
    server.client().undrain_worker(running.worker.worker_id()).await.unwrap();
    assert_eq!(server.ended(&run).await.state, Some(RunState::Success));
    running.drained().await.unwrap();
}
