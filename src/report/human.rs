// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What people read in a terminal: of a scan, of stored findings, of one file.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::ops::Range;

use anstyle::{AnsiColor, Style};

use super::{Explanation, Group, How, ReportError, ScanReport, telling};
use crate::clock::Moment;
use crate::detect::{Change, Piece};
use crate::diag::{shorten, visible};
use crate::licenses::Category;
use crate::model::{Detection, Match, Outcome, Skipped};
use crate::plan::View;
use crate::scan::Scanned;
use crate::scan::conclude::Conclusion;
use crate::store::{Finding, State, Violation};

/// How much is shown.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// Columns to fill.
    pub width: usize,
    /// Show everything instead of what fits on a screen.
    pub all: bool,
}

/// Rows of the parts of a scan's report that are cut unless everything is asked for.
const LICENSES: usize = 8;
const GROUPS: usize = 5;
const CHECKOUTS: usize = 3;
const NOT_LOOKED: usize = 5;

/// Changes of a text, and words of one of them, that are shown unless everything is asked for.
const CHANGES: usize = 12;
const CHANGED: usize = 80;

const BOLD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

fn colour(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Allow => AnsiColor::Green.on_default(),
        Outcome::Review => AnsiColor::Yellow.on_default(),
        Outcome::Deny => AnsiColor::Red.on_default().bold(),
    }
}

/// Text in a style. Writers that are no terminal strip the codes.
struct In<T>(Style, T);

impl<T: fmt::Display> fmt::Display for In<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.0.render(), self.1, self.0.render_reset())
    }
}

/// A count with thousands apart: `61,203`.
pub struct Count(pub u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::new();
        for (n, d) in digits.chars().enumerate() {
            if n > 0 && (digits.len() - n).is_multiple_of(3) {
                text.push(',');
            }
            text.push(d);
        }
        f.pad_integral(true, "", &text)
    }
}

/// A number of bytes, for people.
pub fn bytes(n: u64) -> String {
    match n {
        0..1_000 => format!("{n} B"),
        1_000..1_000_000 => format!("{:.1} kB", n as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", n as f64 / 1e6),
        _ => format!("{:.1} GB", n as f64 / 1e9),
    }
}

fn files(n: u64) -> String {
    format!("{} {}", Count(n), if n == 1 { "file" } else { "files" })
}

/// Writes the report of a scan. `seconds` is how long it took.
///
/// # Errors
/// The writer fails, or the evidence cannot be read from the store.
pub fn scan(
    report: &ScanReport<'_>,
    seconds: f64,
    layout: Layout,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let Some(first) = report.scans.first() else { return Ok(()) };
    let policy = &first.policy;
    writeln!(
        out,
        "{} {} ({}, {})",
        In(BOLD, "Policy"),
        visible(policy.name.as_bytes()),
        policy.origin,
        &policy.digest[..12]
    )?;
    if policy.origin == "built-in default" {
        writeln!(out, "       none was given; name one with --policy")?;
    }
    coverage(report, seconds, layout, out)?;
    licenses(report, layout, out)?;
    violations(report, layout, out)?;
    Ok(())
}

fn coverage(
    report: &ScanReport<'_>,
    seconds: f64,
    layout: Layout,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let limit = if layout.all { usize::MAX } else { CHECKOUTS };
    writeln!(out, "\n{}", In(BOLD, "Scanned"))?;
    for scan in report.scans.iter().take(limit) {
        writeln!(out, "  {}: {}", place(scan), files(scan.files.len() as u64))?;
    }
    if report.scans.len() > limit {
        writeln!(out, "  and {} more checkouts inside", report.scans.len() - limit)?;
    }
    let read: u64 = report.scans.iter().map(|s| s.contents_read).sum();
    let read_bytes: u64 = report.scans.iter().map(|s| s.bytes_read).sum();
    let all: u64 = report.scans.iter().map(|s| s.files.len() as u64).sum();
    writeln!(
        out,
        "  {} contents were read ({}) in {seconds:.2} s, {} files/s",
        Count(read),
        bytes(read_bytes),
        Count((all as f64 / seconds.max(0.001)) as u64),
    )?;

    let reasons: Vec<String> =
        report.not_looked().iter().map(|(why, n)| reason(*why, *n)).collect();
    if !reasons.is_empty() {
        writeln!(out, "  Not looked at: {}", reasons.join(", "))?;
    }
    // What went wrong is named; what is as it should be is only counted.
    let named = report.scans.iter().flat_map(|s| {
        let all = layout.all;
        s.not_looked
            .iter()
            .filter(move |n| {
                all || n.why.is_failure() || matches!(n.why, Skipped::TooLarge | Skipped::Submodule)
            })
            .map(move |n| (s, n))
    });
    let named: Vec<_> = named.collect();
    let limit = if layout.all { usize::MAX } else { NOT_LOOKED };
    for (scan, n) in named.iter().take(limit) {
        let path = shown(report, scan, &n.path);
        let detail = if n.detail.is_empty() {
            String::new()
        } else {
            format!(": {}", visible(n.detail.as_bytes()))
        };
        writeln!(out, "    {} {path}{detail}", n.why.as_str())?;
    }
    if named.len() > limit {
        writeln!(out, "    and {} more; --all names them", named.len() - limit)?;
    }
    let ignored: u64 = report.scans.iter().map(|s| s.ignored).sum();
    let excluded: u64 = report.scans.iter().map(|s| s.excluded).sum();
    for (n, by) in [(ignored, "git's rules"), (excluded, ".lictorignore")] {
        if n > 0 {
            writeln!(
                out,
                "  Left out by {by}: {} {}",
                Count(n),
                if n == 1 { "path" } else { "paths" }
            )?;
        }
    }
    for note in report.scans.iter().flat_map(|s| &s.notes) {
        writeln!(out, "  {}: {}", In(colour(Outcome::Review), "note"), note.message)?;
        writeln!(out, "        {}", note.help)?;
    }
    Ok(())
}

fn place(scan: &Scanned) -> String {
    let checkout = &scan.checkout;
    let mut text = visible(checkout.root.as_os_str().as_encoded_bytes());
    if !checkout.scope.is_empty() {
        text = format!("{text}/{}", visible(&checkout.scope[..checkout.scope.len() - 1]));
    }
    match &checkout.view {
        View::Worktree => {}
        View::Staged => text.push_str(", what is staged"),
        View::Revision(rev) => text.push_str(&format!(", revision {}", visible(rev.as_bytes()))),
    }
    if let Some(against) = &scan.against {
        text.push_str(&format!(" against {}", visible(against.base.as_bytes())));
    }
    match &checkout.commit {
        Some(commit) => format!("{text} at {}", &commit[..commit.len().min(12)]),
        None => text,
    }
}

fn reason(why: Skipped, n: u64) -> String {
    let (one, many) = match why {
        Skipped::Binary => ("binary file", "binary files"),
        Skipped::TooLarge => ("file over the size limit", "files over the size limit"),
        Skipped::Symlink => ("symbolic link", "symbolic links"),
        Skipped::Special => ("FIFO, socket or device", "FIFOs, sockets and devices"),
        Skipped::Submodule => ("submodule", "submodules"),
        Skipped::Unreadable => ("unreadable path", "unreadable paths"),
        Skipped::Failed => ("file the detector failed on", "files the detector failed on"),
    };
    let text = format!("{} {}", Count(n), if n == 1 { one } else { many });
    if why.is_failure() { In(colour(Outcome::Deny), text).to_string() } else { text }
}

fn licenses(
    report: &ScanReport<'_>,
    layout: Layout,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let shares = report.shares();
    let total: u64 = shares.iter().map(|(_, n, _)| n).sum();
    if total == 0 {
        return Ok(());
    }
    writeln!(out, "\n{}", In(BOLD, "Licenses"))?;
    let limit = if layout.all { usize::MAX } else { LICENSES };
    let room = layout.width.saturating_sub(29).max(20);
    for (expression, n, outcome) in shares.iter().take(limit) {
        let share = 100.0 * *n as f64 / total as f64;
        let name = match expression {
            Some(e) => shorten(&visible(e.as_bytes()), room),
            None => In(FAINT, "nothing found").to_string(),
        };
        let outcome = In(colour(*outcome), format!("{:<6}", outcome.as_str()));
        writeln!(out, "  {share:5.1}% {:>9}  {outcome}  {name}", Count(*n))?;
    }
    if shares.len() > limit {
        let rest: u64 = shares.iter().skip(limit).map(|(_, n, _)| n).sum();
        let more = shares.len() - limit;
        let share = 100.0 * rest as f64 / total as f64;
        writeln!(
            out,
            "  {share:5.1}% {:>9}          {more} other expressions; --all shows them",
            Count(rest)
        )?;
    }
    Ok(())
}

fn violations(
    report: &ScanReport<'_>,
    layout: Layout,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    for scan in report.scans {
        changed(report, scan, out)?;
    }
    let groups = report.groups();
    let (deny, review) = (report.violating(Outcome::Deny), report.violating(Outcome::Review));
    if groups.is_empty() {
        writeln!(out, "\n{}", In(colour(Outcome::Allow), "No violations."))?;
    } else {
        writeln!(out, "\n{}", In(BOLD, "Violations"))?;
        let limit = if layout.all { usize::MAX } else { GROUPS };
        for group in groups.iter().take(limit) {
            self::group(report, group, layout, out)?;
        }
        if groups.len() > limit {
            writeln!(out, "  and {} more groups; --all shows them", groups.len() - limit)?;
        }
        writeln!(
            out,
            "\n{} to deny, {} to review.",
            In(if deny > 0 { colour(Outcome::Deny) } else { Style::new() }, files(deny)),
            In(if review > 0 { colour(Outcome::Review) } else { Style::new() }, files(review)),
        )?;
    }
    waivers(report, out)?;
    if !report.is_complete() {
        let text = "The scan is incomplete: see what was not looked at.";
        writeln!(out, "{}", In(colour(Outcome::Deny), text))?;
    }
    Ok(())
}

/// How much is waived, and which waivers do not hold any more.
fn waivers(report: &ScanReport<'_>, out: &mut dyn Write) -> Result<(), ReportError> {
    let mut waived = 0;
    let mut lapsed: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for scan in report.scans {
        for verdict in scan.files.iter().map(|f| scan.verdict(f)) {
            waived += u64::from(!verdict.decision.waived.is_empty());
            for l in &verdict.lapsed {
                *lapsed.entry((&l.waiver.id, l.why.says())).or_default() += 1;
            }
        }
    }
    if waived > 0 {
        writeln!(out, "{} with waivers.", files(waived))?;
    }
    for ((id, why), n) in lapsed {
        let waiver = In(colour(Outcome::Review), "The waiver");
        writeln!(
            out,
            "{waiver} {} does not hold for {}: {why}.",
            visible(id.as_bytes()),
            files(n)
        )?;
    }
    Ok(())
}

/// Files of a change that say another license than before.
fn changed(
    report: &ScanReport<'_>,
    scan: &Scanned,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let Some(against) = scan.against.as_ref().filter(|a| !a.changed.is_empty()) else {
        return Ok(());
    };
    writeln!(out, "\n{}", In(BOLD, "Changed licenses"))?;
    let says = |e: &Option<std::sync::Arc<str>>| {
        e.as_deref().map_or("no license".to_owned(), |e| visible(e.as_bytes()))
    };
    for c in &against.changed {
        let from = c.from.as_ref().map(|p| format!(" (was {})", shown(report, scan, p)));
        let path = shown(report, scan, &c.path);
        let (before, after) = (says(&c.before), In(BOLD, says(&c.after)));
        writeln!(out, "  {path}{} went from {before} to {after}", from.unwrap_or_default())?;
    }
    Ok(())
}

fn group(
    report: &ScanReport<'_>,
    group: &Group<'_>,
    layout: Layout,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let scan = &report.scans[group.scan];
    let component = match shown(report, scan, group.component) {
        path if path.is_empty() => "the checkout".to_owned(),
        path => path,
    };
    let licenses: Vec<String> = group
        .licenses
        .iter()
        .filter(|(l, _)| !l.is_empty())
        .map(|(l, n)| format!("{} {}", visible(l.as_bytes()), Count(*n)))
        .collect();
    let outcome = In(colour(group.outcome), format!("{:<6}", group.outcome.as_str()));
    let rule = &group.rule.rule;
    writeln!(out, "  {outcome} {} in {component}: {}", In(BOLD, &rule.id), files(group.files))?;
    let room = layout.width.saturating_sub(9).max(20);
    let limit = |text: String| if layout.all { text } else { shorten(&text, room) };
    if !licenses.is_empty() {
        writeln!(out, "         {}", limit(licenses.join(", ")))?;
    }
    writeln!(out, "         {}", limit(format!("why: {}", visible(rule.reason.as_bytes()))))?;
    let detection = report.detection(scan, group.sample)?;
    let path = shown(report, scan, &group.sample.path);
    let (line, words) = match telling(&detection.matches, &group.rule.license) {
        Some(m) => {
            let altered = if m.is_altered() { format!("({}) ", m.sure()) } else { String::new() };
            (format!(":{}", m.start_line), format!("{altered}{}", visible(m.words.as_bytes())))
        }
        None => (String::new(), String::new()),
    };
    let (line, words) = match (&group.sample.concluded, &detection.points) {
        (Some(c), Some(points)) => {
            let line = points.first().map_or(1, |p| p.line);
            (format!(":{line}"), format!("points to {}", paths(c)))
        }
        _ => (line, words),
    };
    writeln!(out, "         {}", limit(format!("{path}{line}  {words}")))?;
    writeln!(out, "         {}", limit(format!("do:  {}", visible(rule.remedy.as_bytes()))))?;
    Ok(())
}

/// A path relative to the first checkout, which is what the user named.
fn shown(report: &ScanReport<'_>, scan: &Scanned, path: &[u8]) -> String {
    let path = visible(path);
    let top = report.scans.first().map(|s| s.checkout.root.as_path());
    match top.and_then(|top| scan.checkout.root.strip_prefix(top).ok()) {
        Some(inside) if !inside.as_os_str().is_empty() => {
            let inside = visible(inside.as_os_str().as_encoded_bytes());
            if path.is_empty() { inside } else { format!("{inside}/{path}") }
        }
        _ => path,
    }
}

/// Writes what was found in one file as one line; nothing if nothing was found.
///
/// # Errors
/// The writer fails.
pub fn detection(
    path: &[u8],
    detection: &Detection,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let Some(expression) = &detection.expression else { return Ok(()) };
    let evidence = |m: &Match| {
        let altered = if m.is_altered() { " changed" } else { "" };
        format!("{}{altered} {}", m.kind.as_str(), m.lines())
    };
    let evidence: Vec<String> = detection.matches.iter().map(evidence).collect();
    let evidence = In(FAINT, format!("({})", evidence.join(", ")));
    Ok(writeln!(out, "{}: {} {evidence}", visible(path), In(BOLD, expression))?)
}

/// Writes a stored finding as one line.
///
/// # Errors
/// The writer fails.
pub fn finding(f: &Finding, out: &mut dyn Write) -> Result<(), ReportError> {
    let outcome = In(colour(f.outcome), format!("{:<6}", f.outcome.as_str()));
    let line = f.line.map(|l| format!(":{l}")).unwrap_or_default();
    let view = if f.view.is_empty() {
        String::new()
    } else {
        format!(" [{}]", visible(f.view.as_bytes()))
    };
    let place = format!("{}/{}", visible(&f.root), visible(&f.path));
    let expression = f.expression.as_deref().map(|e| visible(e.as_bytes())).unwrap_or_default();
    write!(out, "{outcome} {place}{line}{view}  {expression}")?;
    if let Some(c) = &f.concluded {
        let said = format!("{} by {}", visible(c.expression.as_bytes()), paths(c));
        write!(out, "{}{said}", if expression.is_empty() { "" } else { ", concluded " })?;
    }
    if let Some(v) = &f.violation {
        let of = if v.license.is_empty() { String::new() } else { format!(" of {}", v.license) };
        let (first, last) = (v.first_seen.rfc3339(), v.last_seen.rfc3339());
        let when = match v.state {
            State::Open => format!("open since {first}"),
            State::Waived => {
                format!("waived by {}, since {first}", v.waiver.as_deref().unwrap_or("nobody"))
            }
            State::Resolved => format!("resolved, seen from {first} to {last}"),
        };
        write!(out, "  {}", In(FAINT, format!("({} {}{of} {when})", v.name(), v.rule)))?;
    }
    Ok(writeln!(out)?)
}

/// Writes why one file has its verdict, with the lines that say so.
///
/// # Errors
/// The writer fails.
pub fn explain(
    e: &Explanation<'_>,
    layout: Layout,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    writeln!(out, "{}", In(BOLD, &e.path))?;
    writeln!(out, "  blob     {}, {}", e.blob, bytes(e.content.len() as u64))?;
    let expression = match (&e.detection.expression, e.detection.skipped) {
        (Some(expression), _) => expression.to_string(),
        (None, Some(why)) => format!("not searched: {}", why.as_str()),
        (None, None) => "nothing found".into(),
    };
    writeln!(out, "  license  {}", In(BOLD, expression))?;
    if let Some(c) = &e.concluded {
        let (what, how) = match c.how {
            How::Curation => ("curated", "a curation of the policy"),
            How::Pointer => ("from", "it points there"),
            How::Directory => ("from", "nearest above it; policies do not judge by that"),
        };
        let said = In(BOLD, visible(c.what.expression.as_bytes()));
        writeln!(out, "  {what:<8} {said}, by {} ({how})", paths(&c.what))?;
    }
    for p in e.detection.points.iter().flat_map(|p| p.iter()) {
        writeln!(out, "\n  points to {}, line {}", visible(p.path.as_bytes()), p.line)?;
        let lines = p.line..p.line;
        quoted(e.content, lines, 1, layout.width, out)?;
    }
    for m in &e.detection.matches {
        let lines = if m.start_line == m.end_line { "line" } else { "lines" };
        writeln!(
            out,
            "\n  {} by {}, {lines} {}, score {:.3}",
            m.expression,
            m.kind.as_str(),
            m.lines(),
            m.score
        )?;
        writeln!(out, "      sure     {}", m.sure())?;
        writeln!(out, "      matched  {}", visible(m.matched.as_bytes()))?;
        let limit = if layout.all { usize::MAX } else { 6 };
        quoted(e.content, m.start_line..m.end_line, limit, layout.width, out)?;
        changes(e.changes(m), m, layout, out)?;
    }
    let outcome = |o: Outcome| In(colour(o), o.as_str());
    let context = visible(e.context.as_bytes());
    writeln!(out, "\n{} {} ({context})", In(BOLD, "Verdict"), outcome(e.decision.outcome))?;
    if let Some(choice) = &e.decision.choice {
        writeln!(out, "  the choice offered is taken as {}", In(BOLD, choice))?;
    }
    for j in &e.decision.judged {
        let license = if j.license.is_empty() { "no license" } else { &j.license };
        let category = j.category.map_or("no known category", Category::as_str);
        writeln!(
            out,
            "  {license} ({category}): {} by rule {}",
            outcome(j.rule.outcome),
            j.rule.id
        )?;
        if j.rule.outcome > Outcome::Allow {
            writeln!(out, "    why: {}", visible(j.rule.reason.as_bytes()))?;
            writeln!(out, "    do:  {}", visible(j.rule.remedy.as_bytes()))?;
        }
    }
    for w in &e.decision.waived {
        let waiver = &w.waiver;
        writeln!(
            out,
            "  {} is waived by {} until {}: {} ({}, {})",
            w.judged.license,
            In(BOLD, visible(waiver.id.as_bytes())),
            waiver.expires,
            visible(waiver.reason.as_bytes()),
            visible(waiver.granted_by.as_bytes()),
            visible(waiver.ticket.as_bytes()),
        )?;
    }
    for l in &e.lapsed {
        let id = visible(l.waiver.id.as_bytes());
        writeln!(out, "  the waiver {id} of {} does not hold: {}", l.license, l.why.says())?;
    }
    writeln!(
        out,
        "  policy {} ({}), revision {}",
        visible(e.policy.name.as_bytes()),
        e.policy.origin,
        e.policy.digest
    )?;
    writeln!(out, "  detector {}", e.engine)?;
    let Some(seen) = &e.seen else {
        return Ok(writeln!(
            out,
            "\nNot in the store: its checkout was not scanned with this file."
        )?);
    };
    let when = seen.last_scan.map_or("never".into(), Moment::rfc3339);
    writeln!(
        out,
        "\n{} {when}{}",
        In(BOLD, "Last scan"),
        match &seen.commit {
            Some(commit) => format!(" at commit {}", &commit[..commit.len().min(12)]),
            None => String::new(),
        }
    )?;
    if seen.blob != Some(e.blob) {
        writeln!(out, "  the file has changed since; scan again to update the store")?;
    }
    if seen.policy.as_ref().is_some_and(|p| *p != e.policy.digest) {
        writeln!(out, "  it was judged by another policy then")?;
    }
    for v in &seen.violations {
        let (first, last) = (v.first_seen.rfc3339(), v.last_seen.rfc3339());
        writeln!(
            out,
            "  {} {} of {} is {}: first seen {first}, last seen {last}",
            v.name(),
            v.rule,
            v.license,
            v.state.as_str()
        )?;
        if let Some(by) = brought_by(v) {
            writeln!(out, "    {by}")?;
        }
    }
    Ok(())
}

/// Who brought a violation in and who answers for its file, as far as that is known.
pub fn brought_by(v: &Violation) -> Option<String> {
    let by = v.commit.as_ref().map(|commit| {
        let author = visible(v.author.as_deref().unwrap_or("nobody").as_bytes());
        let time = v.authored.map_or(String::new(), |t| format!(" on {}", t.rfc3339()));
        format!("brought in by {author}{time}, commit {}", &commit[..commit.len().min(12)])
    });
    let owner = v.owner.as_ref().map(|o| format!("owned by {}", visible(o.as_bytes())));
    let said: Vec<String> = by.into_iter().chain(owner).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// Writes what was changed in a text, as `git diff --word-diff` does.
///
/// # Errors
/// The writer fails.
fn changes(
    changes: &[Change],
    m: &Match,
    layout: Layout,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    if changes.is_empty() {
        return Ok(());
    }
    let of = visible(m.matched.as_bytes());
    let heading = if m.is_altered() { "Changed against the" } else { "Beside the" };
    let (missing, added) = (AnsiColor::Red.on_default(), AnsiColor::Green.on_default());
    writeln!(
        out,
        "      {} {of}: {} {}",
        In(BOLD, heading),
        In(missing, "[-missing-]"),
        In(added, "{+added+}")
    )?;
    let (most, longest) = match layout.all {
        true => (usize::MAX, usize::MAX),
        false => (CHANGES, CHANGED),
    };
    for change in changes.iter().take(most) {
        let mut words: Vec<(Style, String)> = Vec::new();
        for piece in &change.pieces {
            let (style, open, text, close) = match piece {
                Piece::Same(text) => (Style::new(), "", text, ""),
                Piece::Missing(text) => (missing, "[-", text, "-]"),
                Piece::Added(text) => (added, "{+", text, "+}"),
            };
            let text = visible(text.as_bytes());
            let all: Vec<&str> = text.split_whitespace().collect();
            let mut shown: Vec<String> = match all.len() > longest {
                true => {
                    let (head, tail) = (&all[..longest / 2], &all[all.len() - longest / 4..]);
                    let left = all.len() - head.len() - tail.len();
                    let gap = format!("… {left} more words …");
                    head.iter()
                        .copied()
                        .chain([gap.as_str()])
                        .chain(tail.iter().copied())
                        .map(str::to_owned)
                        .collect()
                }
                false => all.into_iter().map(str::to_owned).collect(),
            };
            if let Some(first) = shown.first_mut() {
                first.insert_str(0, open);
            }
            if let Some(last) = shown.last_mut() {
                last.push_str(close);
            }
            words.extend(shown.into_iter().map(|w| (style, w)));
        }
        wrapped(change.line, &words, layout.width, out)?;
    }
    if changes.len() > most {
        let more = format!("and {} more changes; --all shows them", changes.len() - most);
        writeln!(out, "            {}", In(FAINT, more))?;
    }
    Ok(())
}

/// Writes words behind the number of their line, on as many lines as they take.
fn wrapped(
    line: u32,
    words: &[(Style, String)],
    width: usize,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let room = width.saturating_sub(14).max(20);
    let (mut used, mut label) = (usize::MAX, format!("{line:>5} |"));
    for (style, word) in words {
        let len = word.chars().count();
        if used.saturating_add(len + 1) > room {
            if used < usize::MAX {
                writeln!(out)?;
            }
            write!(out, "      {} {}", In(FAINT, &label), In(*style, word))?;
            label = "      |".into();
            used = len;
        } else {
            write!(out, " {}", In(*style, word))?;
            used += len + 1;
        }
    }
    Ok(writeln!(out)?)
}

/// The files that a conclusion rests on.
fn paths(c: &Conclusion) -> String {
    c.because.iter().map(|p| visible(p)).collect::<Vec<_>>().join(", ")
}

/// Writes lines as the file has them, the last one included, at most `limit` of them.
///
/// # Errors
/// The writer fails.
fn quoted(
    text: &[u8],
    lines: Range<u32>,
    limit: usize,
    width: usize,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let first = lines.start as usize;
    let count = (lines.end - lines.start + 1) as usize;
    let lines = text.split(|b| *b == b'\n').enumerate().skip(first - 1).take(count.min(limit));
    for (n, line) in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // A line may be the whole of a minified file.
        let head = &line[..line.len().min(width * 4)];
        writeln!(
            out,
            "      {} {}",
            In(FAINT, format!("{:>5} |", n + 1)),
            shorten(&visible(head), width.saturating_sub(14).max(20))
        )?;
    }
    if count > limit {
        writeln!(out, "            {}", In(FAINT, format!("and {} more lines", count - limit)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_sizes_read_well() {
        assert_eq!(format!("{}", Count(1234567)), "1,234,567");
        assert_eq!(format!("{:>7}", Count(1234)), "  1,234");
        assert_eq!(Count(0).to_string(), "0");
        assert_eq!([bytes(999), bytes(1_500), bytes(1_250_000_000)], ["999 B", "1.5 kB", "1.2 GB"]);
        assert_eq!([files(1), files(2)], ["1 file", "2 files"]);
    }
}
