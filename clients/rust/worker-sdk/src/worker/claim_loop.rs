use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::attempt::give_back;
use super::backoff::Backoff;
use super::job_source::JobSource;
use super::server_link::ServerLink;
use crate::error::Error;
use crate::http::ClaimRequest;
use crate::wire::Claim;

/// A server that answers "no job" sooner than this did not wait, so the worker does.
const WAITED_MIN: Duration = Duration::from_millis(500);
/// How long the claim that takes back an unread answer may take.
const TAKE_BACK: Duration = Duration::from_secs(2);
const JOBS_IN_CLAIM_MAX: usize = 1000;

/// Claims jobs while slots are free, one waiting claim at a time, until the worker stops.
///
/// A claim has an id, and is repeated with the same id when its answer was lost, so that a job that was granted is not
/// left to its lease's end. Fails when the server refuses the worker or the claim for good.
pub(super) async fn claim_jobs(source: &JobSource) -> Result<(), Error> {
    let stop = &source.no_more_jobs;
    let mut backoff = Backoff::default();
    let mut only_one = false;
    let mut unanswered: Option<ClaimRequest> = None;
    while stop.run_until_cancelled(slot_is_free(source)).await.is_some() {
        let sent_at = Instant::now();
        let request = unanswered.take().unwrap_or_else(|| claim_request(source));
        let Some(answer) = stop.run_until_cancelled(claim(source.link(), &request, &mut only_one)).await else {
            take_back(source, request, &mut only_one).await;
            break;
        };
        let wait = match answer {
            Ok(claims) => {
                source.link().presence.back();
                backoff.reset();
                let waits_itself = claims.is_empty() && sent_at.elapsed() < WAITED_MIN;
                start_attempts(source, claims).await;
                if waits_itself { source.link().offering().poll_interval } else { Duration::ZERO }
            }
            Err(error) => {
                if error.is_temporary() {
                    source.link().presence.away(&error.cause_text());
                } else if error.is_unauthorised() || is_not_found(&error) {
                    source.link().register().await?;
                } else {
                    return Err(error);
                }
                unanswered = Some(request);
                backoff.next_delay()
            }
        };
        if !wait.is_zero() {
            stop.run_until_cancelled(sleep(wait)).await;
        }
    }
    Ok(())
}

fn claim_request(source: &JobSource) -> ClaimRequest {
    let config = source.link().offering();
    ClaimRequest {
        worker_id: config.worker_id.clone(),
        labels: config.labels.clone(),
        only_labelled: config.only_labelled,
        lease_ttl_secs: config.lease_ttl.as_secs(),
        wait_secs: config.claim_wait.as_secs_f64(),
        request_id: Uuid::new_v4().to_string(),
        max_jobs: source.free_slots().clamp(1, JOBS_IN_CLAIM_MAX),
    }
}

/// An older server has `only_one` path, for one job. Which it is is found out, and forgotten when a claim fails: who
/// answers next may be a newer server.
async fn claim(link: &ServerLink, request: &ClaimRequest, only_one: &mut bool) -> Result<Vec<Claim>, Error> {
    let has_only_one = std::mem::take(only_one);
    let asks_for_many = request.max_jobs > 1 && !has_only_one;
    if asks_for_many {
        match link.calls.claim_many(request).await {
            Err(error) if error.server_error().is_some_and(|refusal| [404, 405].contains(&refusal.status)) => {}
            answer => return answer,
        }
    }
    let claims = link.calls.claim_one(request).await?.into_iter().collect();
    // It was the path that was not found. Where this call is not found either, it was something else.
    *only_one = has_only_one || asks_for_many;
    Ok(claims)
}

/// Jobs that arrive together with the stop are released without running.
async fn start_attempts(source: &JobSource, claims: Vec<Claim>) {
    for claim in claims {
        if source.no_more_jobs.is_cancelled() {
            give_back(Arc::clone(source.link()), claim).await;
        } else {
            source.attempts.start(claim);
        }
    }
}

async fn slot_is_free(source: &JobSource) {
    loop {
        let freed = source.attempts.leases.removed.notified();
        tokio::pin!(freed);
        freed.as_mut().enable();
        if source.free_slots() > 0 {
            return;
        }
        freed.await;
    }
}

/// The server does not know the worker.
fn is_not_found(error: &Error) -> bool {
    error.server_error().is_some_and(|refusal| refusal.status == 404)
}

/// The loop was ended while a claim was under way, and the server may have granted jobs at that moment. The same claim
/// is sent once more, without waiting, and the jobs that it brings are released unrun.
async fn take_back(source: &JobSource, request: ClaimRequest, only_one: &mut bool) {
    let request = ClaimRequest { wait_secs: 0.0, ..request };
    // If the server cannot be asked, a job that it granted comes back when its lease ends, as after a crash.
    if let Ok(Ok(claims)) = timeout(TAKE_BACK, claim(source.link(), &request, only_one)).await {
        for claim in claims {
            give_back(Arc::clone(source.link()), claim).await;
        }
    }
}
