use std::error::Error;
use std::fmt;

/// Why a command failed. The job is tried again while its retry policy allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobError {
    /// What went wrong, for people.
    pub message: String,
    /// The status that the command ended with, if it came to that.
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

/// The end of a job that failed: what went wrong, and whether another attempt may help.
///
/// Every [`std::error::Error`] becomes a retryable one, so that `?` can be used in an executor:
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
    /// What went wrong, for people. The server keeps the first 4096 characters.
    pub error: String,
    /// Whether another attempt may help. If not, no retry is made whatever the job's retry policy says.
    pub retryable: bool,
}

impl Failure {
    /// The job failed, and another attempt may help.
    pub fn retryable(error: impl fmt::Display) -> Self {
        Self { error: format!("{error:#}"), retryable: true }
    }

    /// The job failed, and would fail again.
    pub fn permanent(error: impl fmt::Display) -> Self {
        Self { error: format!("{error:#}"), retryable: false }
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
        Self { error: text, retryable: true }
    }
}
