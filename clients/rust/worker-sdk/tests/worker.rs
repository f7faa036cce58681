//! The worker against a real server, over both transports.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use support::{Running, Server, job};
use workflow_graph_worker_sdk::executor::{BoxFuture, Executor, Failure, Job, JobError, JobOutput, StopCause};
use workflow_graph_worker_sdk::wire::{JobStatus, RunState};
use workflow_graph_worker_sdk::{Error, Transport, Worker, WorkerConfig};

/// The same promise over both transports.
macro_rules! on_both_transports {
    ($($name:ident),* $(,)?) => {
        mod stream {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(server) = Server::start() { super::$name(server, Transport::Stream).await }
            })*
        }
        mod http {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(server) = Server::start() { super::$name(server, Transport::Http).await }
            })*
        }
    };
}

on_both_transports!(
    outputs_reach_the_jobs_that_need_them,
    a_retryable_failure_is_tried_again_and_a_permanent_one_is_not,
    any_error_and_a_panic_are_failures_that_may_be_retried,
    a_cancelled_job_sees_its_signal_and_its_log_is_kept,
    a_job_that_blocks_every_thread_of_the_runtime_keeps_its_lease,
    ten_megabytes_of_log_arrive_in_order_and_unbroken,
    draining_takes_no_new_job_and_lets_the_running_one_finish,
    terminating_ends_the_running_job_which_may_be_retried,
    a_server_that_restarts_while_a_job_runs_gets_its_result_and_log,
    many_short_jobs_fill_all_slots,
    a_job_beyond_its_timeout_is_ended,
    an_executor_that_does_not_end_is_left_behind,
    a_dropped_worker_reports_nothing_and_its_job_is_handed_out_again,
    outputs_that_the_server_does_not_take_fail_the_job,
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
    let config = WorkerConfig { lease_ttl: Duration::from_secs(1), ..server.config(transport) };
    let worker = Worker::with_executor(config, executor);
    let run = server.run(&[("long", "x", json!({}))]).await;
    let losing = async {
        server.until(&run, |workflow| job(workflow, "long").status == JobStatus::Running).await;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(told.try_recv().is_err(), "as long as the server answers, the lease lives");
        let lost_at = Instant::now();
        drop(server.stop());
        assert_eq!(told.recv().await, Some(Some(StopCause::Expired)));
        assert!(lost_at.elapsed() < Duration::from_millis(2_000), "{:?}", lost_at.elapsed());
    };
    tokio::select! {
        _ = worker.run() => panic!("nobody stops it"),
        () = losing => {}
    }
}

async fn outputs_reach_the_jobs_that_need_them(server: Server, transport: Transport) {
    let odd = "quotes \" \\ 'x' ünïcödé \u{1F600}\nsecond line\t";
    let seen = Arc::new(std::sync::Mutex::new(HashMap::new()));
    let executor = {
        let seen = Arc::clone(&seen);
        move |job: Job| {
            let seen = Arc::clone(&seen);
            async move {
                if job.job_id == "build" {
                    return Ok::<_, Failure>(JobOutput::from([("artifact_url", odd), ("empty", "")]));
                }
                *seen.lock().unwrap() = job.upstream_outputs.clone();
                Ok(JobOutput::default())
            }
        }
    };
    let running = Running::start(Worker::with_executor(server.config(transport), executor));
    let run = server.run(&[("build", "x", json!({})), ("deploy", "x", json!({"depends_on": ["build"]}))]).await;
    assert_eq!(server.ended(&run).await.state, Some(RunState::Success));
    let expected = HashMap::from([("artifact_url".to_owned(), odd.to_owned()), ("empty".into(), String::new())]);
    assert_eq!(seen.lock().unwrap().get("build"), Some(&expected));
    running.drained().await.unwrap();
}

async fn a_retryable_failure_is_tried_again_and_a_permanent_one_is_not(server: Server, transport: Transport) {
    let executor = |job: Job| async move {
        match job.job_id.as_str() {
            "twice" if job.attempt == 0 => Err(Failure::retryable("not yet")),
            "never" => Err(Failure::permanent("will not work")),
            _ => Ok(JobOutput::default()),
        }
    };
    let running = Running::start(Worker::with_executor(server.config(transport), executor));
    let retries = json!({"max_retries": 3});
    let run = server.run(&[("twice", "x", retries.clone()), ("never", "x", retries)]).await;
    let ended = server.ended(&run).await;
    assert_eq!((job(&ended, "twice").status, job(&ended, "twice").attempt), (JobStatus::Success, 1));
    assert_eq!((job(&ended, "never").status, job(&ended, "never").attempt), (JobStatus::Failure, 0));
    assert_eq!(job(&ended, "never").output.as_deref(), Some("will not work"));
    running.drained().await.unwrap();
}

async fn any_error_and_a_panic_are_failures_that_may_be_retried(server: Server, transport: Transport) {
    async fn fails(job: Job) -> Result<JobOutput, Failure> {
        match (job.job_id.as_str(), job.attempt) {
            ("panics", 0) => panic!("a bug"),
            ("throws", 0) => Err(std::io::Error::other("disk full"))?,
            (_, 0) => Err(JobError { message: "no".into(), exit_code: Some(7) })?,
            _ => {}
        }
        Err(Failure::permanent(format!("attempt {}", job.attempt)))
    }
    let running = Running::start(Worker::with_executor(server.config(transport), fails));
    let retries = json!({"max_retries": 1});
    let run = server.run(&["panics", "throws", "exits"].map(|id| (id, "x", retries.clone()))).await;
    let ended = server.ended(&run).await;
    assert!(ended.jobs.iter().all(|job| job.output.as_deref() == Some("attempt 1")), "{ended:?}");
    running.drained().await.unwrap();
}

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
    server.until(&run, |workflow| job(workflow, "long").status == JobStatus::Running).await;
    let asked_at = Instant::now();
    server.client().cancel(&run).await.unwrap();
    while running.worker.running() > 0 {
        assert!(asked_at.elapsed() < Duration::from_secs(4), "the signal comes within two seconds");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let status = server.client().status(&run).await.unwrap();
    assert_eq!(job(&status, "long").status, JobStatus::Cancelled);
    assert_eq!(*cause.lock().unwrap(), Some(StopCause::Cancelled));
    assert_eq!(server.log(&run, "long").await, "last words\n");
    running.drained().await.unwrap();
}

async fn a_job_that_blocks_every_thread_of_the_runtime_keeps_its_lease(server: Server, transport: Transport) {
    let executor = |_: Job| async move {
        std::thread::sleep(Duration::from_millis(3_500));
        Ok::<_, Failure>(JobOutput::default())
    };
    let config = WorkerConfig { lease_ttl: Duration::from_secs(1), slots: 4, ..server.config(transport) };
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

async fn ten_megabytes_of_log_arrive_in_order_and_unbroken(server: Server, transport: Transport) {
    const LINES: usize = 100_000;
    let executor = |job: Job| async move {
        for number in 0..LINES {
            job.log.stdout(format!("{number:07} {}\n", "x".repeat(96))).await;
        }
        Ok::<_, Failure>(())
    };
    let running = Running::start(Worker::with_executor(server.config(transport), executor));
    let run = server.run(&[("talk", "x", json!({}))]).await;
    assert_eq!(server.ended(&run).await.state, Some(RunState::Success));
    let mut log = server.client().follow_logs(&run, "talk", None);
    let (mut text, mut numbers) = (String::new(), Vec::new());
    while let Some(chunk) = log.next().await.unwrap() {
        text.push_str(&chunk.data);
        numbers.push(chunk.sequence);
    }
    assert!(
        text.lines().enumerate().all(|(number, line)| line.starts_with(&format!("{number:07} x")) && line.len() == 104)
    );
    assert_eq!(text.lines().count(), LINES);
    assert!(numbers.iter().copied().eq(0..numbers.len() as u64), "every sequence once");
    running.drained().await.unwrap();
}

async fn draining_takes_no_new_job_and_lets_the_running_one_finish(server: Server, transport: Transport) {
    let executor = |_: Job| async move {
        tokio::time::sleep(Duration::from_millis(800)).await;
        Ok::<_, Failure>(())
    };
    let running = Running::start(Worker::with_executor(server.config(transport), executor));
    let run = server.run(&[("first", "x", json!({})), ("second", "x", json!({"depends_on": ["first"]}))]).await;
    server.until(&run, |workflow| job(workflow, "first").status == JobStatus::Running).await;
    running.drained().await.unwrap();
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
    server.until(&run, |workflow| job(workflow, "long").status == JobStatus::Running).await;
    running.worker.terminate();
    running.ended().await.unwrap();
    let status = server.client().status(&run).await.unwrap();
    assert_eq!(job(&status, "long").status, JobStatus::Queued, "{status:?}");
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

async fn many_short_jobs_fill_all_slots(server: Server, transport: Transport) {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let executor = {
        let most = Arc::clone(&most);
        move |_: Job| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(30)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, Failure>(())
            }
        }
    };
    let config = WorkerConfig { slots: 8, ..server.config(transport) };
    let running = Running::start(Worker::with_executor(config, executor));
    let names: Vec<String> = (0..200).map(|number| format!("job{number}")).collect();
    let jobs: Vec<_> = names.iter().map(|name| (name.as_str(), "x", json!({}))).collect();
    let run = server.run(&jobs).await;
    assert_eq!(server.ended(&run).await.state, Some(RunState::Success));
    assert_eq!(most.load(Ordering::SeqCst), 8, "as many at once as there are slots, and no more");
    running.drained().await.unwrap();
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
    server.until(&stubborn, |workflow| job(workflow, "stubborn").status == JobStatus::Running).await;
    server.client().cancel(&stubborn).await.unwrap();
    let run = server.run(&[("next", "x", json!({}))]).await;
    assert_eq!(server.ended(&run).await.state, Some(RunState::Success));
    running.drained().await.unwrap();
}

async fn a_dropped_worker_reports_nothing_and_its_job_is_handed_out_again(server: Server, transport: Transport) {
    let config = WorkerConfig { lease_ttl: Duration::from_secs(1), ..server.config(transport) };
    let stuck = Worker::with_executor(config, |_: Job| std::future::pending::<Result<(), Failure>>());
    let run = server.run(&[("once", "x", json!({"max_retries": 1}))]).await;
    let begun = async {
        server.until(&run, |workflow| job(workflow, "once").status == JobStatus::Running).await;
        // A job that was pushed and not acknowledged would not count as an attempt: it lives beyond its first lease.
        tokio::time::sleep(Duration::from_millis(1_200)).await;
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

async fn outputs_that_the_server_does_not_take_fail_the_job(server: Server, transport: Transport) {
    let executor = |job: Job| async move {
        let size = if job.job_id == "large" { 100_000 } else { 1 };
        Ok::<_, Failure>(JobOutput::from([("value", "x".repeat(size))]))
    };
    let running = Running::start(Worker::with_executor(server.config(transport), executor));
    let run = server.run(&[("large", "x", json!({"max_retries": 3})), ("small", "x", json!({}))]).await;
    let ended = server.ended(&run).await;
    assert_eq!((job(&ended, "large").status, job(&ended, "large").attempt), (JobStatus::Failure, 0));
    assert!(job(&ended, "large").output.as_deref().unwrap().starts_with("the server refused the result: "));
    assert_eq!(job(&ended, "small").status, JobStatus::Success);
    running.drained().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_function_of_the_command_and_a_value_are_executors_too() {
    async fn my_executor(command: &str) -> Result<JobOutput, JobError> {
        match command.strip_prefix("echo ") {
            Some(text) => Ok(JobOutput::from([("text", text)])),
            None => Err(JobError { message: "only echo".into(), exit_code: Some(2) }),
        }
    }
    struct Upper;
    impl Executor for Upper {
        fn execute(&self, job: Job) -> BoxFuture<'_, Result<JobOutput, Failure>> {
            Box::pin(async move { Ok(JobOutput::from([("text", job.command.to_uppercase())])) })
        }
    }
    let Some(server) = Server::start() else { return };
    let by_command = Running::start(Worker::with_executor(server.config(Transport::Stream), my_executor));
    let run = server.run(&[("says", "echo hello", json!({})), ("other", "rm", json!({}))]).await;
    let ended = server.ended(&run).await;
    assert_eq!(job(&ended, "says").outputs["text"], "hello");
    assert_eq!(job(&ended, "other").output.as_deref(), Some("exit status 2\nonly echo"));
    by_command.drained().await.unwrap();
    let upper: Arc<dyn Executor> = Arc::new(Upper);
    let by_value = Running::start(Worker::with_executor(server.config(Transport::Stream), upper));
    let run = server.run(&[("says", "hello", json!({}))]).await;
    assert_eq!(job(&server.ended(&run).await, "says").outputs["text"], "HELLO");
    by_value.drained().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_configured_is_told_and_a_worker_runs_once() {
    let table = [
        (WorkerConfig { server_url: "localhost:3000".into(), ..Default::default() }, "is not a server's URL"),
        (WorkerConfig { slots: 0, ..Default::default() }, "slots must be from 1"),
        (WorkerConfig { lease_ttl: Duration::ZERO, ..Default::default() }, "lease_ttl must be from 1s"),
        (WorkerConfig { labels: vec![String::new()], ..Default::default() }, "labels"),
    ];
    for (config, problem) in table {
        let error = Worker::new(config).run().await.unwrap_err();
        assert!(matches!(&error, Error::InvalidConfig(text) if text.contains(problem)), "{error}");
    }
    // Nobody listens there; the worker drains while it waits for a server.
    let worker = Worker::new(WorkerConfig { server_url: "http://127.0.0.1:9".into(), ..Default::default() });
    worker.run_until(tokio::time::sleep(Duration::from_millis(50))).await.unwrap();
    assert!(matches!(worker.run().await, Err(Error::StartedAlready(_))));
}

/// Lets HTTP/1.1 through to the server, and nothing else.
async fn proxy_without_streams(server_url: &str) -> String {
    let target = server_url.trim_start_matches("http://").to_owned();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let target = target.clone();
            tokio::spawn(async move {
                let mut begin = [0; 3];
                if near.peek(&mut begin).await.is_ok_and(|count| count == 3) && &begin != b"PRI" {
                    let mut far = tokio::net::TcpStream::connect(target).await.unwrap();
                    drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
                }
            });
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_streams_a_worker_works_over_plain_http() {
    let Some(server) = Server::start() else { return };
    let config = WorkerConfig {
        server_url: proxy_without_streams(&server.url).await,
        lease_ttl: Duration::from_secs(1),
        ..server.config(Transport::Stream)
    };
    let executor = |job: Job| async move {
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        job.log.stdout("late\n").await;
        Ok::<_, Failure>(())
    };
    let running = Running::start(Worker::with_executor(config, executor));
    let run = server.run(&[("long", "x", json!({}))]).await;
    let ended = server.ended(&run).await;
    assert_eq!((job(&ended, "long").status, job(&ended, "long").attempt), (JobStatus::Success, 0));
    assert_eq!(server.log(&run, "long").await, "late\n");
    running.drained().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_the_server_refuses_ends_with_what_it_said() {
    let Some(server) = Server::start_with_tokens() else { return };
    for transport in [Transport::Stream, Transport::Http] {
        let config = WorkerConfig { token: Some("wfg_not-a-token".into()), ..server.config(transport) };
        let error = Worker::new(config).run().await.unwrap_err();
        assert!(error.is_unauthorised(), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_waits_for_a_server_that_is_away() {
    let Some(server) = Server::start() else { return };
    let config = server.config(Transport::Stream);
    let url = server.url.clone();
    let data = server.stop();
    let running = Running::start(Worker::with_executor(config, |_: Job| async { Ok::<_, Failure>(()) }));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(std::net::TcpStream::connect(url.trim_start_matches("http://")).is_err());
    drop(data);
    running.drained().await.unwrap();
}
