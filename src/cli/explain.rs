// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor explain`: why one file has its verdict.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use super::args::{Explain, ExplainFormat};
use super::output::{Output, layout};
use super::{CLEAN, setup};
use lictor::detect::{Detector, is_license_file};
use lictor::diag::{Failure, visible};
use lictor::licenses::Licenses;
use lictor::model::{Detection, FileKind};
use lictor::plan::content::{Content, Reader};
use lictor::plan::{self, Checkout, View};
use lictor::policy::PolicyRef;
use lictor::report::{Covered, Explanation, human, json};
use lictor::scan::DEFAULT_MAX_SIZE;
use lictor::scan::conclude::{self, Tree};
use lictor::store::Store;

pub fn run(args: &Explain, licenses: &'static Licenses) -> anyhow::Result<u8> {
    let policy = setup::policy(&args.policy, licenses)?;
    let shown = visible(args.path.as_os_str().as_bytes());
    let fail = |e: std::io::Error| {
        Failure::new(format!("cannot read {shown}"))
            .caused_by(e)
            .help("name a file that exists and that you may read")
    };
    let real = std::fs::canonicalize(&args.path).map_err(fail)?;
    let not_a_file = || {
        Failure::new(format!("{shown} is not a file")).help("to see a directory, use `lictor scan`")
    };
    let (Some(directory), Some(name)) = (real.parent(), real.file_name()) else {
        return Err(not_a_file().into());
    };
    let mut content = Vec::new();
    match Reader::files(directory, DEFAULT_MAX_SIZE)?
        .read(name.as_bytes(), None, &mut content)
        .map_err(fail)?
    {
        Content::Read(_) => {}
        Content::TooLarge(size) => {
            let message = format!(
                "{shown} is not looked at: {size} bytes are over the limit of {DEFAULT_MAX_SIZE}"
            );
            return Err(Failure::new(message).into());
        }
        Content::Special | Content::Vanished => return Err(not_a_file().into()),
    }
    let detector = Detector::new(licenses);
    let detection = detector.detect(&content, FileKind::of(real.as_os_str().as_bytes()));
    let checkout = Checkout::find(directory, View::Worktree)?;
    let concluded = conclude(&checkout, &real, &detection, &detector, licenses)?;
    // What a file points to is its own statement, what speaks for its directory is not.
    let judged = concluded.as_ref().filter(|c| c.pointed).map(|c| &c.what.expression);
    let judged = judged.or(detection.expression.as_ref());
    let expression = judged.and_then(|e| licenses.parse(e).ok());
    let judged = match &expression {
        Some(e) => e.terms().into_iter().map(|t| policy.judge(licenses, t)).collect(),
        None => Vec::new(),
    };

    // What is remembered is told with the verdict of today, which needs no store.
    let path = setup::store_path(&args.store)?;
    let seen = match path.exists() {
        true => {
            let store = Store::open_existing(&path)?;
            // A directory that is no repository was scanned from wherever it was named.
            let plain = checkout.commit.is_none() && !checkout.root.join(".git").exists();
            let mut seen = None;
            for root in checkout.root.ancestors().take(if plain { usize::MAX } else { 1 }) {
                let relative = real.strip_prefix(root).unwrap_or(&real).as_os_str().as_bytes();
                seen = store.seen(root.as_os_str().as_bytes(), relative)?;
                if seen.is_some() {
                    break;
                }
            }
            seen
        }
        false => None,
    };
    let whole = is_license_file(name.as_bytes());
    let explanation = Explanation {
        concluded,
        altered: detector.altered(&content, whole),
        path: shown.clone(),
        blob: plan::blob_id(&content),
        decision: policy.decide(licenses, expression.as_ref()),
        content: &content,
        detection,
        judged,
        policy: PolicyRef::from(&policy),
        engine: detector.engine(),
        seen,
    };
    let mut out = Output::open(None)?;
    match args.format {
        ExplainFormat::Human => human::explain(&explanation, layout(args.all), &mut out)?,
        ExplainFormat::Json => json::explain(&explanation, &mut out)?,
    }
    out.finish()?;
    Ok(CLEAN)
}

/// What the other files of a checkout say for one, as they are on disk now.
fn conclude(
    checkout: &Checkout,
    real: &Path,
    detection: &Detection,
    detector: &Detector,
    licenses: &Licenses,
) -> Result<Option<Covered>, Failure> {
    let path = real.strip_prefix(&checkout.root).unwrap_or(real).as_os_str().as_bytes();
    let tree = Disk { checkout, detector, reader: checkout.reader(DEFAULT_MAX_SIZE)? };
    let points = detection.points.as_deref().unwrap_or_default();
    let own = detection.expression.as_deref();
    if let Some(what) = conclude::by_pointers(licenses, &tree, path, own, points) {
        return Ok(Some(Covered { pointed: true, what }));
    }
    if detection.expression.is_some() {
        return Ok(None);
    }
    let what = conclude::by_directory(licenses, &tree, path);
    Ok(what.map(|what| Covered { pointed: false, what }))
}

/// A checkout's work tree. What cannot be read is not there: a scan says so.
struct Disk<'a> {
    checkout: &'a Checkout,
    detector: &'a Detector,
    reader: Reader,
}

impl Tree for Disk<'_> {
    fn said(&self, path: &[u8]) -> Option<Option<Arc<str>>> {
        let mut content = Vec::new();
        match self.reader.read(path, None, &mut content).ok()? {
            Content::Read(_) => Some(self.detector.detect(&content, FileKind::of(path)).expression),
            _ => None,
        }
    }

    fn license_files(&self, directory: &[u8]) -> Vec<Arc<[u8]>> {
        let listing = std::fs::read_dir(self.checkout.path_of(directory)).into_iter().flatten();
        let names = listing.flatten().filter(|e| e.file_type().is_ok_and(|t| t.is_file()));
        let names = names.map(|e| e.file_name()).filter(|n| is_license_file(n.as_bytes()));
        let path = |name: std::ffi::OsString| -> Arc<[u8]> {
            let directory = directory.strip_suffix(b"/").unwrap_or(directory);
            let slash: &[u8] = if directory.is_empty() { b"" } else { b"/" };
            [directory, slash, name.as_bytes()].concat().into()
        };
        let mut paths: Vec<Arc<[u8]>> = names.map(path).collect();
        paths.sort();
        paths
    }
}
