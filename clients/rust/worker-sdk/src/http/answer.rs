use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::HttpConnection;
use super::connection::{HttpAnswer, HttpRequest};
use crate::error::{Error, Problem, ServerError};

/// Sends a request and reads the JSON of a successful response; an empty one is `null`.
pub(crate) async fn json_of<T: DeserializeOwned>(
    connection: &HttpConnection,
    request: HttpRequest,
) -> Result<T, Error> {
    let call = format!("{} {}", request.method, request.path);
    let answer = connection.request(request).await?;
    if !(200..300).contains(&answer.status) {
        return Err(error_of(&answer, &call).into());
    }
    let body: &[u8] = if answer.body.trim_ascii().is_empty() { b"null" } else { &answer.body };
    serde_json::from_slice(body).map_err(|error| {
        let server_url = connection.server_url();
        let text = format!("the answer to {call} cannot be read ({error}): is {server_url} a workflow-graph server?");
        ServerError::new(answer.status, "unreadable_answer", text).into()
    })
}

/// The error in an unsuccessful response.
pub(crate) fn error_of(answer: &HttpAnswer, call: &str) -> ServerError {
    let body: ErrorBody = serde_json::from_slice(&answer.body).unwrap_or_default();
    let message = body.message.or(body.error).filter(|text| !text.is_empty());
    ServerError {
        status: answer.status,
        code: body.code.unwrap_or_else(|| format!("http_{}", answer.status)),
        reason: body.reason,
        message: message.unwrap_or_else(|| format!("{call} was answered with HTTP status {}", answer.status)),
        problems: body.details.into_iter().filter_map(problem_of).collect(),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
    error: Option<String>,
    reason: Option<String>,
    details: Vec<Value>,
}

fn problem_of(value: Value) -> Option<Problem> {
    match value {
        Value::String(message) => Some(Problem { message, ..Problem::default() }),
        other => serde_json::from_value(other).ok(),
    }
}
