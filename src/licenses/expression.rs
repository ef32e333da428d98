// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! SPDX license expressions in canonical form (SPDX 2.3, annex D), parsed by the crate `spdx`.
//!
//! Canonical means: the list's spelling, current ids for deprecated ones, `AND` and `OR`
//! flattened, doubles dropped, parentheses only where precedence needs them. The order of
//! operands stays as written. Judging an expression belongs to `policy`.

use std::fmt;
use std::ops::Range;

use spdx::expression::{ExprNode, Operator};
use spdx::{AdditionItem, LicenseItem, LicenseReq, ParseMode};

use super::Licenses;

/// Longest expression that is read, in bytes; bounds depth and work on hostile input.
pub const MAX_LEN: usize = 8 * 1024;

/// Prefix of the ids that stand for an id which no list knows.
pub const UNKNOWN_PREFIX: &str = "LicenseRef-lictor-unknown-";

/// A single license, with the exception attached by `WITH`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term {
    /// An SPDX id, possibly with `+`, or a `LicenseRef-`.
    pub license: String,
    /// An SPDX exception id or an `AdditionRef-`.
    pub addition: Option<String>,
}

impl Term {
    /// The id without a trailing `+`.
    pub fn base_license(&self) -> &str {
        self.license.strip_suffix('+').unwrap_or(&self.license)
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.license)?;
        self.addition.as_ref().map_or(Ok(()), |a| write!(f, " WITH {a}"))
    }
}

/// A license expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expr {
    Term(Term),
    /// All of these apply; at least two, none of them an `And`.
    And(Vec<Expr>),
    /// One of these may be chosen; at least two, none of them an `Or`.
    Or(Vec<Expr>),
}

impl Expr {
    /// All of `parts`, flattened and without doubles; `None` for no parts.
    pub fn all(parts: impl IntoIterator<Item = Expr>) -> Option<Expr> {
        join(parts, |e| match e {
            Expr::And(list) => Ok(list),
            other => Err(other),
        })
        .map(|mut list| if list.len() == 1 { list.remove(0) } else { Expr::And(list) })
    }

    /// A choice among `parts`, flattened and without doubles; `None` for no parts.
    pub fn any(parts: impl IntoIterator<Item = Expr>) -> Option<Expr> {
        join(parts, |e| match e {
            Expr::Or(list) => Ok(list),
            other => Err(other),
        })
        .map(|mut list| if list.len() == 1 { list.remove(0) } else { Expr::Or(list) })
    }

    /// Every term, from left to right.
    pub fn terms(&self) -> Vec<&Term> {
        fn collect<'a>(e: &'a Expr, out: &mut Vec<&'a Term>) {
            match e {
                Expr::Term(t) => out.push(t),
                Expr::And(list) | Expr::Or(list) => list.iter().for_each(|e| collect(e, out)),
            }
        }
        let mut out = Vec::new();
        collect(self, &mut out);
        out
    }

    /// The same expression with every term replaced.
    #[must_use]
    pub fn map(&self, to: &impl Fn(&Term) -> Term) -> Expr {
        let all = |list: &[Expr]| list.iter().map(|e| e.map(to)).collect::<Vec<_>>();
        let mapped = match self {
            Expr::Term(t) => return Expr::Term(to(t)),
            Expr::And(list) => Expr::all(all(list)),
            Expr::Or(list) => Expr::any(all(list)),
        };
        mapped.unwrap_or_else(|| self.clone())
    }

    /// The flat set of ids, exceptions included, in order of appearance; `X+` gives `X`.
    pub fn ids(&self) -> Vec<&str> {
        let mut ids = Vec::new();
        for term in self.terms() {
            for id in std::iter::once(term.base_license()).chain(term.addition.as_deref()) {
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        ids
    }
}

fn join(
    parts: impl IntoIterator<Item = Expr>,
    open: impl Fn(Expr) -> Result<Vec<Expr>, Expr>,
) -> Option<Vec<Expr>> {
    let mut list: Vec<Expr> = Vec::new();
    for part in parts {
        for e in open(part).unwrap_or_else(|e| vec![e]) {
            if !list.contains(&e) {
                list.push(e);
            }
        }
    }
    (!list.is_empty()).then_some(list)
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (list, word) = match self {
            Expr::Term(t) => return t.fmt(f),
            Expr::And(list) => (list, " AND "),
            Expr::Or(list) => (list, " OR "),
        };
        for (i, e) in list.iter().enumerate() {
            if i > 0 {
                f.write_str(word)?;
            }
            match (self, e) {
                (Expr::And(_), Expr::Or(_)) => write!(f, "({e})")?,
                _ => e.fmt(f)?,
            }
        }
        Ok(())
    }
}

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExprError {
    pub message: String,
    pub span: Range<usize>,
    pub help: Option<String>,
}

/// What may stand in an expression that people or files wrote, short of unknown ids.
const MODE: ParseMode = ParseMode {
    allow_slash_as_or_operator: false,
    allow_imprecise_license_names: false,
    allow_postfix_plus_on_gpl: true,
    allow_deprecated: true,
    allow_unknown: false,
};

/// See [`Licenses::parse`].
pub(super) fn parse(db: &Licenses, text: &str) -> Result<Expr, ExprError> {
    let whole = 0..text.len();
    let fail = |message: String, span: Range<usize>, help: Option<String>| {
        Err(ExprError { message, span, help })
    };
    if text.len() > MAX_LEN {
        return fail(format!("the expression is longer than {MAX_LEN} bytes"), whole, None);
    }
    // The crate is strict about case; give it the list's spelling and keep the offsets.
    let mut spelt = String::with_capacity(text.len());
    let mut after_with = false;
    for (start, word) in words(text) {
        let end = start + word.len();
        if !word.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            spelt.push_str(word);
            continue;
        }
        let upper = word.to_ascii_uppercase();
        if matches!(upper.as_str(), "AND" | "OR" | "WITH") {
            after_with = upper == "WITH";
            spelt.push_str(&upper);
            continue;
        }
        let (id, plus) = match word.strip_suffix('+') {
            Some(id) => (id, "+"),
            None => (word, ""),
        };
        if is_reference(id) {
            // What the database defines itself has a spelling, too.
            let known = if after_with { db.exception_id(id) } else { db.license_id(id) };
            spelt.push_str(known.filter(|_| id == word).unwrap_or(word));
        } else if after_with {
            match db.exception_id(word) {
                Some(known) => spelt.push_str(known),
                None => {
                    let help = db.closest_exception(word).map(|c| format!("did you mean `{c}`?"));
                    return fail(format!("unknown license exception `{word}`"), start..end, help);
                }
            }
        } else {
            match db.license_id(id) {
                Some(known) => {
                    spelt.push_str(known);
                    spelt.push_str(plus);
                }
                None => {
                    let help = db.closest(id).map(|c| format!("did you mean `{c}`?"));
                    return fail(format!("unknown license id `{word}`"), start..end, help);
                }
            }
        }
        after_with = false;
    }
    let parsed = spdx::Expression::parse_mode(&spelt, MODE).map_err(|e| {
        let clamp = |n: usize| n.min(text.len());
        ExprError {
            message: format!("not an SPDX license expression: {}", e.reason),
            span: clamp(e.span.start)..clamp(e.span.end),
            help: Some(
                "write ids joined by AND, OR and WITH, for example `MIT OR Apache-2.0`".into(),
            ),
        }
    })?;
    let mut stack: Vec<Expr> = Vec::new();
    for node in parsed.iter() {
        match node {
            ExprNode::Req(req) => stack.push(canonical(db, &req.req)),
            ExprNode::Op(op) => {
                let pair = stack.pop().zip(stack.pop()).map(|(b, a)| [a, b]);
                let joined = pair.and_then(|pair| match op {
                    Operator::And => Expr::all(pair),
                    Operator::Or => Expr::any(pair),
                });
                stack.extend(joined);
            }
        }
    }
    match stack.pop() {
        Some(expr) => Ok(expr),
        None => fail("the expression is empty".into(), whole, None),
    }
}

/// Whether an id names something outside the SPDX list by itself.
pub fn is_reference(id: &str) -> bool {
    ["LicenseRef-", "AdditionRef-", "DocumentRef-"].iter().any(|p| id.starts_with(p))
}

/// Splits into words of id characters and the single characters between them.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '+' | ':' | '_');
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let len =
            if id(first) { rest.find(|c| !id(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let start = text.len() - rest.len();
        let (word, tail) = rest.split_at(len);
        rest = tail;
        Some((start, word))
    })
}

fn canonical(db: &Licenses, req: &LicenseReq) -> Expr {
    let addition = req.addition.as_ref().map(|a| match a {
        AdditionItem::Spdx(id) => db.exception_successor(id.name).unwrap_or(id.name).to_owned(),
        AdditionItem::Other(other) => other.to_string(),
    });
    let (license, plus) = match &req.license {
        LicenseItem::Spdx { id, or_later } => (id.name.to_owned(), *or_later),
        LicenseItem::Other(other) => (other.to_string(), false),
    };
    let successor = db.successor(&license).filter(|_| !plus).and_then(|s| parse(db, s).ok());
    match successor {
        // A successor that brings its own exception cannot take a second one.
        Some(Expr::Term(t)) if t.addition.is_none() || addition.is_none() => {
            Expr::Term(Term { addition: t.addition.or(addition), ..t })
        }
        Some(expr) if addition.is_none() => expr,
        _ => Expr::Term(Term { license: if plus { license + "+" } else { license }, addition }),
    }
}

/// The letters of an id before its version.
pub fn family(id: &str) -> &str {
    let end = id
        .match_indices('-')
        .find(|(n, _)| id.as_bytes().get(n + 1).is_some_and(u8::is_ascii_digit))
        .map_or(id.len(), |(n, _)| n);
    &id[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canon(text: &str) -> String {
        match Licenses::builtin().parse(text) {
            Ok(expr) => expr.to_string(),
            Err(e) => format!("{}..{}: {}", e.span.start, e.span.end, e.message),
        }
    }

    #[test]
    fn expressions_become_canonical() {
        for (written, canonical) in [
            ("mit", "MIT"),
            ("GPL-2.0", "GPL-2.0-only"),
            ("GPL-2.0+", "GPL-2.0-or-later"),
            ("gpl-2.0-ONLY or mit", "GPL-2.0-only OR MIT"),
            ("(GPL-2.0 WITH Linux-syscall-note)", "GPL-2.0-only WITH Linux-syscall-note"),
            ("GPL-2.0+ WITH Linux-syscall-note", "GPL-2.0-or-later WITH Linux-syscall-note"),
            ("GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"),
            ("MPL-1.1+", "MPL-1.1+"),
            (
                "MIT AND (Apache-2.0 OR (BSD-3-Clause OR MIT))",
                "MIT AND (Apache-2.0 OR BSD-3-Clause OR MIT)",
            ),
            ("MIT OR Apache-2.0 AND ISC", "MIT OR Apache-2.0 AND ISC"),
            ("(MIT OR Apache-2.0) AND ISC", "(MIT OR Apache-2.0) AND ISC"),
            ("MIT AND MIT", "MIT"),
            (
                "LicenseRef-A.b OR DocumentRef-x:LicenseRef-y",
                "LicenseRef-A.b OR DocumentRef-x:LicenseRef-y",
            ),
        ] {
            assert_eq!(canon(written), canonical, "{written}");
            assert_eq!(canon(canonical), canonical, "canonical form is stable");
        }
    }

    #[test]
    fn mistakes_carry_their_place() {
        assert_eq!(canon("MIT OR Apache-2"), "7..15: unknown license id `Apache-2`");
        assert_eq!(canon("GPL-2.0-only WITH Foo"), "18..21: unknown license exception `Foo`");
        for bad in ["", "MIT OR", "MIT Apache-2.0", "(MIT", "MIT)", "WITH", "MIT WITH", "&", "ß"] {
            assert!(Licenses::builtin().parse(bad).is_err(), "{bad:?}");
        }
        assert!(canon(&"MIT OR ".repeat(5000)).contains("longer than"));
    }

    #[test]
    fn deep_nesting_neither_overflows_nor_explodes() {
        let deep = format!("{}MIT{}", "(ISC OR (0BSD AND ".repeat(400), "))".repeat(400));
        assert!(canon(&deep).starts_with("ISC OR 0BSD AND (ISC OR"), "{}", canon(&deep));
    }

    #[test]
    fn ids_are_flat_with_exceptions_and_without_plus() {
        let db = Licenses::builtin();
        let expr = db.parse("MPL-1.1+ OR GPL-2.0 WITH Linux-syscall-note OR MIT AND MIT").unwrap();
        assert_eq!(expr.ids(), ["MPL-1.1", "GPL-2.0-only", "Linux-syscall-note", "MIT"]);
    }
}
