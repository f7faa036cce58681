//! A real server for the tests, from the repository's build.
#![allow(dead_code, clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use workflow_graph_worker_sdk::wire::{JobState, Workflow};
use workflow_graph_worker_sdk::{Client, ClientConfig, Error, Transport, Worker, WorkerConfig};

/// How many times as long as on the reference machine things take here; `npm test` measures it.
fn time_factor() -> f64 {
    std::env::var("TEST_TIME_FACTOR").ok().and_then(|text| text.parse().ok()).unwrap_or(1.0)
}

/// A bound that suits this machine.
pub fn scaled(bound: Duration) -> Duration {
    bound.mul_f64(time_factor())
}

/// What may take long takes less than this.
pub fn long() -> Duration {
    scaled(Duration::from_secs(60))
}

/// A lease that a test lets expire or keeps alive. It is longer on a slow machine, where a heartbeat may wait that long for
/// the processor.
pub fn short_lease() -> Duration {
    Duration::from_secs(1).mul_f64((time_factor() / 5.0).round().clamp(1.0, 5.0))
}

pub struct Server {
    pub url: String,
    data: Option<TempDir>,
    process: Child,
}

impl Server {
    /// None, said aloud, where the server is not built.
    pub fn start() -> Option<Self> {
        Self::start_with(tempfile::tempdir().unwrap(), "0")
    }

    /// One that requires a token.
    pub fn start_with_tokens() -> Option<Self> {
        let data = tempfile::tempdir().unwrap();
        let made = server_command()?
            .args(["token", "create", "--name", "test", "--scope", "admin", "--data"])
            .arg(data.path().join("db"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self::start_with(data, "0")
    }

    fn start_with(data: TempDir, port: &str) -> Option<Self> {
        let mut process = server_command()?
            .args(["serve", "--port", port, "--data"])
            .arg(data.path().join("db"))
            .arg("--workflows")
            .arg(data.path())
            .env("LOG_FORMAT", "json")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let url = lines.by_ref().map_while(Result::ok).find_map(|line| {
            said.push_str(&line);
            let event: Value = serde_json::from_str(&line).ok()?;
            Some(event.get("url")?.as_str()?.to_owned())
        });
        let url = url.unwrap_or_else(|| panic!("the server says its address, not {said}"));
        // What it says later is read, so that it can go on, and dropped.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { url, data: Some(data), process })
    }

    /// Ends the server on the spot and starts it again at the same place.
    pub fn restart(self) -> Self {
        let port = self.url.rsplit(':').next().unwrap().to_owned();
        Self::start_with(self.stop(), &port).unwrap()
    }

    /// Ends the server on the spot, and gives what it stored.
    pub fn stop(mut self) -> TempDir {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.data.take().unwrap()
    }

    pub fn client(&self) -> Client {
        Client::new(ClientConfig { server_url: self.url.clone(), ..Default::default() }).unwrap()
    }

    pub fn config(&self, transport: Transport) -> WorkerConfig {
        WorkerConfig {
            server_url: self.url.clone(),
            transport,
            log_batch_interval: Duration::from_millis(20),
            grace: Duration::from_secs(2),
            ..Default::default()
        }
    }

    /// Starts a run of a workflow made of these jobs: key, command, and what else its definition says.
    pub async fn run(&self, jobs: &[(&str, &str, Value)]) -> String {
        let jobs: Vec<Value> = jobs
            .iter()
            .map(|(id, command, more)| {
                let mut job = json!({ "id": id, "name": id, "command": command });
                job.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
                job
            })
            .collect();
        let definition = json!({ "name": "test", "trigger": "manual", "jobs": jobs });
        let workflow = self.client().create_workflow_json(&definition, Default::default()).await.unwrap();
        self.client().run_workflow(&workflow.id, Default::default()).await.unwrap()
    }

    pub async fn ended(&self, run_id: &str) -> Workflow {
        tokio::time::timeout(long(), self.client().wait(run_id)).await.expect("the run ends in time").unwrap()
    }

    /// Waits until the job is in this state.
    pub async fn until(&self, run_id: &str, is_so: impl Fn(&Workflow) -> bool) -> Workflow {
        let look = async {
            loop {
                let workflow = self.client().status(run_id).await.unwrap();
                if is_so(&workflow) {
                    return workflow;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(long(), look).await.expect("it comes to that in time")
    }

    pub async fn log(&self, run_id: &str, job_id: &str) -> String {
        let chunks = self.client().logs(run_id, job_id, Default::default()).await.unwrap();
        chunks.into_iter().map(|chunk| chunk.data).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A worker that runs until it is told to stop.
pub struct Running {
    pub worker: Worker,
    run: tokio::task::JoinHandle<Result<(), Error>>,
}

impl Running {
    pub fn start(worker: Worker) -> Self {
        let run = tokio::spawn({
            let worker = worker.clone();
            async move { worker.run().await }
        });
        Self { worker, run }
    }

    /// Waits until the worker has a job. The server calls a job running from its claim on, which is before the worker has
    /// read the claim's answer.
    pub async fn has_job(&self) {
        let taken = async {
            while self.worker.running() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(long(), taken).await.expect("the worker takes the job in time");
    }

    pub async fn drained(self) -> Result<(), Error> {
        self.worker.drain();
        self.ended().await
    }

    pub async fn ended(self) -> Result<(), Error> {
        tokio::time::timeout(long(), self.run).await.expect("the worker ends in time").unwrap()
    }
}

pub fn job<'a>(workflow: &'a Workflow, id: &str) -> &'a JobState {
    workflow.job(id).unwrap()
}

/// The command line of the server, from the repository's build or from `WORKFLOW_GRAPH_UNDER_TEST`.
pub fn server_command() -> Option<Command> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let main =
        std::env::var_os("WORKFLOW_GRAPH_UNDER_TEST").map_or_else(|| root.join("dist/src/main.js"), PathBuf::from);
    if !main.exists() {
        eprintln!("SKIPPED: there is no server at {} (npm run build)", main.display());
        return None;
    }
    let bundled = root.join("node_modules/node/bin/node");
    let mut command = Command::new(if bundled.exists() { bundled.into_os_string() } else { "node".into() });
    command.arg(main);
    Some(command)
}
