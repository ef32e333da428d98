// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Any bytes, in a file of any kind.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let [kind, content @ ..] = data {
        lictor_fuzz::detect(content, lictor_fuzz::kind(*kind));
    }
});
