//! What executors return, what they fail with, and their logs.

use crate::support::{Running, Server, job};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use workflow_graph_worker_sdk::executor::{BoxFuture, Executor, Failure, Job, JobError, JobOutput};
use workflow_graph_worker_sdk::wire::{JobStatus, RunState};
use workflow_graph_worker_sdk::{Transport, Worker, WorkerConfig};

on_both_transports!(
    outputs_reach_the_jobs_that_need_them,
    a_retryable_failure_is_tried_again_and_a_permanent_one_is_not,
    any_error_and_a_panic_are_failures_that_may_be_retried,
    ten_megabytes_of_log_arrive_in_order_and_unbroken,
    many_short_jobs_fill_all_slots,
    outputs_that_the_server_does_not_take_fail_the_job,
);

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
    let mut log = server.client().follow_logs(&run, "talk", Default::default());
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
