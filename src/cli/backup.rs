// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor backup`: a copy of a store in use, of which old ones go. What it prints is the path
//! of the copy, for whoever takes it elsewhere.

use std::io::Write;

use super::args::Backup;
use super::output::Output;
use super::{CLEAN, setup};
use lictor::clock::Moment;
use lictor::diag::visible;
use lictor::store;

pub fn run(args: &Backup) -> anyhow::Result<u8> {
    let made = store::backup(&setup::store_path(&args.store)?, &args.to, Moment::now())?;
    let mut out = Output::open(None)?;
    writeln!(out, "{}", visible(made.as_os_str().as_encoded_bytes()))?;
    out.finish()?;
    if let Some(keep) = args.keep {
        for old in store::rotate(&args.to, usize::from(keep))? {
            tracing::info!(path = %old.display(), "removed an old backup");
        }
    }
    Ok(CLEAN)
}
