use std::time::Duration;

const DELAY_MIN: Duration = Duration::from_millis(250);
const DELAY_MAX: Duration = Duration::from_secs(10);

/// Waits that double from a quarter of a second to ten, each spread over its upper half so that workers do not return
/// in step.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    attempts: u32,
}

impl Backoff {
    pub fn reset(&mut self) {
        self.attempts = 0;
    }

    pub fn next_delay(&mut self) -> Duration {
        let full = DELAY_MAX.min(DELAY_MIN * 2u32.saturating_pow(self.attempts.min(16)));
        self.attempts += 1;
        full.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_ten_seconds_and_begin_anew_after_a_reset() {
        let mut backoff = Backoff::default();
        for full_ms in [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000] {
            let delay = backoff.next_delay();
            let full = Duration::from_millis(full_ms);
            assert!(delay >= full / 2 && delay <= full, "{delay:?} is not in the upper half of {full:?}");
        }
        backoff.reset();
        assert!(backoff.next_delay() <= DELAY_MIN);
    }
}
