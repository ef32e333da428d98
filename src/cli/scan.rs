// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor scan`.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::args::{FailOn, Scan, ScanFormat};
use super::output::{Output, layout};
use super::progress::Bar;
use super::{CLEAN, FAILED, VIOLATIONS, setup};
use lictor::clock::Moment;
use lictor::detect::Detector;
use lictor::diag::Failure;
use lictor::licenses::Licenses;
use lictor::model::{Outcome, Skipped};
use lictor::plan::{Base, Checkout, NotLooked, Range, View};
use lictor::report::{ScanReport, human, json};
use lictor::scan::change;
use lictor::scan::{self, Concluded, Forgetful, Options, Progress, Records, Scanned};
use lictor::store::Store;

/// How often a scan begins again because somebody else was faster.
const MOST_TURNS: usize = 5;

pub fn run(args: &Scan, licenses: &'static Licenses) -> anyhow::Result<u8> {
    let begun = Instant::now();
    let policy = setup::policy(&args.policy, licenses)?;
    let range = args.diff.as_deref().map(Range::parse).transpose()?;
    let (view, base) = match (range, &args.rev) {
        (Some(range), _) => (View::Revision(range.head), Some(range.base)),
        (None, Some(rev)) => (View::Revision(rev.clone()), None),
        (None, None) if args.staged => (View::Staged, Some(Base::Head)),
        (None, None) => (View::Worktree, None),
    };
    let checkout = Checkout::find(&args.path, view)?;
    tracing::debug!(root = %checkout.root.display(), "found");
    let mut store = match args.no_store {
        true => None,
        false => Some(Store::open(&setup::store_path(&args.store)?)?),
    };
    // Now to fail early, later for real: what is being written must not be scanned.
    drop(Output::open(args.output.as_deref())?);
    setup::threads(&args.work)?;
    let progress = Arc::new(Progress::default());
    setup::interruptible(&progress)?;

    let detector = Detector::new(licenses);
    let options = Options {
        selection: setup::selection(&args.selection),
        max_size: args.work.max_file_size,
        output: args.output.as_ref().and_then(|o| std::path::absolute(o).ok()),
        started: Moment::now(),
        keep_matches: true,
        watching: None,
    };
    let mut forgetful = Forgetful::default();
    let records: &mut dyn Records = match &mut store {
        Some(store) => store,
        None => &mut forgetful,
    };
    let bar = Bar::start(&progress);
    let mut scans = all(checkout, &mut |checkout| {
        if let Some(base) = &base {
            return change::scan(checkout, base, &detector, licenses, &policy, records, &options);
        }
        let mut checkout = checkout;
        let mut turns = 0;
        loop {
            let (root, view) = (checkout.root.clone(), checkout.view.clone());
            let mut scanned =
                scan::scan(checkout, &detector, licenses, &policy, records, &options, &progress)?;
            if scanned.records_failed.is_none() {
                match records.conclude(&scanned) {
                    Ok(Concluded::Kept(_)) => {}
                    // The service, say, saw the same change. All contents are known by now.
                    Ok(Concluded::Overtaken) if turns < MOST_TURNS => {
                        turns += 1;
                        checkout = Checkout::find(&root.join(scanned.checkout.scope_path()), view)?;
                        continue;
                    }
                    Ok(Concluded::Overtaken) => scanned.records_failed = Some(overtaken()),
                    Err(e) => scanned.records_failed = Some(e),
                }
            }
            tracing::debug!("concluded");
            return Ok(scanned);
        }
    })?;
    drop(bar);
    if let Some(store) = store.as_mut().filter(|_| base.is_none()) {
        for scan in scans.iter().filter(|s| s.records_failed.is_none() && !s.judged_before) {
            store.attribute(&scan.checkout, scan.started)?;
        }
    }

    let mut out = Output::open(args.output.as_deref())?;
    let report = ScanReport { scans: &scans, store: store.as_ref() };
    match args.format {
        ScanFormat::Human => {
            human::scan(&report, begun.elapsed().as_secs_f64(), layout(args.all), &mut out)?
        }
        ScanFormat::Json => json::scan(&report, licenses, &mut out)?,
        ScanFormat::Jsonl => json::scan_lines(&report, licenses, &mut out)?,
    }
    out.finish()?;
    tracing::debug!("reported");
    if progress.cancelled.load(Ordering::Relaxed) {
        anstream::eprintln!("interrupted: what was found is kept, run the same again to go on");
        return Ok(FAILED);
    }
    let code = exit_code(&report, args.fail_on);
    // The report stands, but what it says is not remembered.
    let failed = scans.iter_mut().find_map(|s| s.records_failed.take());
    // The process is about to end; taking a monorepo's paths apart one by one would take longer
    // than looking at them.
    std::mem::forget(scans);
    failed.map_or(Ok(code), |failure| Err(failure.into()))
}

/// Scans a checkout, then those nested in it, and so on.
pub fn all(
    first: Checkout,
    scan: &mut dyn FnMut(Checkout) -> Result<Scanned, Failure>,
) -> Result<Vec<Scanned>, Failure> {
    let mut scans: Vec<Scanned> = Vec::new();
    let mut queue: VecDeque<Checkout> = VecDeque::from([first]);
    while let Some(checkout) = queue.pop_front() {
        let mut scanned = scan(checkout)?;
        for nested in std::mem::take(&mut scanned.nested) {
            let path: PathBuf = scanned.checkout.path_of(&nested.path);
            match Checkout::find(&path, View::Worktree) {
                Ok(checkout) => queue.push_back(checkout),
                Err(e) => scanned.not_looked.push(NotLooked {
                    path: nested.path,
                    why: Skipped::Unreadable,
                    tracked: nested.tracked,
                    detail: e.to_string(),
                }),
            }
        }
        let interrupted = scanned.interrupted;
        scans.push(scanned);
        if interrupted {
            break;
        }
    }
    Ok(scans)
}

fn overtaken() -> Failure {
    Failure::new("others scanned the same checkout all the while, and this scan could not be kept")
        .help("try again, or use --no-store")
}

fn exit_code(report: &ScanReport<'_>, fail_on: FailOn) -> u8 {
    let violating = |outcomes: &[Outcome]| outcomes.iter().any(|o| report.violating(*o) > 0);
    let failed = match fail_on {
        FailOn::Deny => violating(&[Outcome::Deny]),
        FailOn::Review => violating(&[Outcome::Deny, Outcome::Review]),
        FailOn::Never => false,
    };
    if !report.is_complete() {
        FAILED
    } else if failed {
        VIOLATIONS
    } else {
        CLEAN
    }
}
