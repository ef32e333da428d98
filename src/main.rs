// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The `lictor` binary: arguments in, exit code out. What it does lives in the library.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
