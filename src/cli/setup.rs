// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! From arguments to things: policies, stores, thread pools, signals.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use signal_hook::consts::{SIGINT, SIGTERM};

use super::args::{PolicyArg, Selection, StoreArg, Work};
use lictor::diag::Failure;
use lictor::licenses::Licenses;
use lictor::licenses::rules::{OverlayError, Source};
use lictor::plan;
use lictor::policy::{LoadError, Policy};
use lictor::scan::Progress;

/// The license database, with a directory of the user's own laid over it.
pub fn licenses(overlay: Option<&Path>) -> Result<&'static Licenses, OverlayError> {
    match overlay {
        Some(directory) => Ok(leak(Licenses::load_overlay(directory)?)),
        None => Ok(Licenses::builtin()),
    }
}

/// The license database with these files laid over it.
pub fn lay(files: Vec<Source>) -> Result<&'static Licenses, OverlayError> {
    Licenses::overlay(files).map(leak).map_err(OverlayError::Mistakes)
}

/// A process has one database, loaded once, and detectors share it among threads until the end.
fn leak(licenses: Licenses) -> &'static Licenses {
    Box::leak(Box::new(licenses))
}

pub fn policy(args: &PolicyArg, licenses: &Licenses) -> Result<Policy, LoadError> {
    match &args.policy {
        Some(path) => Policy::load(path, licenses),
        None => Ok(Policy::builtin(licenses)),
    }
}

/// The store's place by the arguments, or by the XDG Base Directory Specification.
pub fn store_path(args: &StoreArg) -> Result<PathBuf, Failure> {
    if let Some(path) = &args.store {
        return Ok(path.clone());
    }
    let absolute =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    absolute("XDG_STATE_HOME")
        .or_else(|| Some(absolute("HOME")?.join(".local/state")))
        .map(|base| base.join("lictor/lictor.db"))
        .ok_or_else(|| {
            Failure::new("there is no place for the store: neither XDG_STATE_HOME nor HOME is set")
                .help("name a file with --store, or use --no-store")
        })
}

pub fn selection(args: &Selection) -> plan::Selection {
    plan::Selection { no_untracked: args.no_untracked, include_ignored: args.include_ignored }
}

/// Sizes the pool that all parallel work uses.
pub fn threads(work: &Work) -> Result<(), Failure> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(work.threads.map_or(0, usize::from))
        .thread_name(|n| format!("worker-{n}"))
        // Room for walking directories nested `plan::MAX_DEPTH` deep.
        .stack_size(16 << 20)
        .build_global()
        .map_err(|e| {
            Failure::new("cannot start the worker threads")
                .caused_by(e)
                .help("try fewer with --threads")
        })
}

/// Lets the first SIGINT or SIGTERM end the scan in good order and the second one at once.
pub fn interruptible(progress: &Arc<Progress>) -> Result<(), Failure> {
    let fail = |e| Failure::new("cannot watch for signals").caused_by(e);
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]).map_err(fail)?;
    let progress = Arc::clone(progress);
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if progress.cancelled.swap(true, Ordering::Relaxed) {
                // Dies of the signal, as whoever sent it twice expects.
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        }
    });
    Ok(())
}
