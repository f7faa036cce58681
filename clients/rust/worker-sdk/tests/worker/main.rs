//! The worker against a real server, over both transports.
#![allow(clippy::unwrap_used)]

/// The same promise over both transports.
macro_rules! on_both_transports {
    ($($name:ident),* $(,)?) => {
        mod stream {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(server) = Server::start() { super::$name(server, Transport::Stream).await }
            })*
        }
        mod http {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(server) = Server::start() { super::$name(server, Transport::Http).await }
            })*
        }
    };
}

mod connections;
mod drains;
mod leases;
mod results;
mod stopping;
#[path = "../support/mod.rs"]
mod support;
