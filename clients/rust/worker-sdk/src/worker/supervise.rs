use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::WorkerInner;
use super::backoff::Backoff;
use super::claim_loop::claim_jobs;
use super::context::Context;
use super::deadlines::watch_deadlines;
use super::heartbeats::keep_leases;
use super::leases::Leases;
use super::log_stream::LogStreams;
use super::presence::Presence;
use super::session::{SessionSlot, SessionsEnd, keep_session};
use crate::config::{Transport, WorkerConfig};
use crate::error::Error;
use crate::executor::StopCause;
use crate::grpc::channel_trusting;
use crate::http::{HttpConnection, WorkerCalls};

const WORKER_HEARTBEAT: Duration = Duration::from_secs(10);

/// The whole life of a worker: works until it drains, lets its jobs end.
pub(super) async fn supervise(worker: Arc<WorkerInner>, executors: Handle) -> Result<(), Error> {
    let context = Arc::new(open_context(worker, executors)?);
    let draining = forward_drain(&context);
    let work = async {
        let drained = drain_when_told(&context);
        let (result, ()) = tokio::join!(take_jobs(&context), drained);
        result
    };
    let result = tokio::select! {
        result = work => result,
        () = keep_leases(Arc::clone(&context)) => Ok(()),
        () = watch_deadlines(&context.leases) => Ok(()),
    };
    draining.abort();
    tracing::info!(worker_id = context.config().worker_id, "worker stopped");
    result
}

fn open_context(worker: Arc<WorkerInner>, executors: Handle) -> Result<Context, Error> {
    let config = &worker.config;
    let (server_url, token, ca_file) = (&config.server_url, config.token.as_deref(), config.ca_file.as_deref());
    let connection = HttpConnection::new(server_url, token, ca_file)?;
    let stream_channel = channel_trusting(server_url, token, ca_file)?;
    Ok(Context {
        calls: WorkerCalls::new(connection),
        channel: stream_channel.clone(),
        heartbeat_channel: channel_trusting(server_url, token, ca_file)?,
        presence: Presence::new(&config.server_url),
        leases: Leases::default(),
        session: SessionSlot::default(),
        log_stream: LogStreams::new(stream_channel, config.transport == Transport::Stream),
        executors,
        no_more_jobs: CancellationToken::new(),
        no_streams: CancellationToken::new(),
        finished: CancellationToken::new(),
        worker,
    })
}

/// Makes the worker known, before it takes jobs; a session does so again by itself. A server that is away is waited for, until the worker drains.
pub(super) async fn register(context: &Context) -> Result<(), Error> {
    let config = context.config();
    let mut backoff = Backoff::default();
    while !context.worker.draining.is_cancelled() {
        let call = context.calls.register(&config.worker_id, &config.labels, config.slots);
        match context.worker.draining.run_until_cancelled(call).await {
            None => break,
            Some(Ok(())) => {
                context.presence.back();
                say_registered(context);
                break;
            }
            Some(Err(error)) if error.is_temporary() => context.presence.away(&error.cause_text()),
            Some(Err(error)) => return Err(error),
        }
        context.worker.draining.run_until_cancelled(sleep(backoff.next_delay())).await;
    }
    Ok(())
}

fn say_registered(context: &Context) {
    let WorkerConfig { worker_id, server_url, labels, slots, .. } = context.config();
    context.worker.registered.cancel();
    tracing::info!(worker_id, server_url, labels = labels.join(","), slots, "worker registered");
}

/// Says every few seconds that the worker lives, and registers it with a server that does not know it.
pub(super) async fn say_alive(context: &Context) {
    loop {
        sleep(WORKER_HEARTBEAT).await;
        let said = context.calls.heartbeat_worker(&context.config().worker_id, WORKER_HEARTBEAT).await;
        if said.is_err_and(|error| error.server_error().is_some_and(|refusal| refusal.status == 404)) {
            // A refusal ends the claims, which meet it too.
            drop(register(context).await);
        }
    }
}

/// Takes and runs jobs until there are to be no more and the last has ended. Whoever refuses the worker for good also
/// ends it, after its running jobs.
async fn take_jobs(context: &Arc<Context>) -> Result<(), Error> {
    let result = claim_until_told(context).await;
    if let Err(error) = &result {
        tracing::error!(%error, running = context.leases.len(), "worker refused");
    }
    context.no_more_jobs.cancel();
    context.finished.cancelled().await;
    result
}

/// By the stream, where it can be had and is wanted; by plain calls else.
async fn claim_until_told(context: &Arc<Context>) -> Result<(), Error> {
    register(context).await?;
    if context.config().transport == Transport::Stream {
        match keep_session(context).await? {
            SessionsEnd::Finished => return Ok(()),
            SessionsEnd::Unavailable(cause) => {
                tracing::warn!(cause, "streams cannot be had, jobs are claimed by plain HTTP");
                context.no_streams.cancel();
                context.log_stream.give_up();
            }
        }
    }
    claim_jobs(context).await
}

fn forward_drain(context: &Arc<Context>) -> tokio::task::JoinHandle<()> {
    let context = Arc::clone(context);
    tokio::spawn(async move {
        context.worker.draining.cancelled().await;
        context.no_more_jobs.cancel();
    })
}

/// When there are to be no more jobs: lets the running ones finish, and ends them when the time for that is up.
async fn drain_when_told(context: &Context) {
    let stop_all = || {
        for lease in context.leases.all() {
            lease.stop.stop(StopCause::Stopped, "worker stopped");
        }
    };
    let drain_timeout = context.config().drain_timeout;
    context.no_more_jobs.cancelled().await;
    tracing::info!(running = context.leases.len(), ?drain_timeout, "worker drains");
    let end_jobs = async {
        tokio::select! {
            () = sleep(drain_timeout) => {}
            () = context.worker.terminating.cancelled() => {}
        }
        stop_all();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = context.leases.emptied() => {}
        () = end_jobs => {}
    }
    context.finished.cancel();
}
