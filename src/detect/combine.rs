// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! From the matches of a content to one expression: all of them hold, but one that is
//! explained by another is not said twice.

use super::texts::Texts;
use crate::licenses::Licenses;
use crate::licenses::expression::Expr;
use crate::model::{Match, MatchKind};

/// The expression over all matches, `None` when there are none.
pub(super) fn combine(licenses: &Licenses, texts: &Texts, matches: &[Match]) -> Option<Expr> {
    let parsed: Vec<(MatchKind, Expr)> = matches
        .iter()
        .filter_map(|m| Some((m.kind, licenses.parse(&m.expression).ok()?)))
        .collect();
    let stated: Vec<&str> = parsed
        .iter()
        .filter(|(kind, _)| *kind != MatchKind::Text)
        .flat_map(|(_, e)| e.ids())
        .collect();
    let tagged: Vec<&str> = parsed
        .iter()
        .filter(|(kind, _)| *kind == MatchKind::Tag)
        .flat_map(|(_, e)| e.ids())
        .collect();
    let said = |kind: MatchKind, expr: &Expr| match (kind, expr) {
        // The text of a license does not tell `-only` from `-or-later`; its notice does.
        (MatchKind::Text, Expr::Term(t)) => {
            stated.iter().any(|id| *id == t.license || texts.same_text(&t.license, id))
        }
        (MatchKind::Header, Expr::Term(t)) => tagged.contains(&t.license.as_str()),
        _ => false,
    };
    Expr::all(parsed.iter().filter(|(kind, e)| !said(*kind, e)).map(|(_, e)| e.clone()))
}
