//! Jobs that are ended: cancelled, drained, terminated, timed out, left behind.

use crate::support::{Running, Server, job, long, short_lease};
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use workflow_graph_worker_sdk::executor::{Failure, Job, JobOutput, StopCause};
use workflow_graph_worker_sdk::wire::{JobStatus, RunState};
use workflow_graph_worker_sdk::{Transport, Worker, WorkerConfig};

on_both_transports!(
    a_cancelled_job_sees_its_signal_and_its_log_is_kept,
    draining_takes_no_new_job_and_lets_the_running_one_finish,
    terminating_ends_the_running_job_which_may_be_retried,
    a_job_beyond_its_timeout_is_ended,
    an_executor_that_does_not_end_is_left_behind,
    a_dropped_worker_reports_nothing_and_its_job_is_handed_out_again,
);

async fn a_cancelled_job_sees_its_signal_and_its_log_is_kept(server: Server, transport: Transport) {
    let cause = Arc::new(std::sync::Mutex::new(None));
    let executor = {
        let cause = Arc::clone(&cause);
        move |job: Job| {
            let cause = Arc::clone(&cause);
            async move {
                job.cancellation.cancelled().await;
                *cause.lock().unwrap() = job.stop_cause();
                job.log.stderr("last words\n").await;
                Err::<JobOutput, _>(Failure::retryable("stopped"))
            }
        }
    };
    let running = Running::start(Worker::with_executor(server.config(transport), executor));
    let run = server.run(&[("long", "x", json!({}))]).await;
    running.has_job().await;
    let asked_at = Instant::now();
    server.client().cancel(&run, Default::default()).await.unwrap();
    while running.worker.running() > 0 {
        assert!(asked_at.elapsed() < long(), "the signal comes in time");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let status = server.client().status(&run).await.unwrap();
    assert_eq!(job(&status, "long").status, JobStatus::Cancelled);
    assert_eq!(*cause.lock().unwrap(), Some(StopCause::Cancelled));
    assert_eq!(server.log(&run, "long").await, "last words\n");
    running.drained().await.unwrap();
}

async fn draining_takes_no_new_job_and_lets_the_running_one_finish(server: Server, transport: Transport) {
    let may_end = Arc::new(Notify::new());
    let executor = {
        let may_end = Arc::clone(&may_end);
        move |_: Job| {
            let may_end = Arc::clone(&may_end);
            async move {
                may_end.notified().await;
                Ok::<_, Failure>(())
            }
        }
    };
    let running = Running::start(Worker::with_executor(server.config(transport), executor));
    let run = server.run(&[("first", "x", json!({})), ("second", "x", json!({"depends_on": ["first"]}))]).await;
    running.has_job().await;
    running.worker.drain();
    may_end.notify_one();
    running.ended().await.unwrap();
    let status = server.client().status(&run).await.unwrap();
    assert_eq!(job(&status, "first").status, JobStatus::Success);
    assert_eq!(job(&status, "second").status, JobStatus::Queued);
}

async fn terminating_ends_the_running_job_which_may_be_retried(server: Server, transport: Transport) {
    let executor = |job: Job| async move {
        job.cancellation.cancelled().await;
        Err::<JobOutput, _>(Failure::permanent("not what is reported"))
    };
    let running = Running::start(Worker::with_executor(server.config(transport), executor));
    let run = server.run(&[("long", "x", json!({"max_retries": 1}))]).await;
    running.has_job().await;
    running.worker.terminate();
    running.ended().await.unwrap();
    let status = server.client().status(&run).await.unwrap();
    assert_eq!(job(&status, "long").status, JobStatus::Queued, "{status:?}");
}

async fn a_job_beyond_its_timeout_is_ended(server: Server, transport: Transport) {
    let executor = |job: Job| async move {
        job.cancellation.cancelled().await;
        Ok::<_, Failure>(())
    };
    let running = Running::start(Worker::with_executor(server.config(transport), executor));
    let run = server.run(&[("slow", "x", json!({"timeout_secs": 1}))]).await;
    let ended = server.ended(&run).await;
    assert_eq!(job(&ended, "slow").status, JobStatus::Failure);
    let text = job(&ended, "slow").output.clone().unwrap();
    assert!(text.contains("timed out") || text.contains("timeout"), "{text}");
    running.drained().await.unwrap();
}

async fn an_executor_that_does_not_end_is_left_behind(server: Server, transport: Transport) {
    let executor = |job: Job| async move {
        match job.job_id.as_str() {
            "stubborn" => std::future::pending().await,
            _ => Ok::<_, Failure>(()),
        }
    };
    let config = WorkerConfig { grace: Duration::from_millis(100), ..server.config(transport) };
    let running = Running::start(Worker::with_executor(config, executor));
    let stubborn = server.run(&[("stubborn", "x", json!({}))]).await;
    running.has_job().await;
    server.client().cancel(&stubborn, Default::default()).await.unwrap();
    let run = server.run(&[("next", "x", json!({}))]).await;
    assert_eq!(server.ended(&run).await.state, Some(RunState::Success));
    running.drained().await.unwrap();
}

async fn a_dropped_worker_reports_nothing_and_its_job_is_handed_out_again(server: Server, transport: Transport) {
    let config = WorkerConfig { lease_ttl: short_lease(), ..server.config(transport) };
    let stuck = Worker::with_executor(config, |_: Job| std::future::pending::<Result<(), Failure>>());
    let run = server.run(&[("once", "x", json!({"max_retries": 1}))]).await;
    let begun = async {
        server.until(&run, |workflow| job(workflow, "once").status == JobStatus::Running).await;
        // A job that was pushed and not acknowledged would not count as an attempt: it lives beyond its first lease.
        tokio::time::sleep(short_lease() * 6 / 5).await;
    };
    tokio::select! {
        _ = stuck.run() => panic!("nobody stops it"),
        () = begun => {}
    }
    let next = Worker::with_executor(server.config(transport), |_: Job| async { Ok::<_, Failure>(()) });
    let running = Running::start(next);
    let ended = server.ended(&run).await;
    assert_eq!((job(&ended, "once").status, job(&ended, "once").attempt), (JobStatus::Success, 1));
    running.drained().await.unwrap();
}
