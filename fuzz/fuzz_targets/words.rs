// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Contents put together from what licenses are made of, so that all of the engine is reached.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let [kind, steps @ ..] = data {
        lictor_fuzz::detect(&lictor_fuzz::compose(steps), lictor_fuzz::kind(*kind));
    }
});
