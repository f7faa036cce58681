use std::fmt;

use serde::Deserialize;

/// Why a call, or a worker, failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server refused the call.
    #[error(transparent)]
    Refused(#[from] ServerError),
    /// There was no response: the server, or something on the way to it, is unavailable. A retry can help.
    #[error("no answer from {server_url} ({cause})")]
    Unreachable {
        /// The server's address.
        server_url: String,
        /// A readable description.
        cause: String,
    },
    /// The configuration is invalid; the text names the field.
    #[error("{0}")]
    InvalidConfig(String),
    /// A worker runs once: create a new one to start again.
    #[error("worker {0} was started already")]
    StartedAlready(String),
    /// The worker's own thread could not be started, or ended.
    #[error("the worker's thread failed: {0}")]
    Thread(String),
}

impl Error {
    /// The server's refusal, if it sent one.
    pub fn server_error(&self) -> Option<&ServerError> {
        match self {
            Self::Refused(error) => Some(error),
            _ => None,
        }
    }

    /// Whether a retry can succeed: no response, an overloaded or starting server, a proxy without its server.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused(error) => error.status >= 500 || error.status == 429 || error.status == 408,
            _ => false,
        }
    }

    /// Whether the server refused the caller: no token, an invalid one, or one without the required scope.
    pub fn is_unauthorised(&self) -> bool {
        self.server_error().is_some_and(|error| error.status == 401 || error.status == 403)
    }

    /// A short description of an unavailable server.
    pub(crate) fn cause_text(&self) -> String {
        match self {
            Self::Unreachable { cause, .. } => cause.clone(),
            Self::Refused(error) => format!("HTTP {}", error.status),
            other => other.to_string(),
        }
    }
}

/// A refusal by the server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct ServerError {
    /// The HTTP status.
    pub status: u16,
    /// The server's error code, such as `not_found`.
    pub code: String,
    /// Why a lease was refused: `lease_expired`, `superseded`, `completed`, `cancelled`, `unknown_lease`.
    pub reason: Option<String>,
    /// A readable description.
    pub message: String,
    /// All problems of the request, if the server lists them.
    pub problems: Vec<Problem>,
}

impl ServerError {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), reason: None, message: message.into(), problems: Vec::new() }
    }
}

/// One problem of a request or a definition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Problem {
    /// A readable description.
    pub message: String,
    /// The path of the field, such as `jobs.build.needs`; empty when unknown.
    pub field: String,
    /// The job's key, for a definition; empty when unknown.
    pub job: String,
    /// From 1; 0 when unknown.
    pub line: u32,
    /// From 1; 0 when unknown.
    pub column: u32,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.message),
            line => write!(f, "{}:{}: {}", line, self.column, self.message),
        }
    }
}
