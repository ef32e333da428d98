// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Time, in one place, so that nothing else reads a clock.
//!
//! Times are nanoseconds since the Unix epoch in UTC, as file systems and
//! SQLite carry them. There is no local time anywhere in lictor's records.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The present by a clock that no one sets, for durations.
pub fn tick() -> Instant {
    Instant::now()
}

/// A moment in nanoseconds since the Unix epoch, UTC. Holds the years 1678 to 2262.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Moment {
    /// The present moment by the system's clock.
    #[allow(clippy::disallowed_methods, reason = "this is the one place that may")]
    pub fn now() -> Moment {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }

    /// The day, in UTC.
    pub fn day(self) -> jiff::civil::Date {
        let at = jiff::Timestamp::from_nanosecond(i128::from(self.0)).unwrap_or_default();
        at.to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// RFC 3339 in UTC, to the second: `2026-11-22T13:00:00Z`.
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(t) => t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            Err(_) => format!("@{}ns", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn a_moment_prints_as_rfc3339() {
        assert_eq!(Moment(1_000_000_000_123_456_789).rfc3339(), "2001-09-09T01:46:40Z");
        assert_eq!(Moment(-1).rfc3339(), "1969-12-31T23:59:59Z");
    }
}
