// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The ready-made policies of `policies/`, to begin with.

/// A ready-made policy.
#[derive(Debug)]
pub struct Set {
    pub name: &'static str,
    /// For whom it is, in a few words.
    pub says: &'static str,
    pub text: &'static str,
}

/// All of them, the commonest first.
pub const SETS: [Set; 5] = [
    Set {
        name: "distributed-product",
        says: "software that is given to customers: copyleft stays out of the product",
        text: include_str!("../../policies/distributed-product.toml"),
    },
    Set {
        name: "hosted-service",
        says: "a service that others use over a network, and whose code stays in the house",
        text: include_str!("../../policies/hosted-service.toml"),
    },
    Set {
        name: "internal-tools",
        says: "tools that nobody outside gets or uses",
        text: include_str!("../../policies/internal-tools.toml"),
    },
    Set {
        name: "open-source-outbound",
        says: "a project that is given out under an open source license itself",
        text: include_str!("../../policies/open-source-outbound.toml"),
    },
    Set {
        name: "permissive-only",
        says: "a library that must not ask anything of those who use it",
        text: include_str!("../../policies/permissive-only.toml"),
    },
];
