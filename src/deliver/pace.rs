// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! When an endpoint may be told what happened, and in how many messages. Pure: the moment is an
//! argument. Until it may, events stay in the ledger.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use super::message::DigestReason;
use crate::clock::Moment;
use crate::config::{DigestPlan, Rate, Webhook};

/// What was held back for a night is told as it happened if it is no more than this.
const FEW: usize = 5;

/// How much may be told now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// If there were more messages than this, it is one.
    pub most: usize,
    /// And why.
    pub why: DigestReason,
}

/// How much may be told now of what began to happen at `first`, or when that is to be asked again.
/// `tokens` is how many messages may be sent.
///
/// # Errors
/// Nothing may be told before that moment.
pub fn turn(w: &Webhook, first: Moment, tokens: Option<f64>, now: Moment) -> Result<Turn, Moment> {
    let zone = &w.time_zone.0;
    let at = |moment: Moment| stamp(moment).to_zoned(zone.clone());
    let here = at(now);
    if let Some((from, to)) = w.quiet
        && let Some(end) = quiet_until(&here, from, to, zone)
    {
        return Err(moment(&end));
    }
    if let Some(plan) = w.digest {
        let due = next(plan, &at(first), zone);
        // What happened in the future was told by a clock that was wrong.
        if here < due && first <= now {
            return Err(moment(&due));
        }
        return Ok(Turn { most: 0, why: DigestReason::Scheduled });
    }
    let mut turn = Turn { most: usize::MAX, why: DigestReason::QuietHours };
    if let Some((from, to)) = w.quiet
        && last_end(&here, from, to, zone).is_some_and(|end| at(first) < end)
    {
        turn.most = FEW;
    }
    if let (Some(rate), Some(tokens)) = (w.rate, tokens) {
        if tokens < 1.0 {
            let wait = (1.0 - tokens) * rate.per.as_secs_f64() / f64::from(rate.messages);
            return Err(Moment(now.0.saturating_add((wait * 1e9).ceil() as i64)));
        }
        let left = tokens as usize;
        if left < turn.most {
            turn = Turn { most: left, why: DigestReason::RateLimit };
        }
    }
    Ok(turn)
}

/// How many messages may be sent now, if so many could be at another moment: as many again in
/// the time of the rate, and never more than those.
pub fn refill(rate: Rate, left: Option<f64>, then: Moment, now: Moment) -> f64 {
    let full = f64::from(rate.messages);
    let Some(left) = left else { return full };
    let passed = now.0.saturating_sub(then.0).max(0) as f64 / 1e9;
    (left + passed * full / rate.per.as_secs_f64()).clamp(0.0, full)
}

fn stamp(moment: Moment) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(moment.0)).unwrap_or_default()
}

fn moment(at: &Zoned) -> Moment {
    Moment(i64::try_from(at.timestamp().as_nanosecond()).unwrap_or(i64::MAX))
}

/// A day some days later; the last day there is where there is none.
fn later(day: Date, days: i64) -> Date {
    day.saturating_add(Span::new().days(days))
}

/// When a clock on the wall shows a time. One that is left out, when clocks are put forward, is
/// as much later as they are.
fn on(day: Date, time: Time, zone: &TimeZone) -> Option<Zoned> {
    day.to_datetime(time).to_zoned(zone.clone()).ok()
}

/// The first time of a plan after a moment.
fn next(plan: DigestPlan, after: &Zoned, zone: &TimeZone) -> Zoned {
    let days = |time: Time, fits: &dyn Fn(Date) -> bool| {
        (0..=8)
            .map(|n| later(after.date(), n))
            .filter(|day| fits(*day))
            .filter_map(|day| on(day, time, zone))
            .find(|at| at > after)
    };
    let found = match plan {
        DigestPlan::Hourly => {
            let begun = after.clone().with().minute(0).second(0).subsec_nanosecond(0).build();
            begun.ok().and_then(|begun| begun.checked_add(Span::new().hours(1)).ok())
        }
        DigestPlan::Daily(time) => days(time, &|_| true),
        DigestPlan::Weekly(weekday, time) => days(time, &|day| day.weekday() == weekday),
    };
    found.unwrap_or_else(|| after.clone())
}

/// The quiet hours that begin on a day.
fn hours(day: Date, from: Time, to: Time, zone: &TimeZone) -> Option<(Zoned, Zoned)> {
    let ends = if to > from { day } else { later(day, 1) };
    Some((on(day, from, zone)?, on(ends, to, zone)?))
}

/// When the quiet hours end in which a moment is, if it is in some.
fn quiet_until(now: &Zoned, from: Time, to: Time, zone: &TimeZone) -> Option<Zoned> {
    let days = [-1, 0].into_iter().filter_map(|n| hours(later(now.date(), n), from, to, zone));
    days.filter(|(begin, end)| begin <= now && now < end).map(|(_, end)| end).max()
}

/// When the last quiet hours before a moment ended.
fn last_end(now: &Zoned, from: Time, to: Time, zone: &TimeZone) -> Option<Zoned> {
    let days = (-2..=0).filter_map(|n| hours(later(now.date(), n), from, to, zone));
    days.map(|(_, end)| end).filter(|end| end <= now).max()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::deliver::tests::webhook;

    fn at(text: &str) -> Moment {
        let zoned: Zoned = format!("{text}[Europe/Berlin]").parse().expect(text);
        moment(&zoned)
    }

    fn shown(moment: Moment) -> String {
        let zone = TimeZone::get("Europe/Berlin").expect("it is bundled");
        stamp(moment).to_zoned(zone).strftime("%Y-%m-%dT%H:%M").to_string()
    }

    fn with(keys: &str) -> Webhook {
        webhook(&format!("time-zone = 'Europe/Berlin'\n{keys}"))
    }

    #[track_caller]
    fn waits(w: &Webhook, first: &str, now: &str, until: &str) {
        let turn = turn(w, at(first), None, at(now));
        assert_eq!(turn.map_err(shown), Err(until.to_owned()), "{first} {now}");
    }

    #[test]
    fn a_digest_comes_at_its_time_of_day_on_the_wall() {
        let w = with("digest = 'daily 09:00'");
        waits(&w, "2026-11-27T10:17", "2026-11-27T10:18", "2026-11-28T09:00");
        waits(&w, "2026-11-27T08:59", "2026-11-27T08:59", "2026-11-27T09:00");
        let due = turn(&w, at("2026-11-27T08:59"), None, at("2026-11-27T09:00"));
        assert_eq!(due, Ok(Turn { most: 0, why: DigestReason::Scheduled }));
        // Nothing happened for days: the next is not made at once.
        waits(&w, "2026-11-30T12:00", "2026-11-30T12:00", "2026-12-01T09:00");
        let w = with("digest = 'weekly monday 09:00'");
        waits(&w, "2026-11-30T09:00", "2026-11-30T09:00", "2026-12-07T09:00");
        waits(&w, "2026-11-28T12:00", "2026-11-29T12:00", "2026-11-30T09:00");
        let w = with("digest = 'hourly'");
        waits(&w, "2026-11-28T12:00", "2026-11-28T12:59", "2026-11-28T13:00");
    }

    #[test]
    fn clocks_that_are_put_forward_take_no_digest_away() {
        let w = with("digest = 'daily 02:30'");
        // On 2026-03-29 there is no half past two in Berlin.
        waits(&w, "2026-03-28T12:00", "2026-03-28T12:00", "2026-03-29T03:30");
    }

    #[test]
    fn quiet_hours_may_go_past_midnight() {
        let w = with("quiet = '22:00-07:00'");
        waits(&w, "2026-11-27T23:00", "2026-11-27T23:00", "2026-11-28T07:00");
        waits(&w, "2026-11-27T23:00", "2026-11-28T06:59", "2026-11-28T07:00");
        let day = turn(&w, at("2026-11-28T12:00"), None, at("2026-11-28T12:00"));
        assert_eq!(day.map(|t| t.most), Ok(usize::MAX));
        let morning = turn(&w, at("2026-11-27T23:00"), None, at("2026-11-28T07:00"));
        assert_eq!(morning, Ok(Turn { most: FEW, why: DigestReason::QuietHours }));
        let w = with("quiet = '12:00-13:00'");
        waits(&w, "2026-11-27T12:30", "2026-11-27T12:30", "2026-11-27T13:00");
    }

    #[test]
    fn a_rate_is_used_up_and_comes_back() {
        let w = with("rate = '6/1m'");
        let rate = w.rate.expect("it has one");
        assert_eq!(rate, Rate { messages: 6, per: Duration::from_secs(60) });
        let now = at("2026-11-28T12:00");
        let left = turn(&w, now, Some(2.5), now);
        assert_eq!(left, Ok(Turn { most: 2, why: DigestReason::RateLimit }));
        let none = turn(&w, now, Some(0.5), now).expect_err("it is used up");
        assert_eq!(none.0 - now.0, 5_000_000_000);
        assert_eq!(refill(rate, None, now, now), 6.0);
        assert_eq!(refill(rate, Some(0.5), now, none), 1.0);
        // A clock that is put back gives nothing and takes nothing.
        assert_eq!(refill(rate, Some(0.5), none, now), 0.5);
    }

    proptest! {
        #[test]
        fn whoever_waits_as_long_as_asked_is_told(
            first in 0i64..4_000_000_000, later in 0i64..10_000_000, which in 0usize..6,
        ) {
            let keys = [
                "digest = 'hourly'", "digest = 'daily 02:30'", "digest = 'weekly sunday 23:59'",
                "quiet = '22:00-07:00'", "quiet = '02:00-03:00'", "quiet = '07:00-06:59'",
            ];
            let w = with(keys[which]);
            let first = Moment(first * 1_000_000_000);
            let mut now = Moment(first.0 + later * 1_000_000_000);
            // A digest's time may be in quiet hours, never twice.
            for _ in 0..2 {
                match turn(&w, first, None, now) {
                    Ok(_) => return Ok(()),
                    Err(until) => {
                        prop_assert!(until > now);
                        prop_assert!(until.0 - now.0 <= 9 * 24 * 3600 * 1_000_000_000);
                        now = until;
                    }
                }
            }
            prop_assert!(turn(&w, first, None, now).is_ok());
        }
    }
}
