use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::server_sent_events::EventReader;
use crate::error::{Error, ServerError};
use crate::http::{HttpAnswer, HttpConnection, HttpRequest, error_of};
use crate::wire::LogChunk;

const RETRY: Duration = Duration::from_millis(500);

/// A followed log; see [`Client::follow_logs`](crate::Client::follow_logs).
pub struct FollowedLog {
    connection: HttpConnection,
    path: String,
    timeout: Duration,
    last_event_id: Option<String>,
    open: Option<(Incoming, EventReader)>,
    was_there: bool,
    has_ended: bool,
}

impl FollowedLog {
    pub(super) fn new(connection: HttpConnection, path: String, after: Option<String>, timeout: Duration) -> Self {
        Self { connection, path, timeout, last_event_id: after, open: None, was_there: false, has_ended: false }
    }

    /// The next chunk; none when the job has ended. Cancel-safe.
    pub async fn next(&mut self) -> Result<Option<LogChunk>, Error> {
        loop {
            match self.next_of_connection().await {
                // A server that was there once is waited for.
                Err(error) if error.is_temporary() && self.was_there => {
                    self.open = None;
                    tokio::time::sleep(RETRY).await;
                }
                Err(error) => {
                    self.open = None;
                    return Err(error);
                }
                Ok(chunk) => return Ok(chunk),
            }
        }
    }

    async fn next_of_connection(&mut self) -> Result<Option<LogChunk>, Error> {
        if self.has_ended {
            return Ok(None);
        }
        loop {
            if self.open.is_none() {
                let body = self.connect().await?;
                self.was_there = true;
                let Some(body) = body else {
                    self.has_ended = true;
                    return Ok(None);
                };
                self.open = Some((body, EventReader::default()));
            }
            let Some((body, reader)) = &mut self.open else { return Ok(None) };
            while let Some(event) = reader.next() {
                if event.name == "end" {
                    self.has_ended = true;
                    return Ok(None);
                }
                if event.name != "log" {
                    continue;
                }
                let chunk = serde_json::from_str(&event.data).map_err(|error| {
                    ServerError::new(200, "unreadable_answer", format!("a log event cannot be read: {error}"))
                })?;
                self.last_event_id = event.id.or(self.last_event_id.take());
                return Ok(Some(chunk));
            }
            match body.frame().await {
                Some(Ok(frame)) => reader.write(frame.data_ref().map_or(&[], |data| data)),
                Some(Err(error)) => return Err(self.connection.broken(&error)),
                // The log ends only with an explicit end event: a stopping server ends the stream
                // as well.
                None => {
                    self.open = None;
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// None when the log has ended and nothing remains.
    async fn connect(&self) -> Result<Option<Incoming>, Error> {
        let request = HttpRequest {
            accept: "text/event-stream",
            last_event_id: self.last_event_id.clone(),
            ..HttpRequest::get(&self.path, self.timeout)
        };
        let (status, body) = self.connection.stream(request).await?;
        if status == 200 {
            return Ok(Some(body));
        }
        if status == 204 {
            return Ok(None);
        }
        let body = body.collect().await.map_err(|error| self.connection.broken(&error))?.to_bytes();
        Err(error_of(&HttpAnswer { status, body }, &format!("GET {}", self.path)).into())
    }
}

impl std::fmt::Debug for FollowedLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FollowedLog").field("path", &self.path).finish_non_exhaustive()
    }
}
