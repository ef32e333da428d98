// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! When a message is sent again, and how long an endpoint that fails is left alone. Pure: chance
//! comes as an argument, and no clock is read. What a receiver asks for (`Retry-After`) and who
//! is suspended is decided elsewhere.

use std::time::Duration;

/// By how much of itself a wait may be shorter or longer, so that messages that failed together
/// do not come back together.
const JITTER: f64 = 0.2;

/// No wait is shorter.
const LEAST: Duration = Duration::from_millis(1);

/// The longest that an endpoint is left alone after failures, before chance has its part.
const LONGEST_HOLD: Duration = Duration::from_secs(5 * 60);

/// The waits between the attempts at one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The first is between the first attempt, which is made at once, and the second.
    pub waits: Vec<Duration>,
}

impl Default for Schedule {
    /// The example of Standard Webhooks 1.0.0: ten attempts in 75 hours 35 minutes 5 seconds.
    fn default() -> Schedule {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        let waits = [
            5,
            5 * MINUTE,
            30 * MINUTE,
            2 * HOUR,
            5 * HOUR,
            10 * HOUR,
            14 * HOUR,
            20 * HOUR,
            24 * HOUR,
        ];
        Schedule { waits: waits.into_iter().map(Duration::from_secs).collect() }
    }
}

impl Schedule {
    /// How long to wait after so many failed attempts (from 1 on), by a number from 0 to 1:
    /// within a fifth of what the schedule says. None when the message is given up.
    pub fn next(&self, failed_attempts: u32, random: f64) -> Option<Duration> {
        let n = usize::try_from(failed_attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        self.waits.get(n).map(|wait| jittered(*wait, random))
    }
}

/// How long an endpoint is left alone after so many failures in a row, by a number from 0 to 1:
/// within a fifth of 1 s, 2 s, 4 s and so on to 5 minutes. Not at all after none.
pub fn hold(consecutive_failures: u32, random: f64) -> Duration {
    let Some(doublings) = consecutive_failures.checked_sub(1) else { return Duration::ZERO };
    let seconds = 1u64.checked_shl(doublings).unwrap_or(u64::MAX);
    jittered(Duration::from_secs(seconds).min(LONGEST_HOLD), random)
}

fn jittered(wait: Duration, random: f64) -> Duration {
    let random = if random.is_nan() { 0.5 } else { random.clamp(0.0, 1.0) };
    let seconds = wait.as_secs_f64() * (1.0 - JITTER + 2.0 * JITTER * random);
    Duration::try_from_secs_f64(seconds).unwrap_or(wait).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn by_default_a_message_is_tried_ten_times_in_about_three_days() {
        let schedule = Schedule::default();
        let waits: Vec<Duration> = (1..).map_while(|n| schedule.next(n, 0.5)).collect();
        assert_eq!(waits, schedule.waits);
        assert_eq!(waits.iter().sum::<Duration>(), Duration::from_secs(75 * 3600 + 35 * 60 + 5));
        assert_eq!(schedule.next(10, 0.5), None);
        assert_eq!(schedule.next(u32::MAX, 0.5), None);
        assert_eq!(Schedule { waits: Vec::new() }.next(1, 0.5), None);
    }

    #[test]
    fn an_endpoint_is_left_alone_for_longer_and_longer() {
        let seconds: Vec<u64> = (0..=11).map(|n| hold(n, 0.5).as_secs()).collect();
        assert_eq!(seconds, [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(hold(u32::MAX, 0.5), LONGEST_HOLD);
    }

    #[test]
    fn chance_that_is_none_changes_little() {
        for random in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 7.0] {
            let wait = hold(1, random);
            assert!((0.79..=1.21).contains(&wait.as_secs_f64()), "{random}: {wait:?}");
        }
    }

    proptest! {
        #[test]
        fn a_wait_is_never_nothing_and_within_a_fifth_of_what_is_written(
            millis in prop::collection::vec(0u64..=u64::MAX, 1..12),
            attempt in 1u32..14,
            random in 0.0f64..1.0,
        ) {
            let schedule =
                Schedule { waits: millis.iter().copied().map(Duration::from_millis).collect() };
            let Some(wait) = schedule.next(attempt, random) else {
                prop_assert!(attempt as usize > millis.len());
                return Ok(());
            };
            let written = schedule.waits[attempt as usize - 1].as_secs_f64();
            let least = LEAST.as_secs_f64();
            prop_assert!(wait >= LEAST);
            prop_assert!(wait.as_secs_f64() >= written * 0.799);
            prop_assert!(wait.as_secs_f64() <= (written * 1.201).max(least));
        }

        #[test]
        fn the_whole_takes_about_three_days_whatever_chance_does(
            random in prop::collection::vec(0.0f64..1.0, 9),
        ) {
            let schedule = Schedule::default();
            let waits = (1..).zip(&random).filter_map(|(n, r)| schedule.next(n, *r));
            let hours = waits.sum::<Duration>().as_secs_f64() / 3600.0;
            prop_assert!((60.0..=91.0).contains(&hours), "{hours}");
        }

        #[test]
        fn more_failures_or_more_chance_never_shorten_a_hold(
            failures in 1u32..100, a in 0.0f64..1.0, b in 0.0f64..1.0,
        ) {
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(hold(failures, low) <= hold(failures, high));
            prop_assert!(hold(failures, a) <= hold(failures + 1, a));
            prop_assert!(hold(failures, a) >= Duration::from_millis(800));
            prop_assert!(hold(failures, a) <= LONGEST_HOLD.mul_f64(1.2));
        }
    }
}
