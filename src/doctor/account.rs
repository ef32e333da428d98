// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What a user may read and write, by the modes of files.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use rustix::fs::{Access, AtFlags, CWD};

use crate::diag::visible;

/// What is wanted of a file or directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// To read a file, or to list a directory and go on into it.
    Read,
    /// To write a file, or to make and remove files in a directory.
    Write,
}

/// A user.
#[derive(Debug, Clone)]
pub struct Account {
    /// Safe to print.
    pub name: String,
    pub uid: u32,
    pub groups: Vec<u32>,
    /// Reads whatever the modes are.
    pub reads_all: bool,
    /// It is the user of this process.
    pub is_here: bool,
}

impl Account {
    /// The user of this process.
    pub fn here() -> Account {
        let uid = rustix::process::geteuid();
        let name = match id(&["-un"]) {
            Some(name) => visible(name.as_bytes()),
            None => format!("user {}", uid.as_raw()),
        };
        Account {
            name,
            uid: uid.as_raw(),
            groups: Vec::new(),
            reads_all: uid.is_root(),
            is_here: true,
        }
    }

    /// A user by name; `None` if there is none.
    pub fn find(name: &str, reads_all: bool) -> Option<Account> {
        let uid = id(&["-u", name])?.parse().ok()?;
        let groups = id(&["-G", name])?.split(' ').filter_map(|g| g.parse().ok()).collect();
        Some(Account {
            name: visible(name.as_bytes()),
            uid,
            groups,
            reads_all: reads_all || uid == 0,
            is_here: uid == rustix::process::geteuid().as_raw(),
        })
    }

    /// Whether the user may do this with what is there, and come to it. Access lists are not
    /// read: what has one counts as permitted.
    pub fn may(&self, want: Want, path: &Path) -> bool {
        if self.is_here {
            let access = match (want, path.is_dir()) {
                (Want::Read, true) => Access::READ_OK | Access::EXEC_OK,
                (Want::Read, false) => Access::READ_OK,
                (Want::Write, true) => Access::WRITE_OK | Access::EXEC_OK,
                (Want::Write, false) => Access::READ_OK | Access::WRITE_OK,
            };
            return rustix::fs::accessat(CWD, path, access, AtFlags::EACCESS).is_ok();
        }
        if self.uid == 0 || self.reads_all && want == Want::Read {
            return true;
        }
        // What is above must be gone through.
        let above = path.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty());
        if !self.reads_all && !above.into_iter().all(|p| self.has(p, 0o1)) {
            return false;
        }
        self.has(
            path,
            match (want, path.is_dir()) {
                (Want::Read, true) => 0o5,
                (Want::Read, false) => 0o4,
                (Want::Write, true) => 0o3,
                (Want::Write, false) => 0o6,
            },
        )
    }

    /// Whether the mode gives the user these bits.
    fn has(&self, path: &Path, bits: u32) -> bool {
        let Ok(meta) = std::fs::metadata(path) else { return false };
        let given = if meta.uid() == self.uid {
            meta.mode() >> 6
        } else if self.groups.contains(&meta.gid()) {
            meta.mode() >> 3
        } else {
            meta.mode()
        };
        let has_list = || {
            let mut size = [0; 0];
            rustix::fs::getxattr(path, "system.posix_acl_access", &mut size).is_ok_and(|n| n > 0)
        };
        given & bits == bits || has_list()
    }
}

/// What id(1) answers, which knows users of directories as well.
fn id(args: &[&str]) -> Option<String> {
    let out = Command::new("id").args(args).output().ok().filter(|o| o.status.success())?;
    Some(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}
