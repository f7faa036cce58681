use std::error::Error as StdError;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::connector::{HttpVersion, connector};
use super::{Connector, ServerAddress};
use crate::error::Error;

/// A longer response is refused rather than kept in memory.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A request to one server.
pub(crate) struct HttpRequest {
    pub method: Method,
    /// Path and query, beginning with `/`.
    pub path: String,
    pub body: Option<String>,
    pub content_type: &'static str,
    pub accept: &'static str,
    pub last_event_id: Option<String>,
    /// From the call to the end of the response.
    pub timeout: Duration,
}

impl HttpRequest {
    pub fn get(path: impl Into<String>, timeout: Duration) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            body: None,
            content_type: "application/json",
            accept: "application/json",
            last_event_id: None,
            timeout,
        }
    }

    pub fn delete(path: impl Into<String>, timeout: Duration) -> Self {
        Self { method: Method::DELETE, ..Self::get(path, timeout) }
    }

    pub fn post(path: impl Into<String>, body: String, timeout: Duration) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(path, timeout) }
    }
}

/// A complete response, whatever its status.
pub(crate) struct HttpAnswer {
    pub status: u16,
    pub body: Bytes,
}

/// Requests to one server over kept connections, which belong to the runtime that makes the requests.
#[derive(Clone)]
pub(crate) struct HttpConnection {
    client: Client<Connector, Full<Bytes>>,
    server_url: String,
    authorization: Option<HeaderValue>,
}

impl HttpConnection {
    pub fn new(server_url: &str, token: Option<&str>, ca_file: Option<&Path>) -> Result<Self, Error> {
        let address = ServerAddress::parse(server_url, token)?;
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(60))
            .build(connector(&address.uri, HttpVersion::One, ca_file)?);
        Ok(Self { client, server_url: address.url, authorization: address.authorization })
    }

    /// Without a user or a password.
    pub fn server_url(&self) -> &str {
        &self.server_url
    }

    /// Sends a request and reads the whole response.
    pub async fn request(&self, request: HttpRequest) -> Result<HttpAnswer, Error> {
        let timeout = request.timeout;
        let exchange = async {
            let (status, body) = self.send(request).await?;
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| self.unreachable(root_cause(&*error)))?.to_bytes();
            Ok(HttpAnswer { status, body })
        };
        tokio::time::timeout(timeout, exchange).await.unwrap_or_else(|_| Err(self.timed_out(timeout)))
    }

    /// Sends a request and streams the response. The timeout applies until its headers arrive.
    pub async fn stream(&self, request: HttpRequest) -> Result<(u16, Incoming), Error> {
        let timeout = request.timeout;
        tokio::time::timeout(timeout, self.send(request)).await.unwrap_or_else(|_| Err(self.timed_out(timeout)))
    }

    /// The error that a broken answer means.
    pub fn broken(&self, error: &hyper::Error) -> Error {
        self.unreachable(root_cause(error))
    }

    async fn send(&self, request: HttpRequest) -> Result<(u16, Incoming), Error> {
        let url = format!("{}{}", self.server_url, request.path);
        let mut builder = Request::builder()
            .method(request.method)
            .uri(&url)
            .header(USER_AGENT, super::USER_AGENT)
            .header(ACCEPT, request.accept);
        if let Some(authorization) = &self.authorization {
            builder = builder.header(AUTHORIZATION, authorization);
        }
        if request.body.is_some() {
            builder = builder.header(CONTENT_TYPE, request.content_type);
        }
        if let Some(id) = request.last_event_id {
            builder = builder.header("last-event-id", id);
        }
        let body = Full::new(request.body.map(Bytes::from).unwrap_or_default());
        let request = builder.body(body).map_err(|error| Error::InvalidConfig(format!("{url}: {error}")))?;
        let response = self.client.request(request).await.map_err(|error| self.unreachable(root_cause(&error)))?;
        Ok((response.status().as_u16(), response.into_body()))
    }

    fn unreachable(&self, cause: String) -> Error {
        Error::Unreachable { server_url: self.server_url.clone(), cause }
    }

    fn timed_out(&self, timeout: Duration) -> Error {
        self.unreachable(format!("nothing within {:.1} s", timeout.as_secs_f64()))
    }
}

/// The innermost cause: "Connection refused" rather than "client error".
pub(crate) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
