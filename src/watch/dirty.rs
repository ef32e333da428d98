// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What may have changed, gathered until it is quiet. Pure: told what time it is.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// From so many spots on, looking at everything is quicker.
const MOST: usize = 4096;

/// Something that may have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A path, relative to the checkout's root, and all below it.
    At(Vec<u8>),
    /// git is at work, or moved HEAD.
    Git,
    Everything(Reason),
}

/// Why everything is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The service began.
    Start,
    /// The kernel's queue of events ran over.
    Overflow,
    /// Events could not be read.
    Lost,
    /// More spots changed than are worth keeping apart.
    Many,
    /// git's index is another.
    Index,
    /// The settings of the repository changed.
    Settings,
    /// The checkout itself was moved, removed or replaced.
    Root,
    /// A file changed on which verdicts on others depend.
    Landmark,
    /// Another lictor scanned it.
    Overtaken,
    /// The last look failed.
    Failed,
    /// The last look was given up as git began to work.
    Superseded,
    /// It was time.
    Reconcile,
    /// It is not watched.
    Poll,
    /// Somebody asked for it.
    Asked,
    /// The license database or the settings are others.
    Configuration,
    /// The store was damaged and opened anew.
    Damage,
}

impl Reason {
    pub const ALL: [Reason; 16] = [
        Reason::Start,
        Reason::Overflow,
        Reason::Lost,
        Reason::Many,
        Reason::Index,
        Reason::Settings,
        Reason::Root,
        Reason::Landmark,
        Reason::Overtaken,
        Reason::Failed,
        Reason::Superseded,
        Reason::Reconcile,
        Reason::Poll,
        Reason::Asked,
        Reason::Configuration,
        Reason::Damage,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Start => "start",
            Reason::Overflow => "overflow",
            Reason::Lost => "lost",
            Reason::Many => "many",
            Reason::Index => "index",
            Reason::Settings => "settings",
            Reason::Root => "root",
            Reason::Landmark => "landmark",
            Reason::Overtaken => "overtaken",
            Reason::Failed => "failed",
            Reason::Superseded => "superseded",
            Reason::Reconcile => "reconcile",
            Reason::Poll => "poll",
            Reason::Asked => "asked",
            Reason::Configuration => "configuration",
            Reason::Damage => "damage",
        }
    }

    /// Whether watches may have been lost.
    pub fn doubts_watches(self) -> bool {
        matches!(self, Reason::Overflow | Reason::Lost | Reason::Root)
    }
}

/// What is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Spots, sorted and none below another; none at all if only git moved.
    Spots(Vec<Arc<[u8]>>),
    Everything(Reason),
}

/// What may have changed and was not looked at.
#[derive(Debug, Default)]
pub struct Dirty {
    /// None below another.
    spots: BTreeSet<Vec<u8>>,
    git: bool,
    everything: Option<Reason>,
    /// When the first and the last of it came.
    since: Option<(Instant, Instant)>,
}

impl Dirty {
    pub fn is_empty(&self) -> bool {
        self.since.is_none()
    }

    /// How many spots there are; one for everything.
    pub fn len(&self) -> usize {
        self.spots.len() + usize::from(self.everything.is_some())
    }

    /// When the first of it came.
    pub fn first(&self) -> Option<Instant> {
        self.since.map(|(first, _)| first)
    }

    pub fn everything(&self) -> Option<Reason> {
        self.everything
    }

    pub fn add(&mut self, change: Change, now: Instant) {
        let first = self.first().unwrap_or(now);
        self.since = Some((first, now));
        match change {
            Change::Git => self.git = true,
            Change::Everything(reason) => self.all(reason),
            Change::At(path) => self.spot(path),
        }
    }

    fn all(&mut self, reason: Reason) {
        self.spots.clear();
        // The graver reason stands: after an overflow the watches are renewed.
        let graver = |known: Reason| known.doubts_watches() || !reason.doubts_watches();
        if !self.everything.is_some_and(graver) {
            self.everything = Some(reason);
        }
    }

    fn spot(&mut self, path: Vec<u8>) {
        if self.everything.is_some() || self.is_covered(&path) {
            return;
        }
        let below = [&path[..], b"/"].concat();
        let inside = self.spots.range(below.clone()..).take_while(|p| p.starts_with(&below));
        let inside: Vec<Vec<u8>> = inside.cloned().collect();
        for path in inside {
            self.spots.remove(&path);
        }
        self.spots.insert(path);
        if self.spots.len() > MOST {
            self.all(Reason::Many);
        }
    }

    /// Whether a path is a spot or below one.
    fn is_covered(&self, path: &[u8]) -> bool {
        let slashes = path.iter().enumerate().filter(|(_, b)| **b == b'/').map(|(n, _)| n);
        let mut ancestors = slashes.chain([path.len()]).map(|n| &path[..n]);
        ancestors.any(|a| {
            self.spots.range::<[u8], _>((Bound::Included(a), Bound::Included(a))).next().is_some()
        })
    }

    /// From when on it is to be looked at: it was quiet for `settle`, or has waited for `most`.
    pub fn due(&self, settle: Duration, most: Duration) -> Option<Instant> {
        let (first, last) = self.since?;
        Some((last + settle).min(first + most))
    }

    /// Takes all of it.
    pub fn take(&mut self) -> Option<Work> {
        let Dirty { spots, everything, since, .. } = std::mem::take(self);
        since?;
        Some(match everything {
            Some(reason) => Work::Everything(reason),
            None => Work::Spots(spots.into_iter().map(Arc::from).collect()),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock;
    use crate::plan::is_at_or_below;

    fn at(path: &str) -> Change {
        Change::At(path.as_bytes().to_vec())
    }

    fn spots(changes: &[&str]) -> Vec<String> {
        let mut dirty = Dirty::default();
        for path in changes {
            dirty.add(at(path), clock::tick());
        }
        let Some(Work::Spots(spots)) = dirty.take() else { return vec!["everything".into()] };
        spots.iter().map(|s| String::from_utf8_lossy(s).into_owned()).collect()
    }

    #[test]
    fn a_directory_swallows_what_is_below_it() {
        assert_eq!(spots(&["a/b", "a/b/c", "a/b/c", "a.c", "ab"]), ["a.c", "a/b", "ab"]);
        assert_eq!(spots(&["a/b/c", "a/b.c", "a/d", "a"]), ["a"]);
        assert_eq!(spots(&["a/b/c", "a/b"]), ["a/b"]);
    }

    #[test]
    fn everything_swallows_all_and_says_the_gravest_reason() {
        let mut dirty = Dirty::default();
        let now = clock::tick();
        dirty.add(at("x"), now);
        dirty.add(Change::Everything(Reason::Index), now);
        dirty.add(Change::Everything(Reason::Overflow), now);
        dirty.add(Change::Everything(Reason::Asked), now);
        dirty.add(at("y"), now);
        assert_eq!(dirty.take(), Some(Work::Everything(Reason::Overflow)));
        assert_eq!(dirty.take(), None);
        assert!(dirty.is_empty());
    }

    #[test]
    fn too_many_spots_are_everything() {
        let mut dirty = Dirty::default();
        for n in 0..=MOST {
            dirty.add(at(&format!("d/{n}")), clock::tick());
        }
        assert_eq!(dirty.take(), Some(Work::Everything(Reason::Many)));
    }

    #[test]
    fn it_is_due_when_it_is_quiet_or_has_waited_long_enough() {
        let ms = Duration::from_millis;
        let now = clock::tick();
        let mut dirty = Dirty::default();
        assert_eq!(dirty.due(ms(100), ms(500)), None);
        dirty.add(at("x"), now);
        assert_eq!(dirty.due(ms(100), ms(500)), Some(now + ms(100)));
        dirty.add(at("y"), now + ms(450));
        assert_eq!(dirty.due(ms(100), ms(500)), Some(now + ms(500)));
        dirty.add(Change::Git, now + ms(700));
        assert_eq!(dirty.take(), Some(Work::Spots(vec![b"x"[..].into(), b"y"[..].into()])));
    }

    proptest! {
        /// Whatever was added is covered by what is taken, once.
        #[test]
        fn nothing_that_was_added_is_missing(paths in prop::collection::vec("[ab.]{1,2}(/[ab.]{1,2}){0,3}", 0..40)) {
            let mut dirty = Dirty::default();
            for path in &paths {
                dirty.add(at(path), clock::tick());
            }
            let Some(Work::Spots(spots)) = dirty.take() else {
                prop_assert!(paths.is_empty());
                return Ok(());
            };
            for path in &paths {
                let over = spots.iter().filter(|s| is_at_or_below(path.as_bytes(), s));
                prop_assert_eq!(over.count(), 1, "{} in {:?}", path, &spots);
            }
            for spot in &spots {
                prop_assert!(paths.iter().any(|p| p.as_bytes() == &**spot));
            }
        }
    }
}
