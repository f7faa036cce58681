//! Leases under a blocked runtime, without a network, over a restart.

use crate::support::{Running, Server, job, scaled, short_lease};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use workflow_graph_worker_sdk::executor::{Failure, Job, JobOutput, StopCause};
use workflow_graph_worker_sdk::wire::JobStatus;
use workflow_graph_worker_sdk::{Transport, Worker, WorkerConfig};

on_both_transports!(
    a_job_that_blocks_every_thread_of_the_runtime_keeps_its_lease,
    a_server_that_restarts_while_a_job_runs_gets_its_result_and_log,
    a_lease_that_cannot_be_renewed_counts_as_expired_by_the_worker_s_own_clock,
);

async fn a_lease_that_cannot_be_renewed_counts_as_expired_by_the_worker_s_own_clock(
    server: Server,
    transport: Transport,
) {
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    let mut told = told;
    let executor = move |job: Job| {
        let tell = tell.clone();
        async move {
            job.cancellation.cancelled().await;
            tell.send(job.stop_cause()).unwrap();
            Ok::<_, Failure>(())
        }
    };
    let config = WorkerConfig { lease_ttl: short_lease(), ..server.config(transport) };
    let worker = Worker::with_executor(config, executor);
    let run = server.run(&[("long", "x", json!({}))]).await;
    let losing = async {
        server.until(&run, |workflow| job(workflow, "long").status == JobStatus::Running).await;
        tokio::time::sleep(short_lease() * 3 / 2).await;
        assert!(told.try_recv().is_err(), "as long as the server answers, the lease lives");
        let lost_at = Instant::now();
        drop(server.stop());
        assert_eq!(told.recv().await, Some(Some(StopCause::Expired)));
        assert!(lost_at.elapsed() < scaled(Duration::from_millis(2_000)), "{:?}", lost_at.elapsed());
    };
    tokio::select! {
        _ = worker.run() => panic!("nobody stops it"),
        () = losing => {}
    }
}

async fn a_job_that_blocks_every_thread_of_the_runtime_keeps_its_lease(server: Server, transport: Transport) {
    let executor = |_: Job| async move {
        std::thread::sleep(short_lease() * 7 / 2);
        Ok::<_, Failure>(JobOutput::default())
    };
    let config = WorkerConfig { lease_ttl: short_lease(), slots: 4, ..server.config(transport) };
    // The worker's runtime is not the test's, which has to go on.
    let worker = Worker::with_executor(config, executor);
    let handle = worker.clone();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(handle.run())
    });
    let run = server.run(&[("block", "x", json!({}))]).await;
    let ended = server.ended(&run).await;
    assert_eq!((job(&ended, "block").status, job(&ended, "block").attempt), (JobStatus::Success, 0));
    worker.drain();
    tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap().unwrap();
}

async fn a_server_that_restarts_while_a_job_runs_gets_its_result_and_log(server: Server, transport: Transport) {
    let may_end = Arc::new(AtomicBool::new(false));
    let executor = {
        let may_end = Arc::clone(&may_end);
        move |job: Job| {
            let may_end = Arc::clone(&may_end);
            async move {
                let mut number = 0;
                while !may_end.load(Ordering::SeqCst) {
                    job.log.stdout(format!("{number}\n")).await;
                    number += 1;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Ok::<_, Failure>(JobOutput::from([("lines", number.to_string())]))
            }
        }
    };
    let running = Running::start(Worker::with_executor(server.config(transport), executor));
    let run = server.run(&[("count", "x", json!({}))]).await;
    server.until(&run, |workflow| job(workflow, "count").status == JobStatus::Running).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let server = tokio::task::spawn_blocking(|| server.restart()).await.unwrap();
    may_end.store(true, Ordering::SeqCst);
    let ended = server.ended(&run).await;
    assert_eq!((job(&ended, "count").status, job(&ended, "count").attempt), (JobStatus::Success, 0));
    let lines: usize = job(&ended, "count").outputs["lines"].parse().unwrap();
    let expected: String = (0..lines).map(|number| format!("{number}\n")).collect();
    assert_eq!(server.log(&run, "count").await, expected);
    running.drained().await.unwrap();
}
