// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor detect`: detection alone.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::args::{Detect, DetectFormat};
use super::output::Output;
use super::progress::Bar;
use super::{CLEAN, FAILED, scan, setup};
use lictor::clock::Moment;
use lictor::detect::Detector;
use lictor::diag::{Failure, visible};
use lictor::licenses::Licenses;
use lictor::model::{BlobId, Detection, FileKind, Skipped};
use lictor::plan::content::{Content, Reader};
use lictor::plan::{self, Checkout, View};
use lictor::policy::Policy;
use lictor::report::{ReportError, ScanReport, human, json};
use lictor::scan::{Forgetful, Options, Progress};

pub fn run(args: &Detect, licenses: &'static Licenses) -> anyhow::Result<u8> {
    setup::threads(&args.work)?;
    let progress = Arc::new(Progress::default());
    setup::interruptible(&progress)?;
    let command = Command {
        args,
        licenses,
        detector: Detector::new(licenses),
        // Detection asks no policy, but the pipeline does; its answer is not shown.
        policy: Policy::builtin(licenses),
        progress,
    };
    let mut out = Output::open(None)?;
    let mut complete = true;
    for path in &args.paths {
        complete &= match std::fs::metadata(path) {
            Ok(meta) if !meta.is_dir() => command.file(path, &mut out)?,
            _ => command.directory(path, &mut out)?,
        };
        if command.progress.cancelled.load(Ordering::Relaxed) {
            anstream::eprintln!("interrupted");
            return Ok(FAILED);
        }
    }
    out.finish()?;
    Ok(if complete { CLEAN } else { FAILED })
}

struct Command<'a> {
    args: &'a Detect,
    licenses: &'static Licenses,
    detector: Detector,
    policy: Policy,
    progress: Arc<Progress>,
}

impl Command<'_> {
    /// Looks at one file that the user named; a link is followed, since it was named.
    fn file(&self, path: &Path, out: &mut Output) -> anyhow::Result<bool> {
        let name = path.as_os_str().as_bytes();
        let shown = visible(name);
        let fail = |e: std::io::Error| {
            Failure::new(format!("cannot read {shown}"))
                .caused_by(e)
                .help("name a file that exists and that you may read")
        };
        let real = std::fs::canonicalize(path).map_err(fail)?;
        let (Some(directory), Some(file)) = (real.parent(), real.file_name()) else {
            return Err(Failure::new(format!("{shown} is not a file")).into());
        };
        let reader = Reader::files(directory, self.args.work.max_file_size)?;
        let mut content = Vec::new();
        match reader.read(file.as_bytes(), None, &mut content).map_err(fail)? {
            Content::Read(_) => {
                let blob = plan::blob_id(&content);
                let kind = FileKind::of(real.as_os_str().as_bytes());
                self.show(name, blob, &self.detector.detect(&content, kind), out)?;
                Ok(true)
            }
            Content::TooLarge(_) => self.not_looked(name, Skipped::TooLarge, out),
            Content::Special | Content::Vanished => self.not_looked(name, Skipped::Special, out),
        }
    }

    fn directory(&self, path: &Path, out: &mut Output) -> anyhow::Result<bool> {
        let options = Options {
            selection: setup::selection(&self.args.selection),
            max_size: self.args.work.max_file_size,
            output: None,
            started: Moment::now(),
            keep_matches: true,
            watching: None,
        };
        let bar = Bar::start(&self.progress);
        let first = Checkout::find(path, View::Worktree)?;
        let asked = first.path_of(&first.scope);
        let scans = scan::all(first, &mut |checkout| {
            let (detector, licenses) = (&self.detector, self.licenses);
            lictor::scan::scan(
                checkout,
                detector,
                licenses,
                &self.policy,
                &mut Forgetful::default(),
                &options,
                &self.progress,
            )
        })?;
        drop(bar);
        let report = ScanReport { scans: &scans, store: None };
        for scan in report.scans {
            // Paths are relative to what was asked for.
            let relative = |path: &[u8]| {
                let full = scan.checkout.path_of(path);
                full.strip_prefix(&asked).unwrap_or(&full).as_os_str().as_bytes().to_vec()
            };
            for f in &scan.files {
                let detection = report.detection(scan, f)?;
                self.show(&relative(&f.path), scan.content(f).blob, &detection, out)?;
            }
            let files = [Skipped::TooLarge, Skipped::Unreadable, Skipped::Failed];
            for n in scan.not_looked.iter().filter(|n| files.contains(&n.why)) {
                self.not_looked(&relative(&n.path), n.why, out)?;
            }
        }
        Ok(report.is_complete())
    }

    fn show(
        &self,
        path: &[u8],
        blob: BlobId,
        detection: &Detection,
        out: &mut Output,
    ) -> Result<(), ReportError> {
        match self.args.format {
            DetectFormat::Jsonl => json::detection(self.licenses, path, blob, detection, out),
            DetectFormat::Human => human::detection(path, detection, out),
        }
    }

    fn not_looked(&self, path: &[u8], why: Skipped, out: &mut Output) -> anyhow::Result<bool> {
        match self.args.format {
            DetectFormat::Jsonl => json::not_looked(path, why, out)?,
            DetectFormat::Human => {
                anstream::eprintln!(
                    "warning: {} was not looked at: {}",
                    visible(path),
                    why.as_str()
                );
            }
        }
        Ok(!why.is_failure())
    }
}
