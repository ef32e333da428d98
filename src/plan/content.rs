// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Reading contents: from files, without following a link and never more than the limit,
//! or from git's objects.
//!
//! Files are opened with `openat2(2)` and `RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS`, so that a
//! directory that is swapped for a link while the scan runs leads nowhere. Kernels before
//! Linux 5.6 get `O_NOFOLLOW` on the last part.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::Stat;
use crate::diag::{Failure, visible};
use crate::model::BlobId;

/// What reading came to.
pub enum Content {
    /// In the buffer. The stat is `None` when the file changed while it was read.
    Read(Option<Stat>),
    TooLarge(u64),
    /// It was there when the plan was made and is not any more.
    Vanished,
    /// It is no regular file any more.
    Special,
}

/// Reads contents of one checkout; one for each thread.
pub struct Reader {
    source: Source,
    limit: u64,
}

enum Source {
    Files(OwnedFd),
    Objects(git2::Repository),
}

impl Reader {
    /// A reader of the files below a directory, up to `limit` bytes each.
    ///
    /// # Errors
    /// The directory cannot be opened.
    pub fn files(root: &Path, limit: u64) -> Result<Reader, Failure> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root_fd = rustix::fs::open(root, flags, Mode::empty()).map_err(|e| {
            let shown = visible(root.as_os_str().as_encoded_bytes());
            Failure::new(format!("cannot open {shown}")).caused_by(io::Error::from(e))
        })?;
        Ok(Reader { source: Source::Files(root_fd), limit })
    }

    pub(super) fn objects(git_dir: &Path, limit: u64) -> Result<Reader, Failure> {
        let repo = git2::Repository::open(git_dir).map_err(|e| {
            let shown = visible(git_dir.as_os_str().as_encoded_bytes());
            Failure::new(format!("cannot open the repository {shown}")).caused_by(e)
        })?;
        Ok(Reader { source: Source::Objects(repo), limit })
    }

    /// Puts the content of a file into `buffer`.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn read(
        &self,
        path: &[u8],
        git: Option<BlobId>,
        buffer: &mut Vec<u8>,
    ) -> io::Result<Content> {
        buffer.clear();
        match (&self.source, git) {
            (Source::Files(root), _) => read_file(root, path, self.limit, buffer),
            (Source::Objects(repo), Some(id)) => self
                .read_object(repo, id, buffer)
                .map_err(|e| io::Error::other(e.message().to_owned())),
            (Source::Objects(_), None) => Err(io::Error::other("git names no object for it")),
        }
    }

    fn read_object(
        &self,
        repo: &git2::Repository,
        id: BlobId,
        buffer: &mut Vec<u8>,
    ) -> Result<Content, git2::Error> {
        let odb = repo.odb()?;
        let oid = git2::Oid::from_bytes(&id.0)?;
        // The header tells the size before a huge object is unpacked into memory.
        let (size, _) = odb.read_header(oid)?;
        if size as u64 > self.limit {
            return Ok(Content::TooLarge(size as u64));
        }
        buffer.extend_from_slice(odb.read(oid)?.data());
        Ok(Content::Read(None))
    }
}

fn read_file(root: &OwnedFd, path: &[u8], limit: u64, buffer: &mut Vec<u8>) -> io::Result<Content> {
    let file = match open(root, path) {
        Ok(fd) => File::from(fd),
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Content::Vanished),
        // ELOOP: a link now; ENXIO: a FIFO or socket without its other end.
        Err(Errno::LOOP | Errno::XDEV | Errno::NXIO) => return Ok(Content::Special),
        Err(e) => return Err(e.into()),
    };
    let stat = rustix::fs::fstat(&file)?;
    if !rustix::fs::FileType::from_raw_mode(stat.st_mode).is_file() {
        return Ok(Content::Special);
    }
    let before = Stat::of(&stat);
    if before.size > limit {
        return Ok(Content::TooLarge(before.size));
    }
    // One more than expected: the read that meets the end needs no second call.
    buffer.reserve(usize::try_from(before.size).unwrap_or(0) + 1);
    let read = (&file).take(limit + 1).read_to_end(buffer)? as u64;
    if read > limit {
        buffer.clear();
        return Ok(Content::TooLarge(read));
    }
    let after = Stat::of(&rustix::fs::fstat(&file)?);
    Ok(Content::Read((before == after && read == after.size).then_some(after)))
}

fn open(root: &OwnedFd, path: &[u8]) -> rustix::io::Result<OwnedFd> {
    // NONBLOCK: a FIFO that took the file's place must not hang the scan.
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    match rustix::fs::openat2(root, path, flags, Mode::empty(), resolve) {
        // Old kernels do not know the call; some sandboxes refuse it.
        Err(Errno::NOSYS | Errno::PERM) => rustix::fs::openat(root, path, flags, Mode::empty()),
        other => other,
    }
}

/// The stat of a file by its path, without following a link; `None` when there is none.
pub(super) fn stat(path: &Path) -> Option<Stat> {
    let stat = rustix::fs::statat(rustix::fs::CWD, path, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    Some(Stat::of(&stat))
}
