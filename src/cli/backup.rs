// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor backup`: a copy of a store in use, of which old ones go. What it prints is the path
//! of the copy, for whoever takes it elsewhere.

use std::io::Write;
use std::path::Path;

use super::args::{Backup, StoreArg};
use super::output::Output;
use super::{CLEAN, setup};
use lictor::clock::Moment;
use lictor::config::{Config, DEFAULT_PATH};
use lictor::diag::visible;
use lictor::store;

pub fn run(args: &Backup) -> anyhow::Result<u8> {
    let (config, to) = match (&args.config, &args.to) {
        (None, Some(to)) => (None, to.clone()),
        (named, to) => {
            let config = Config::load(named.as_deref().unwrap_or(Path::new(DEFAULT_PATH)))?;
            let to = to.clone().unwrap_or_else(|| config.backups());
            (Some(config), to)
        }
    };
    let configured = config.as_ref().map(|c| c.store.clone());
    let store = StoreArg { store: args.store.store.clone().or(configured) };
    let made = store::backup(&setup::store_path(&store)?, &to, Moment::now())?;
    let mut out = Output::open(None)?;
    writeln!(out, "{}", visible(made.as_os_str().as_encoded_bytes()))?;
    out.finish()?;
    if let Some(keep) = args.keep.or(config.map(|c| c.backup.keep)) {
        for old in store::rotate(&to, usize::try_from(keep)?)? {
            tracing::info!(path = %old.display(), "removed an old backup");
        }
    }
    Ok(CLEAN)
}
