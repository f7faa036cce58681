use std::future::Future;
use std::sync::Arc;

use super::{BoxFuture, Executor, Failure, Job, JobError, JobOutput};

/// Types that can be a worker's executor. `Form` distinguishes the kinds for the compiler; it is never written
/// explicitly.
pub trait IntoExecutor<Form> {
    /// The executor.
    fn into_executor(self) -> Arc<dyn Executor>;
}

/// Marks a value that implements [`Executor`].
#[derive(Debug)]
pub struct FromExecutor;

/// Marks a function of a [`Job`].
#[derive(Debug)]
pub struct FromJobFunction;

/// Marks a function of a job's command.
#[derive(Debug)]
pub struct FromCommandFunction;

impl<E: Executor> IntoExecutor<FromExecutor> for E {
    fn into_executor(self) -> Arc<dyn Executor> {
        Arc::new(self)
    }
}

impl<F, R, O, E> IntoExecutor<(FromJobFunction, R)> for F
where
    F: Fn(Job) -> R + Send + Sync + 'static,
    R: Future<Output = Result<O, E>> + Send + 'static,
    O: Into<JobOutput>,
    E: Into<Failure>,
{
    fn into_executor(self) -> Arc<dyn Executor> {
        Arc::new(JobFunction(move |job| -> BoxFuture<'static, _> {
            let result = self(job);
            Box::pin(async move {
                match result.await {
                    Ok(output) => Ok(output.into()),
                    Err(error) => Err(error.into()),
                }
            })
        }))
    }
}

impl<F> IntoExecutor<FromCommandFunction> for F
where
    F: for<'a> CommandFunction<'a> + Send + Sync + 'static,
{
    fn into_executor(self) -> Arc<dyn Executor> {
        Arc::new(Commands(self))
    }
}

/// An `async fn(&str) -> Result<JobOutput, JobError>`. Every such function is one.
pub trait CommandFunction<'a>: Fn(&'a str) -> Self::Running {
    /// What the call gives.
    type Running: Future<Output = Result<JobOutput, JobError>> + Send + 'a;
}

impl<'a, F, R> CommandFunction<'a> for F
where
    F: Fn(&'a str) -> R,
    R: Future<Output = Result<JobOutput, JobError>> + Send + 'a,
{
    type Running = R;
}

struct JobFunction<F>(F);

impl<F> Executor for JobFunction<F>
where
    F: Fn(Job) -> BoxFuture<'static, Result<JobOutput, Failure>> + Send + Sync + 'static,
{
    fn execute(&self, job: Job) -> BoxFuture<'_, Result<JobOutput, Failure>> {
        (self.0)(job)
    }
}

struct Commands<F>(F);

impl<F> Executor for Commands<F>
where
    F: for<'a> CommandFunction<'a> + Send + Sync + 'static,
{
    fn execute(&self, job: Job) -> BoxFuture<'_, Result<JobOutput, Failure>> {
        Box::pin(async move {
            let command = job.command.as_str();
            // It knows of no cancellation: it ends where it waits.
            tokio::select! {
                result = (self.0)(command) => result.map_err(|error| Failure {
                    exit_code: error.exit_code.and_then(|code| u8::try_from(code).ok()),
                    ..Failure::from(error)
                }),
                () = job.cancellation.cancelled() => Err(Failure::retryable("stopped")),
            }
        })
    }
}
