// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Reads what the configuration names: the license database and the policy.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::pass::Tools;
use crate::config::{Config, LoadError};
use crate::detect::Detector;
use crate::diag::Failure;
use crate::licenses::Licenses;
use crate::licenses::rules::OverlayError;
use crate::policy::{self, Policy};

/// A configuration with all that it names.
pub struct Loaded {
    pub config: Config,
    pub tools: Arc<Tools>,
    /// Files and directories from which all of it comes.
    pub files: Vec<PathBuf>,
}

/// Reads a configuration alone.
///
/// # Errors
/// It cannot be read or is wrong.
pub fn config(path: &Path) -> Result<Config, Failure> {
    Config::load(path).map_err(|e| match e {
        LoadError::Failure(failure) => failure,
        LoadError::Mistakes(mistakes) => {
            Failure::config("the configuration is wrong").because_of(vec![mistakes])
        }
    })
}

/// Reads a configuration and what it names. What is the same as before is taken from there.
///
/// # Errors
/// Something cannot be read or is wrong; all mistakes of one kind of file are told.
pub fn load(path: &Path, before: Option<&Tools>) -> Result<Loaded, Failure> {
    let config = config(path)?;
    let licenses = licenses(config.license_db.as_deref(), before)?;
    let policy = match &config.policy {
        Some(path) => Policy::load(path, licenses).map_err(|e| match e {
            policy::LoadError::Failure(failure) => failure,
            policy::LoadError::Mistakes(mistakes) => {
                Failure::config("the policy is wrong").because_of(mistakes)
            }
        })?,
        None => Policy::builtin(licenses),
    };
    let same = before.filter(|b| b.licenses.digest() == licenses.digest());
    let detector = match same {
        Some(before) => Arc::clone(&before.detector),
        None => Arc::new(Detector::new(licenses)),
    };
    let mut files = vec![config.origin.clone()];
    files.extend(config.license_db.clone());
    files.extend(policy.sources.iter().map(|s| PathBuf::from(&s.name)).filter(|p| p.is_absolute()));
    files.extend(config.policy.clone());
    let max_size = config.scan.max_file_size;
    let tools = Tools { licenses, detector, policy: Arc::new(policy), max_size };
    Ok(Loaded { config, tools: Arc::new(tools), files })
}

fn licenses(
    directory: Option<&Path>,
    before: Option<&Tools>,
) -> Result<&'static Licenses, Failure> {
    let Some(directory) = directory else { return Ok(Licenses::builtin()) };
    let laid = Licenses::load_overlay(directory).map_err(|e| match e {
        OverlayError::Failure(failure) => failure,
        OverlayError::Mistakes(mistakes) => {
            Failure::config("the license database is wrong").because_of(mistakes)
        }
    })?;
    Ok(match before.filter(|b| b.licenses.digest() == laid.digest()) {
        Some(before) => before.licenses,
        // Databases are shared among threads until the end. They change a few times a year.
        None => Box::leak(Box::new(laid)),
    })
}
