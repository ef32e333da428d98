// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! `lictor obligations`: what a release owes for the licenses in it.

use std::collections::BTreeMap;

use super::args::{Obligations, TryFormat};
use super::output::Output;
use super::policy::each;
use super::{CLEAN, setup};
use lictor::diag::{Failure, did_you_mean, visible};
use lictor::licenses::Licenses;
use lictor::report::obligations::{Owing, human, json};

pub fn run(args: &Obligations, licenses: &'static Licenses) -> anyhow::Result<u8> {
    let policy = setup::policy(&args.policy, licenses)?;
    let mut wanted = args.context.iter();
    if let Some(name) = wanted.find(|name| policy.contexts.number(name).is_none()) {
        let names: Vec<&str> = policy.contexts.names().iter().map(String::as_str).collect();
        let help = did_you_mean(name, &names)
            .unwrap_or_else(|| format!("the policy knows: {}", names.join(", ")));
        let message = format!("there is no context `{}`", visible(name.as_bytes()));
        return Err(Failure::new(message).help(help).into());
    }
    let mut owing: BTreeMap<String, Owing> = BTreeMap::new();
    each(&args.known, licenses, &policy, &mut |known, scanned, _, _| {
        for f in &scanned.files {
            let verdict = scanned.verdict(f);
            let Some(expression) = &verdict.expression else { continue };
            let context = &scanned.contexts[verdict.context];
            if !args.context.is_empty() && !args.context.contains(context) {
                continue;
            }
            // What was not chosen is not owed.
            let chosen = verdict.decision.choice.as_deref().unwrap_or(expression);
            let terms = licenses.parse(chosen).ok();
            for term in terms.iter().flat_map(|e| e.terms()) {
                let owing = owing
                    .entry(term.to_string())
                    .or_insert_with(|| Owing::new(licenses.obligations(term), &args.trigger));
                owing.files.push([&known.root[..], b"/", &f.path].concat());
            }
        }
        Ok(())
    })?;
    let mut out = Output::open(None)?;
    match args.format {
        TryFormat::Human => human(&owing, args.all, &mut out)?,
        TryFormat::Json => json(&owing, &mut out)?,
    }
    out.finish()?;
    Ok(CLEAN)
}
