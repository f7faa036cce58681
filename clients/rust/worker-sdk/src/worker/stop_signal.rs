use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::executor::StopCause;
use crate::proto::StopReason;

/// Tells a running job to end, and why. The first cause is the one that counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct StopSignal {
    token: CancellationToken,
    said: Arc<Mutex<Option<Said>>>,
}

#[derive(Debug, Clone)]
struct Said {
    cause: StopCause,
    text: String,
    /// How long the server waits for the report; none when it does not wait for one, or did not say.
    within: Option<Duration>,
}

/// The server's word that a job is to end: it was cancelled, or its timeout is over. The server takes the job's log until
/// it has the report, and starts what comes after the job only then, or when its own grace is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StopOrder {
    pub cause: StopCause,
    pub within: Option<Duration>,
}

impl StopOrder {
    /// An older server stops only what was cancelled, and says nothing more.
    pub const CANCELLED: Self = Self { cause: StopCause::Cancelled, within: None };

    /// As the streams say it.
    pub fn of_proto(reason: i32, within_secs: f64) -> Self {
        let is_timeout = StopReason::try_from(reason) == Ok(StopReason::TimedOut);
        Self::new(is_timeout, within_secs)
    }

    /// As the documented paths say it.
    pub fn of_json(reason: Option<&str>, within_secs: Option<f64>) -> Self {
        Self::new(reason == Some("timed_out"), within_secs.unwrap_or_default())
    }

    fn new(is_timeout: bool, within_secs: f64) -> Self {
        let cause = if is_timeout { StopCause::Timeout } else { StopCause::Cancelled };
        Self { cause, within: positive_duration(within_secs) }
    }
}

impl StopSignal {
    /// False if it was set before.
    pub fn stop(&self, cause: StopCause, text: impl Into<String>, within: Option<Duration>) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_some() {
            return false;
        }
        *said = Some(Said { cause, text: text.into(), within });
        drop(said);
        self.token.cancel();
        true
    }

    pub fn cause(&self) -> Option<StopCause> {
        self.said().map(|(cause, _)| cause)
    }

    /// The cause with its text for people.
    pub fn said(&self) -> Option<(StopCause, String)> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.as_ref().map(|said| (said.cause, said.text.clone()))
    }

    /// How long the job's processes may take to end by themselves: all of them are to be gone, and that is to be reported,
    /// while the server waits.
    pub fn kill_after(&self, grace: Duration) -> Duration {
        const TO_REPORT: Duration = Duration::from_secs(2);
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        match said.as_ref().and_then(|said| said.within) {
            Some(within) => grace.min((within / 2).max(within.saturating_sub(TO_REPORT))),
            None => grace,
        }
    }

    pub fn token(&self) -> &CancellationToken {
        &self.token
    }
}

/// None for zero, which is what an older server says by its silence.
pub(crate) fn positive_duration(secs: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(secs).ok().filter(|duration| !duration.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_are_killed_in_time_for_the_servers_grace() {
        for (grace, within, expected) in [
            (10.0, 10.0, 8.0),
            (10.0, 2.0, 1.0),
            (10.0, 1.0, 0.5),
            (1.0, 10.0, 1.0),
            (10.0, 0.0, 10.0),
            (0.0, 10.0, 0.0),
        ] {
            let signal = StopSignal::default();
            assert!(signal.stop(StopCause::Cancelled, "", positive_duration(within)));
            let killed_after = signal.kill_after(Duration::from_secs_f64(grace));
            assert_eq!(killed_after, Duration::from_secs_f64(expected), "{grace} within {within}");
        }
    }

    #[test]
    fn the_first_cause_counts() {
        let signal = StopSignal::default();
        assert!(signal.stop(StopCause::Timeout, "first", None));
        assert!(!signal.stop(StopCause::Cancelled, "second", None));
        assert_eq!(signal.said(), Some((StopCause::Timeout, "first".into())));
    }

    #[test]
    fn a_reason_is_read_on_either_transport() {
        let read = [
            StopOrder::of_proto(StopReason::TimedOut.into(), 2.5),
            StopOrder::of_proto(StopReason::Cancelled.into(), 0.0),
            StopOrder::of_json(Some("timed_out"), Some(1.0)),
            StopOrder::of_json(None, None),
        ];
        let expected = [
            (StopCause::Timeout, Some(2_500)),
            (StopCause::Cancelled, None),
            (StopCause::Timeout, Some(1_000)),
            (StopCause::Cancelled, None),
        ];
        assert_eq!(read.map(|order| (order.cause, order.within.map(|within| within.as_millis()))), expected);
    }
}
