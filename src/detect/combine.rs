// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! From what was met in a content to one expression: all of it holds, but what another
//! hit explains is not said twice, choices are choices, and exceptions belong to a license.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::references::{Offer, Sentence, stem};
use super::texts::Texts;
use crate::licenses::expression::{Expr, Term, family};
use crate::model::{Basis, MatchKind};

/// A license met at a place of a content.
#[derive(Debug, Clone)]
pub(super) struct Hit<'a> {
    pub expr: Expr,
    pub kind: MatchKind,
    pub basis: Basis,
    /// See [`crate::model::Match::matched`].
    pub matched: Arc<str>,
    pub score: f32,
    /// In bytes.
    pub range: Range<usize>,
    pub sure: Sure,
    /// Joined by "or" to the hit before it.
    pub or: bool,
    /// An exception without its license; the expression's license is a stand-in.
    pub exception: bool,
    /// Of a text, the families that it names itself.
    pub mentions: Option<&'a FxHashSet<String>>,
    /// A name that stands on a line of its own.
    pub heading: bool,
    /// A name or address that is merely mentioned.
    pub mention: bool,
    /// A name between quotation marks, and nothing else there.
    pub quoted: bool,
    /// Evidence for what another hit says already.
    pub explained: bool,
}

impl Hit<'_> {
    /// A hit that says exactly what it says.
    pub fn new(
        expr: Expr,
        kind: MatchKind,
        basis: Basis,
        matched: Arc<str>,
        range: Range<usize>,
    ) -> Self {
        Hit {
            expr,
            kind,
            basis,
            matched,
            score: 1.0,
            range,
            sure: Sure::Exact,
            or: false,
            exception: false,
            mentions: None,
            heading: false,
            mention: false,
            quoted: false,
            explained: false,
        }
    }

    /// Whether a GNU license is in its expression.
    fn is_gnu(&self) -> bool {
        self.expr.ids().iter().any(|id| is_gnu(id))
    }

    /// Whether no more than so many bytes stand between two hits.
    fn is_near(&self, other: &Hit<'_>, reach: usize) -> bool {
        self.range.start < other.range.end + reach && other.range.start < self.range.end + reach
    }

    /// A statement that is there to be read by machines.
    fn is_declared(&self) -> bool {
        matches!(self.kind, MatchKind::Tag | MatchKind::Manifest) && !self.explained
    }
}

/// How much a hit says of the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sure {
    /// A family without a version, although it has versions.
    Vague,
    /// An address, or a version without a word on later ones.
    Plain,
    Exact,
}

/// The license that stands where an exception was met and no license.
pub(super) const UNKNOWN: &str = "LicenseRef-lictor-unknown";

/// How far an exception may stand behind its license, and "alternatively" behind the other
/// choice, in bytes.
const FAR: usize = 4000;

/// How far behind its license the name of an exception may stand, and from the words of an
/// exception a name that they may speak of, in bytes.
const BESIDE: usize = 300;

/// How far above a text its heading stands, in bytes.
const HEADING: usize = 300;

/// How far behind the notice of one GNU license words about another belong to it, in bytes:
/// notices of the LGPL are known to go on with the name of the GPL.
const SAME_NOTICE: usize = 1500;

/// How far behind the first license of a choice the next one may stand, in bytes.
const NEXT: usize = 1500;

/// How many different names in quotation marks are data.
const DATA: usize = 6;

/// Decides which hits, ordered by place, are said, and what they say together.
pub(super) fn combine<'a>(
    texts: &Texts,
    hits: Vec<Hit<'a>>,
    offers: &[Sentence],
) -> (Option<Expr>, Vec<Hit<'a>>) {
    let hits = without_mentions(without_inner(without_data(hits)));
    let hits = without_explained(texts, hits);
    let mut hits = with_exceptions(hits);
    let beside = offer(&mut hits, offers);
    let mut groups: Vec<Expr> = Vec::new();
    let mut apart: Vec<Expr> = Vec::new();
    let mut previous: Option<&Hit<'_>> = None;
    for (n, hit) in hits.iter().enumerate().filter(|(_, h)| !h.explained) {
        if beside.contains(&n) {
            apart.push(hit.expr.clone());
            continue;
        }
        let near = previous.is_some_and(|p| hit.range.start < p.range.end + FAR);
        match groups.pop() {
            Some(last) if hit.or && near => {
                groups.extend(Expr::any([last, hit.expr.clone()]));
            }
            last => {
                groups.extend(last);
                groups.push(hit.expr.clone());
            }
        }
        previous = Some(hit);
    }
    groups.extend(apart);
    // What a choice offers is not demanded once more by a hit that names one of it.
    let chosen: Vec<String> = groups
        .iter()
        .filter(|g| matches!(g, Expr::Or(_)))
        .flat_map(|g| g.ids().into_iter().map(str::to_owned))
        .collect();
    let groups = groups.into_iter().filter(|g| match g {
        Expr::Term(t) => !(t.addition.is_none() && chosen.contains(&t.license)),
        _ => true,
    });
    (Expr::all(groups), hits)
}

/// Leaves out the data of programs about licenses: many names, each in quotation marks.
fn without_data(mut hits: Vec<Hit<'_>>) -> Vec<Hit<'_>> {
    let quoted = hits.iter().filter(|h| h.quoted);
    let distinct: BTreeSet<Vec<&str>> = quoted.map(|h| h.expr.ids()).collect();
    if distinct.len() >= DATA {
        hits.retain(|h| !h.quoted);
    }
    hits
}

/// Beside a tag or manifest, which is there to say it, licenses that are merely mentioned say nothing.
fn without_mentions(mut hits: Vec<Hit<'_>>) -> Vec<Hit<'_>> {
    if hits.iter().any(Hit::is_declared) {
        hits.retain(|h| !h.mention);
    }
    hits
}

/// Leaves out what stands inside the text of a license, and settles headers against the
/// names in them.
fn without_inner(hits: Vec<Hit<'_>>) -> Vec<Hit<'_>> {
    let named = |h: &Hit| matches!(h.kind, MatchKind::Notice | MatchKind::Reference);
    let inside = |h: &Hit, of: &Hit| {
        // A title or an address may stick out of what was matched, but not one of a choice.
        let out = if h.or { 0 } else { 40 };
        h.range.start + out >= of.range.start && h.range.end <= of.range.end + 40
    };
    // The names say more surely than a likeness which GNU license it is, and from when on.
    let overruled = |header: &Hit| {
        header.is_gnu()
            && hits.iter().any(|h| {
                named(h)
                    && inside(h, header)
                    && h.sure >= Sure::Plain
                    && h.kind == MatchKind::Notice
                    && h.is_gnu()
            })
    };
    let kept: Vec<bool> = hits
        .iter()
        .map(|h| match h.kind {
            MatchKind::Header => !overruled(h),
            // The heading of a text does not say what the text is.
            _ if named(h)
                && h.heading
                && matches!(h.expr, Expr::Term(_))
                && !h.exception
                && hits.iter().any(|of| {
                    of.kind == MatchKind::Text
                        && !of.exception
                        && of.range.start >= h.range.start
                        && of.range.start < h.range.end + HEADING
                }) =>
            {
                false
            }
            MatchKind::Tag => !hits.iter().any(|of| {
                of.kind == MatchKind::Text
                    && of.range.start < h.range.start
                    && h.range.end < of.range.end
                    && of
                        .mentions
                        .is_some_and(|m| h.expr.ids().iter().all(|id| m.contains(family(id))))
            }),
            _ if named(h) => !hits.iter().any(|of| match of.kind {
                // What the text does not name itself was put into it, or stands beside it.
                MatchKind::Text => inside(h, of) && (h.exception || is_part(h, of)),
                MatchKind::Header => {
                    inside(h, of)
                        && !overruled(of)
                        && (h.sure < Sure::Exact
                            || h.expr
                                .ids()
                                .iter()
                                .all(|id| of.expr.ids().iter().any(|o| is_closer(o, id))))
                }
                _ => false,
            }),
            _ => true,
        })
        .collect();
    hits.into_iter().zip(kept).filter(|(_, kept)| *kept).map(|(h, _)| h).collect()
}

/// Whether an id says all that another one says.
fn is_closer(id: &str, than: &str) -> bool {
    let rest = stem(id).strip_prefix(stem(than));
    rest.is_some_and(|rest| matches!(rest, "" | "-no-invariants" | "-invariants"))
}

/// Whether a name inside a text is one that the text itself gives.
fn is_part(name: &Hit<'_>, text: &Hit<'_>) -> bool {
    // The words of an exception may stand around the notice that it belongs to.
    let ids = name.expr.ids();
    if text.exception && !name.mention && name.sure > Sure::Vague && ids.iter().all(|i| is_gnu(i)) {
        return false;
    }
    ids.iter().all(|id| {
        text.mentions.is_some_and(|m| m.contains(family(id)))
            || text.expr.ids().iter().any(|o| family(o) == family(id))
    })
}

/// Leaves out what says less than another hit about the same license.
fn without_explained<'a>(texts: &Texts, hits: Vec<Hit<'a>>) -> Vec<Hit<'a>> {
    let same = |a: &str, b: &str| stem(a) == stem(b) || texts.same_text(a, b);
    let explained = |n: usize, h: &Hit| {
        if h.exception {
            return false;
        }
        let ids = h.expr.ids();
        let all = |by: &dyn Fn(&str, &Hit) -> bool| {
            ids.iter().all(|id| {
                hits.iter().enumerate().any(|(m, of)| m != n && !of.exception && by(id, of))
            })
        };
        let overlaps = |h: &Hit<'_>| {
            hits.iter().any(|of| {
                // A GNU license may be offered in the midst of the text of another.
                let told = match of.kind {
                    MatchKind::Text => is_part(h, of) || !h.is_gnu(),
                    kind => kind == MatchKind::Header,
                };
                told && of.is_near(h, 0)
            })
        };
        if h.sure == Sure::Vague && (is_base(h, &hits) || is_apart(h, &hits)) {
            return false;
        }
        // "This is under a BSD-style license:", and that license.
        let announces = |h: &Hit<'_>| {
            hits.iter().any(|of| {
                of.kind == MatchKind::Text
                    && !of.exception
                    && h.range.end <= of.range.start
                    && of.range.start < h.range.end + HEADING
                    && !h.is_gnu()
            })
        };
        // The words of a rule that go on where a likeness ends are surer than it.
        let goes_on = |of: &Hit<'_>| {
            of.basis == Basis::Rule
                && of.sure == Sure::Exact
                && !of.exception
                && h.range.contains(&of.range.start)
                && of.range.end > h.range.end
        };
        match h.kind {
            // The text of a license does not tell `-only` from `-or-later`; its notice does.
            MatchKind::Text => {
                h.score < 1.0 && hits.iter().any(goes_on)
                    || all(&|id, of| {
                        of.kind != MatchKind::Text
                            && of.sure > Sure::Vague
                            && of.expr.ids().iter().any(|o| same(o, id))
                    })
            }
            MatchKind::Header => {
                all(&|id, of| of.is_declared() && of.expr.ids().iter().any(|o| stem(o) == stem(id)))
            }
            MatchKind::Notice | MatchKind::Reference if h.sure == Sure::Vague => {
                overlaps(h)
                    || h.basis == Basis::NameVersionUnsaid && announces(h)
                    || h.basis == Basis::Clue
                        && all(&|id, of| {
                            of.basis != Basis::Clue
                                && of.expr.ids().iter().any(|o| of_one_family(o, id))
                        })
                    || all(&|id, of| {
                        of.sure > Sure::Vague
                            && of.expr.ids().iter().any(|o| {
                                of_one_family(o, id)
                                    || is_gnu(o)
                                        && is_gnu(id)
                                        && (h.mention || family(id) == "GPL")
                                        && of.range.start <= h.range.start
                                        && h.range.start < of.range.end + SAME_NOTICE
                            })
                    })
            }
            MatchKind::Notice | MatchKind::Reference if h.sure == Sure::Plain => all(&|id, of| {
                (of.sure == Sure::Exact && of.kind != MatchKind::Text || of.is_declared())
                    && of.expr.ids().iter().any(|o| stem(o) == stem(id))
            }),
            MatchKind::Notice => all(&|id, of| {
                let ids = of.expr.ids();
                let offered = id == X11 && is_offered(&hits, n);
                offered && of.kind == MatchKind::Text && ids.contains(&"MIT")
                    || of.is_declared() && ids.contains(&id)
            }),
            _ => false,
        }
    };
    let explained: Vec<bool> = hits.iter().enumerate().map(|(n, h)| explained(n, h)).collect();
    let better: Vec<Option<(Expr, Sure)>> = hits
        .iter()
        .enumerate()
        .map(|(n, h)| (explained[n] && is_offered(&hits, n)).then(|| better(&hits, h)).flatten())
        .collect();
    // Texts and headers are evidence all the same; a mere name is none beside a better one.
    hits.into_iter()
        .zip(explained.into_iter().zip(better))
        .map(|(h, (explained, better))| match better {
            Some((expr, sure)) => Hit { expr, sure, ..h },
            None => Hit { explained: explained || h.explained, ..h },
        })
        .filter(|h| !h.explained || matches!(h.kind, MatchKind::Text | MatchKind::Header))
        .collect()
}

/// Whether a hit is one of a choice.
fn is_offered(hits: &[Hit<'_>], n: usize) -> bool {
    hits[n].or || hits.get(n + 1).is_some_and(|next| next.or)
}

/// The license of the X Window System is a relative of the MIT license, and people call either by
/// the name of the other.
const X11: &str = "X11";

fn of_one_family(a: &str, b: &str) -> bool {
    family(a) == family(b) || a == "MIT" && b == X11
}

/// What is said more surely behind the mere name of a license, so that a choice goes on with it.
fn better(hits: &[Hit<'_>], name: &Hit<'_>) -> Option<(Expr, Sure)> {
    let [id] = name.expr.ids()[..] else { return None };
    let of = hits.iter().filter(|of| {
        let Expr::Term(term) = &of.expr else { return false };
        let surer = of.sure > name.sure || *id == *X11 && term.license == "MIT";
        // What was said before is not about this choice.
        let behind = name.range.start < of.range.start && of.range.start < name.range.end + FAR;
        surer && behind && !of.exception && !of.explained && of_one_family(&term.license, id)
    });
    // The first of the surest.
    let of = of.rev().max_by_key(|of| of.sure)?;
    (name.kind == MatchKind::Notice).then(|| (of.expr.clone(), of.sure))
}

/// Whether an exception speaks of this GNU license and of none that is known better.
fn is_base(h: &Hit<'_>, hits: &[Hit<'_>]) -> bool {
    let mut exceptions = hits.iter().filter(|e| e.exception && e.kind == MatchKind::Notice);
    h.is_gnu()
        && exceptions.any(|e| {
            let better = |of: &&Hit| !of.exception && of.sure > Sure::Vague && of.is_gnu();
            h.is_near(e, BESIDE) && !hits.iter().filter(better).any(|of| of.is_near(e, FAR))
        })
}

/// Whether a license is granted by its mere name, far from all that says more of any.
fn is_apart(h: &Hit<'_>, hits: &[Hit<'_>]) -> bool {
    h.basis == Basis::NameVersionUnsaid
        && !h.mention
        && !hits.iter().any(|of| of.is_declared() || of.sure > Sure::Vague && of.is_near(h, FAR))
}

/// Attaches exceptions to the license before them, or else behind them.
fn with_exceptions(mut hits: Vec<Hit<'_>>) -> Vec<Hit<'_>> {
    let mut dropped = Vec::new();
    for n in 0..hits.len() {
        if !hits[n].exception {
            continue;
        }
        let Expr::Term(Term { addition: Some(addition), .. }) = hits[n].expr.clone() else {
            continue;
        };
        let near = |m: usize, h: &Hit| {
            let far = match m < n {
                true => hits[n].range.start.saturating_sub(h.range.end),
                false => h.range.start.saturating_sub(hits[n].range.end),
            };
            // A name belongs to what stands right before it.
            let reach = if hits[n].kind == MatchKind::Reference { BESIDE } else { FAR };
            !h.exception && far < reach && (m < n || reach == FAR)
        };
        // A GNU license before others: nearly all exceptions are written for one.
        let before = (0..n).rev().filter(|m| near(*m, &hits[*m]));
        let after = (n + 1..hits.len()).filter(|m| near(*m, &hits[*m]));
        let places: Vec<usize> = before.chain(after).collect();
        let place = places.iter().find(|m| hits[**m].is_gnu()).or_else(|| places.first()).copied();
        if let Some(m) = place {
            // "Under the GPL. As a special exception to the GPL" names one license.
            let again = |k: &usize| {
                let h = &hits[*k];
                let same = h.sure == Sure::Vague && h.expr == hits[m].expr;
                *k != m && same && h.is_near(&hits[n], BESIDE)
            };
            dropped.extend(places.iter().copied().filter(again));
            hits[m].expr = attach(&hits[m].expr, &addition);
            dropped.push(n);
        } else if hits[n].kind == MatchKind::Reference {
            dropped.push(n);
        }
    }
    dropped.sort_unstable();
    dropped.dedup();
    let mut dropped = dropped.into_iter().peekable();
    let mut at = 0..;
    hits.retain(|_| dropped.next_if_eq(&at.next().unwrap_or_default()).is_none());
    hits
}

/// Joins by "or" what is offered as a choice; tells which hits are none of it and hold all the same.
fn offer(hits: &mut [Hit<'_>], offers: &[Sentence]) -> FxHashSet<usize> {
    let said: Vec<usize> = (0..hits.len()).filter(|n| !hits[*n].explained).collect();
    let beside: FxHashSet<usize> = offers
        .iter()
        .filter(|sentence| sentence.offer == Offer::Beside)
        .filter_map(|Sentence { place, .. }| {
            let next = said.partition_point(|n| hits[*n].range.start < place.start);
            said.get(next).copied()
        })
        .collect();
    for Sentence { place, until, within, offer } in offers {
        let next = said.partition_point(|n| hits[*n].range.start < place.start);
        // What a license text says of choices is about itself.
        let inside = |hit: &Hit| {
            hits.iter().all(|text| {
                !matches!(text.kind, MatchKind::Text | MatchKind::Header)
                    || text.range.start >= place.start
                    || text.range.end < place.end
                    || hit.range.start < text.range.end
            })
        };
        let follows = |n: &usize| {
            let hit = &hits[*n];
            hit.range.start < *until && inside(hit)
        };
        let mut joined: Vec<usize> = Vec::new();
        match offer {
            Offer::Beside => {}
            Offer::Instead => {
                // What is named once more is no choice.
                let before = next.checked_sub(1).map(|n| &hits[said[n]].expr);
                let mut other = said[next..].iter().take_while(|n| follows(n));
                joined.extend(other.find(|n| Some(&hits[**n].expr) != before).copied());
            }
            Offer::Preceding => {
                let near = |n: &&usize| place.start < hits[**n].range.end + NEXT;
                let before: Vec<usize> = said[..next].iter().filter(near).copied().collect();
                let first = before.first().map(|n| &hits[*n].expr);
                let two = before
                    .iter()
                    .any(|n| matches!(hits[*n].expr, Expr::Or(_)) || Some(&hits[*n].expr) != first);
                match before.last() {
                    Some(last) if two => joined.push(*last),
                    // The other one follows.
                    Some(_) => joined.extend(said.get(next).copied().filter(follows)),
                    None => {}
                }
            }
            Offer::Following(most) => {
                let Some(first) = said.get(next).filter(|n| follows(n)) else { continue };
                let mut offered = vec![&hits[*first].expr];
                let mut before = *first;
                for n in &said[next + 1..] {
                    let of = |e: &Expr| if let Expr::Or(all) = e { all.len() } else { 1 };
                    let hit = &hits[*n];
                    if offered.iter().map(|e| of(e)).sum::<usize>() >= *most
                        || hit.range.start > hits[before].range.end + NEXT
                        || *within && hit.range.start >= *until
                    {
                        break;
                    }
                    before = *n;
                    if beside.contains(n) {
                        continue;
                    }
                    if !offered.contains(&&hit.expr) {
                        offered.push(&hit.expr);
                    }
                    joined.push(*n);
                }
            }
        }
        for n in joined {
            hits[n].or = true;
        }
    }
    beside
}

fn attach(expr: &Expr, addition: &str) -> Expr {
    let terms = expr.terms();
    let any_gnu = terms.iter().any(|t| is_gnu(&t.license));
    expr.map(&|t: &Term| {
        let takes = t.addition.is_none() && (!any_gnu || is_gnu(&t.license));
        match takes {
            true => Term { license: t.license.clone(), addition: Some(addition.to_owned()) },
            false => t.clone(),
        }
    })
}

fn is_gnu(id: &str) -> bool {
    ["GPL-", "LGPL-", "AGPL-"].iter().any(|p| id.starts_with(p))
}
