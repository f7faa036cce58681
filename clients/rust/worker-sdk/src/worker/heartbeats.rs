//! Keeps the worker's leases alive: by one stream for all of them, or by a call for each where there is no stream.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use super::StopOrder;
use super::backoff::Backoff;
use super::grpc_stream::{Incoming, Received, cause_of, error_of_status, outgoing};
use super::leases::{HeldLease, Leases};
use super::report::reason_text;
use super::server_link::ServerLink;
use crate::config::Transport;
use crate::error::Error;
use crate::grpc::Channel;
use crate::proto::stream_heartbeats_response::LeaseState;
use crate::proto::{StreamHeartbeatsRequest, StreamHeartbeatsResponse};

const CALL_TIMEOUT_MIN: Duration = Duration::from_millis(500);
const CALL_TIMEOUT_MAX: Duration = Duration::from_secs(10);
/// At the latest so long after a renewal that failed.
const RETRY_MAX: Duration = Duration::from_secs(1);
/// The most leases in one message.
const LEASES_IN_MESSAGE_MAX: usize = 10_000;

/// What keeping leases takes.
pub(super) struct LeaseKeeper {
    pub link: Arc<ServerLink>,
    pub leases: Arc<Leases>,
    /// A separate connection, so that nothing else can delay heartbeats.
    pub channel: Channel,
    /// Streams cannot be had, or are not wanted.
    pub no_streams: CancellationToken,
}

/// Renews leases as long as it is polled.
pub(super) async fn keep_leases(keeper: Arc<LeaseKeeper>) {
    if keeper.link.offering().transport == Transport::Stream {
        renew_by_stream(&keeper).await;
    }
    tokio::join!(renew_by_calls(&keeper), poll_cancellations(&keeper), keeper.link.say_alive());
}

/// Returns if streams are disabled.
async fn renew_by_stream(keeper: &Arc<LeaseKeeper>) {
    let mut backoff = Backoff::default();
    loop {
        wait_for_leases(keeper).await;
        let mut beats = BeatStream::open(keeper);
        let Some(status) = keeper.no_streams.run_until_cancelled(beats.run()).await else { return };
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
        let error = error_of_status(&status, keeper.link.calls.server_url());
        if error.is_temporary() {
            keeper.link.presence.away(&error.cause_text());
        }
        // Until there is a stream again, leases are renewed by calls, beginning at once.
        tokio::select! {
            () = sleep(backoff.next_delay()) => {}
            () = renew_now_and_then(keeper) => {}
            () = keeper.no_streams.cancelled() => return,
        }
    }
}

async fn renew_now_and_then(keeper: &Arc<LeaseKeeper>) {
    let mut calls = JoinSet::new();
    for lease in keeper.leases.renewable() {
        let keeper = Arc::clone(keeper);
        calls.spawn(async move { renew_once(&keeper, &lease).await });
    }
    tokio::join!(renew_by_calls(keeper), calls.join_all());
}

async fn wait_for_leases(keeper: &LeaseKeeper) {
    loop {
        let added = keeper.leases.added.notified();
        tokio::pin!(added);
        added.as_mut().enable();
        if !keeper.leases.renewable().is_empty() {
            return;
        }
        added.await;
    }
}

/// One heartbeat stream. At most one message is unanswered, so that an answer is known to be younger than the last
/// sending.
struct BeatStream<'a> {
    keeper: &'a LeaseKeeper,
    sender: UnboundedSender<StreamHeartbeatsRequest>,
    incoming: Incoming<StreamHeartbeatsResponse>,
    sent_at: Instant,
    /// When the answer must be there.
    answer_due: Option<Instant>,
    is_open: bool,
}

impl<'a> BeatStream<'a> {
    fn open(keeper: &'a LeaseKeeper) -> Self {
        let (sender, messages) = outgoing();
        let mut client = keeper.channel.jobs();
        Self {
            keeper,
            sender,
            incoming: Incoming::new(async move { client.stream_heartbeats(messages).await }),
            sent_at: Instant::now(),
            answer_due: None,
            is_open: false,
        }
    }

    /// Returns why the stream ended.
    async fn run(&mut self) -> Status {
        // The first message lists the leases to watch.
        self.beat();
        loop {
            let added = self.keeper.leases.added.notified();
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
        let configured = self.keeper.link.offering().heartbeat_interval;
        let leases = self.keeper.leases.renewable();
        leases.iter().map(|lease| lease.renewed_at().max(self.sent_at) + lease.interval(configured)).min()
    }

    fn beat(&mut self) {
        let leases = self.keeper.leases.renewable();
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
        self.keeper.link.presence.back();
        for state in message.leases {
            if let Some(lease) = self.keeper.leases.get(&state.lease_id) {
                self.apply(&lease, &state);
            }
        }
    }

    fn apply(&mut self, lease: &HeldLease, state: &LeaseState) {
        if let Some(reason) = state.lost {
            lease.lost(reason_text(reason).as_deref(), "the lease is gone");
        } else if state.cancelled {
            let (reason, within_secs) = (state.stop_reason, state.stop_within_secs);
            lease.ordered_to_stop(StopOrder::of_proto(reason.unwrap_or_default(), within_secs.unwrap_or_default()));
        }
        if state.seconds_left > 0.0 {
            lease.renewed(self.sent_at, Duration::try_from_secs_f64(state.seconds_left).ok());
        }
    }
}

/// A loop for each lease, from when it is added until it is released.
async fn renew_by_calls(keeper: &Arc<LeaseKeeper>) {
    let mut loops: JoinSet<()> = JoinSet::new();
    let mut watched = std::collections::HashSet::new();
    loop {
        let added = keeper.leases.added.notified();
        tokio::pin!(added);
        added.as_mut().enable();
        let leases = keeper.leases.renewable();
        watched.retain(|id| leases.iter().any(|lease| &lease.lease_id == id));
        for lease in leases {
            if watched.insert(lease.lease_id.clone()) {
                loops.spawn(renew_while_held(Arc::clone(keeper), lease));
            }
        }
        while loops.try_join_next().is_some() {}
        added.await;
    }
}

async fn renew_while_held(keeper: Arc<LeaseKeeper>, lease: Arc<HeldLease>) {
    let released = lease.released.clone();
    let renewals = async {
        // The lease may have been held for a while, when there was a stream before.
        let interval = || lease.interval(keeper.link.offering().heartbeat_interval);
        let mut next = lease.renewed_at() + interval();
        loop {
            sleep_until(next).await;
            let was_renewed = renew_once(&keeper, &lease).await;
            next = Instant::now() + if was_renewed { interval() } else { (interval() / 3).min(RETRY_MAX) };
        }
    };
    released.run_until_cancelled(renewals).await;
}

async fn renew_once(keeper: &LeaseKeeper, lease: &HeldLease) -> bool {
    let sent_at = Instant::now();
    let limit = lease.interval(CALL_TIMEOUT_MAX).max(CALL_TIMEOUT_MIN);
    match keeper.link.calls.heartbeat_lease(&lease.lease_id, limit).await {
        Ok(renewal) => {
            keeper.link.presence.back();
            let ttl = renewal.ttl_secs.and_then(|secs| Duration::try_from_secs_f64(secs).ok());
            lease.renewed(sent_at, ttl);
            keeper.link.drain.heard(&renewal);
            if renewal.cancelled {
                lease.ordered_to_stop(StopOrder::of_json(renewal.stop_reason.as_deref(), renewal.stop_within_secs));
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
                keeper.link.presence.away(&error.cause_text());
            }
            false
        }
    }
}

/// Asks between the renewals whether jobs are to end. The answer has no reason, so a renewal follows, whose answer has.
async fn poll_cancellations(keeper: &Arc<LeaseKeeper>) {
    let (check, beat) = (keeper.link.offering().cancellation_check_interval, keeper.link.offering().heartbeat_interval);
    loop {
        sleep(check).await;
        let mut calls = JoinSet::new();
        for lease in keeper.leases.renewable() {
            if lease.is_stopped() || lease.interval(beat) <= check {
                continue;
            }
            let keeper = Arc::clone(keeper);
            calls.spawn(async move {
                let asked = keeper.link.calls.is_cancelled(&lease.run_id, &lease.job_id, check.max(CALL_TIMEOUT_MIN));
                if asked.await.unwrap_or(false) && !lease.released.is_cancelled() {
                    renew_once(&keeper, &lease).await;
                    // An older server says it here only.
                    lease.ordered_to_stop(StopOrder::CANCELLED);
                }
            });
        }
        drop(timeout(CALL_TIMEOUT_MAX, calls.join_all()).await);
    }
}
