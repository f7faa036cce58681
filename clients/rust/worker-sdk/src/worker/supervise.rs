use std::convert::Infallible;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::WorkerInner;
use super::attempt::Attempts;
use super::claim_loop::claim_jobs;
use super::deadlines::watch_deadlines;
use super::heartbeats::{LeaseKeeper, keep_leases};
use super::job_source::JobSource;
use super::leases::Leases;
use super::log_stream::LogStreams;
use super::presence::Presence;
use super::server_drain::{ServerDrain, stop_when_drained};
use super::server_link::ServerLink;
use super::session::{SessionsEnd, keep_session};
use crate::config::Transport;
use crate::error::Error;
use crate::executor::StopCause;
use crate::grpc::channel_trusting;
use crate::http::{HttpConnection, WorkerCalls};

/// The whole life of a worker: works until it drains, lets its jobs end.
pub(super) async fn supervise(worker: Arc<WorkerInner>, executors: Handle) -> Result<(), Error> {
    let worker_id = worker.config.worker_id.clone();
    let (source, keeper) = open(worker, executors)?;
    let draining = forward_drain(&source);
    let work = async {
        let drained = drain_when_told(&source);
        let (result, ()) = tokio::join!(take_jobs(&source, &keeper.no_streams), drained);
        result
    };
    let result = tokio::select! {
        result = work => result,
        () = keep_leases(Arc::clone(&keeper)) => Ok(()),
        () = watch_deadlines(&keeper.leases) => Ok(()),
        never = stop_for_server(&source) => match never {},
    };
    draining.abort();
    tracing::info!(worker_id, "worker stopped");
    result
}

fn open(worker: Arc<WorkerInner>, executors: Handle) -> Result<(JobSource, Arc<LeaseKeeper>), Error> {
    let config = &worker.config;
    let (server_url, token, ca_file) = (&config.server_url, config.token.as_deref(), config.ca_file.as_deref());
    let connection = HttpConnection::new(server_url, token, ca_file)?;
    let channel = channel_trusting(server_url, token, ca_file)?;
    let heartbeat_channel = channel_trusting(server_url, token, ca_file)?;
    let log_stream = LogStreams::new(channel.clone(), config.transport == Transport::Stream);
    let presence = Presence::new(connection.server_url());
    let link =
        Arc::new(ServerLink { worker, calls: WorkerCalls::new(connection), presence, drain: ServerDrain::default() });
    let leases = Arc::new(Leases::default());
    let attempts = Attempts {
        link: Arc::clone(&link),
        leases: Arc::clone(&leases),
        session: Arc::default(),
        log_stream: Arc::new(log_stream),
        executors,
    };
    let source = JobSource {
        attempts: Arc::new(attempts),
        channel,
        no_more_jobs: CancellationToken::new(),
        finished: CancellationToken::new(),
    };
    let keeper = LeaseKeeper { link, leases, channel: heartbeat_channel, no_streams: CancellationToken::new() };
    Ok((source, Arc::new(keeper)))
}

/// Takes and runs jobs until the worker stops and the last job has ended. A permanent refusal by the server also stops
/// the worker, after its running jobs.
async fn take_jobs(source: &JobSource, no_streams: &CancellationToken) -> Result<(), Error> {
    let result = claim_until_told(source, no_streams).await;
    if let Err(error) = &result {
        tracing::error!(%error, running = source.attempts.leases.len(), "worker refused");
    }
    source.no_more_jobs.cancel();
    source.finished.cancelled().await;
    result
}

/// By the stream, where it can be had and is wanted; by plain calls else.
async fn claim_until_told(source: &JobSource, no_streams: &CancellationToken) -> Result<(), Error> {
    source.link().register().await?;
    if source.link().offering().transport == Transport::Stream {
        match keep_session(source).await? {
            SessionsEnd::Finished => return Ok(()),
            SessionsEnd::Unavailable(cause) => {
                tracing::warn!(cause, "streams cannot be had, jobs are claimed by plain HTTP");
                no_streams.cancel();
                source.attempts.log_stream.give_up();
            }
        }
    }
    claim_jobs(source).await
}

async fn stop_for_server(source: &JobSource) -> Infallible {
    stop_when_drained(source).await;
    // The worker drains now, as if it were told to here.
    std::future::pending().await
}

fn forward_drain(source: &JobSource) -> tokio::task::JoinHandle<()> {
    let (draining, no_more_jobs) = (source.link().worker.draining.clone(), source.no_more_jobs.clone());
    tokio::spawn(async move {
        draining.cancelled().await;
        no_more_jobs.cancel();
    })
}

/// When the worker stops: lets the running jobs finish, and ends them after the drain timeout.
async fn drain_when_told(source: &JobSource) {
    let stop_all = || {
        for lease in source.attempts.leases.all() {
            lease.stop.stop(StopCause::Stopped, "worker stopped", None);
        }
    };
    let drain_timeout = source.link().offering().drain_timeout;
    source.no_more_jobs.cancelled().await;
    tracing::info!(running = source.attempts.leases.len(), ?drain_timeout, "worker drains");
    let end_jobs = async {
        tokio::select! {
            () = sleep(drain_timeout) => {}
            () = source.link().worker.terminating.cancelled() => {}
        }
        stop_all();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = source.attempts.leases.emptied() => {}
        () = end_jobs => {}
    }
    source.finished.cancel();
}
