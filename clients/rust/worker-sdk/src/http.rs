//! The documented JSON paths, over HTTP/1.1.

mod answer;
mod connection;
mod connector;
mod server_address;
mod worker_calls;

pub(crate) use answer::{error_of, json_of};
pub(crate) use connection::{HttpAnswer, HttpConnection, HttpRequest, root_cause};
pub(crate) use connector::{Connector, HttpVersion, connector};
pub(crate) use server_address::{ServerAddress, password_in, without_user};
pub(crate) use worker_calls::{ClaimRequest, Renewal, WorkerCalls, path_segment};

/// The user agent of this crate.
pub(crate) const USER_AGENT: &str = concat!("workflow-graph-worker-sdk/", env!("CARGO_PKG_VERSION"), " rust");
