// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Where reports go: standard output, with colors only where they are wanted, or a file.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice};

use lictor::diag::{Failure, visible};
use lictor::report::human::Layout;

/// Large enough that a report of a big tree is written in few steps, in bytes.
const BUFFER: usize = 1 << 16;

/// A report's way out. A file appears only when it is whole.
pub enum Output {
    Stdout(BufWriter<AutoStream<io::StdoutLock<'static>>>),
    File { out: BufWriter<AutoStream<File>>, part: Option<Part>, whole: PathBuf },
}

/// A file that is removed unless it becomes whole.
pub struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // It is gone where it became whole.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Output {
    pub fn open(path: Option<&Path>) -> Result<Output, Failure> {
        let Some(whole) = path else {
            return Ok(Output::Stdout(BufWriter::with_capacity(
                BUFFER,
                AutoStream::auto(io::stdout()).lock(),
            )));
        };
        // What a link names is replaced, not the link; a device or FIFO is written as it is.
        let whole = std::fs::canonicalize(whole).unwrap_or_else(|_| whole.to_owned());
        if std::fs::metadata(&whole).is_ok_and(|m| !m.is_file() && !m.is_dir()) {
            let file = File::options().write(true).open(&whole);
            let file = file.map_err(|e| cannot_write(&whole, e))?;
            let out = BufWriter::with_capacity(BUFFER, AutoStream::new(file, ColorChoice::Never));
            return Ok(Output::File { out, part: None, whole });
        }
        let mut part = whole.clone().into_os_string();
        part.push(format!(".{}.part", std::process::id()));
        let part = PathBuf::from(part);
        let file = File::create(&part).map_err(|e| cannot_write(&whole, e))?;
        Ok(Output::File {
            out: BufWriter::with_capacity(BUFFER, AutoStream::new(file, ColorChoice::Never)),
            part: Some(Part(part)),
            whole,
        })
    }

    /// Puts what was written where it belongs.
    pub fn finish(self) -> anyhow::Result<()> {
        match self {
            Output::Stdout(mut out) => Ok(out.flush()?),
            Output::File { mut out, part, whole } => {
                let done = out.flush().and_then(|()| match &part {
                    Some(part) => std::fs::rename(&part.0, &whole),
                    None => Ok(()),
                });
                done.map_err(|e| cannot_write(&whole, e))?;
                Ok(())
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Stdout(out) => out.write(bytes),
            Output::File { out, .. } => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Stdout(out) => out.flush(),
            Output::File { out, .. } => out.flush(),
        }
    }
}

fn cannot_write(path: &Path, e: io::Error) -> Failure {
    Failure::new(format!("cannot write {}", visible(path.as_os_str().as_encoded_bytes())))
        .caused_by(e)
        .help("name a file in a directory that exists and that you may write, with --output")
}

/// How wide the terminal is; 100 columns where there is none.
pub fn layout(all: bool) -> Layout {
    let width = io::stdout()
        .is_terminal()
        .then(terminal_size::terminal_size)
        .flatten()
        .map_or(100, |(width, _)| usize::from(width.0));
    Layout { width: width.clamp(40, 160), all }
}
