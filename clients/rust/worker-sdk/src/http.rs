//! The documented JSON paths, over HTTP/1.1.

mod answer;
mod connection;
mod connector;
mod worker_calls;

pub(crate) use answer::{error_of, json_of};
pub(crate) use connection::{HttpAnswer, HttpConnection, HttpRequest, authorization, parse_server_url, root_cause};
pub(crate) use connector::{Connector, HttpVersion, connector};
pub(crate) use worker_calls::{ClaimRequest, WorkerCalls, path_segment};

/// How this crate names itself to servers.
pub(crate) const USER_AGENT: &str = concat!("workflow-graph-worker-sdk/", env!("CARGO_PKG_VERSION"), " rust");
