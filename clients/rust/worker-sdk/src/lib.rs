#![doc = include_str!("../README.md")]

#[cfg(not(unix))]
compile_error!("workflow-graph-worker-sdk runs on Unix systems");

mod client;
mod config;
mod error;
pub mod executor;
pub mod grpc;
mod http;
pub mod proto;
pub mod shell;
pub mod wire;
mod worker;

pub use client::{
    BackfillOptions, CancelOptions, Client, ClientConfig, CreateOptions, DrainOptions, FollowOptions, FollowedLog,
    ListGates, ListRuns, ListSchedules, ListWorkers, ListWorkflows, LogOptions, RerunOptions, RunOptions,
};
pub use config::{Transport, WorkerConfig};
pub use error::{Error, Problem, ServerError};
pub use shell::ShellExecutor;
pub use tokio_util::sync::CancellationToken;
pub use worker::Worker;
