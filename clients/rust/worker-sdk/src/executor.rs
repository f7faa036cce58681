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

/// What an executor's call gives: a future that can move between threads.
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
    /// Runs one attempt of a job and gives its outputs, or says why it failed.
    ///
    /// When [`Job::cancellation`] is triggered the job has to end. An executor that goes on for the worker's grace and
    /// five seconds more is left behind: its future is dropped, and its slot is given to another job. A panic is a
    /// failure that may be retried.
    fn execute(&self, job: Job) -> BoxFuture<'_, Result<JobOutput, Failure>>;
}

impl<E: Executor + ?Sized> Executor for Arc<E> {
    fn execute(&self, job: Job) -> BoxFuture<'_, Result<JobOutput, Failure>> {
        (**self).execute(job)
    }
}

impl<E: Executor + ?Sized> Executor for Box<E> {
    fn execute(&self, job: Job) -> BoxFuture<'_, Result<JobOutput, Failure>> {
        (**self).execute(job)
    }
}

/// What a job that succeeded leaves behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobOutput {
    /// Named texts for the jobs that need this one.
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
