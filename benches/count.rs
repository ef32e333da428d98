// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Detection on a sample that is the same on every machine and in every version: texts of the SPDX
//! list, and files like those of programs, put together by a generator with a fixed seed.
//! `benches/count.sh` counts the instructions of it.

use std::fmt::Write as _;

use lictor::detect::Detector;
use lictor::licenses::{LicenseText, Licenses};
use lictor::model::FileKind;

/// Words that programs are made of.
const WORDS: [&str; 40] = [
    "int", "static", "struct", "return", "const", "char", "if", "else", "while", "for", "unsigned",
    "void", "buffer", "length", "offset", "device", "index", "count", "result", "error", "flags",
    "lock", "list", "node", "parent", "status", "queue", "packet", "register", "handle", "size",
    "value", "mask", "state", "next", "entry", "timer", "cache", "page", "free",
];
const MARKS: [&str; 12] =
    [" ", " = ", "(", ");\n\t", " * ", "->", ", ", " {\n\t", ";\n\t", " + ", "\n}\n\n", "_"];

/// A linear congruential generator: the same numbers everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    /// A file of a program.
    fn program(&mut self) -> String {
        let mut text = String::new();
        for _ in 0..400 + self.below(1600) {
            text.push_str(WORDS[self.below(WORDS.len())]);
            text.push_str(MARKS[self.below(MARKS.len())]);
        }
        text
    }
}

fn commented(text: &str) -> String {
    let lines = text.lines().fold(String::from("/*\n"), |mut lines, line| {
        let _ = writeln!(lines, " * {line}");
        lines
    });
    lines + " */\n"
}

fn sample(licenses: &Licenses) -> Vec<String> {
    let of_the_list =
        |t: &LicenseText| !t.id.starts_with("LicenseRef-") && !t.id.starts_with("AdditionRef-");
    let (headers, texts): (Vec<_>, Vec<_>) =
        licenses.texts().into_iter().filter(of_the_list).partition(|t| t.header);
    let mut numbers = Numbers(20_261_122);
    let mut files: Vec<String> = texts.iter().step_by(16).map(|t| t.text.to_owned()).collect();
    for n in 0..2000 {
        let program = numbers.program();
        files.push(match n % 10 {
            0 | 1 => format!("// SPDX-License-{}: GPL-2.0-only OR MIT\n{program}", "Identifier"),
            2 if n % 100 == 2 => commented(headers[numbers.below(headers.len())].text) + &program,
            3 => format!("/* Licensed under the Apache License, {} 2.0 */\n{program}", "Version"),
            _ => program,
        });
    }
    files
}

#[allow(clippy::print_stdout, reason = "this is a program")]
fn main() {
    let licenses = Licenses::builtin();
    let detector = Detector::new(licenses);
    detector.prepare();
    let sample = sample(licenses);
    let bytes: usize = sample.iter().map(String::len).sum();
    let found = sample
        .iter()
        .filter(|text| detector.detect(text.as_bytes(), FileKind::Plain).expression.is_some())
        .count();
    println!("{} files, {bytes} bytes, licenses found in {found}", sample.len());
}
