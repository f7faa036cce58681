//! Keeps the worker's leases alive: by one stream for all of them, or by a call for each where there is no stream.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tonic::{Code, Status};

use super::backoff::Backoff;
use super::context::Context;
use super::grpc_stream::{Incoming, Received, cause_of, error_of_status, outgoing};
use super::leases::HeldLease;
use super::report::reason_text;
use super::supervise::say_alive;
use crate::config::Transport;
use crate::error::Error;
use crate::proto::stream_heartbeats_response::LeaseState;
use crate::proto::{StreamHeartbeatsRequest, StreamHeartbeatsResponse};

const CALL_TIMEOUT_MIN: Duration = Duration::from_millis(500);
const CALL_TIMEOUT_MAX: Duration = Duration::from_secs(10);
/// At the latest so long after a renewal that failed.
const RETRY_MAX: Duration = Duration::from_secs(1);
/// The most leases in one message.
const LEASES_IN_MESSAGE_MAX: usize = 10_000;

/// Renews leases as long as it is polled.
pub(super) async fn keep_leases(context: Arc<Context>) {
    if context.config().transport == Transport::Stream {
        renew_by_stream(&context).await;
    }
    tokio::join!(renew_by_calls(&context), poll_cancellations(&context), say_alive(&context));
}

/// Returns when there are to be no streams.
async fn renew_by_stream(context: &Arc<Context>) {
    let mut backoff = Backoff::default();
    loop {
        wait_for_leases(context).await;
        let mut beats = BeatStream::open(context);
        let Some(status) = context.no_streams.run_until_cancelled(beats.run()).await else { return };
        if status.code() == Code::Unimplemented {
            return tracing::warn!(
                cause = cause_of(&status),
                "heartbeats go by plain HTTP, their stream cannot be had"
            );
        }
        if beats.is_open {
            backoff.reset();
        }
        drop(beats);
        let error = error_of_status(&status, &context.config().server_url);
        if error.is_temporary() {
            context.presence.away(&error.cause_text());
        }
        // Until there is a stream again, leases are renewed by calls, beginning at once.
        tokio::select! {
            () = sleep(backoff.next_delay()) => {}
            () = renew_now_and_then(context) => {}
            () = context.no_streams.cancelled() => return,
        }
    }
}

async fn renew_now_and_then(context: &Arc<Context>) {
    let mut calls = JoinSet::new();
    for lease in context.leases.renewable() {
        let context = Arc::clone(context);
        calls.spawn(async move { renew_once(&context, &lease).await });
    }
    tokio::join!(renew_by_calls(context), calls.join_all());
}

async fn wait_for_leases(context: &Context) {
    loop {
        let added = context.leases.added.notified();
        tokio::pin!(added);
        added.as_mut().enable();
        if !context.leases.renewable().is_empty() {
            return;
        }
        added.await;
    }
}

/// One heartbeat stream. At most one message is unanswered, so that an answer is known to be younger than the last
/// sending.
struct BeatStream<'a> {
    context: &'a Context,
    sender: UnboundedSender<StreamHeartbeatsRequest>,
    incoming: Incoming<StreamHeartbeatsResponse>,
    sent_at: Instant,
    /// When the answer must be there.
    answer_due: Option<Instant>,
    is_open: bool,
}

impl<'a> BeatStream<'a> {
    fn open(context: &'a Context) -> Self {
        let (sender, messages) = outgoing();
        let mut client = context.heartbeat_channel.jobs();
        Self {
            context,
            sender,
            incoming: Incoming::new(async move { client.stream_heartbeats(messages).await }),
            sent_at: Instant::now(),
            answer_due: None,
            is_open: false,
        }
    }

    /// Returns why the stream ended.
    async fn run(&mut self) -> Status {
        // The first beat tells the server which leases to watch.
        self.beat();
        loop {
            let added = self.context.leases.added.notified();
            tokio::pin!(added);
            added.as_mut().enable();
            let due = self.answer_due.or_else(|| self.next_beat());
            tokio::select! {
                received = self.incoming.next() => match received {
                    Ok(Received::Opened) => self.is_open = true,
                    Ok(Received::Message(message)) => self.receive(message),
                    Err(status) => return status,
                },
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    if self.answer_due.is_some() {
                        return Status::deadline_exceeded("heartbeats were not answered");
                    }
                    self.beat();
                }
                // Told at once, so that the server watches it.
                () = &mut added => if self.answer_due.is_none() { self.beat() },
            }
        }
    }

    /// When the first lease is due.
    fn next_beat(&self) -> Option<Instant> {
        let configured = self.context.config().heartbeat_interval;
        let leases = self.context.leases.renewable();
        leases.iter().map(|lease| lease.renewed_at().max(self.sent_at) + lease.interval(configured)).min()
    }

    fn beat(&mut self) {
        let leases = self.context.leases.renewable();
        let Some(shortest) = leases.iter().map(|lease| lease.interval(CALL_TIMEOUT_MAX)).min() else { return };
        self.sent_at = Instant::now();
        self.answer_due = Some(self.sent_at + shortest.max(CALL_TIMEOUT_MIN));
        for leases in leases.chunks(LEASES_IN_MESSAGE_MAX) {
            let lease_ids = leases.iter().map(|lease| lease.lease_id.clone()).collect();
            drop(self.sender.send(StreamHeartbeatsRequest { lease_ids }));
        }
    }

    fn receive(&mut self, message: StreamHeartbeatsResponse) {
        self.is_open = true;
        self.answer_due = None;
        self.context.presence.back();
        for state in message.leases {
            if let Some(lease) = self.context.leases.get(&state.lease_id) {
                self.apply(&lease, &state);
            }
        }
    }

    fn apply(&mut self, lease: &HeldLease, state: &LeaseState) {
        if let Some(reason) = state.lost {
            lease.lost(reason_text(reason).as_deref(), "the lease is gone");
        } else if state.cancelled {
            lease.cancelled();
        }
        if state.seconds_left > 0.0 {
            lease.renewed(self.sent_at, Duration::try_from_secs_f64(state.seconds_left).ok());
        }
    }
}

/// A loop for each lease, from when it is added until it is released.
async fn renew_by_calls(context: &Arc<Context>) {
    let mut loops: JoinSet<()> = JoinSet::new();
    let mut watched = std::collections::HashSet::new();
    loop {
        let added = context.leases.added.notified();
        tokio::pin!(added);
        added.as_mut().enable();
        let leases = context.leases.renewable();
        watched.retain(|id| leases.iter().any(|lease| &lease.lease_id == id));
        for lease in leases {
            if watched.insert(lease.lease_id.clone()) {
                loops.spawn(renew_while_held(Arc::clone(context), lease));
            }
        }
        while loops.try_join_next().is_some() {}
        added.await;
    }
}

async fn renew_while_held(context: Arc<Context>, lease: Arc<HeldLease>) {
    let released = lease.released.clone();
    let renewals = async {
        // The lease may have been held for a while, when there was a stream before.
        let interval = || lease.interval(context.config().heartbeat_interval);
        let mut next = lease.renewed_at() + interval();
        loop {
            sleep_until(next).await;
            let was_renewed = renew_once(&context, &lease).await;
            next = Instant::now() + if was_renewed { interval() } else { (interval() / 3).min(RETRY_MAX) };
        }
    };
    released.run_until_cancelled(renewals).await;
}

async fn renew_once(context: &Context, lease: &HeldLease) -> bool {
    let sent_at = Instant::now();
    let limit = lease.interval(CALL_TIMEOUT_MAX).max(CALL_TIMEOUT_MIN);
    match context.calls.heartbeat_lease(&lease.lease_id, limit).await {
        Ok(renewal) => {
            context.presence.back();
            let ttl = renewal.ttl_secs.and_then(|secs| Duration::try_from_secs_f64(secs).ok());
            lease.renewed(sent_at, ttl);
            if renewal.cancelled {
                lease.cancelled();
            }
            true
        }
        Err(Error::Refused(refusal)) if refusal.status == 409 => {
            if !lease.released.is_cancelled() {
                lease.lost(refusal.reason.as_deref(), &refusal.message);
            }
            false
        }
        Err(error) => {
            if error.is_temporary() {
                context.presence.away(&error.cause_text());
            }
            false
        }
    }
}

/// Asks between the renewals whether jobs were cancelled.
async fn poll_cancellations(context: &Arc<Context>) {
    let (check, beat) = (context.config().cancellation_check_interval, context.config().heartbeat_interval);
    loop {
        sleep(check).await;
        let mut calls = JoinSet::new();
        for lease in context.leases.renewable() {
            if lease.is_cancelled() || lease.interval(beat) <= check {
                continue;
            }
            let context = Arc::clone(context);
            calls.spawn(async move {
                let asked = context.calls.is_cancelled(&lease.run_id, &lease.job_id, check.max(CALL_TIMEOUT_MIN));
                if asked.await.unwrap_or(false) && !lease.released.is_cancelled() {
                    lease.cancelled();
                }
            });
        }
        drop(timeout(CALL_TIMEOUT_MAX, calls.join_all()).await);
    }
}
