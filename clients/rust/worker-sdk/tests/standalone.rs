//! The standalone worker as a process, and the programs of the documentation.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used)]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use support::{Server, job};
use workflow_graph_worker_sdk::wire::{JobStatus, RunState};

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
    let run = server.run(&[("labelled", "sleep 1; echo '::set-output a=b'", labels)]).await;
    server.until(&run, |workflow| job(workflow, "labelled").status == JobStatus::Running).await;
    process.signal(rustix::process::Signal::TERM);
    let ended = server.ended(&run).await;
    assert_eq!(job(&ended, "labelled").outputs["a"], "b");
    let status = tokio::task::spawn_blocking(move || process.0.wait()).await.unwrap().unwrap();
    assert!(status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_token_stays_with_it() {
    let Some(server) = Server::start() else { return };
    let mut command = worker(&server);
    let _process =
        Process::start(command.env("WORKFLOW_GRAPH_TOKEN", "s3cret").env("COPY", "s3cret").env("KEPT", "yes"));
    let run = server.run(&[("look", "echo $KEPT; env | grep -c s3cret || true", json!({}))]).await;
    assert_eq!(server.ended(&run).await.state, Some(RunState::Success));
    assert_eq!(server.log(&run, "look").await, "yes\n0\n");
}

#[test]
fn what_it_cannot_use_is_told_with_status_2() {
    for (name, value, problem) in [
        ("SERVER_URL", "ftp://x", "server_url: \"ftp://x\" is not a server's URL"),
        ("WORKER_SLOTS", "many", "WORKER_SLOTS: \"many\" is not a number"),
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
