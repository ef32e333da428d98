// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The service: watches checkouts and looks at what may have changed.

pub mod pass;
