// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Questions that reports ask of a store. Read only.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use rusqlite::{OptionalExtension, Row, params};

use super::Store;
use crate::clock::Moment;
use crate::diag::{Failure, visible};
use crate::licenses::expression::Expr;
use crate::licenses::{Category, Licenses};
use crate::model::{Basis, BlobId, Match, MatchKind, Outcome, Severity, UnknownWord};
use crate::plan::{Checkout, View};
use crate::scan::conclude::Conclusion;

/// The life of a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Open,
    Waived,
    Resolved,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Waived => "waived",
            State::Resolved => "resolved",
        }
    }
}

impl FromStr for State {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        [State::Open, State::Waived, State::Resolved]
            .into_iter()
            .find(|k| k.as_str() == s)
            .ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// Which findings are wanted; what is `None` or empty does not narrow.
#[derive(Debug, Default)]
pub struct Filter {
    /// Checkouts at or below this directory.
    pub checkout: Option<PathBuf>,
    pub path: Option<GlobMatcher>,
    /// An id that the expression must hold.
    pub license: Option<String>,
    pub category: Option<Category>,
    pub outcome: Option<Outcome>,
    pub state: Option<State>,
    /// Only what is, or was, a violation.
    pub violations: bool,
    /// Only what stands behind this in the order of findings.
    pub after: Option<Cursor>,
}

/// A place in the order of findings, to go on from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    root: Vec<u8>,
    view: String,
    path: Vec<u8>,
    /// Rule and license of the violation.
    violation: Option<(String, String)>,
}

impl Cursor {
    /// The place of a finding.
    pub fn of(f: &Finding) -> Cursor {
        Cursor {
            root: f.root.clone(),
            view: f.view.clone(),
            path: f.path.clone(),
            violation: f.violation.as_ref().map(|v| (v.rule.clone(), v.license.clone())),
        }
    }
}

/// As whoever goes on is given it: its parts in hex, with `-` between them.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rule, license) = self.violation.clone().unwrap_or_default();
        let view = self.view.as_bytes();
        let parts = [&self.root[..], view, &self.path, rule.as_bytes(), license.as_bytes()];
        for (n, part) in parts.into_iter().enumerate() {
            if n > 0 {
                f.write_str("-")?;
            }
            part.iter().try_for_each(|b| write!(f, "{b:02x}"))?;
        }
        Ok(())
    }
}

impl FromStr for Cursor {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        let bytes = |hex: &str| -> Option<Vec<u8>> {
            let pairs = hex.as_bytes().chunks(2);
            pairs.map(|p| u8::from_str_radix(std::str::from_utf8(p).ok()?, 16).ok()).collect()
        };
        let read = || {
            let parts: Option<Vec<Vec<u8>>> = s.split('-').map(bytes).collect();
            let [root, view, path, rule, license] = <[Vec<u8>; 5]>::try_from(parts?).ok()?;
            let text = |bytes| String::from_utf8(bytes).ok();
            let violation = (text(rule)?, text(license)?);
            let violation = Some(violation).filter(|(rule, _)| !rule.is_empty());
            Some(Cursor { root, view: text(view)?, path, violation })
        };
        read().ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// A license found in a file, with the violation that it is, or was, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub root: Vec<u8>,
    pub view: String,
    pub path: Vec<u8>,
    /// `None` for a resolved violation of a file that is gone.
    pub expression: Option<Arc<str>>,
    /// What the files say to which it points, if it says no license precisely.
    pub concluded: Option<Conclusion>,
    pub blob: Option<BlobId>,
    /// The first line of the evidence.
    pub line: Option<u32>,
    /// What of the license database matched there, and how sure it is.
    pub matched: Option<(String, Cow<'static, str>)>,
    pub outcome: Outcome,
    pub violation: Option<Violation>,
}

/// A violation as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Given once, kept for good.
    pub id: i64,
    pub rule: String,
    pub license: String,
    pub outcome: Outcome,
    pub severity: Severity,
    pub context: String,
    pub state: State,
    /// The name of the waiver, while it is waived.
    pub waiver: Option<String>,
    /// The commit that brought it in, its author and when that was, as far as it was looked up.
    pub commit: Option<String>,
    pub author: Option<String>,
    pub authored: Option<Moment>,
    /// Who owns the file by CODEOWNERS.
    pub owner: Option<String>,
    pub first_seen: Moment,
    pub last_seen: Moment,
}

impl Violation {
    /// `V17`.
    pub fn name(&self) -> String {
        format!("V{}", self.id)
    }
}

/// Where and when a file was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub root: Vec<u8>,
    pub view: String,
    pub commit: Option<String>,
    pub policy: Option<String>,
    pub blob: Option<BlobId>,
    pub last_scan: Option<Moment>,
    /// Where the file was when its violations were opened, if elsewhere.
    pub born: Option<Vec<u8>>,
    pub violations: Vec<Violation>,
}

/// A checkout that was scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub root: Vec<u8>,
    pub view: String,
    pub commit: Option<String>,
    pub branch: Option<String>,
    /// The digest of the policy by which all of it was judged.
    pub policy: Option<String>,
    pub last_scan: Option<Moment>,
}

impl Known {
    /// As scans take it, though it is not looked at.
    pub fn checkout(&self) -> Checkout {
        let root = PathBuf::from(OsStr::from_bytes(&self.root));
        let (commit, branch) = (self.commit.clone(), self.branch.clone());
        Checkout::known(root, View::parse(&self.view), commit, branch)
    }
}

/// How many violations a checkout has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    pub root: Vec<u8>,
    pub view: String,
    /// Open ones, by outcome.
    pub deny: u64,
    pub review: u64,
    pub waived: u64,
}

/// A violation, where it is and by whom it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub root: Vec<u8>,
    pub view: String,
    pub path: Vec<u8>,
    pub violation: Violation,
}

impl Store {
    /// The checkouts at or below a directory, in all views, in order.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn checkouts(&self, below: Option<&Path>) -> Result<Vec<Known>, Failure> {
        let query = || -> rusqlite::Result<Vec<Known>> {
            let mut select = self.db.prepare(
                "SELECT root, view, commit_id, branch, policy, last_scan FROM checkout
                 ORDER BY root, view",
            )?;
            let rows = select.query_map([], |r| {
                Ok(Known {
                    root: r.get(0)?,
                    view: r.get(1)?,
                    commit: r.get(2)?,
                    branch: r.get(3)?,
                    policy: r.get(4)?,
                    last_scan: r.get::<_, Option<i64>>(5)?.map(Moment),
                })
            })?;
            rows.collect()
        };
        let mut all = query().map_err(|e| self.fail(&e))?;
        all.retain(|k| below.is_none_or(|b| Path::new(OsStr::from_bytes(&k.root)).starts_with(b)));
        Ok(all)
    }

    /// How many violations there are in each checkout that has any.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn tally(&self) -> Result<Vec<Tally>, Failure> {
        let query = || -> rusqlite::Result<Vec<Tally>> {
            let mut select = self.db.prepare(
                "SELECT k.root, k.view, sum(v.state = 'open' AND v.outcome = 'deny'),
                        sum(v.state = 'open' AND v.outcome = 'review'), sum(v.state = 'waived')
                 FROM violation v JOIN checkout k ON k.id = v.checkout
                 GROUP BY k.id ORDER BY k.root, k.view",
            )?;
            let rows = select.query_map([], |r| {
                let count = |n: usize| r.get::<_, i64>(n).map(i64::unsigned_abs);
                let (deny, review, waived) = (count(2)?, count(3)?, count(4)?);
                Ok(Tally { root: r.get(0)?, view: r.get(1)?, deny, review, waived })
            })?;
            rows.collect()
        };
        query().map_err(|e| self.fail(&e))
    }

    /// The files of a policy by which was judged, by the beginning of its digest: name and text.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn policy(&self, digest: &str) -> Result<Option<Vec<(String, String)>>, Failure> {
        let query = "SELECT files FROM policy WHERE substr(digest, 1, length(?1)) = ?1";
        let found = self.db.query_row(query, [digest], |r| r.get::<_, String>(0)).optional();
        let Some(files) = found.map_err(|e| self.fail(&e))? else { return Ok(None) };
        let files: Vec<serde_json::Value> = serde_json::from_str(&files).unwrap_or_default();
        let text = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_owned();
        Ok(Some(files.iter().map(|f| (text(&f["name"]), text(&f["text"]))).collect()))
    }

    /// The violations of a checkout that are not resolved, by path.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn violations(&self, known: &Known) -> Result<Vec<(Vec<u8>, Violation)>, Failure> {
        let query = || -> rusqlite::Result<Vec<(Vec<u8>, Violation)>> {
            let mut select = self.db.prepare(&format!(
                "SELECT v.path, v.rule, v.license, v.first_seen, {LIFE}
                 FROM violation v JOIN checkout k ON k.id = v.checkout
                 WHERE k.root = ?1 AND k.view = ?2 AND v.last_seen IS NULL
                 ORDER BY v.path, v.license",
            ))?;
            let rows = select.query_map(params![known.root, known.view], |r| {
                let violation = Violation {
                    rule: r.get(1)?,
                    license: r.get(2)?,
                    first_seen: Moment(r.get(3)?),
                    last_seen: known.last_scan.unwrap_or(Moment(0)),
                    ..life(r, 4)?
                };
                Ok((r.get(0)?, violation))
            })?;
            rows.collect()
        };
        query().map_err(|e| self.fail(&e))
    }

    /// A violation by its number.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn violation(&self, id: i64) -> Result<Option<Placed>, Failure> {
        let query = format!(
            "SELECT k.root, k.view, v.path, v.rule, v.license, v.first_seen, v.last_seen,
                    k.last_scan, {LIFE}
             FROM violation v JOIN checkout k ON k.id = v.checkout WHERE v.id = ?1"
        );
        let found = self.db.query_row(&query, [id], |r| {
            let last: Option<i64> = r.get(6)?;
            let last_scan: Option<i64> = r.get(7)?;
            Ok(Placed {
                root: r.get(0)?,
                view: r.get(1)?,
                path: r.get(2)?,
                violation: Violation {
                    rule: r.get(3)?,
                    license: r.get(4)?,
                    first_seen: Moment(r.get(5)?),
                    last_seen: Moment(last.or(last_scan).unwrap_or(0)),
                    ..life(r, 8)?
                },
            })
        });
        found.optional().map_err(|e| self.fail(&e))
    }

    /// The content of a file when it was last scanned, and its matches.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn file(
        &self,
        root: &[u8],
        view: &str,
        path: &[u8],
    ) -> Result<Option<(BlobId, Vec<Match>)>, Failure> {
        let query = "SELECT f.blob, f.content FROM file f JOIN checkout k ON k.id = f.checkout
                     WHERE k.root = ?1 AND k.view = ?2 AND f.path = ?3 AND f.content IS NOT NULL";
        let found = self.db.query_row(query, params![root, view, path], |r| {
            Ok((super::blob_id(r.get_ref(0)?.as_blob()?)?, r.get::<_, i64>(1)?))
        });
        match found.optional().map_err(|e| self.fail(&e))? {
            Some((blob, key)) => Ok(Some((blob, self.evidence(key)?))),
            None => Ok(None),
        }
    }

    /// The findings that a filter wants, ordered by checkout and path, given to `each` until
    /// it says `false`.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn findings(
        &self,
        licenses: &Licenses,
        filter: &Filter,
        each: &mut dyn FnMut(Finding) -> bool,
    ) -> Result<(), Failure> {
        let fail = |e: rusqlite::Error| self.fail(&e);
        let mut wanted: HashMap<String, bool> = HashMap::new();
        let mut wants = |expression: &str| match wanted.get(expression) {
            Some(known) => *known,
            None => {
                let answer = filter.wants(licenses, expression);
                wanted.insert(expression.to_owned(), answer);
                answer
            }
        };
        let narrow = match filter.violations {
            true => "v.rule IS NOT NULL",
            false => "(e.id IS NOT NULL OR c.id IS NOT NULL OR v.rule IS NOT NULL)",
        };
        let (root, view, path) = match &filter.after {
            Some(after) => (&after.root[..], &after.view[..], &after.path[..]),
            None => (&b""[..], "", &b""[..]),
        };
        // Files with a license or an open violation, then what is resolved or whose file is gone.
        let mut select = self
            .db
            .prepare(&format!(
                "SELECT k.root, k.view, f.path, e.text, f.blob, m.start_line,
                        v.outcome, v.rule, v.license, v.first_seen, v.last_seen, k.last_scan,
                        w.text, m.basis, m.score, c.text, f.because,
                        {LIFE}
                 FROM checkout k JOIN file f ON f.checkout = k.id
                 LEFT JOIN expression e ON e.id = f.expression
                 LEFT JOIN content d ON d.id = f.content
                 LEFT JOIN evidence m ON m.detection = d.detection AND m.seq = 0
                 LEFT JOIN words w ON w.id = m.matched
                 LEFT JOIN expression c ON c.id = f.concluded
                 LEFT JOIN violation v
                   ON v.checkout = k.id AND v.path = f.path AND v.last_seen IS NULL
                 WHERE {narrow} AND (k.root, k.view, f.path) >= (?1, ?2, ?3)
                 UNION ALL
                 SELECT k.root, k.view, v.path, NULL, NULL, NULL,
                        v.outcome, v.rule, v.license, v.first_seen, v.last_seen, k.last_scan,
                        NULL, NULL, NULL, NULL, NULL,
                        {LIFE}
                 FROM checkout k JOIN violation v ON v.checkout = k.id
                 WHERE (v.last_seen IS NOT NULL
                        OR NOT EXISTS (SELECT 1 FROM file f WHERE f.checkout = k.id AND f.path = v.path))
                   AND (k.root, k.view, v.path) >= (?1, ?2, ?3)
                 ORDER BY 1, 2, 3, 8, 9",
            ))
            .map_err(fail)?;
        let mut rows = select.query(params![root, view, path]).map_err(fail)?;
        while let Some(r) = rows.next().map_err(fail)? {
            let finding = (|| -> rusqlite::Result<Finding> {
                let last_scan: Option<i64> = r.get(11)?;
                let violation = match r.get::<_, Option<String>>(7)? {
                    Some(rule) => {
                        let last_seen: Option<i64> = r.get(10)?;
                        Some(Violation {
                            rule,
                            license: r.get(8)?,
                            first_seen: Moment(r.get(9)?),
                            last_seen: Moment(last_seen.or(last_scan).unwrap_or(0)),
                            ..life(r, 17)?
                        })
                    }
                    None => None,
                };
                let outcome = r.get_ref(6)?.as_str_or_null()?.and_then(|o| o.parse().ok());
                let blob = r.get_ref(4)?.as_blob_or_null()?.map(super::blob_id).transpose()?;
                let because = super::because(r.get_ref(16)?.as_blob_or_null()?);
                let matched = match (r.get(12)?, basis(r, 13)?) {
                    (Some(matched), Some(basis)) => {
                        Some((matched, basis.sure(r.get::<_, f64>(14)? as f32)))
                    }
                    _ => None,
                };
                Ok(Finding {
                    root: r.get_ref(0)?.as_blob()?.to_vec(),
                    view: r.get(1)?,
                    path: r.get_ref(2)?.as_blob()?.to_vec(),
                    expression: r.get::<_, Option<String>>(3)?.map(Into::into),
                    concluded: r
                        .get::<_, Option<String>>(15)?
                        .map(|expression| Conclusion { expression: expression.into(), because }),
                    blob,
                    line: r.get(5)?,
                    matched,
                    outcome: outcome.unwrap_or(Outcome::Allow),
                    violation,
                })
            })()
            .map_err(fail)?;
            // An expression is narrowed by what it holds; a gone file by its violation.
            let judged = finding.concluded.as_ref().map(|c| &c.expression);
            let subject = judged
                .or(finding.expression.as_ref())
                .map(|e| &**e)
                .or(finding.violation.as_ref().map(|v| v.license.as_str()));
            if filter.fits(&finding) && wants(subject.unwrap_or("")) && !each(finding) {
                break;
            }
        }
        Ok(())
    }

    /// The matches of a content, by the key that [`crate::scan::Records`] gave it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn evidence(&self, key: i64) -> Result<Vec<Match>, Failure> {
        let query = || -> rusqlite::Result<Vec<Match>> {
            let mut select = self.db.prepare_cached(
                "SELECT e.text, m.kind, m.score, m.start_line, m.end_line, w.text, m.basis,
                        n.text, m.hash
                 FROM content c JOIN evidence m ON m.detection = c.detection
                 JOIN expression e ON e.id = m.expression
                 JOIN words w ON w.id = m.words JOIN words n ON n.id = m.matched
                 WHERE c.id = ?1 ORDER BY m.seq",
            )?;
            let rows = select.query_map([key], |r| {
                Ok(Match {
                    expression: r.get::<_, String>(0)?.into(),
                    kind: r.get_ref(1)?.as_str()?.parse().unwrap_or(MatchKind::Tag),
                    basis: basis(r, 6)?.unwrap_or(Basis::Clue),
                    matched: r.get::<_, String>(7)?.into(),
                    score: r.get::<_, f64>(2)? as f32,
                    start_line: r.get(3)?,
                    end_line: r.get(4)?,
                    words: r.get::<_, String>(5)?.into(),
                    hash: r.get::<_, Option<[u8; 16]>>(8)?.unwrap_or_default(),
                })
            })?;
            rows.collect()
        };
        query().map_err(|e| self.fail(&e))
    }

    /// When and by which policy a file was last seen in a checkout's work tree, and the
    /// violations that were remembered for it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn seen(&self, root: &[u8], path: &[u8]) -> Result<Option<Seen>, Failure> {
        let query = || -> rusqlite::Result<Option<Seen>> {
            let found = self
                .db
                .query_row(
                    "SELECT k.id, k.root, k.view, k.commit_id, k.policy, f.blob, k.last_scan
                     FROM checkout k JOIN file f ON f.checkout = k.id AND f.path = ?2
                     WHERE k.root = ?1 AND k.view = ''",
                    params![root, path],
                    |r| {
                        let blob =
                            r.get_ref(5)?.as_blob_or_null()?.map(super::blob_id).transpose()?;
                        let seen = Seen {
                            root: r.get(1)?,
                            view: r.get(2)?,
                            commit: r.get(3)?,
                            policy: r.get(4)?,
                            blob,
                            last_scan: r.get::<_, Option<i64>>(6)?.map(Moment),
                            born: None,
                            violations: Vec::new(),
                        };
                        Ok((r.get::<_, i64>(0)?, seen))
                    },
                )
                .optional()?;
            let Some((id, mut seen)) = found else { return Ok(None) };
            let mut select = self.db.prepare(&format!(
                "SELECT v.rule, v.license, v.first_seen, v.last_seen, {LIFE}
                 FROM violation v WHERE v.checkout = ?1 AND v.path = ?2 ORDER BY 1, 2",
            ))?;
            let last_scan = seen.last_scan;
            let rows = select.query_map(params![id, path], |r| {
                let last_seen: Option<i64> = r.get(3)?;
                Ok(Violation {
                    rule: r.get(0)?,
                    license: r.get(1)?,
                    first_seen: Moment(r.get(2)?),
                    last_seen: last_seen.map(Moment).or(last_scan).unwrap_or(Moment(0)),
                    ..life(r, 4)?
                })
            })?;
            seen.violations = rows.collect::<rusqlite::Result<_>>()?;
            let born = "SELECT max(born) FROM violation
                        WHERE checkout = ?1 AND path = ?2 AND last_seen IS NULL";
            seen.born = self.db.query_row(born, params![id, path], |r| r.get(0))?;
            Ok(Some(seen))
        };
        query().map_err(|e| self.fail(&e))
    }
}

impl Filter {
    /// Paths by a glob.
    ///
    /// # Errors
    /// It is none.
    pub fn glob(glob: &str) -> Result<GlobMatcher, Failure> {
        let built = GlobBuilder::new(glob).literal_separator(true).build();
        let built = built.map_err(|e| {
            Failure::new(format!("`{}` is no glob", visible(glob.as_bytes())))
                .caused_by(e)
                .help("write for example 'drivers/**/*.c' or '**/LICENSE*'")
        });
        Ok(built?.compile_matcher())
    }

    fn fits(&self, f: &Finding) -> bool {
        let path = |bytes| Path::new(OsStr::from_bytes(bytes));
        self.checkout.as_ref().is_none_or(|c| path(f.root.as_slice()).starts_with(c))
            && self.path.as_ref().is_none_or(|g| g.is_match(path(&f.path)))
            && self.outcome.is_none_or(|o| f.outcome == o)
            && self.state.is_none_or(|s| f.violation.as_ref().is_some_and(|v| v.state == s))
            && self.after.as_ref().is_none_or(|after| Cursor::of(f) > *after)
    }

    fn wants(&self, licenses: &Licenses, expression: &str) -> bool {
        if self.license.is_none() && self.category.is_none() {
            return true;
        }
        let Ok(expr) = licenses.parse(expression) else { return false };
        let has_category =
            |c: Category| expr.terms().iter().any(|t| licenses.category(t) == Some(c));
        self.license.as_ref().is_none_or(|l| holds(&expr, l))
            && self.category.is_none_or(has_category)
    }
}

/// The columns of [`life`].
const LIFE: &str = "v.id, v.severity, v.context, v.state, v.waiver, v.outcome, v.commit_id,
    v.author, v.authored, v.owner";

/// What a violation is, read from the columns of [`LIFE`].
fn life(r: &Row<'_>, first: usize) -> rusqlite::Result<Violation> {
    Ok(Violation {
        id: r.get(first)?,
        rule: String::new(),
        license: String::new(),
        outcome: r.get_ref(first + 5)?.as_str()?.parse().unwrap_or(Outcome::Deny),
        severity: r.get_ref(first + 1)?.as_str()?.parse().unwrap_or(Severity::Medium),
        context: r.get(first + 2)?,
        state: r.get_ref(first + 3)?.as_str()?.parse().unwrap_or(State::Open),
        waiver: r.get(first + 4)?,
        commit: r.get(first + 6)?,
        author: r.get(first + 7)?,
        authored: r.get::<_, Option<i64>>(first + 8)?.map(Moment),
        owner: r.get(first + 9)?,
        first_seen: Moment(0),
        last_seen: Moment(0),
    })
}

/// A word of a newer lictor's is read as none.
fn basis(r: &Row<'_>, column: usize) -> rusqlite::Result<Option<Basis>> {
    Ok(r.get_ref(column)?.as_str_or_null()?.and_then(|word| word.parse().ok()))
}

fn holds(expr: &Expr, id: &str) -> bool {
    expr.ids().contains(&id)
}
