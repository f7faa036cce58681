use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::backoff::Backoff;
use super::server_link::ServerLink;
use super::session::SessionSlot;
use crate::error::{Error, ServerError};
use crate::executor::Failure;
use crate::proto::{self, ErrorReason, job_report};
use crate::wire::Outputs;

/// A restarted server gives each lease a full time to live, so a result stays worth reporting long after the lease's
/// own end.
const KEEP_RESULT_MIN: Duration = Duration::from_secs(10 * 60);
/// A larger report is sent by itself: a message that the server does not take would end the session.
const SESSION_REPORT_BYTES_MAX: usize = 512 * 1024;

/// For how long a result that cannot be reported is kept.
pub(super) fn keep_result(ttl: Duration) -> Duration {
    KEEP_RESULT_MIN.max(2 * ttl)
}

/// How an attempt ended, as it is reported.
pub(super) type AttemptResult = Result<Outputs, Failure>;

/// What became of a result that was to be reported.
pub(super) enum ReportOutcome {
    Accepted,
    Refused(ServerError),
    GivenUp { after: Duration },
}

/// Sends the reports of one lease.
pub(super) struct Reporter {
    link: Arc<ServerLink>,
    session: Arc<SessionSlot>,
    lease_id: String,
    /// The session that answered a report, and so has given the worker its credit back.
    credited_by: Option<u64>,
}

impl Reporter {
    pub fn new(link: Arc<ServerLink>, session: Arc<SessionSlot>, lease_id: &str) -> Self {
        Self { link, session, lease_id: lease_id.to_owned(), credited_by: None }
    }

    /// Sends a result until the server takes it or refuses it, or the time is up. A server that refuses the worker
    /// itself, such as for a revoked token, is asked again for the lease's time to live: nothing can renew it meanwhile.
    pub async fn report(&mut self, result: &AttemptResult, ttl: Duration) -> ReportOutcome {
        let keep = keep_result(ttl);
        let started_at = Instant::now();
        let mut backoff = Backoff::default();
        loop {
            match self.send(result).await {
                Ok(()) => {
                    self.link.presence.back();
                    return ReportOutcome::Accepted;
                }
                Err(Error::Refused(refusal)) if !is_passing(&refusal, started_at.elapsed() >= ttl) => {
                    return ReportOutcome::Refused(refusal);
                }
                Err(error) => self.link.presence.away(&error.cause_text()),
            }
            let after = started_at.elapsed();
            if after >= keep {
                return ReportOutcome::GivenUp { after };
            }
            tokio::time::sleep(backoff.next_delay()).await;
        }
    }

    /// The attempt is over: the session that did not hear of it by a report may push another job.
    pub fn free_slot(self) {
        self.session.slot_freed(self.credited_by);
    }

    async fn send(&mut self, result: &AttemptResult) -> Result<(), Error> {
        // A session returns a credit for each report, so a second one is not for it.
        if self.credited_by.is_none()
            && result_bytes(result) <= SESSION_REPORT_BYTES_MAX
            && let Some(session) = self.session.current()
        {
            let answered = session.report(report_message(&self.lease_id, result)).await;
            if answered.as_ref().map_or_else(|error| error.server_error().is_some(), |()| true) {
                self.credited_by = Some(session.number);
            }
            return answered;
        }
        match result {
            Ok(outputs) => self.link.calls.complete(&self.lease_id, outputs).await,
            Err(failure) => self.link.calls.fail(&self.lease_id, failure).await,
        }
    }
}

fn is_passing(refusal: &ServerError, is_late: bool) -> bool {
    let error = Error::Refused(refusal.clone());
    error.is_temporary() || (error.is_unauthorised() && !is_late)
}

fn result_bytes(result: &AttemptResult) -> usize {
    match result {
        Ok(outputs) => outputs.iter().map(|(key, value)| key.len() + value.len()).sum(),
        Err(failure) => failure.error.len(),
    }
}

fn report_message(lease_id: &str, result: &AttemptResult) -> proto::JobReport {
    let result = match result {
        Ok(outputs) => job_report::Result::Success(proto::Outputs { values: outputs.clone() }),
        Err(Failure { error, retryable, exit_code }) => job_report::Result::Failure(proto::Failure {
            error: error.clone(),
            retryable: *retryable,
            exit_code: exit_code.map(u32::from),
        }),
    };
    proto::JobReport { lease_id: lease_id.to_owned(), result: Some(result) }
}

/// What the server said to a report on the session.
pub(super) fn answer_of(result: proto::JobReportResult) -> Result<(), Error> {
    let Some(refused) = result.refused else { return Ok(()) };
    let reason = reason_text(refused);
    // Without a reason it is not the lease that is refused but what was reported.
    let (status, code) = if reason.is_some() { (409, "conflict") } else { (400, "malformed") };
    let mut error = ServerError::new(status, code, result.message);
    error.reason = reason;
    Err(error.into())
}

/// A reason in the words of the documented paths.
pub(super) fn reason_text(reason: i32) -> Option<String> {
    let text = match ErrorReason::try_from(reason).ok()? {
        ErrorReason::Unspecified => return None,
        ErrorReason::LeaseExpired => "lease_expired",
        ErrorReason::Superseded => "superseded",
        ErrorReason::Completed => "completed",
        ErrorReason::Cancelled => "cancelled",
        ErrorReason::UnknownLease => "unknown_lease",
        ErrorReason::JobRunning => "job_running",
        ErrorReason::DependantRunning => "dependant_running",
    };
    Some(text.to_owned())
}
