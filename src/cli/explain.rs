// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor explain`: why one file has its verdict.

use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use super::args::{Explain, ExplainFormat};
use super::output::{Output, layout};
use super::{CLEAN, setup};
use lictor::clock::Moment;
use lictor::detect::{Detector, is_license_file};
use lictor::diag::{Failure, visible};
use lictor::licenses::Licenses;
use lictor::model::{BlobId, Detection, FileKind};
use lictor::plan::content::{Content, Reader};
use lictor::plan::{self, Checkout, View};
use lictor::policy::{Policy, PolicyRef};
use lictor::report::{Covered, Explanation, How, NONE, human, json};
use lictor::scan::components;
use lictor::scan::conclude::{self, Conclusion, Tree};
use lictor::scan::{DEFAULT_MAX_SIZE, Looked, Scanned, judge_files};
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
    let relative = real.strip_prefix(&checkout.root).unwrap_or(&real).as_os_str().as_bytes();
    let blob = plan::blob_id(&content);
    let concluded = conclude(&checkout, relative, &detection, &detector, licenses)?;
    // What a file points to is its own statement, what speaks for its directory is not.
    let pointed = concluded.as_ref().filter(|c| c.how == How::Pointer).map(|c| c.what.clone());
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
    let born = seen.as_ref().and_then(|s| s.born.clone());
    let mut around = Around::of(&checkout, relative, &detector)?;
    around.files.push((relative.into(), blob, detection.clone()));
    let Checkout { root, view, commit, branch, .. } = &checkout;
    let known = Checkout::known(root.clone(), view.clone(), commit.clone(), branch.clone());
    let scanned = around.judge(known, (relative, born), pointed.as_ref(), licenses, &policy)?;
    let Some(file) = scanned.files.iter().find(|f| &*f.path == relative) else {
        return Err(not_a_file().into());
    };
    let verdict = scanned.verdict(file);
    let curated = file.curated.map(|number| {
        let because = vec![Arc::clone(&scanned.curations[number])];
        let expression = verdict.expression.clone().unwrap_or_else(|| NONE.into());
        Covered { how: How::Curation, what: Conclusion { expression, because } }
    });

    let whole = is_license_file(name.as_bytes());
    let explanation = Explanation {
        concluded: curated.or(concluded),
        altered: detector.altered(&content, whole),
        path: shown.clone(),
        blob,
        decision: verdict.decision.clone(),
        context: scanned.contexts[verdict.context].clone(),
        lapsed: verdict.lapsed.clone(),
        content: &content,
        detection,
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
    path: &[u8],
    detection: &Detection,
    detector: &Detector,
    licenses: &Licenses,
) -> Result<Option<Covered>, Failure> {
    let tree = Disk { checkout, detector, reader: checkout.reader(DEFAULT_MAX_SIZE)? };
    let points = detection.points.as_deref().unwrap_or_default();
    let own = detection.expression.as_deref();
    if let Some(what) = conclude::by_pointers(licenses, &tree, path, own, points) {
        return Ok(Some(Covered { how: How::Pointer, what }));
    }
    if detection.expression.is_some() {
        return Ok(None);
    }
    let what = conclude::by_directory(licenses, &tree, path);
    Ok(what.map(|what| Covered { how: How::Directory, what }))
}

/// The files around one on which its verdict may depend: those that make its directories
/// components, and what they declare.
struct Around {
    files: Vec<(Arc<[u8]>, BlobId, Detection)>,
}

impl Around {
    fn of(checkout: &Checkout, path: &[u8], detector: &Detector) -> Result<Around, Failure> {
        let reader = checkout.reader(DEFAULT_MAX_SIZE)?;
        let mut files = Vec::new();
        let mut content = Vec::new();
        let mut here = path;
        while !here.is_empty() {
            here = components::directory(here);
            for near in listed(checkout, here, components::is_marker) {
                if *near != *path
                    && matches!(reader.read(&near, None, &mut content), Ok(Content::Read(_)))
                {
                    let detection = detector.detect(&content, FileKind::of(&near));
                    files.push((near, plan::blob_id(&content), detection));
                }
            }
        }
        Ok(Around { files })
    }

    /// Judges the files, with what one of them points to and where that was.
    fn judge(
        mut self,
        checkout: Checkout,
        (path, born): (&[u8], Option<Vec<u8>>),
        pointed: Option<&Conclusion>,
        licenses: &Licenses,
        policy: &Policy,
    ) -> Result<Scanned, Failure> {
        self.files.sort_by(|a, b| a.0.cmp(&b.0));
        let born = born.map(|born| (Arc::from(path), Arc::from(born))).into_iter().collect();
        let looked = self.files.iter().map(|(near, blob, detection)| Looked {
            path: Arc::clone(near),
            blob: *blob,
            detection,
            concluded: pointed.filter(|_| **near == *path).cloned(),
        });
        let now = Moment::now();
        judge_files(checkout, "", looked.collect(), born, licenses, policy, now)
    }
}

/// The files of a directory with names that are wanted, sorted.
fn listed(checkout: &Checkout, directory: &[u8], wanted: fn(&[u8]) -> bool) -> Vec<Arc<[u8]>> {
    let listing = std::fs::read_dir(checkout.path_of(directory)).into_iter().flatten();
    let names = listing.flatten().filter(|e| e.file_type().is_ok_and(|t| t.is_file()));
    let names = names.map(|e| e.file_name()).filter(|n| wanted(n.as_bytes()));
    let path = |name: std::ffi::OsString| -> Arc<[u8]> {
        let directory = directory.strip_suffix(b"/").unwrap_or(directory);
        let slash: &[u8] = if directory.is_empty() { b"" } else { b"/" };
        [directory, slash, name.as_bytes()].concat().into()
    };
    let mut paths: Vec<Arc<[u8]>> = names.map(path).collect();
    paths.sort();
    paths
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
        listed(self.checkout, directory, is_license_file)
    }
}
