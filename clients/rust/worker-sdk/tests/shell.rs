//! The shell executor, as jobs see it.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use serde_json::json;
use support::{Running, Server, job};
use workflow_graph_worker_sdk::wire::{JobState, JobStatus, RunState};
use workflow_graph_worker_sdk::{Transport, Worker, WorkerConfig};

/// Runs one job with the shell, and gives its state in the end and its log.
async fn run_shell(server: &Server, command: &str) -> (workflow_graph_worker_sdk::wire::JobState, String) {
    let running = Running::start(Worker::new(server.config(Transport::Stream)));
    let run = server.run(&[("job", command, json!({}))]).await;
    let ended = server.ended(&run).await;
    running.drained().await.unwrap();
    (job(&ended, "job").clone(), server.log(&run, "job").await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn output_is_the_log_and_outputs_come_from_stdout_and_the_file_which_wins() {
    let Some(server) = Server::start() else { return };
    let command = "echo one; echo '::set-output a=stdout'; echo '::set-output b=stdout'; echo two > /dev/stderr
        printf 'a=file\\nlines<<END\\n1\\n2\\nEND\\n' >> $WORKFLOW_GRAPH_OUTPUT; printf '\\377\\303'";
    let (state, log) = run_shell(&server, command).await;
    assert_eq!(state.status, JobStatus::Success, "{:?}", state.output);
    assert_eq!((&*state.outputs["a"], &*state.outputs["b"], &*state.outputs["lines"]), ("file", "stdout", "1\n2"));
    // Two writes to different streams without a moment between them may change places.
    assert!(log.contains("one\n") && log.contains("two\n"), "{log:?}");
    assert_eq!(log.matches('\u{fffd}').count(), 2, "{log:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_finds_its_ids_and_what_it_needs() {
    let Some(server) = Server::start() else { return };
    let command = "echo \"$NEEDS_BUILD_IT_ARTIFACT_URL $WORKFLOW_GRAPH_JOB_ID $WORKFLOW_GRAPH_ATTEMPT $WORKFLOW_GRAPH\"
        grep -c '\"run_id\"' $WORKFLOW_GRAPH_CONTEXT; cat; stat -c %a $WORKFLOW_GRAPH_OUTPUT";
    let running = Running::start(Worker::new(server.config(Transport::Stream)));
    let run = server
        .run(&[
            ("build-it", "echo '::set-output artifact-url=s3://x y'", json!({})),
            ("use", command, json!({"depends_on": ["build-it"]})),
        ])
        .await;
    assert_eq!(server.ended(&run).await.state, Some(RunState::Success));
    assert_eq!(server.log(&run, "use").await, "s3://x y use 0 true\n1\n600\n");
    running.drained().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_tampers_with_its_outputs_file_neither_stalls_the_worker_nor_fails_for_removing_it() {
    let Some(server) = Server::start() else { return };
    let running = Running::start(Worker::new(WorkerConfig { slots: 4, ..server.config(Transport::Stream) }));
    let run = server
        .run(&[
            ("removed", "rm -r $(dirname $WORKFLOW_GRAPH_OUTPUT); echo ::set-output a=1", json!({})),
            ("fifo", "rm $WORKFLOW_GRAPH_OUTPUT; mkfifo $WORKFLOW_GRAPH_OUTPUT", json!({"max_retries": 5})),
            ("zero", "ln -sf /dev/zero $WORKFLOW_GRAPH_OUTPUT", json!({"max_retries": 5})),
            ("mark", "printf '\\357\\273\\277a=1\\n' > $WORKFLOW_GRAPH_OUTPUT", json!({})),
        ])
        .await;
    let ended = server.ended(&run).await;
    for id in ["removed", "mark"] {
        assert_eq!(job(&ended, id).outputs["a"], "1");
    }
    for id in ["fifo", "zero"] {
        let JobState { status, attempt, output, .. } = job(&ended, id);
        let text = output.as_deref().unwrap_or_default();
        assert!(*status == JobStatus::Failure && *attempt == 0 && text.contains("not a regular file"), "{text}");
    }
    running.drained().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_directory_is_gone_says_so() {
    let Some(server) = Server::start() else { return };
    let config = WorkerConfig { workdir: Some("/does/not/exist".into()), ..server.config(Transport::Stream) };
    let running = Running::start(Worker::new(config));
    let run = server.run(&[("job", "true", json!({}))]).await;
    let ended = server.ended(&run).await;
    let text = "the directory that jobs start in is gone: /does/not/exist";
    assert_eq!(job(&ended, "job").output.as_deref(), Some(text));
    running.drained().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_command_is_told_in_words() {
    let Some(server) = Server::start() else { return };
    let running = Running::start(Worker::new(WorkerConfig { slots: 4, ..server.config(Transport::Stream) }));
    let large = format!("# {}\necho large", "x".repeat(150_000));
    let run = server
        .run(&[
            ("status", "echo ignored; echo oops >&2; exit 3", json!({})),
            ("signal", "kill -9 $$", json!({})),
            ("file", "echo nonsense > $WORKFLOW_GRAPH_OUTPUT", json!({"max_retries": 5})),
            ("large", &large, json!({})),
        ])
        .await;
    let ended = server.ended(&run).await;
    let output = |id| job(&ended, id).output.as_deref();
    assert_eq!(output("status"), Some("exit status 3\noops"));
    assert_eq!(output("signal"), Some("killed by SIGKILL"));
    assert_eq!(output("file"), Some("outputs file, line 1: expected key=value or key<<END"));
    assert_eq!(job(&ended, "file").attempt, 0, "a job that writes nonsense would do so again");
    assert_eq!(server.log(&run, "large").await, "large\n");
    running.drained().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_ends_the_whole_tree_of_processes() {
    let Some(server) = Server::start() else { return };
    let pids = tempfile::tempdir().unwrap();
    let (inner, left) = (pids.path().join("inner"), pids.path().join("left"));
    // One in the group that ignores TERM, and one in a session of its own whose parent is gone.
    let command = format!(
        "sh -c 'trap \"\" TERM; echo $$ > {}; while :; do sleep 0.1; done' & (setsid sh -c 'echo $$ > {}; sleep 300' &)
         wait",
        inner.display(),
        left.display()
    );
    let config = WorkerConfig { grace: Duration::from_millis(500), ..server.config(Transport::Stream) };
    let running = Running::start(Worker::new(config));
    let run = server.run(&[("tree", &command, json!({}))]).await;
    server
        .until(&run, |_| {
            [&inner, &left].iter().all(|file| std::fs::read_to_string(file).is_ok_and(|pid| pid.ends_with('\n')))
        })
        .await;
    server.client().cancel(&run, Default::default()).await.unwrap();
    running.drained().await.unwrap();
    for file in [inner, left] {
        let pid = std::fs::read_to_string(&file).unwrap();
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "{} lives: {stat}", file.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_job_leaves_in_the_background_does_not_hold_it_up() {
    let Some(server) = Server::start() else { return };
    let begun_at = std::time::Instant::now();
    let (state, log) = run_shell(&server, "sleep 300 & echo done").await;
    assert_eq!((state.status, log.as_str()), (JobStatus::Success, "done\n"));
    assert!(begun_at.elapsed() < support::scaled(Duration::from_secs(20)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_the_worker_ends_its_processes() {
    let Some(server) = Server::start() else { return };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let worker = Worker::new(server.config(Transport::Stream));
    let run = server.run(&[("long", &format!("echo $$ > {}; sleep 300", file.display()), json!({}))]).await;
    tokio::select! {
        _ = worker.run() => panic!("nobody stops it"),
        _ = server.until(&run, |_| std::fs::read_to_string(&file).is_ok_and(|pid| pid.ends_with('\n'))) => {}
    }
    let pid = std::fs::read_to_string(&file).unwrap();
    let is_gone = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    };
    for _ in 0..200 {
        if is_gone() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("process {pid} lives on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_step_is_named_and_a_workspace_is_empty_and_deleted() {
    let Some(server) = Server::start() else { return };
    let definition = "jobs:\n  steps: {steps: [{name: Build, run: 'true'}, {name: Unit tests, run: 'echo why >&2; exit 4'}]}\n  \
        fresh: {workspace: fresh, run: 'pwd; ls -A | wc -l; mkdir -p a/b; chmod 500 a'}\n";
    let client = server.client();
    let running = Running::start(Worker::new(server.config(Transport::Stream)));
    let workflow = client.create_workflow(definition, Default::default()).await.unwrap().id;
    let run = client.run_workflow(&workflow, Default::default()).await.unwrap();
    let ended = server.ended(&run).await;
    let steps = job(&ended, "steps");
    assert_eq!(steps.output.as_deref(), Some("step 2/2 \"Unit tests\": exit status 4\nwhy"));
    assert_eq!(steps.exit_code, Some(4));
    let log = server.log(&run, "fresh").await;
    let (path, count) = log.trim().split_once('\n').unwrap();
    assert!(path.contains("workflow-graph-workspace-") && count.trim() == "0", "{log}");
    assert!(!std::path::Path::new(path).parent().unwrap().exists());
    running.drained().await.unwrap();
}
