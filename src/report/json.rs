// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The machine formats, versioned; `docs/formats.md` describes every key.
//!
//! They hold nothing that differs between two scans of the same thing: no times, no counts
//! of what happened to be read. Paths that are not UTF-8 are given with replacement
//! characters, and exactly, in hex, beside it.

use std::borrow::Cow;
use std::io::Write;

use serde::ser::{Error as _, SerializeSeq};
use serde::{Serialize, Serializer};

use super::{Conclusions, Covered, Explanation, How, ReportError, ScanReport};
use crate::clock::Moment;
use crate::detect::{Change, Piece};
use crate::licenses::{Category, Licenses};
use crate::model::{BlobId, Detection, Match, MatchKind, Outcome, Severity, Skipped};
use crate::policy::waivers::{Lapse, Lapsed, Waiver};
use crate::policy::{Decision, Judged};
use crate::scan::change::Against;
use crate::scan::{Scanned, ScannedFile};
use crate::store::{Event, Finding, Placed, State, Violation};

/// Version of the formats `lictor-scan`, `lictor-findings` and `lictor-explain`.
pub const VERSION: u32 = 1;

/// A path as JSON can hold it.
#[derive(Serialize)]
pub(super) struct Path<'a> {
    path: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_hex: Option<String>,
}

impl<'a> Path<'a> {
    pub fn new(bytes: &'a [u8]) -> Path<'a> {
        let path = String::from_utf8_lossy(bytes);
        let exact = matches!(path, Cow::Borrowed(_));
        let path_hex = (!exact).then(|| bytes.iter().map(|b| format!("{b:02x}")).collect());
        Path { path, path_hex }
    }
}

#[derive(Serialize)]
struct MatchJson<'a> {
    expression: &'a str,
    kind: MatchKind,
    matched: &'a str,
    sure: Cow<'static, str>,
    score: f64,
    start_line: u32,
    end_line: u32,
    words: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<ChangeJson<'a>>,
}

#[derive(Serialize)]
struct ChangeJson<'a> {
    line: u32,
    pieces: Vec<PieceJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum PieceJson<'a> {
    Same(&'a str),
    Missing(&'a str),
    Added(&'a str),
}

impl<'a> From<&'a Change> for ChangeJson<'a> {
    fn from(c: &'a Change) -> ChangeJson<'a> {
        let piece = |p: &'a Piece| match p {
            Piece::Same(words) => PieceJson::Same(words),
            Piece::Missing(words) => PieceJson::Missing(words),
            Piece::Added(words) => PieceJson::Added(words),
        };
        ChangeJson { line: c.line, pieces: c.pieces.iter().map(piece).collect() }
    }
}

impl<'a> From<&'a Match> for MatchJson<'a> {
    fn from(m: &'a Match) -> MatchJson<'a> {
        MatchJson {
            expression: &m.expression,
            kind: m.kind,
            matched: &m.matched,
            sure: m.sure(),
            score: rounded(m.score),
            start_line: m.start_line,
            end_line: m.end_line,
            words: &m.words,
            changes: Vec::new(),
        }
    }
}

/// A score to three places, as `0.97` and not as `0.9700000286102295`.
fn rounded(score: f32) -> f64 {
    (f64::from(score) * 1000.0).round() / 1000.0
}

#[derive(Serialize)]
struct ViolationJson<'a> {
    rule: &'a str,
    license: &'a str,
    outcome: Outcome,
    severity: Severity,
    reason: &'a str,
    remedy: &'a str,
}

impl<'a> From<&'a Judged> for ViolationJson<'a> {
    fn from(b: &'a Judged) -> ViolationJson<'a> {
        ViolationJson {
            rule: &b.rule.id,
            license: &b.license,
            outcome: b.rule.outcome,
            severity: b.rule.severity,
            reason: &b.rule.reason,
            remedy: &b.rule.remedy,
        }
    }
}

/// A waiver that holds, or would but for something.
#[derive(Serialize)]
struct WaiverJson<'a> {
    license: &'a str,
    waiver: &'a str,
    granted_by: &'a str,
    reason: &'a str,
    ticket: &'a str,
    expires: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    lapsed: Option<&'static str>,
}

impl<'a> WaiverJson<'a> {
    fn new(license: &'a str, waiver: &'a Waiver, lapsed: Option<Lapse>) -> WaiverJson<'a> {
        WaiverJson {
            license,
            waiver: &waiver.id,
            granted_by: &waiver.granted_by,
            reason: &waiver.reason,
            ticket: &waiver.ticket,
            expires: waiver.expires.to_string(),
            lapsed: lapsed.map(Lapse::as_str),
        }
    }

    fn all(decision: &'a Decision, lapsed: &'a [Lapsed]) -> Vec<WaiverJson<'a>> {
        let waived = decision.waived.iter();
        let waived = waived.map(|w| WaiverJson::new(&w.judged.license, &w.waiver, None));
        let lapsed = lapsed.iter().map(|l| WaiverJson::new(&l.license, &l.waiver, Some(l.why)));
        waived.chain(lapsed).collect()
    }
}

#[derive(Serialize)]
struct FileJson<'a> {
    #[serde(flatten)]
    path: Path<'a>,
    blob: Option<String>,
    expression: Option<&'a str>,
    licenses: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    concluded: Option<ConcludedJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<Skipped>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    choice: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<ViolationJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waivers: Vec<WaiverJson<'a>>,
    matches: Vec<MatchJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    points_to: Vec<PointerJson<'a>>,
}

#[derive(Serialize)]
struct PointerJson<'a> {
    path: &'a str,
    line: u32,
}

fn points_to(detection: &Detection) -> Vec<PointerJson<'_>> {
    let points = detection.points.iter().flat_map(|p| p.iter());
    points.map(|p| PointerJson { path: &p.path, line: p.line }).collect()
}

#[derive(Serialize)]
struct ConcludedJson {
    expression: String,
    how: &'static str,
    because: Vec<String>,
}

/// How a conclusion was come to, in a word.
fn how(how: How) -> &'static str {
    match how {
        How::Curation => "curation",
        How::Pointer => "pointer",
        How::Directory => "directory",
    }
}

impl From<Covered> for ConcludedJson {
    fn from(c: Covered) -> ConcludedJson {
        let because = c.what.because.iter().map(|p| String::from_utf8_lossy(p).into_owned());
        let because = because.collect();
        ConcludedJson { expression: c.what.expression.to_string(), how: how(c.how), because }
    }
}

#[derive(Serialize)]
struct NotLookedJson<'a> {
    #[serde(flatten)]
    path: Path<'a>,
    why: Skipped,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
}

/// What a document begins with.
#[derive(Serialize)]
pub(super) struct Head {
    format: &'static str,
    version: u32,
    lictor: &'static str,
}

impl Head {
    pub fn new(format: &'static str, version: u32) -> Head {
        Head { format, version, lictor: env!("CARGO_PKG_VERSION") }
    }
}

#[derive(Serialize)]
struct HeaderJson<'a> {
    #[serde(flatten)]
    head: Head,
    engine: &'a str,
    policy: PolicyJson<'a>,
    complete: bool,
}

#[derive(Serialize)]
struct PolicyJson<'a> {
    name: &'a str,
    origin: &'a str,
    digest: &'a str,
}

#[derive(Serialize)]
struct CheckoutJson<'a> {
    #[serde(flatten)]
    root: Path<'a>,
    view: String,
    scope: Cow<'a, str>,
    commit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    against: Option<AgainstJson<'a>>,
    files: usize,
    ignored: u64,
    excluded: u64,
    notes: Vec<NoteJson<'a>>,
    not_looked_at: Vec<NotLookedJson<'a>>,
}

/// What a change was compared with, and the licenses that it changes.
#[derive(Serialize)]
struct AgainstJson<'a> {
    base: &'a str,
    commit: Option<&'a str>,
    changed: Vec<LicenseChangeJson<'a>>,
}

#[derive(Serialize)]
struct LicenseChangeJson<'a> {
    #[serde(flatten)]
    path: Path<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Cow<'a, str>>,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

impl<'a> From<&'a Against> for AgainstJson<'a> {
    fn from(a: &'a Against) -> AgainstJson<'a> {
        let changed = a.changed.iter().map(|c| LicenseChangeJson {
            path: Path::new(&c.path),
            from: c.from.as_ref().map(|p| String::from_utf8_lossy(p)),
            before: c.before.as_deref(),
            after: c.after.as_deref(),
        });
        AgainstJson { base: &a.base, commit: a.commit.as_deref(), changed: changed.collect() }
    }
}

#[derive(Serialize)]
struct NoteJson<'a> {
    message: &'a str,
    help: &'a str,
}

#[derive(Serialize)]
struct ScanJson<'a> {
    #[serde(flatten)]
    header: HeaderJson<'a>,
    checkouts: Vec<WholeJson<'a>>,
}

#[derive(Serialize)]
struct WholeJson<'a> {
    #[serde(flatten)]
    checkout: CheckoutJson<'a>,
    found: Files<'a>,
}

/// The files of a checkout, made one after the other while they are written.
struct Files<'a> {
    report: &'a ScanReport<'a>,
    licenses: &'a Licenses,
    scan: &'a Scanned,
}

impl Serialize for Files<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.scan.files.len()))?;
        let mut conclusions = self.report.conclusions(self.licenses, self.scan);
        for f in &self.scan.files {
            let detection = self.report.detection(self.scan, f).map_err(S::Error::custom)?;
            let file = FileJson::judged(self.licenses, self.scan, f, &detection, &mut conclusions);
            list.serialize_element(&file)?;
        }
        list.end()
    }
}

impl<'a> FileJson<'a> {
    /// What was found in a content, without a policy.
    fn found(
        licenses: &Licenses,
        path: &'a [u8],
        blob: BlobId,
        detection: &'a Detection,
    ) -> FileJson<'a> {
        let expression = detection.expression.as_deref();
        FileJson {
            path: Path::new(path),
            blob: Some(blob.to_string()),
            expression,
            licenses: ids(licenses, expression),
            concluded: None,
            skipped: detection.skipped,
            outcome: None,
            choice: None,
            context: None,
            violations: Vec::new(),
            waivers: Vec::new(),
            matches: detection.matches.iter().map(MatchJson::from).collect(),
            points_to: points_to(detection),
        }
    }

    fn judged<'s: 'a>(
        licenses: &Licenses,
        scan: &'s Scanned,
        f: &'s ScannedFile,
        detection: &'a Detection,
        conclusions: &mut Conclusions<'s>,
    ) -> FileJson<'a> {
        let verdict = scan.verdict(f);
        let decision = &verdict.decision;
        let searched = detection.skipped.is_none();
        FileJson {
            concluded: conclusions.of(f).map(ConcludedJson::from),
            context: searched.then(|| scan.contexts[verdict.context].as_str()),
            waivers: WaiverJson::all(decision, &verdict.lapsed),
            outcome: searched.then_some(decision.outcome),
            choice: decision.choice.as_deref(),
            violations: scan.breaches(f).iter().map(ViolationJson::from).collect(),
            ..FileJson::found(licenses, &f.path, scan.content(f).blob, detection)
        }
    }
}

/// The flat set of ids in an expression, exceptions included.
fn ids(licenses: &Licenses, expression: Option<&str>) -> Vec<String> {
    let parsed = expression.and_then(|e| licenses.parse(e).ok());
    parsed.map(|e| e.ids().into_iter().map(str::to_owned).collect()).unwrap_or_default()
}

fn header<'a>(report: &ScanReport<'a>, first: &'a Scanned) -> HeaderJson<'a> {
    HeaderJson {
        head: Head::new("lictor-scan", VERSION),
        engine: &first.engine,
        policy: PolicyJson {
            name: &first.policy.name,
            origin: &first.policy.origin,
            digest: &first.policy.digest,
        },
        complete: report.is_complete(),
    }
}

fn checkout(scan: &Scanned) -> CheckoutJson<'_> {
    CheckoutJson {
        root: Path::new(scan.checkout.root.as_os_str().as_encoded_bytes()),
        view: scan.checkout.view.name(),
        scope: String::from_utf8_lossy(&scan.checkout.scope),
        commit: scan.checkout.commit.as_deref(),
        against: scan.against.as_ref().map(AgainstJson::from),
        files: scan.files.len(),
        ignored: scan.ignored,
        excluded: scan.excluded,
        notes: scan.notes.iter().map(|n| NoteJson { message: &n.message, help: &n.help }).collect(),
        not_looked_at: scan
            .not_looked
            .iter()
            .map(|n| NotLookedJson { path: Path::new(&n.path), why: n.why, detail: &n.detail })
            .collect(),
    }
}

/// Writes a scan as one JSON document.
///
/// # Errors
/// The writer fails, or the evidence cannot be read from the store.
pub fn scan(
    report: &ScanReport<'_>,
    licenses: &Licenses,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let Some(first) = report.scans.first() else { return Ok(()) };
    let checkouts = report.scans.iter().map(|scan| WholeJson {
        checkout: checkout(scan),
        found: Files { report, licenses, scan },
    });
    let document = ScanJson { header: header(report, first), checkouts: checkouts.collect() };
    line(out, &document)
}

/// A line of the `jsonl` format.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    Scan(HeaderJson<'a>),
    Checkout(CheckoutJson<'a>),
    File(FileJson<'a>),
}

/// Writes a scan as one JSON object a line: the scan, then every checkout and its files.
///
/// # Errors
/// The writer fails, or the evidence cannot be read from the store.
pub fn scan_lines(
    report: &ScanReport<'_>,
    licenses: &Licenses,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let Some(first) = report.scans.first() else { return Ok(()) };
    line(out, &Line::Scan(header(report, first)))?;
    for scan in report.scans {
        line(out, &Line::Checkout(checkout(scan)))?;
        let mut conclusions = report.conclusions(licenses, scan);
        for f in &scan.files {
            let detection = report.detection(scan, f)?;
            let file = FileJson::judged(licenses, scan, f, &detection, &mut conclusions);
            line(out, &Line::File(file))?;
        }
    }
    Ok(())
}

/// Writes what was found in one file as one line.
///
/// # Errors
/// The writer fails.
pub fn detection(
    licenses: &Licenses,
    path: &[u8],
    blob: BlobId,
    detection: &Detection,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    line(out, &FileJson::found(licenses, path, blob, detection))
}

/// Writes that a file was not looked at as one line.
///
/// # Errors
/// The writer fails.
pub fn not_looked(path: &[u8], why: Skipped, out: &mut dyn Write) -> Result<(), ReportError> {
    let nothing = FileJson {
        path: Path::new(path),
        blob: None,
        expression: None,
        licenses: Vec::new(),
        concluded: None,
        skipped: Some(why),
        outcome: None,
        choice: None,
        context: None,
        waivers: Vec::new(),
        violations: Vec::new(),
        matches: Vec::new(),
        points_to: Vec::new(),
    };
    line(out, &nothing)
}

#[derive(Serialize)]
struct FindingJson<'a> {
    checkout: Cow<'a, str>,
    view: &'a str,
    #[serde(flatten)]
    path: Path<'a>,
    line: Option<u32>,
    matched: Option<&'a str>,
    sure: Option<&'a str>,
    expression: Option<&'a str>,
    concluded: Option<ConcludedJson>,
    blob: Option<String>,
    outcome: Outcome,
    violation: Option<StoredJson<'a>>,
}

#[derive(Serialize)]
struct StoredJson<'a> {
    id: String,
    rule: &'a str,
    license: &'a str,
    severity: Severity,
    context: &'a str,
    state: State,
    waiver: Option<&'a str>,
    commit: Option<&'a str>,
    author: Option<&'a str>,
    authored: Option<String>,
    owner: Option<&'a str>,
    first_seen: String,
    last_seen: String,
}

impl<'a> From<&'a Violation> for StoredJson<'a> {
    fn from(v: &'a Violation) -> StoredJson<'a> {
        StoredJson {
            id: v.name(),
            rule: &v.rule,
            license: &v.license,
            severity: v.severity,
            context: &v.context,
            state: v.state,
            waiver: v.waiver.as_deref(),
            commit: v.commit.as_deref(),
            author: v.author.as_deref(),
            authored: v.authored.map(Moment::rfc3339),
            owner: v.owner.as_deref(),
            first_seen: v.first_seen.rfc3339(),
            last_seen: v.last_seen.rfc3339(),
        }
    }
}

/// Writes a stored finding as one line.
///
/// # Errors
/// The writer fails.
pub fn finding(f: &Finding, out: &mut dyn Write) -> Result<(), ReportError> {
    line(out, &FindingJson::from(f))
}

/// Stored findings as one document, which is written while they come.
pub struct Findings<'w> {
    out: &'w mut dyn Write,
    separator: &'static str,
}

impl<'w> Findings<'w> {
    /// # Errors
    /// The writer fails.
    pub fn begin(out: &'w mut dyn Write) -> Result<Findings<'w>, ReportError> {
        write!(out, "{{\"format\":\"lictor-findings\",\"version\":{VERSION},\"findings\":[")?;
        Ok(Findings { out, separator: "\n" })
    }

    /// # Errors
    /// The writer fails.
    pub fn add(&mut self, f: &Finding) -> Result<(), ReportError> {
        self.out.write_all(self.separator.as_bytes())?;
        self.separator = ",\n";
        Ok(serde_json::to_writer(&mut *self.out, &FindingJson::from(f))
            .map_err(std::io::Error::from)?)
    }

    /// # Errors
    /// The writer fails.
    pub fn end(self) -> Result<(), ReportError> {
        Ok(self.out.write_all(b"]}\n")?)
    }
}

impl<'a> From<&'a Finding> for FindingJson<'a> {
    fn from(f: &'a Finding) -> FindingJson<'a> {
        FindingJson {
            checkout: String::from_utf8_lossy(&f.root),
            view: &f.view,
            path: Path::new(&f.path),
            line: f.line,
            matched: f.matched.as_ref().map(|(matched, _)| matched.as_str()),
            sure: f.matched.as_ref().map(|(_, sure)| sure.as_ref()),
            expression: f.expression.as_deref(),
            concluded: f
                .concluded
                .clone()
                .map(|what| ConcludedJson::from(Covered { how: How::Pointer, what })),
            blob: f.blob.map(|b| b.to_string()),
            outcome: f.outcome,
            violation: f.violation.as_ref().map(StoredJson::from),
        }
    }
}

#[derive(Serialize)]
struct ExplanationJson<'a> {
    format: &'static str,
    version: u32,
    path: &'a str,
    blob: String,
    expression: Option<&'a str>,
    concluded: Option<ConcludedJson>,
    skipped: Option<Skipped>,
    matches: Vec<MatchJson<'a>>,
    points_to: Vec<PointerJson<'a>>,
    outcome: Outcome,
    choice: Option<&'a str>,
    context: &'a str,
    licenses: Vec<JudgedJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waivers: Vec<WaiverJson<'a>>,
    policy: PolicyJson<'a>,
    engine: &'a str,
    seen: Option<SeenJson<'a>>,
}

#[derive(Serialize)]
struct JudgedJson<'a> {
    license: &'a str,
    category: Option<&'static str>,
    rule: &'a str,
    outcome: Outcome,
    reason: &'a str,
    remedy: &'a str,
}

#[derive(Serialize)]
struct SeenJson<'a> {
    checkout: Cow<'a, str>,
    commit: Option<&'a str>,
    policy: Option<&'a str>,
    blob: Option<String>,
    last_scan: Option<String>,
    violations: Vec<StoredJson<'a>>,
}

/// Writes why one file has its verdict.
///
/// # Errors
/// The writer fails.
pub fn explain(e: &Explanation<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    let matched = |m| {
        let changes = e.changes(m).iter().map(ChangeJson::from).collect();
        MatchJson { changes, ..MatchJson::from(m) }
    };
    let judged = e.decision.judged.iter().map(|j| JudgedJson {
        license: &j.license,
        category: j.category.map(Category::as_str),
        rule: &j.rule.id,
        outcome: j.rule.outcome,
        reason: &j.rule.reason,
        remedy: &j.rule.remedy,
    });
    let seen = e.seen.as_ref().map(|s| SeenJson {
        checkout: String::from_utf8_lossy(&s.root),
        commit: s.commit.as_deref(),
        policy: s.policy.as_deref(),
        blob: s.blob.map(|b| b.to_string()),
        last_scan: s.last_scan.map(Moment::rfc3339),
        violations: s.violations.iter().map(StoredJson::from).collect(),
    });
    let json = ExplanationJson {
        format: "lictor-explain",
        version: VERSION,
        path: &e.path,
        blob: e.blob.to_string(),
        expression: e.detection.expression.as_deref(),
        concluded: e.concluded.clone().map(ConcludedJson::from),
        skipped: e.detection.skipped,
        matches: e.detection.matches.iter().map(matched).collect(),
        points_to: points_to(&e.detection),
        outcome: e.decision.outcome,
        choice: e.decision.choice.as_deref(),
        context: &e.context,
        licenses: judged.collect(),
        waivers: WaiverJson::all(&e.decision, &e.lapsed),
        policy: PolicyJson {
            name: &e.policy.name,
            origin: &e.policy.origin,
            digest: &e.policy.digest,
        },
        engine: &e.engine,
        seen,
    };
    line(out, &json)
}

/// A violation with its evidence and history.
#[derive(Serialize)]
struct HistoryJson<'a> {
    checkout: Cow<'a, str>,
    view: &'a str,
    #[serde(flatten)]
    path: Path<'a>,
    blob: Option<String>,
    outcome: Outcome,
    violation: StoredJson<'a>,
    matches: Vec<MatchJson<'a>>,
    events: Vec<serde_json::Value>,
}

/// Writes a violation, what is in its file if it was seen there last, and what happened to it.
///
/// # Errors
/// The writer fails.
pub fn violation(
    placed: &Placed,
    file: Option<&(BlobId, Vec<Match>)>,
    events: &[Event],
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let history = HistoryJson {
        checkout: String::from_utf8_lossy(&placed.root),
        view: &placed.view,
        path: Path::new(&placed.path),
        blob: file.map(|(blob, _)| blob.to_string()),
        outcome: placed.violation.outcome,
        violation: StoredJson::from(&placed.violation),
        matches: file.iter().flat_map(|(_, matches)| matches).map(MatchJson::from).collect(),
        events: events.iter().map(event).collect(),
    };
    line(out, &history)
}

/// An event.
pub fn event(e: &Event) -> serde_json::Value {
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let detail: serde_json::Value = serde_json::from_str(&e.detail).unwrap_or_default();
    let mut json = serde_json::json!({
        "seq": e.seq, "time": e.time.0, "at": e.time.rfc3339(), "kind": e.kind,
        "detail": detail, "text": e.detail, "hash": hex(&e.hash),
    });
    if let Some(id) = e.violation {
        json["violation"] = format!("V{id}").into();
    }
    if let Some(path) = &e.path {
        json["path"] = String::from_utf8_lossy(path).into();
        if std::str::from_utf8(path).is_err() {
            json["path_hex"] = hex(path).into();
        }
    }
    json
}

pub(super) fn line(out: &mut dyn Write, value: &impl Serialize) -> Result<(), ReportError> {
    serde_json::to_writer(&mut *out, value).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_is_not_utf8_is_given_exactly_as_well() {
        let json = |p: &[u8]| serde_json::to_string(&Path::new(p)).unwrap();
        assert_eq!(json("grün".as_bytes()), r#"{"path":"grün"}"#);
        assert_eq!(json(b"a\xff"), "{\"path\":\"a\u{fffd}\",\"path_hex\":\"61ff\"}");
        assert_eq!(json(b"\x1b[2J"), r#"{"path":"\u001b[2J"}"#);
    }

    #[test]
    fn a_score_has_three_places() {
        assert_eq!(serde_json::to_string(&rounded(0.97)).unwrap(), "0.97");
        assert_eq!(serde_json::to_string(&rounded(1.0)).unwrap(), "1.0");
    }
}
