use tokio::time::{Instant, sleep_until};

use super::leases::Leases;
use crate::executor::StopCause;

/// Ends jobs whose lease time has passed without a renewal, by this machine's monotonic clock: the
/// server may have requeued the job even without a message. Renewals continue. Never returns.
pub(super) async fn watch_deadlines(leases: &Leases) {
    loop {
        let added = leases.added.notified();
        tokio::pin!(added);
        added.as_mut().enable();
        match end_expired(leases) {
            Some(next) => {
                tokio::select! {
                    () = sleep_until(next) => {}
                    () = added => {}
                }
            }
            None => added.await,
        }
    }
}

/// Gives the next deadline.
fn end_expired(leases: &Leases) -> Option<Instant> {
    let now = Instant::now();
    let mut next = None;
    for lease in leases.renewable() {
        if lease.stop.cause().is_some() {
            continue;
        }
        let deadline = lease.deadline();
        if deadline <= now {
            let secs = lease.ttl().as_secs_f64();
            lease.stop.stop(
                StopCause::Expired,
                format!("lease expired: the server was not reached for {secs} s"),
                None,
            );
        } else {
            next = Some(next.map_or(deadline, |next: Instant| next.min(deadline)));
        }
    }
    next
}
