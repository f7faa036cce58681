//! The shell executor: runs a job's command with `sh -c`.

mod environment;
mod output;
mod outputs_file;
mod pass_env;
mod process_tree;
mod set_output;
mod steps;
mod workdir;
mod workspace;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use uuid::Uuid;

use crate::config::WorkerConfig;
use crate::executor::{BoxFuture, Executor, FEATURE_EXIT_CODES, FEATURE_WORKSPACE, Failure, Job, JobOutput};
use crate::http::password_in;
use environment::{AttemptPlaces, context_json, job_environment};
use output::OutputReader;
use outputs_file::read_outputs_file;
pub(crate) use pass_env::check_pass_env;
use process_tree::ProcessTree;
pub use process_tree::kill_running_jobs;
use steps::StepTracker;
use workdir::check_workdir;
use workspace::FreshWorkspace;
pub(crate) use workspace::sweep_workspaces;

/// How long output can continue after the shell has ended, from background processes.
const LINGER: Duration = Duration::from_secs(2);
/// Linux takes 128 KiB for one argument; a longer command is run from a file.
const COMMAND_ARGUMENT_BYTES_MAX: usize = 100 * 1024;

/// Runs `job.command` with `sh -c`, in its own process group, without stdin. Its output is the job's log; its outputs
/// come from `::set-output key=value` lines on stdout and from the outputs file, which takes precedence.
///
/// A job that requires [`FEATURE_WORKSPACE`] runs in an empty directory of its own, which is deleted afterwards.
///
/// An exit status other than 0 is a retryable failure; its text is the failed step, the status and the end of stderr. After the shell
/// exits, remaining processes of its group are killed. If the shell cannot be started, the failure is retryable,
/// because another machine may be able to; if no machine can run the command, it is permanent.
///
/// Another executor can wrap it, for example to change the job's command first:
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
    /// The working directory of jobs; this process's own when absent.
    pub workdir: Option<PathBuf>,
    /// The time between SIGTERM and SIGKILL; 10 seconds by default.
    pub grace: Duration,
    /// Variables of this process that jobs get in addition to `PATH`, `HOME`, `USER`, `LOGNAME`, `SHELL`, `LANG`,
    /// `LANGUAGE`, `LC_*`, `TZ`, `TMPDIR` and `TERM`; a name can end in `*`. `SERVER_URL`, `DATABASE_URL`, `WORKER_*`
    /// and `WORKFLOW_GRAPH_*` are never passed.
    pub pass_env: Vec<String>,
    /// Jobs do not get variables of this process that contain one of these texts.
    pub secrets: Vec<String>,
}

impl Default for ShellExecutor {
    fn default() -> Self {
        Self { workdir: None, grace: Duration::from_secs(10), pass_env: Vec::new(), secrets: Vec::new() }
    }
}

impl ShellExecutor {
    /// With the directory, the grace and the variables of a worker's configuration, and without its secrets for jobs.
    pub fn of(config: &WorkerConfig) -> Self {
        Self {
            workdir: config.workdir.clone(),
            grace: config.grace,
            pass_env: config.pass_env.clone(),
            secrets: config.token.iter().cloned().chain(password_in(&config.server_url)).collect(),
        }
    }

    async fn run(&self, job: Job) -> Result<JobOutput, Failure> {
        if job.command.contains('\0') {
            return Err(Failure::permanent("the command holds a NUL character, which no shell takes"));
        }
        let workspace = match job.required_labels.iter().any(|label| label == FEATURE_WORKSPACE) {
            true => Some(FreshWorkspace::make().await.map_err(|error| {
                Failure::retryable(format!("the worker cannot make an empty directory for the job: {error}"))
            })?),
            false => None,
        };
        let result = self.run_in(workspace.as_ref().map(FreshWorkspace::path), job).await;
        if let Some(workspace) = workspace {
            workspace.remove().await;
        }
        result
    }

    /// Runs the job in the directory, or where this executor's jobs start.
    async fn run_in(&self, directory: Option<&Path>, job: Job) -> Result<JobOutput, Failure> {
        let workdir = directory.or(self.workdir.as_deref());
        check_workdir(workdir).map_err(Failure::retryable)?;
        let directory = tempfile::Builder::new().prefix("workflow-graph-").tempdir().map_err(|error| {
            let text = "the job's files have no place in the directory for temporary ones (TMPDIR)";
            Failure::retryable(format!("{text}: {error}"))
        })?;
        let places = AttemptPlaces {
            attempt_id: Uuid::new_v4().to_string(),
            outputs_file: directory.path().join("outputs"),
            context_file: directory.path().join("context.json"),
        };
        write_private(&places.outputs_file, "").await?;
        write_private(&places.context_file, &context_json(&job)).await?;
        let mut child = self.spawn(&job, &places, &directory, workdir).await?;
        let tree = ProcessTree::of(&child, &places.attempt_id);
        let mut output = OutputReader::of(&mut child, &job.log, StepTracker::of(&job.steps));
        let status = self.wait(&mut child, &tree, &mut output, &job).await?;
        tree.ended();
        if let Some(failure) = failure_text(status) {
            let text = with_stderr(output.steps().named(failure), output.stderr_tail());
            return Err(Failure { exit_code: exit_code(status), ..Failure::retryable(text) });
        }
        let mut outputs = output.into_outputs();
        let outputs_file = places.outputs_file;
        let read = spawn_blocking(move || read_outputs_file(&outputs_file)).await.map_err(Failure::permanent)?;
        outputs.extend(read.map_err(Failure::permanent)?);
        Ok(JobOutput { outputs })
    }

    async fn spawn(
        &self,
        job: &Job,
        places: &AttemptPlaces,
        directory: &TempDir,
        workdir: Option<&Path>,
    ) -> Result<Child, Failure> {
        let mut shell = Command::new("/bin/sh");
        if job.command.len() <= COMMAND_ARGUMENT_BYTES_MAX {
            shell.arg("-c").arg(&job.command);
        } else {
            let file = directory.path().join("command");
            write_private(&file, &job.command).await?;
            shell.arg(file);
        }
        if let Some(workdir) = workdir {
            shell.current_dir(workdir);
        }
        shell.env_clear().envs(job_environment(job, places, &self.pass_env, &self.secrets));
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        shell.spawn().map_err(|error| Failure::retryable(format!("the shell could not be started: {error}")))
    }

    /// Waits for the shell, its output and its remaining processes; ends them all when the job must stop.
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
        output.read_until(tree.end(job.stop.kill_after(self.grace))).await;
        // SIGKILL was sent; no further means are left.
        let status = timeout(LINGER, output.read_until(child.wait())).await;
        output.read_for(LINGER).await;
        status.map_err(|_| Failure::retryable("the shell cannot be ended"))?.map_err(Failure::from)
    }
}

impl Executor for ShellExecutor {
    fn execute(&self, job: Job) -> BoxFuture<'_, Result<JobOutput, Failure>> {
        Box::pin(self.run(job))
    }

    fn features(&self) -> &'static [&'static str] {
        &[FEATURE_EXIT_CODES, FEATURE_WORKSPACE]
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

/// As a shell gives it for a command that a signal ended.
fn exit_code(status: ExitStatus) -> Option<u8> {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).and_then(|code| u8::try_from(code).ok())
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
