//! The job session: the server pushes jobs to a worker that has credits for them, the worker reports on the same
//! stream.
//!
//! Credits. A session begins with as many as there are free slots. A report that the session answers returns one by
//! itself, whether it was taken or refused. A slot that was freed otherwise (by a job that reports nothing, or reported by
//! another way or to an earlier session) is told by `add_credits`. Leases outlive sessions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prost::Message;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tonic::{Code, Status};

use super::StopOrder;
use super::attempt::give_back;
use super::backoff::Backoff;
use super::grpc_stream::{Incoming, Received, cause_of, error_of_status, outgoing};
use super::job_source::JobSource;
use super::report::answer_of;
use super::server_drain::Drain;
use crate::config::WorkerConfig;
use crate::error::Error;
use crate::proto::work_jobs_request::Hello;
use crate::proto::{JobReport, WorkJobsRequest, WorkJobsResponse};
use crate::wire::Claim;

/// How long the answer to a report may take before the session is ended, and the report sent again.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);
/// Reports in one message, and about how much of them; the server takes twice that and more.
const REPORTS_MAX: usize = 500;
const REPORT_BYTES_MAX: usize = 1024 * 1024;
/// How long a session with a stopping server waits for pending responses.
const LAST_ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// So many sessions in a row that never opened, with a server that answers plain calls, mean that something between
/// lets no streams through.
const NEVER_OPENED_MAX: u32 = 3;
/// A session that lived so long ended for a new reason.
const SETTLED_AFTER: Duration = Duration::from_secs(5);

/// The session that is open now, if one is.
#[derive(Default)]
pub(super) struct SessionSlot {
    state: Mutex<SlotState>,
}

#[derive(Default)]
struct SlotState {
    number: u64,
    current: Option<Arc<Session>>,
}

/// One open session.
pub(super) struct Session {
    pub number: u64,
    requests: UnboundedSender<Request>,
}

enum Request {
    Report(JobReport, oneshot::Sender<Result<(), Error>>),
    AddCredit,
    /// A report was not answered in time: a second one here might give its credit back twice.
    End,
}

impl SessionSlot {
    pub fn current(&self) -> Option<Arc<Session>> {
        self.state().current.clone()
    }

    /// A job has ended. `credited_by` is the session that received its report.
    pub fn slot_freed(&self, credited_by: Option<u64>) {
        if let Some(session) = self.current()
            && credited_by != Some(session.number)
        {
            drop(session.requests.send(Request::AddCredit));
        }
    }

    fn open(&self) -> UnboundedReceiver<Request> {
        let (requests, receiver) = unbounded_channel();
        let mut state = self.state();
        state.number += 1;
        state.current = Some(Arc::new(Session { number: state.number, requests }));
        receiver
    }

    fn close(&self) {
        self.state().current = None;
    }

    fn state(&self) -> MutexGuard<'_, SlotState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Reports the end of an attempt.
    pub async fn report(&self, report: JobReport) -> Result<(), Error> {
        let ended = || Error::Unreachable { server_url: String::new(), cause: "the job session ended".into() };
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request::Report(report, answer)).map_err(|_| ended())?;
        match tokio::time::timeout(ANSWERED_WITHIN, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(ended()),
            Err(_) => {
                drop(self.requests.send(Request::End));
                Err(ended())
            }
        }
    }
}

/// How the sessions of a worker ended.
pub(super) enum SessionsEnd {
    Finished,
    /// Streams cannot be had, for this reason.
    Unavailable(String),
}

/// Keeps a session open until the worker has finished. Fails when the server refuses the worker.
pub(super) async fn keep_session(source: &JobSource) -> Result<SessionsEnd, Error> {
    let mut backoff = Backoff::default();
    let mut was_ever_open = false;
    let mut never_opened = 0;
    loop {
        let began_at = Instant::now();
        let mut live = LiveSession::open(source);
        let end = live.run().await;
        was_ever_open |= live.is_open;
        drop(live);
        source.attempts.session.close();
        source.link().drain.session_ended();
        let status = match end {
            SessionEnd::Finished => return Ok(SessionsEnd::Finished),
            SessionEnd::ServerDrains => Status::unavailable("the server is about to stop"),
            SessionEnd::Broken(status) => status,
        };
        if status.code() == Code::Unimplemented {
            return Ok(SessionsEnd::Unavailable(cause_of(&status)));
        }
        let error = error_of_status(&status, source.link().calls.server_url());
        if error.is_temporary() {
            source.link().presence.away(&error.cause_text());
        }
        if !was_ever_open || !error.is_temporary() {
            // The plain call tells a server that is away from one that refuses the worker, and both from a stream that
            // does not come through.
            source.link().register().await?;
            never_opened += 1;
            if !was_ever_open && never_opened >= NEVER_OPENED_MAX {
                return Ok(SessionsEnd::Unavailable(cause_of(&status)));
            }
        }
        if began_at.elapsed() > SETTLED_AFTER {
            backoff.reset();
        }
        tokio::select! {
            () = tokio::time::sleep(backoff.next_delay()) => {}
            () = source.finished.cancelled() => return Ok(SessionsEnd::Finished),
        }
    }
}

enum SessionEnd {
    Finished,
    ServerDrains,
    Broken(Status),
}

struct LiveSession<'a> {
    source: &'a JobSource,
    requests: UnboundedReceiver<Request>,
    sender: UnboundedSender<WorkJobsRequest>,
    incoming: Incoming<WorkJobsResponse>,
    unanswered: HashMap<String, oneshot::Sender<Result<(), Error>>>,
    is_open: bool,
    has_said_drain: bool,
    server_drains_since: Option<Instant>,
    giving_back: JoinSet<()>,
}

impl<'a> LiveSession<'a> {
    fn open(source: &'a JobSource) -> Self {
        let (sender, messages) = outgoing();
        let requests = source.attempts.session.open();
        source.link().drain.session_begins();
        let is_draining = source.no_more_jobs.is_cancelled();
        // Nothing can be unsent yet, so this cannot fail.
        drop(sender.send(WorkJobsRequest {
            hello: Some(hello(source.link().offering())),
            add_credits: if is_draining { 0 } else { u32::try_from(source.free_slots()).unwrap_or(u32::MAX) },
            drain: is_draining,
            ..WorkJobsRequest::default()
        }));
        let mut client = source.channel.jobs();
        Self {
            source,
            requests,
            sender,
            incoming: Incoming::new(async move { client.work_jobs(messages).await }),
            unanswered: HashMap::new(),
            is_open: false,
            has_said_drain: is_draining,
            server_drains_since: None,
            giving_back: JoinSet::new(),
        }
    }

    async fn run(&mut self) -> SessionEnd {
        loop {
            let last_answers = self.server_drains_since.map(|since| since + LAST_ANSWERS_WITHIN);
            tokio::select! {
                request = self.requests.recv() => match request {
                    Some(request) => {
                        if let Some(end) = self.send(request) {
                            return end;
                        }
                    }
                    None => return SessionEnd::Finished,
                },
                received = self.incoming.next() => match received {
                    Ok(Received::Opened) => self.opened(),
                    Ok(Received::Message(message)) => self.receive(message),
                    Err(status) => return SessionEnd::Broken(status),
                },
                () = self.source.no_more_jobs.cancelled(), if !self.has_said_drain => self.say_drain(),
                () = self.source.finished.cancelled() => {
                    self.leave().await;
                    return SessionEnd::Finished;
                }
                () = sleep_until(last_answers.unwrap_or_else(Instant::now)), if last_answers.is_some() => {
                    return SessionEnd::ServerDrains;
                }
            }
            if self.server_drains_since.is_some() && self.unanswered.is_empty() {
                return SessionEnd::ServerDrains;
            }
        }
    }

    /// Sends what is asked, and what else waits, in one message.
    fn send(&mut self, first: Request) -> Option<SessionEnd> {
        let mut message = WorkJobsRequest::default();
        let mut report_bytes = 0;
        let mut next = Some(first);
        while let Some(request) = next {
            match request {
                Request::End => {
                    return Some(SessionEnd::Broken(Status::deadline_exceeded("a report was not answered")));
                }
                Request::AddCredit => message.add_credits += 1,
                Request::Report(report, answer) => {
                    report_bytes += report.encoded_len();
                    self.unanswered.insert(report.lease_id.clone(), answer);
                    message.reports.push(report);
                }
            }
            if message.reports.len() >= REPORTS_MAX || report_bytes >= REPORT_BYTES_MAX {
                break;
            }
            next = self.requests.try_recv().ok();
        }
        self.post(message);
        None
    }

    fn opened(&mut self) {
        self.is_open = true;
        self.source.link().presence.back();
    }

    fn receive(&mut self, message: WorkJobsResponse) {
        if !self.is_open {
            self.opened();
        }
        let claims: Vec<Claim> = message.claims.into_iter().filter_map(Claim::from_proto).collect();
        self.take(claims);
        for result in message.results {
            if let Some(answer) = self.unanswered.remove(&result.lease_id) {
                drop(answer.send(answer_of(result)));
            }
        }
        for stop in &message.stops {
            if let Some(lease) = self.source.attempts.leases.get(&stop.lease_id) {
                lease.ordered_to_stop(StopOrder::of_proto(stop.reason, stop.within_secs));
            }
        }
        // Those of the stops that were cancelled, again; an older server has only these.
        for lease in message.cancelled_lease_ids.iter().filter_map(|id| self.source.attempts.leases.get(id)) {
            lease.ordered_to_stop(StopOrder::CANCELLED);
        }
        for lease in message.lost_lease_ids.iter().filter_map(|id| self.source.attempts.leases.get(id)) {
            lease.lost(None, "the lease is gone");
        }
        // After the jobs that came with it: they are running.
        if let Some(drain) = message.drain {
            self.source.link().drain.report(drain.active.then_some(Drain { stop: drain.stop }));
        }
        if message.draining {
            self.server_drains_since.get_or_insert_with(Instant::now);
        }
    }

    /// A job that arrives during the stop is released without running.
    fn take(&mut self, claims: Vec<Claim>) {
        if claims.is_empty() {
            return;
        }
        if self.source.no_more_jobs.is_cancelled() {
            for claim in claims {
                self.giving_back.spawn(give_back(Arc::clone(self.source.link()), claim));
            }
            return;
        }
        let received_lease_ids = claims.iter().map(|claim| claim.lease.lease_id.clone()).collect();
        self.post(WorkJobsRequest { received_lease_ids, ..WorkJobsRequest::default() });
        for claim in claims {
            self.source.attempts.start(claim);
        }
    }

    fn say_drain(&mut self) {
        self.has_said_drain = true;
        self.post(WorkJobsRequest { drain: true, ..WorkJobsRequest::default() });
    }

    /// Ends this side, and reads to the end of the other: a job may be on its way.
    async fn leave(&mut self) {
        self.sender = outgoing().0;
        let rest = async {
            while let Ok(received) = self.incoming.next().await {
                if let Received::Message(message) = received {
                    self.receive(message);
                }
            }
            while self.giving_back.join_next().await.is_some() {}
        };
        // A server that does not answer takes such a job back by itself.
        drop(tokio::time::timeout(LAST_ANSWERS_WITHIN, rest).await);
    }

    /// When the call has ended the message goes nowhere, and reading says so.
    fn post(&self, message: WorkJobsRequest) {
        drop(self.sender.send(message));
    }
}

fn hello(config: &WorkerConfig) -> Hello {
    Hello {
        worker_id: config.worker_id.clone(),
        labels: config.labels.clone(),
        lease_ttl_secs: Some(i64::try_from(config.lease_ttl.as_secs()).unwrap_or(i64::MAX)),
        slots: u32::try_from(config.slots).unwrap_or(u32::MAX),
        version: crate::http::USER_AGENT.to_owned(),
        only_labelled: config.only_labelled,
    }
}
