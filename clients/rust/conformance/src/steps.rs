use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use workflow_graph_worker_sdk::executor::{BoxFuture, Executor, Failure, Job, JobOutput};

use crate::events::{emit_job_ended, emit_job_started};

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The function executor: runs the steps in a job's command, and reports them to the driver.
pub fn executor(worker: String) -> Arc<dyn Executor> {
    Arc::new(StepExecutor { worker })
}

struct StepExecutor {
    worker: String,
}

impl Executor for StepExecutor {
    fn execute(&self, job: Job) -> BoxFuture<'_, Result<JobOutput, Failure>> {
        Box::pin(async move {
            emit_job_started(&self.worker, &job);
            let end = run_steps(&job).await;
            let (how, result) = match end {
                Ok(output) => ("returned", Ok(output)),
                Err(End::Failed(failure)) => ("failed", Err(failure)),
                Err(End::Stopped) => ("stopped", Err(Failure::retryable("stopped"))),
            };
            emit_job_ended(&self.worker, &job, how);
            result
        })
    }
}

/// Why the steps did not finish.
enum End {
    Failed(Failure),
    /// The cancellation signal came.
    Stopped,
}

impl<E: Into<Failure>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

#[derive(Deserialize)]
struct Command {
    steps: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    Log { log: String, stream: Option<String> },
    LogLines { log_lines: LogLines },
    Sleep { sleep_ms: u64 },
    Block { block_ms: u64 },
    WaitCancel { wait_cancel: bool },
    UntilFile { until_file: PathBuf },
    IgnoreCancel { ignore_cancel_ms: u64 },
    Output { output: BTreeMap<String, String> },
    EchoUpstream { echo_upstream: bool },
    EchoInputs { echo_inputs: bool },
    EchoChild { echo_child: bool },
    Fail { fail: FailStep },
    FailUntil { fail_until_attempt: u32 },
    Throw { throw: String },
}

#[derive(Deserialize)]
struct LogLines {
    count: u64,
    bytes: usize,
}

#[derive(Deserialize)]
struct FailStep {
    message: String,
    #[serde(default)]
    retryable: bool,
}

async fn run_steps(job: &Job) -> Result<JobOutput, End> {
    // The server puts the variables of a matrix before the command.
    let command = job.command.rsplit('\n').next().unwrap_or_default();
    let command: Command = serde_json::from_str(command).map_err(Failure::permanent)?;
    let mut output = JobOutput::default();
    for written in command.steps {
        let step = Step::deserialize(&written).map_err(|_| Failure::permanent(format!("unknown step {written}")))?;
        run_step(step, job, &mut output).await?;
    }
    Ok(output)
}

async fn run_step(step: Step, job: &Job, output: &mut JobOutput) -> Result<(), End> {
    match step {
        Step::Log { log, stream } if stream.as_deref() == Some("stderr") => job.log.stderr(log).await,
        Step::Log { log, .. } => job.log.stdout(log).await,
        Step::LogLines { log_lines } => write_lines(job, &log_lines).await,
        Step::Sleep { sleep_ms } => {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(sleep_ms)) => {}
                () = job.cancellation.cancelled() => return Err(End::Stopped),
            }
        }
        Step::Block { block_ms } => std::thread::sleep(Duration::from_millis(block_ms)),
        Step::WaitCancel { wait_cancel } if wait_cancel => {
            job.cancellation.cancelled().await;
            return Err(End::Stopped);
        }
        Step::UntilFile { until_file } => {
            while !until_file.exists() {
                tokio::select! {
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                    () = job.cancellation.cancelled() => return Err(End::Stopped),
                }
            }
        }
        Step::IgnoreCancel { ignore_cancel_ms } => tokio::time::sleep(Duration::from_millis(ignore_cancel_ms)).await,
        Step::Output { output: more } => output.outputs.extend(more),
        Step::EchoUpstream { echo_upstream } if echo_upstream => {
            let sorted: BTreeMap<_, BTreeMap<_, _>> =
                job.upstream_outputs.iter().map(|(id, outputs)| (id, outputs.iter().collect())).collect();
            output.outputs.insert("upstream".into(), serde_json::to_string(&sorted)?);
        }
        Step::EchoInputs { echo_inputs } if echo_inputs => {
            let sorted: BTreeMap<_, _> = job.inputs.iter().collect();
            output.outputs.insert("inputs".into(), serde_json::to_string(&sorted)?);
        }
        Step::EchoChild { echo_child } if echo_child => {
            let index = job.index.map(|index| index.to_string());
            let child = [("group", job.group.clone()), ("index", index), ("matrix", job.matrix_json.clone())];
            output.outputs.extend(child.into_iter().filter_map(|(name, value)| Some((name.into(), value?))));
        }
        Step::Fail { fail } if fail.retryable => return Err(Failure::retryable(fail.message).into()),
        Step::Fail { fail } => return Err(Failure::permanent(fail.message).into()),
        Step::FailUntil { fail_until_attempt } if job.attempt < fail_until_attempt => {
            return Err(Failure::retryable(format!("attempt {} is to fail", job.attempt)).into());
        }
        Step::Throw { throw } => return Err(std::io::Error::other(throw).into()),
        Step::WaitCancel { .. }
        | Step::EchoUpstream { .. }
        | Step::EchoInputs { .. }
        | Step::EchoChild { .. }
        | Step::FailUntil { .. } => {}
    }
    Ok(())
}

async fn write_lines(job: &Job, lines: &LogLines) {
    for number in 0..lines.count {
        let mut line = format!("{number:07} ");
        let filling = lines.bytes.saturating_sub(line.len() + 1);
        line.extend(std::iter::repeat_n('x', filling));
        line.push('\n');
        job.log.stdout(line).await;
    }
}
