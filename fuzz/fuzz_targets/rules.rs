// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Rule and license files, up to four of them, divided by NUL.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lictor::licenses::Licenses;
use lictor::licenses::rules::Source;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let files = || {
        // The first character of a file says which kind of file it is.
        let name = |n: usize, part: &str| match part.starts_with('L') {
            true => format!("{n}.LICENSE"),
            false => format!("{n}.RULE"),
        };
        let file = |(n, part): (usize, &str)| {
            Source::new(&name(n, part), part.strip_prefix(['L', 'R']).unwrap_or(part).to_owned())
        };
        text.splitn(4, '\0').enumerate().map(file).collect::<Vec<_>>()
    };
    let wrong = match Licenses::alone(files()) {
        Ok(db) => {
            for rule in db.rules() {
                assert_eq!(rule.expression.is_some(), rule.kind.reports(), "{rule:?}");
                assert!(rule.source.text.get(rule.body..).is_some(), "{rule:?}");
                for phrase in &rule.required {
                    assert!(rule.text.get(phrase.clone()).is_some(), "{rule:?}");
                }
                for e in rule.examples.iter().chain(&rule.counterexamples) {
                    assert!(rule.source.text.get(e.span.clone()).is_some(), "{rule:?}");
                }
                match &rule.expression {
                    Some(id) if rule.exception => {
                        let other = id.starts_with("AdditionRef-");
                        assert!(db.entry(id).map_or(other, |e| e.exception), "{id}");
                    }
                    Some(e) => {
                        assert_eq!(db.parse(e).map(|e| e.to_string()).ok().as_ref(), Some(e))
                    }
                    None => {}
                }
            }
            Vec::new()
        }
        Err(wrong) => {
            assert!(!wrong.is_empty());
            assert_eq!(Licenses::alone(files()).err().as_ref(), Some(&wrong));
            wrong
        }
    };
    for file in wrong {
        assert!(!file.list.is_empty());
        for mistake in &file.list {
            assert!(file.text.get(mistake.span.clone()).is_some(), "{mistake:?}");
        }
        file.render(false);
    }
});
