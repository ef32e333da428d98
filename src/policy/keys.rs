// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The keys of policies, waivers and curations, as [`crate::shape`] wants them.

use crate::shape::{Key, Shape};

const TEXT: Shape = Shape::Text;
const TEXTS: Shape = Shape::Some(&TEXT);
const OUTCOMES: &[&str] = &["allow", "review", "deny"];
const OUTCOME: Shape = Shape::Word("outcome", OUTCOMES);
const SEVERITIES: &[&str] = &["info", "low", "medium", "high", "critical"];
const SEVERITY: Shape = Shape::Word("severity", SEVERITIES);
const BY_CONTEXT: Shape = Shape::Map(
    &[Key::new("otherwise", OUTCOME, "The outcome in all other contexts.", "otherwise = 'deny'")],
    &OUTCOME,
);
const CATEGORIES: &[&str] = &[
    "public-domain",
    "permissive",
    "weak-copyleft",
    "strong-copyleft",
    "network-copyleft",
    "source-available",
    "non-commercial",
    "proprietary-free",
    "documentation",
    "font",
    "data",
    "patent",
    "unstated",
];
const CATEGORY: Shape = Shape::Word("category", CATEGORIES);
const KINDS: &[&str] = &["tag", "manifest", "notice", "reference", "text", "header", "unknown"];
const KIND: Shape = Shape::Word("kind of match", KINDS);
const ORIGIN: Shape = Shape::Word("origin", &["copied", "first-party"]);

/// The keys of what follows, in every kind of rule.
const fn outcome() -> Key {
    Key::new(
        "outcome",
        Shape::Either(&OUTCOME, &BY_CONTEXT),
        "What follows: `allow`, `review` or `deny`, or a table of these by context, with `otherwise` for the contexts it does not name.",
        "outcome = { test = 'allow', otherwise = 'deny' }",
    )
    .required()
}
const fn severity() -> Key {
    Key::new(
        "severity",
        SEVERITY,
        "How bad it is: `info`, `low`, `medium`, `high` or `critical`. If left out it is `info`, `medium` or `high`, by the outcome.",
        "severity = 'critical'",
    )
}
const fn reason() -> Key {
    Key::new(
        "reason",
        TEXT,
        "Why the policy says so; shown wherever a violation is shown.",
        "reason = 'users must be offered the source'",
    )
}
const fn remedy() -> Key {
    Key::new(
        "remedy",
        TEXT,
        "What to do about it; shown wherever a violation is shown.",
        "remedy = 'replace it, or ask for a waiver'",
    )
}
const fn delegate() -> Key {
    Key::new(
        "delegate",
        Shape::Flag,
        "Whether lower layers may decide here as they like. If not, they can only be stricter.",
        "delegate = true",
    )
}

/// An outcome, or a table with one.
const RULING: Shape = Shape::Either(
    &OUTCOME,
    &Shape::Table(&[outcome(), severity(), reason(), remedy(), delegate()]),
);

const VERSION: Key =
    Key::new("version", Shape::Number(1, 1), "The version of the format.", "version = 1");

/// What narrows a rule to places and evidence, and what a test case says of a place.
const fn component() -> Key {
    Key::new(
        "component",
        TEXTS,
        "Globs of components: directories with a license file or package manifest of their own, as paths from the checkout's root.",
        "component = 'vendor/**'",
    )
}
const fn branch() -> Key {
    Key::new(
        "branch",
        TEXTS,
        "Globs of the branch that is checked out. No glob fits a detached HEAD.",
        "branch = ['main', 'release/**']",
    )
}
const fn checkout() -> Key {
    Key::new(
        "checkout",
        TEXTS,
        "Globs of the checkout's root directory, absolute; `**/NAME` goes by its name alone.",
        "checkout = '**/firmware'",
    )
}
const fn origin() -> Key {
    Key::new(
        "origin",
        ORIGIN,
        "`copied` from elsewhere (in a component of its own that `first-party` does not name) or `first-party`.",
        "origin = 'copied'",
    )
}
const fn undeclared() -> Key {
    Key::new(
        "undeclared",
        Shape::Flag,
        "Whether the manifest of the file's component declares a license, and not this one.",
        "undeclared = true",
    )
}
const fn altered() -> Key {
    Key::new(
        "altered",
        Shape::Flag,
        "Whether the license is known only by a text with changed words.",
        "altered = true",
    )
}

const RULE: &[Key] = &[
    Key::new(
        "id",
        TEXT,
        "The rule's name, by which violations and tests call it.",
        "id = 'no-agpl'",
    )
    .required(),
    Key::new(
        "license",
        TEXTS,
        "SPDX ids, `LicenseRef-`s, or pairs of a license WITH an exception. They are exact: `GPL-2.0-only` is neither `GPL-2.0-or-later` nor a pair.",
        "license = ['MIT', 'GPL-2.0-only WITH Classpath-exception-2.0']",
    ),
    Key::new(
        "exception",
        TEXTS,
        "Exceptions, with whatever license.",
        "exception = 'Classpath-exception-2.0'",
    ),
    Key::new(
        "family",
        TEXTS,
        "Families of licenses, which `license-db/families.toml` lists: `GPL` is all versions, and neither LGPL nor AGPL.",
        "family = 'GPL'",
    ),
    Key::new(
        "category",
        Shape::Some(&CATEGORY),
        "Categories of licenses.",
        "category = 'strong-copyleft'",
    ),
    Key::new(
        "osi-approved",
        Shape::Flag,
        "Whether the OSI approved the license, by the SPDX list.",
        "osi-approved = false",
    ),
    Key::new(
        "fsf-free",
        Shape::Flag,
        "Whether the FSF calls the license free, by the SPDX list.",
        "fsf-free = true",
    ),
    Key::new(
        "unknown",
        Shape::Flag,
        "Licenses that no list knows, and license-like language that nothing explains.",
        "unknown = true",
    ),
    Key::new("none", Shape::Flag, "Files in which no license was found.", "none = true"),
    Key::new("context", TEXTS, "Contexts of `[contexts]`.", "context = ['test', 'docs']"),
    Key::new(
        "path",
        TEXTS,
        "Globs of paths from the checkout's root; `*` ends at a slash, `**` does not.",
        "path = 'vendor/**/*.c'",
    ),
    component(),
    checkout(),
    branch(),
    origin(),
    undeclared(),
    altered(),
    Key::new(
        "kind",
        Shape::Some(&KIND),
        "The license is known only by matches of these kinds.",
        "kind = 'reference'",
    ),
    Key::new(
        "max-score",
        Shape::Number(0, 100),
        "The best match has at most this score, in percent.",
        "max-score = 90",
    ),
    Key::new(
        "over",
        TEXTS,
        "Rules over which this one goes where both hold and neither is more specific.",
        "over = 'no-copyleft'",
    ),
    outcome(),
    severity(),
    reason(),
    remedy(),
    delegate(),
];

const CONTEXTS: Shape = Shape::Map(
    &[
        Key::new(
            "default",
            TEXT,
            "The context of paths that no glob fits; `shipped` if left out.",
            "default = 'hosted'",
        ),
        Key::new(
            "layout",
            Shape::Word("layout", &["common", "none"]),
            "Whether common directories are known: `tests`, `docs`, `.github` and so on; `common` if left out. Globs of the policy go before it.",
            "layout = 'none'",
        ),
        Key::new(
            "precedence",
            TEXTS,
            "Which context a path has that globs of several fit equally well; the first of these. If left out: `shipped`, `hosted`, `internal`, `build-tool`, `docs`, `test`. Contexts with other names must stand in it.",
            "precedence = ['shipped', 'demo', 'test']",
        ),
    ],
    &TEXTS,
);

const OTHERWISE: Shape = Shape::Table(&[
    Key::new(
        "unknown",
        RULING,
        "For a license that no list knows; `review` if left out.",
        "unknown = 'deny'",
    ),
    Key::new(
        "unnamed",
        RULING,
        "For a license that no rule names; `review` if left out.",
        "unnamed = 'review'",
    ),
    Key::new(
        "none",
        RULING,
        "For a file in which nothing was found; `allow` if left out.",
        "none = 'review'",
    ),
    Key::new(
        "incompatible",
        RULING,
        "For a license that may not be inside what is given out under the license that `[outbound]` says; `deny` if left out.",
        "incompatible = 'deny'",
    ),
    Key::new(
        "undecided",
        RULING,
        "The same, where nobody says whether it may; `review` if left out.",
        "undecided = 'review'",
    ),
]);

const LAYER: &[Key] = &[
    checkout(),
    Key::new(
        "policy",
        TEXT,
        "The policy file of the layer, beside this one.",
        "policy = 'firmware.toml'",
    )
    .required(),
];

const TRUST: Shape = Shape::Table(&[
    Key::new(
        "policies",
        TEXTS,
        "Globs of policy files in checkouts. They hold for the directory they are in, or the one above if that is called `.lictor`.",
        "policies = '**/.lictor/policy.toml'",
    ),
    Key::new("checkout", TEXTS, "Only in these checkouts.", "checkout = '/srv/git/ours-*'"),
]);

const FILES: Key =
    Key::new("files", TEXTS, "Globs of the files, beside this one.", "files = 'waivers/*.toml'");

const WAIVERS: Shape = Shape::Table(&[
    FILES,
    Key::new(
        "max-days",
        Shape::Number(1, 36_500),
        "For how many days a waiver may be granted at most.",
        "max-days = 365",
    ),
    Key::new(
        "warn-days",
        Shape::Number(0, 3650),
        "How many days before its end a waiver is told to be ending; 30 if left out.",
        "warn-days = 14",
    ),
]);

const TEST: &[Key] = &[
    Key::new(
        "license",
        TEXT,
        "The SPDX expression that is found; leave it out for a file without a license.",
        "license = 'GPL-2.0-only OR MIT'",
    ),
    Key::new("path", TEXT, "The file's path.", "path = 'src/main.c'"),
    Key::new(
        "context",
        TEXT,
        "The file's context; if left out, that of the path.",
        "context = 'test'",
    ),
    Key::new(
        "component",
        TEXT,
        "The file's component; that of the root if left out.",
        "component = 'vendor/zlib'",
    ),
    Key::new("checkout", TEXT, "The checkout's root directory.", "checkout = '/srv/git/firmware'"),
    Key::new("branch", TEXT, "The branch.", "branch = 'main'"),
    Key::new(
        "declared",
        TEXT,
        "The SPDX expression that the component's manifest declares.",
        "declared = 'MIT'",
    ),
    Key::new(
        "kind",
        KIND,
        "By which kind of match the license is known; `tag` if left out.",
        "kind = 'reference'",
    ),
    Key::new(
        "score",
        Shape::Number(0, 100),
        "The score of that match, in percent; 100 if left out.",
        "score = 88",
    ),
    altered(),
    Key::new("expect", OUTCOME, "The outcome that must follow.", "expect = 'deny'").required(),
    Key::new("rule", TEXT, "The rule that must decide.", "rule = 'no-agpl'"),
    Key::new("choice", TEXT, "The branch that must be chosen.", "choice = 'MIT'"),
    Key::new("severity", SEVERITY, "The severity that must follow.", "severity = 'high'"),
];

/// The keys of a policy.
pub const POLICY: &[Key] = &[
    VERSION.required(),
    Key::new(
        "name",
        TEXT,
        "What the policy calls itself; the file's name if left out.",
        "name = 'product'",
    ),
    Key::new("description", TEXT, "For readers of the file.", "description = 'For what we ship'"),
    Key::new(
        "include",
        TEXTS,
        "Policy files beside this one whose rules, contexts, waivers and curations are taken over. Their tests are about them by themselves.",
        "include = ['categories.toml']",
    ),
    Key::new(
        "contexts",
        CONTEXTS,
        "How paths are used: a context, and globs of its paths. Of several globs the one goes first that names more directories or files, then the one with more letters.",
        "contexts.internal = 'tools/**'",
    ),
    Key::new(
        "first-party",
        TEXTS,
        "Globs of components that are the company's own, though they have a license file or manifest.",
        "first-party = 'crates/**'",
    ),
    Key::new(
        "categories",
        Shape::Keyed("category", CATEGORIES, &RULING),
        "A rule for all licenses of a category.",
        "categories.font = 'allow'",
    ),
    Key::new(
        "licenses",
        Shape::Map(&[], &RULING),
        "A rule for one license or one pair.",
        "licenses.'MIT' = 'allow'",
    ),
    Key::new(
        "rule",
        Shape::Tables(RULE),
        "A rule with conditions; all of them must hold.",
        "[[rule]]",
    ),
    Key::new(
        "otherwise",
        OTHERWISE,
        "Rules for what no other rule names.",
        "otherwise.none = 'review'",
    ),
    Key::new(
        "prefer",
        TEXTS,
        "Licenses to choose first where an expression gives a choice among what is equally good.",
        "prefer = ['Apache-2.0', 'MIT']",
    ),
    Key::new(
        "outbound",
        Shape::Map(&[], &TEXT),
        "Globs of paths, and the SPDX expression under which they are given out: what is found in them must be compatible with it.",
        "outbound.'sdk/**' = 'Apache-2.0'",
    ),
    Key::new("waivers", WAIVERS, "Where waivers are.", "waivers.files = 'waivers/*.toml'"),
    Key::new(
        "curations",
        Shape::Table(&[FILES]),
        "Where curations are.",
        "curations.files = 'curations.toml'",
    ),
    Key::new(
        "layer",
        Shape::Tables(LAYER),
        "Policies for some checkouts, which can only be stricter, unless a rule delegates.",
        "[[layer]]",
    ),
    Key::new(
        "trust",
        TRUST,
        "Files inside checkouts that are heeded. Without it a checkout has no say.",
        "trust.policies = '.lictor/policy.toml'",
    ),
    Key::new("test", Shape::Tables(TEST), "A case that `lictor policy test` runs.", "[[test]]"),
];

/// The keys of a file of waivers.
pub const WAIVER_FILE: &[Key] = &[
    VERSION.required(),
    Key::new("waiver", Shape::Tables(WAIVER), "A granted exception.", "[[waiver]]"),
];

const WAIVER: &[Key] = &[
    Key::new("id", TEXT, "The waiver's name, by which reports and events call it.", "id = 'zlib-2026'").required(),
    Key::new("license", TEXT, "The license, or pair, that is waived; `NONE` for files without a license.", "license = 'AGPL-3.0-only'").required(),
    Key::new("path", TEXTS, "Globs of the files. A file that was moved is still waived.", "path = 'vendor/zlib/**'"),
    Key::new("component", TEXTS, "Globs of components.", "component = 'vendor/zlib'"),
    checkout(),
    Key::new("rule", TEXT, "The rule that is waived; if left out, whatever rule the license breaks.", "rule = 'no-agpl'"),
    Key::new(
        "hash",
        TEXTS,
        "The hashes of the matched texts, as `lictor waive` writes them. The waiver lapses for a file whose text has another.",
        "hash = '3f29…'",
    )
    .required(),
    Key::new("granted-by", TEXT, "Who granted it.", "granted-by = 'Jo Doe <jo@example.com>'").required(),
    Key::new("granted", Shape::Date, "When it was granted.", "granted = 2026-11-22").required(),
    Key::new("expires", Shape::Date, "The last day on which it holds (UTC).", "expires = 2027-11-22").required(),
    Key::new("reason", TEXT, "Why it was granted.", "reason = 'a license was bought'").required(),
    Key::new("ticket", TEXT, "Where it was decided.", "ticket = 'LEGAL-17'").required(),
];

/// The keys of a file of curations.
pub const CURATION_FILE: &[Key] = &[
    VERSION.required(),
    Key::new(
        "curation",
        Shape::Tables(CURATION),
        "A correction of what was detected.",
        "[[curation]]",
    ),
];

const CURATION: &[Key] = &[
    Key::new("path", TEXTS, "Globs of the files.", "path = 'lib/crypt.c'").required(),
    checkout(),
    Key::new(
        "detected",
        TEXT,
        "What was detected; the curation lapses where it is something else. `NONE` for nothing.",
        "detected = 'BSD-3-Clause'",
    )
    .required(),
    Key::new("concluded", TEXT, "The SPDX expression that holds.", "concluded = 'BSD-2-Clause'")
        .required(),
    Key::new(
        "blob",
        TEXTS,
        "Git blob ids of the contents that were looked at; the curation lapses where the content is another.",
        "blob = 'ce013625030ba8dba906f756967f9e9ca394464a'",
    ),
    Key::new("by", TEXT, "Who concluded it.", "by = 'Jo Doe <jo@example.com>'").required(),
    Key::new(
        "reason",
        TEXT,
        "Why that holds.",
        "reason = 'the third clause is about another file'",
    )
    .required(),
    Key::new("ticket", TEXT, "Where it was decided.", "ticket = 'LEGAL-18'"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::licenses::Category;
    use crate::model::{MatchKind, Outcome, Severity};

    #[test]
    fn the_words_are_those_of_the_model() {
        assert_eq!(OUTCOMES, Outcome::ALL.map(Outcome::as_str));
        assert_eq!(SEVERITIES, Severity::ALL.map(Severity::as_str));
        assert_eq!(CATEGORIES, Category::ALL.map(Category::as_str));
        assert_eq!(KINDS, MatchKind::ALL.map(MatchKind::as_str));
    }
}
