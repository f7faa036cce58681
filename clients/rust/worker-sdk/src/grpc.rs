//! The gRPC services, for calls that the worker and the [`Client`](crate::Client) do not offer.
//!
//! ```no_run
//! use workflow_graph_worker_sdk::{grpc, proto};
//!
//! # async fn list() -> Result<(), Box<dyn std::error::Error>> {
//! let channel = grpc::channel("http://localhost:3000", None)?;
//! let mut workflows = channel.workflows();
//! let answer = workflows.list_runs(proto::ListRunsRequest::default()).await?;
//! println!("{} runs", answer.into_inner().runs.len());
//! # Ok(())
//! # }
//! ```

use std::path::Path;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Request, Response, Uri};
use hyper::body::Incoming;
use hyper_util::client::legacy::{Client, Error as ClientError, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tonic::body::Body;
use tonic::codegen::Service;

use crate::error::Error;
use crate::http::{Connector, HttpVersion, ServerAddress, connector};
use crate::proto::job_service_client::JobServiceClient;
use crate::proto::log_service_client::LogServiceClient;
use crate::proto::worker_service_client::WorkerServiceClient;
use crate::proto::workflow_service_client::WorkflowServiceClient;

/// The keep-alive interval and timeout of an idle connection.
const PING: Duration = Duration::from_secs(10);
/// Windows of a fixed size: one that adapts asks by a ping after each message, which holds up the answers to small ones.
const STREAM_WINDOW_BYTES: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 8 * 1024 * 1024;
/// The largest accepted message from the server.
const MESSAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// An HTTP/2 connection to a server, opened on demand and reopened when it breaks. Clones share it.
#[derive(Debug, Clone)]
pub struct Channel {
    client: Client<Connector, Body>,
    origin: Uri,
    authorization: Option<HeaderValue>,
}

/// Creates a channel to the server, with an optional bearer token. A path prefix in the URL is kept.
pub fn channel(server_url: &str, token: Option<&str>) -> Result<Channel, Error> {
    channel_trusting(server_url, token, None)
}

/// Like [`channel`], to a server with a certificate from your own authority: `ca_file` has the certificates (PEM) to
/// trust instead of the system's.
pub fn channel_trusting(server_url: &str, token: Option<&str>, ca_file: Option<&Path>) -> Result<Channel, Error> {
    let address = ServerAddress::parse(server_url, token)?;
    let client = Client::builder(TokioExecutor::new())
        .http2_only(true)
        .timer(TokioTimer::new())
        .http2_keep_alive_interval(PING)
        .http2_keep_alive_timeout(PING)
        .http2_keep_alive_while_idle(true)
        .http2_initial_stream_window_size(STREAM_WINDOW_BYTES)
        .http2_initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .build(connector(&address.uri, HttpVersion::Two, ca_file)?);
    Ok(Channel { client, origin: address.uri, authorization: address.authorization })
}

impl Channel {
    /// The calls of a worker on jobs.
    pub fn jobs(&self) -> JobServiceClient<Self> {
        JobServiceClient::with_origin(self.clone(), self.origin.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Logs, in and out.
    pub fn logs(&self) -> LogServiceClient<Self> {
        LogServiceClient::with_origin(self.clone(), self.origin.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Registration and listing of workers.
    pub fn workers(&self) -> WorkerServiceClient<Self> {
        WorkerServiceClient::with_origin(self.clone(), self.origin.clone()).max_decoding_message_size(MESSAGE_BYTES_MAX)
    }

    /// Definitions and their runs.
    pub fn workflows(&self) -> WorkflowServiceClient<Self> {
        WorkflowServiceClient::with_origin(self.clone(), self.origin.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Incoming>;
    type Error = ClientError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ClientError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> ResponseFuture {
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static(crate::http::USER_AGENT));
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        self.client.request(request)
    }
}
