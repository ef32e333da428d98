// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor audit`: the history of violations as evidence.

use std::io::Write;

use super::args::Audit;
use super::output::Output;
use super::{CLEAN, FAILED, setup};
use lictor::diag::{Failure, visible};
use lictor::report::{ReportError, json};
use lictor::store::Store;

pub fn run(command: &Audit) -> anyhow::Result<u8> {
    match command {
        Audit::Verify { store, head } => {
            verify(&Store::open_existing(&setup::store_path(store)?)?, head.as_deref())
        }
        Audit::Policy { digest, store } => {
            let store = Store::open_existing(&setup::store_path(store)?)?;
            let Some(files) = store.policy(digest)?.filter(|_| digest.len() >= 8) else {
                let message = format!("no policy `{}` is kept", visible(digest.as_bytes()));
                let help = "`lictor audit export` and reports name digests; give 8 digits or more";
                return Err(Failure::new(message).help(help).into());
            };
            let mut out = Output::open(None)?;
            for (name, text) in files {
                writeln!(out, "# --- {}\n{text}", visible(name.as_bytes()))?;
            }
            out.finish()?;
            Ok(CLEAN)
        }
        Audit::Export { store, after } => {
            export(&Store::open_existing(&setup::store_path(store)?)?, *after)
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn verify(store: &Store, noted: Option<&str>) -> anyhow::Result<u8> {
    let verified = store.verify_events()?;
    if let Some((seq, how)) = verified.broken {
        return Err(Failure::new(format!("event {seq} is broken: {how}"))
            .help("whatever stands behind it proves nothing; compare with an export or a backup")
            .into());
    }
    let mut found = verified.head == [0; 32] && noted == Some(&hex(&verified.head));
    if let Some(noted) = noted {
        store.events(0, None, &mut |e| {
            found |= hex(&e.hash) == noted;
            !found
        })?;
        if !found {
            let noted = visible(noted.as_bytes());
            return Err(Failure::new(format!("no event has the hash {noted}"))
                .help("the history is whole in itself, but not the one that was noted")
                .into());
        }
    }
    let mut out = Output::open(None)?;
    let code = match verified.events {
        0 => writeln!(out, "No events.").map(|()| CLEAN),
        n => writeln!(out, "{n} events are what was written; head {}", hex(&verified.head))
            .map(|()| CLEAN),
    };
    let code = code.unwrap_or(FAILED);
    out.finish()?;
    Ok(code)
}

fn export(store: &Store, after: i64) -> anyhow::Result<u8> {
    let mut out = Output::open(None)?;
    let mut written = Ok(());
    store.events(after, None, &mut |e| {
        written = writeln!(out, "{}", json::event(&e));
        written.is_ok()
    })?;
    written.map_err(ReportError::from)?;
    out.finish()?;
    Ok(CLEAN)
}
