//! The standalone worker as a process, and the programs of the documentation.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use support::{Server, job};
use workflow_graph_worker_sdk::wire::RunState;

struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.0.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A job that runs until it is released, so that no machine is too fast or too slow to see it run.
struct HeldJob(tempfile::TempDir);

impl HeldJob {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn command(&self) -> String {
        let (started, released) = (self.0.path().join("started"), self.0.path().join("released"));
        let (started, released) = (started.display(), released.display());
        format!("touch '{started}'; until [ -e '{released}' ]; do sleep 0.05; done; echo '::set-output a=b'")
    }

    /// Waits until the job's command runs. The server calls a job running from its claim on, but a worker that is stopped
    /// before the claim's answer arrives releases the job without running it.
    async fn started(&self, server: &Server, run: &str) {
        server.until(run, |_| self.0.path().join("started").exists()).await;
    }

    fn release(&self) {
        std::fs::write(self.0.path().join("released"), "").unwrap();
    }
}

fn worker(server: &Server) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workflow-graph-worker"));
    command.env("SERVER_URL", &server.url).env("WORKER_LABELS", "docker, linux,gpu");
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_runs_the_jobs_of_its_labels_and_a_signal_lets_the_running_one_finish() {
    let Some(server) = Server::start() else { return };
    let mut process = Process::start(&mut worker(&server));
    let labels = json!({"required_labels": ["docker", "gpu"]});
    let held = HeldJob::new();
    let run = server.run(&[("labelled", &held.command(), labels)]).await;
    held.started(&server, &run).await;
    process.signal(rustix::process::Signal::TERM);
    held.release();
    let ended = server.ended(&run).await;
    assert_eq!(job(&ended, "labelled").outputs["a"], "b");
    let status = tokio::task::spawn_blocking(move || process.0.wait()).await.unwrap().unwrap();
    assert!(status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_token_stays_with_it() {
    let Some(server) = Server::start() else { return };
    let mut command = worker(&server);
    let _process = Process::start(
        command
            .env("WORKFLOW_GRAPH_TOKEN", "s3cret")
            .env("COPY", "s3cret")
            .env("KEPT", "yes")
            .env("WORKER_PASS_ENV", "COPY, KEPT"),
    );
    let run = server.run(&[("look", "echo $KEPT; env | grep -c s3cret || true", json!({}))]).await;
    assert_eq!(server.ended(&run).await.state, Some(RunState::Success));
    assert_eq!(server.log(&run, "look").await, "yes\n0\n");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_used_and_not_to_be_seen_from_outside() {
    let Some(server) = Server::start() else { return };
    let mut command = worker(&server);
    let url = server.url.replace("http://", "http://someone:hush@");
    command.env("SERVER_URL", url).env("WORKFLOW_GRAPH_TOKEN", "hush-too").env("DATABASE_URL", "postgres://hush@x/y");
    let process = Process::start(&mut command);
    // The process is the job's parent.
    let job_sees =
        "env; tr '\\0' '\\n' < /proc/$PPID/environ; tr '\\0' ' ' < /proc/$PPID/cmdline; ls /proc/$PPID/ > /dev/null";
    let run = server.run(&[("look", job_sees, json!({}))]).await;
    assert_eq!(server.ended(&run).await.state, Some(RunState::Success));
    let log = server.log(&run, "look").await;
    assert!(log.contains("PATH=") && !log.contains("hush") && !log.contains("SERVER_URL"), "{log}");
    drop(process);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hang_up_lets_the_running_job_finish() {
    let Some(server) = Server::start() else { return };
    for signal in [rustix::process::Signal::HUP, rustix::process::Signal::QUIT] {
        let mut process = Process::start(&mut worker(&server));
        let held = HeldJob::new();
        let run = server.run(&[("hung-up", &held.command(), json!({}))]).await;
        held.started(&server, &run).await;
        process.signal(signal);
        if signal == rustix::process::Signal::HUP {
            // A terminal that closes says so more than once.
            process.signal(signal);
            process.signal(signal);
        }
        held.release();
        assert_eq!(job(&server.ended(&run).await, "hung-up").outputs["a"], "b");
        let status = tokio::task::spawn_blocking(move || process.0.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{signal:?}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_nobody_reads_any_more_ends_neither_the_worker_nor_its_job() {
    let Some(server) = Server::start() else { return };
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = worker(&server);
    let mut process = Process(command.stdout(writer.try_clone().unwrap()).stderr(writer).spawn().unwrap());
    drop((command, reader));
    let held = HeldJob::new();
    let run = server.run(&[("unheard", &held.command(), json!({}))]).await;
    held.started(&server, &run).await;
    process.signal(rustix::process::Signal::HUP);
    held.release();
    assert_eq!(job(&server.ended(&run).await, "unheard").outputs["a"], "b");
    let status = tokio::task::spawn_blocking(move || process.0.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hang_up_that_was_ignored_at_the_start_stays_ignored() {
    let Some(server) = Server::start() else { return };
    let program = format!("trap '' HUP QUIT; exec {}", env!("CARGO_BIN_EXE_workflow-graph-worker"));
    let process = Process::start(Command::new("sh").args(["-c", &program]).env("SERVER_URL", &server.url));
    for id in ["first", "second"] {
        let run = server.run(&[(id, "true", json!({}))]).await;
        assert_eq!(server.ended(&run).await.state, Some(RunState::Success));
        process.signal(rustix::process::Signal::HUP);
        process.signal(rustix::process::Signal::QUIT);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_third_signal_reaches_processes_that_left_their_jobs_group() {
    let Some(server) = Server::start() else { return };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("pid");
    let command = format!(
        "trap '' TERM; (setsid sh -c 'trap \"\" TERM; echo $$ > {}; while :; do sleep 0.1; done' &); while :; do sleep 0.1; done",
        file.display()
    );
    let mut process = Process::start(worker(&server).env("WORKER_GRACE", "3600"));
    let run = server.run(&[("stubborn", &command, json!({}))]).await;
    server.until(&run, |_| std::fs::read_to_string(&file).is_ok_and(|pid| pid.ends_with('\n'))).await;
    let pid = std::fs::read_to_string(&file).unwrap().trim().to_owned();
    let stop = tokio::task::spawn_blocking(move || {
        // Signals that come at once may be one, so they are sent until it ends.
        loop {
            process.signal(rustix::process::Signal::TERM);
            match process.0.try_wait().unwrap() {
                Some(status) => return status,
                None => std::thread::sleep(std::time::Duration::from_millis(50)),
            }
        }
    });
    assert_eq!(stop.await.unwrap().code(), Some(130));
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    assert!(stat.is_empty() || stat.contains(") Z "), "it lives: {stat}");
}

#[test]
fn what_it_cannot_use_is_told_with_status_2() {
    for (name, value, problem) in [
        ("SERVER_URL", "ftp://x", "server_url: \"ftp://x\" is not a server's URL"),
        ("WORKER_SLOTS", "many", "WORKER_SLOTS: \"many\" is not a number"),
        ("WORKER_PASS_ENV", "A,SERVER_URL", "pass_env: SERVER_URL is a setting of workflow-graph"),
        ("WORKER_TRANSPORT", "pigeon", "WORKER_TRANSPORT: \"pigeon\" is neither stream nor http"),
        ("WORKFLOW_GRAPH_TOKEN_FILE", "/nowhere", "WORKFLOW_GRAPH_TOKEN_FILE: /nowhere"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_workflow-graph-worker")).env(name, value).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{name}: {text}");
        assert!(text.contains(problem), "{text}");
    }
}

/// `docker run --rm IMAGE` prints an output, as the example's executor expects.
fn fake_docker(directory: &Path) {
    let file = directory.join("docker");
    std::fs::write(&file, "#!/bin/sh\necho \"::set-output image=$3\"\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_docker_executor_works() {
    let Some(server) = Server::start() else { return };
    let directory = tempfile::tempdir().unwrap();
    fake_docker(directory.path());
    let path = format!("{}:{}", directory.path().display(), std::env::var("PATH").unwrap());
    let example = Path::new(env!("CARGO_BIN_EXE_workflow-graph-worker")).with_file_name("examples/docker_images");
    let _process = Process::start(Command::new(example).env("SERVER_URL", &server.url).env("PATH", path));
    let run = server.run(&[("image", "debian:stable-slim", json!({"required_labels": ["docker"]}))]).await;
    let ended = server.ended(&run).await;
    assert_eq!(ended.state, Some(RunState::Success), "{:?}", job(&ended, "image").output);
    assert_eq!(job(&ended, "image").outputs["image"], "debian:stable-slim");
}
