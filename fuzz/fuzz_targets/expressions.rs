// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Expressions, by themselves and behind a tag.

#![no_main]

use libfuzzer_sys::fuzz_target;
use lictor::licenses::Licenses;
use lictor::model::FileKind;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        match Licenses::builtin().parse(text) {
            Ok(expression) => {
                let written = expression.to_string();
                lictor_fuzz::canonical(&written);
                // What is named in it is known, or outside of any list.
                for id in expression.ids() {
                    lictor_fuzz::known(id);
                }
            }
            Err(wrong) => assert!(text.get(wrong.span.clone()).is_some(), "{wrong:?}"),
        }
    }
    let tag = [b"# SPDX-License-".as_slice(), b"Identifier: ", data].concat();
    lictor_fuzz::detect(&tag, FileKind::Plain);
});
