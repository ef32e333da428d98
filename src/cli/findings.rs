// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor findings`: what earlier scans found.

use std::io::Write;

use super::args::{Findings, FindingsFormat};
use super::output::Output;
use super::{CLEAN, setup};
use lictor::diag::{Failure, visible};
use lictor::licenses::Licenses;
use lictor::report::{ReportError, csv, human, json};
use lictor::store::{Filter, Finding, Store};

pub fn run(args: &Findings, licenses: &'static Licenses) -> anyhow::Result<u8> {
    let filter = filter(args, licenses)?;
    let store = Store::open_existing(&setup::store_path(&args.store)?)?;
    let mut out = Output::open(None)?;
    match args.format {
        FindingsFormat::Human => {
            each(&store, licenses, &filter, &mut |f| human::finding(f, &mut out))?
        }
        FindingsFormat::Jsonl => {
            each(&store, licenses, &filter, &mut |f| json::finding(f, &mut out))?
        }
        FindingsFormat::Json => {
            let mut document = json::Findings::begin(&mut out)?;
            each(&store, licenses, &filter, &mut |f| document.add(f))?;
            document.end()?;
        }
        FindingsFormat::Csv => {
            let mut rows = csv::Findings::new(&mut out)?;
            each(&store, licenses, &filter, &mut |f| rows.row(f))?;
            rows.finish()?;
        }
    }
    out.flush().map_err(ReportError::from)?;
    out.finish()?;
    Ok(CLEAN)
}

fn filter(args: &Findings, licenses: &Licenses) -> Result<Filter, Failure> {
    let checkout = match &args.checkout {
        // A checkout that is gone is still in the store under its path.
        Some(path) => Some(
            std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).map_err(|e| {
                let shown = visible(path.as_os_str().as_encoded_bytes());
                Failure::new(format!("{shown} is no path")).caused_by(e)
            })?,
        ),
        None => None,
    };
    let path = args.path.as_deref().map(Filter::glob).transpose()?;
    let license = args.license.as_deref().map(|id| licenses.known_id(id)).transpose()?;
    Ok(Filter {
        checkout,
        path,
        license,
        category: args.category,
        outcome: args.outcome,
        state: args.state,
        violations: false,
        after: None,
    })
}

fn each(
    store: &Store,
    licenses: &Licenses,
    filter: &Filter,
    write: &mut dyn FnMut(&Finding) -> Result<(), ReportError>,
) -> Result<(), ReportError> {
    let mut written = Ok(());
    store.findings(licenses, filter, &mut |f| {
        written = write(&f);
        written.is_ok()
    })?;
    written
}
