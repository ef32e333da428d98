// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor explain`: why one file has its verdict.

use std::os::unix::ffi::OsStrExt;

use super::args::{Explain, ExplainFormat};
use super::output::{Output, layout};
use super::{CLEAN, setup};
use lictor::detect::Detector;
use lictor::diag::{Failure, visible};
use lictor::licenses::Licenses;
use lictor::model::FileKind;
use lictor::plan::content::{Content, Reader};
use lictor::plan::{self, Checkout, View};
use lictor::policy::PolicyRef;
use lictor::report::{Explanation, human, json};
use lictor::scan::{DEFAULT_MAX_SIZE, components};
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
    let expression = detection.expression.as_deref().and_then(|e| licenses.parse(e).ok());
    let judged = match &expression {
        Some(e) => e.terms().into_iter().map(|t| policy.judge(licenses, t)).collect(),
        None => Vec::new(),
    };

    // What is remembered is told with the verdict of today, which needs no store.
    let checkout = Checkout::find(directory, View::Worktree)?;
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
    let whole = components::is_license_file(name.as_bytes());
    let explanation = Explanation {
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
