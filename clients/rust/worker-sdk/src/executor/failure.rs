use std::error::Error;
use std::fmt;

/// Why a command failed. The job is retried while its retry policy allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobError {
    /// The error text, for people.
    pub message: String,
    /// The exit status of the command, if there is one.
    pub exit_code: Option<i32>,
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exit_code {
            Some(code) if self.message.trim().is_empty() => write!(f, "exit status {code}"),
            Some(code) => write!(f, "exit status {code}\n{}", self.message.trim_end()),
            None => f.write_str(&self.message),
        }
    }
}

impl Error for JobError {}

/// The failure of a job: an error text, and whether another attempt can help.
///
/// Every [`std::error::Error`] converts to a retryable failure, so an executor can use `?`:
///
/// ```
/// # use workflow_graph_worker_sdk::executor::{Failure, Job, JobOutput};
/// async fn deploy(job: Job) -> Result<JobOutput, Failure> {
///     let artifact_url = job.upstream_outputs
///         .get("build")
///         .and_then(|o| o.get("artifact_url"))
///         .ok_or_else(|| Failure::permanent("build gave no artifact_url"))?;
///     let notes = tokio::fs::read_to_string("notes.txt").await?;
///     job.log.stdout(format!("{artifact_url}: {notes}")).await;
///     Ok(JobOutput::default())
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The error text, for people. The server keeps the first 4096 characters.
    pub error: String,
    /// Whether another attempt can help. If not, the job is not retried, whatever its retry policy is.
    pub retryable: bool,
    /// The exit code of the command, if there is one: a job can be retried on some exit codes only.
    pub exit_code: Option<u8>,
}

impl Failure {
    /// The job failed, and another attempt can help.
    pub fn retryable(error: impl fmt::Display) -> Self {
        Self { error: format!("{error:#}"), retryable: true, exit_code: None }
    }

    /// The job failed, and would fail again.
    pub fn permanent(error: impl fmt::Display) -> Self {
        Self { error: format!("{error:#}"), retryable: false, exit_code: None }
    }

    /// The same, of a command that ended with this exit code.
    #[must_use]
    pub fn with_exit_code(self, exit_code: u8) -> Self {
        Self { exit_code: Some(exit_code), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)
    }
}

impl<E: Error> From<E> for Failure {
    /// The error's text and those of its causes.
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let cause_text = error.to_string();
            // Many errors repeat their cause in their own text.
            if !text.ends_with(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            cause = error.source();
        }
        Self { error: text, retryable: true, exit_code: None }
    }
}
