use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::attempt::{give_back, start_attempt};
use super::backoff::Backoff;
use super::context::Context;
use super::supervise::register;
use crate::error::Error;
use crate::http::ClaimRequest;

/// A server that answers "no job" sooner than this did not wait, so the worker does.
const WAITED_MIN: Duration = Duration::from_millis(500);
/// How long the claim that takes back an unread answer may take.
const TAKE_BACK: Duration = Duration::from_secs(2);

/// Claims jobs while slots are free, one waiting claim at a time, until there are to be no more.
///
/// A claim has an id, and is repeated with the same id when its answer was lost, so that a job that was granted is not
/// left to its lease's end. Fails when the server refuses the worker or the claim for good.
pub(super) async fn claim_jobs(context: &Arc<Context>) -> Result<(), Error> {
    let stop = &context.no_more_jobs;
    let mut backoff = Backoff::default();
    let mut request = claim_request(context);
    while stop.run_until_cancelled(slot_is_free(context)).await.is_some() {
        let sent_at = Instant::now();
        let Some(answer) = stop.run_until_cancelled(context.calls.claim(&request)).await else {
            take_back(context, request).await;
            break;
        };
        let wait = match answer {
            Ok(claim) => {
                context.presence.back();
                backoff.reset();
                request.request_id = Uuid::new_v4().to_string();
                match claim {
                    // It came together with the word that there should be no more.
                    Some(claim) if stop.is_cancelled() => {
                        give_back(Arc::clone(context), claim).await;
                        continue;
                    }
                    Some(claim) => {
                        start_attempt(context, claim);
                        continue;
                    }
                    None if sent_at.elapsed() < WAITED_MIN => context.config().poll_interval,
                    None => continue,
                }
            }
            Err(error) if error.is_temporary() => {
                context.presence.away(&error.cause_text());
                backoff.next_delay()
            }
            Err(error) if error.is_unauthorised() || is_unknown_worker(&error) => {
                register(context).await?;
                backoff.next_delay()
            }
            Err(error) => return Err(error),
        };
        stop.run_until_cancelled(sleep(wait)).await;
    }
    Ok(())
}

fn claim_request(context: &Context) -> ClaimRequest {
    let config = context.config();
    ClaimRequest {
        worker_id: config.worker_id.clone(),
        labels: config.labels.clone(),
        lease_ttl_secs: config.lease_ttl.as_secs(),
        wait_secs: config.claim_wait.as_secs_f64(),
        request_id: Uuid::new_v4().to_string(),
    }
}

async fn slot_is_free(context: &Context) {
    loop {
        let freed = context.leases.removed.notified();
        tokio::pin!(freed);
        freed.as_mut().enable();
        if context.free_slots() > 0 {
            return;
        }
        freed.await;
    }
}

fn is_unknown_worker(error: &Error) -> bool {
    error.server_error().is_some_and(|refusal| refusal.status == 404)
}

/// The loop was ended while a claim was under way, and the server may have granted a job at that moment. The same claim
/// is sent once more, without waiting, and a job that it brings is released unrun.
async fn take_back(context: &Arc<Context>, request: ClaimRequest) {
    let request = ClaimRequest { wait_secs: 0.0, ..request };
    // If the server cannot be asked, a job that it granted comes back when its lease ends, as after a crash.
    if let Ok(Ok(Some(claim))) = timeout(TAKE_BACK, context.calls.claim(&request)).await {
        give_back(Arc::clone(context), claim).await;
    }
}
