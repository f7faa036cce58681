//! The shell executor: runs a job's command with `sh -c`.

mod environment;
mod output;
mod outputs_file;
mod process_tree;
mod set_output;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use uuid::Uuid;

use crate::config::WorkerConfig;
use crate::executor::{BoxFuture, Executor, Failure, Job, JobOutput};
use environment::{AttemptPlaces, context_json, job_environment};
use output::OutputReader;
use outputs_file::parse_outputs_file;
use process_tree::ProcessTree;
pub use process_tree::kill_running_jobs;

/// How long output may still come when the shell has ended, from processes that it left in the background.
const LINGER: Duration = Duration::from_secs(2);
/// Linux takes 128 KiB for one argument; a longer command is run from a file.
const COMMAND_ARGUMENT_BYTES_MAX: usize = 100 * 1024;
const OUTPUTS_FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Runs `job.command` with `sh -c`, in a process group of its own, with no input. Its output is the job's log; its
/// outputs are those of `::set-output key=value` lines on stdout and of the outputs file, which wins.
///
/// A status other than 0 is a retryable failure; its text is the status and the end of stderr. When the shell has ended,
/// what it left running in its process group is ended too. A job whose shell cannot be started fails retryably, because
/// another machine may be able to; one whose command no machine can take fails for good.
///
/// It can be wrapped by another executor, which changes the job's command first:
///
/// ```
/// # use std::sync::Arc;
/// # use workflow_graph_worker_sdk::{ShellExecutor, Worker, WorkerConfig};
/// # use workflow_graph_worker_sdk::executor::{Executor, Job};
/// let shell = Arc::new(ShellExecutor::default());
/// let nice = move |mut job: Job| {
///     let shell = Arc::clone(&shell);
///     async move {
///         job.command = format!("renice 10 $$ > /dev/null\n{}", job.command);
///         shell.execute(job).await
///     }
/// };
/// let worker = Worker::with_executor(WorkerConfig::default(), nice);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ShellExecutor {
    /// The directory that jobs start in; this process's own when absent.
    pub workdir: Option<PathBuf>,
    /// From SIGTERM to SIGKILL; 10 seconds by default.
    pub grace: Duration,
    /// Variables of this process with one of these values are kept from jobs.
    pub secrets: Vec<String>,
}

impl Default for ShellExecutor {
    fn default() -> Self {
        Self { workdir: None, grace: Duration::from_secs(10), secrets: Vec::new() }
    }
}

impl ShellExecutor {
    /// With the directory and the grace of a worker's configuration, and without its token for jobs.
    pub fn of(config: &WorkerConfig) -> Self {
        Self { workdir: config.workdir.clone(), grace: config.grace, secrets: config.token.iter().cloned().collect() }
    }

    async fn run(&self, job: Job) -> Result<JobOutput, Failure> {
        if job.command.contains('\0') {
            return Err(Failure::permanent("the command holds a NUL character, which no shell takes"));
        }
        let directory = tempfile::Builder::new().prefix("workflow-graph-").tempdir()?;
        let places = AttemptPlaces {
            attempt_id: Uuid::new_v4().to_string(),
            outputs_file: directory.path().join("outputs"),
            context_file: directory.path().join("context.json"),
        };
        write_private(&places.outputs_file, "").await?;
        write_private(&places.context_file, &context_json(&job)).await?;
        let mut child = self.spawn(&job, &places, &directory).await?;
        let tree = ProcessTree::of(&child, &places.attempt_id);
        let mut output = OutputReader::of(&mut child, &job.log);
        let status = self.wait(&mut child, &tree, &mut output, &job).await?;
        tree.ended();
        if let Some(failure) = failure_text(status) {
            return Err(Failure::retryable(with_stderr(failure, output.stderr_tail())));
        }
        let mut outputs = output.into_outputs();
        outputs.extend(read_outputs_file(&places.outputs_file).await?);
        Ok(JobOutput { outputs })
    }

    async fn spawn(&self, job: &Job, places: &AttemptPlaces, directory: &TempDir) -> Result<Child, Failure> {
        let mut shell = Command::new("/bin/sh");
        if job.command.len() <= COMMAND_ARGUMENT_BYTES_MAX {
            shell.arg("-c").arg(&job.command);
        } else {
            let file = directory.path().join("command");
            write_private(&file, &job.command).await?;
            shell.arg(file);
        }
        if let Some(workdir) = &self.workdir {
            shell.current_dir(workdir);
        }
        shell.env_clear().envs(job_environment(job, places, &self.secrets));
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        shell.spawn().map_err(|error| Failure::retryable(format!("the shell could not be started: {error}")))
    }

    /// Waits for the shell, its output, and what it left behind; ends all of it when the job is to end.
    async fn wait(
        &self,
        child: &mut Child,
        tree: &ProcessTree,
        output: &mut OutputReader,
        job: &Job,
    ) -> Result<ExitStatus, Failure> {
        let finish = async {
            let status = output.read_until(child.wait()).await?;
            output.read_for(LINGER).await;
            if tree.group_is_alive() || !output.has_ended() {
                tree.end(self.grace.min(LINGER)).await;
                output.read_for(LINGER).await;
            }
            Ok(status)
        };
        tokio::select! {
            status = finish => return status,
            () = job.cancellation.cancelled() => {}
        }
        output.never_wait();
        output.read_until(tree.end(self.grace)).await;
        // SIGKILL was sent; what is left cannot be ended by anyone.
        let status = timeout(LINGER, output.read_until(child.wait())).await;
        output.read_for(LINGER).await;
        status.map_err(|_| Failure::retryable("the shell cannot be ended"))?.map_err(Failure::from)
    }
}

impl Executor for ShellExecutor {
    fn execute(&self, job: Job) -> BoxFuture<'_, Result<JobOutput, Failure>> {
        Box::pin(self.run(job))
    }
}

async fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    tokio::fs::write(path, text).await?;
    tokio::fs::set_permissions(path, Permissions::from_mode(0o600)).await
}

fn failure_text(status: ExitStatus) -> Option<String> {
    match (status.code(), status.signal()) {
        (Some(0), _) => None,
        (Some(code), _) => Some(format!("exit status {code}")),
        (None, Some(signal)) => Some(format!("killed by {}", signal_name(signal))),
        (None, None) => Some("ended without a status".into()),
    }
}

fn signal_name(number: i32) -> String {
    let name = match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return format!("signal {number}"),
    };
    name.to_owned()
}

fn with_stderr(failure: String, stderr_tail: &str) -> String {
    match stderr_tail.trim() {
        "" => failure,
        tail => format!("{failure}\n{tail}"),
    }
}

async fn read_outputs_file(path: &Path) -> Result<std::collections::HashMap<String, String>, Failure> {
    let bytes = tokio::fs::metadata(path).await.map_err(Failure::permanent)?.len();
    if bytes > OUTPUTS_FILE_BYTES_MAX {
        let text = format!("the outputs file has {bytes} bytes; at most {OUTPUTS_FILE_BYTES_MAX} are taken");
        return Err(Failure::permanent(text));
    }
    let content = tokio::fs::read(path).await.map_err(Failure::permanent)?;
    parse_outputs_file(&String::from_utf8_lossy(&content)).map_err(Failure::permanent)
}
