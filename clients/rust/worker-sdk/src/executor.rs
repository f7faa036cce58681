//! What runs a job: the shell, or your own code.
//!
//! [`Worker::with_executor`](crate::Worker::with_executor) takes any of
//!
//! - a function or closure of the job, `async fn build(job: Job) -> Result<JobOutput, Failure>`;
//! - a function of the command, `async fn my_executor(command: &str) -> Result<JobOutput, JobError>`;
//! - a value that implements [`Executor`], such as an `Arc<dyn Executor>` or a [`ShellExecutor`](crate::ShellExecutor).

mod failure;
mod into_executor;
mod job;
mod log_writer;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub use failure::{Failure, JobError};
pub use into_executor::{CommandFunction, FromCommandFunction, FromExecutor, FromJobFunction, IntoExecutor};
pub use job::{Job, StopCause};
pub use log_writer::LogWriter;

/// The result of an executor's call: a future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Runs jobs. One value serves all slots of a worker, at the same time.
///
/// ```
/// use workflow_graph_worker_sdk::executor::{BoxFuture, Executor, Failure, Job, JobOutput};
///
/// struct Greeter { greeting: String }
///
/// impl Executor for Greeter {
///     fn execute(&self, job: Job) -> BoxFuture<'_, Result<JobOutput, Failure>> {
///         Box::pin(async move {
///             job.log.stdout(format!("{} {}\n", self.greeting, job.job_id)).await;
///             Ok(JobOutput::default())
///         })
///     }
/// }
/// ```
pub trait Executor: Send + Sync + 'static {
    /// Runs one attempt of a job and returns its outputs, or a failure.
    ///
    /// When [`Job::cancellation`] is triggered, the job must stop. An executor that does not return within the worker's
    /// grace period plus five seconds is abandoned: its future is dropped, and its slot is reused. A panic is a
    /// retryable failure.
    fn execute(&self, job: Job) -> BoxFuture<'_, Result<JobOutput, Failure>>;

    /// What it can do beyond running a job, such as [`FEATURE_EXIT_CODES`]. Its worker offers these beside its labels.
    fn features(&self) -> &'static [&'static str] {
        &[]
    }
}

/// The label of an executor that reports the exit code of a failed command in [`Failure::exit_code`].
pub const FEATURE_EXIT_CODES: &str = "feature:exit-codes";
/// The label of an executor that runs a job which requires this label in an empty directory, and deletes it afterwards.
pub const FEATURE_WORKSPACE: &str = "feature:workspace";

impl<E: Executor + ?Sized> Executor for Arc<E> {
    fn execute(&self, job: Job) -> BoxFuture<'_, Result<JobOutput, Failure>> {
        (**self).execute(job)
    }

    fn features(&self) -> &'static [&'static str] {
        (**self).features()
    }
}

impl<E: Executor + ?Sized> Executor for Box<E> {
    fn execute(&self, job: Job) -> BoxFuture<'_, Result<JobOutput, Failure>> {
        (**self).execute(job)
    }

    fn features(&self) -> &'static [&'static str] {
        (**self).features()
    }
}

/// The result of a successful job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobOutput {
    /// Named strings for the jobs that need this one.
    pub outputs: HashMap<String, String>,
}

impl From<()> for JobOutput {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl From<HashMap<String, String>> for JobOutput {
    fn from(outputs: HashMap<String, String>) -> Self {
        Self { outputs }
    }
}

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for JobOutput {
    fn from(outputs: [(K, V); N]) -> Self {
        outputs.into_iter().collect()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for JobOutput {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(outputs: I) -> Self {
        Self { outputs: outputs.into_iter().map(|(key, value)| (key.into(), value.into())).collect() }
    }
}
