// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor findings`: what earlier scans found.

use std::io::Write;

use globset::GlobBuilder;

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
    let path = match &args.path {
        Some(glob) => {
            let built = GlobBuilder::new(glob).literal_separator(true).build().map_err(|e| {
                Failure::new(format!("`{}` is no glob", visible(glob.as_bytes())))
                    .caused_by(e)
                    .help("write for example 'drivers/**/*.c' or '**/LICENSE*'")
            })?;
            Some(built.compile_matcher())
        }
        None => None,
    };
    let license = match &args.license {
        Some(id) => Some(known(licenses, id)?),
        None => None,
    };
    Ok(Filter {
        checkout,
        path,
        license,
        category: args.category,
        outcome: args.outcome,
        state: args.state,
    })
}

/// The list's spelling of an id; a `LicenseRef-` is its own.
fn known(licenses: &Licenses, id: &str) -> Result<String, Failure> {
    if let Some(known) = licenses.exception_id(id) {
        return Ok(known.to_owned());
    }
    match licenses.parse(id) {
        Ok(e) if e.ids().len() > 1 => {
            let message = format!("`{}` is more than one id", visible(id.as_bytes()));
            Err(Failure::new(message).help("name one license or exception"))
        }
        Ok(e) => Ok(e.to_string()),
        Err(e) => {
            let failure = Failure::new(visible(e.message.as_bytes()));
            Err(Failure { help: e.help, ..failure })
        }
    }
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
