// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What is owed under a license, and what triggers it: the file `license-db/obligations.toml`.
//!
//! Nothing here has a part in detection, nor in [`Licenses::digest`].

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::expression::Term;
use super::{Category, Licenses};
use crate::model::UnknownWord;

const OBLIGATIONS: &str = include_str!("../../license-db/obligations.toml");

/// A kind of obligation; `license-db/README.md` defines each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    Attribution,
    LicenseText,
    NoticeFile,
    Acknowledgment,
    Advertising,
    UserNotice,
    StateChanges,
    Rename,
    NoEndorsement,
    SourceOffer,
    SameLicense,
    Relinking,
    InstallationInformation,
    NoRestrictions,
    PatentGrant,
    PatentTermination,
    Indemnity,
    NotSoldAlone,
    UseLimit,
}

impl Duty {
    pub const ALL: [Duty; 19] = [
        Duty::Attribution,
        Duty::LicenseText,
        Duty::NoticeFile,
        Duty::Acknowledgment,
        Duty::Advertising,
        Duty::UserNotice,
        Duty::StateChanges,
        Duty::Rename,
        Duty::NoEndorsement,
        Duty::SourceOffer,
        Duty::SameLicense,
        Duty::Relinking,
        Duty::InstallationInformation,
        Duty::NoRestrictions,
        Duty::PatentGrant,
        Duty::PatentTermination,
        Duty::Indemnity,
        Duty::NotSoldAlone,
        Duty::UseLimit,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Duty::Attribution => "attribution",
            Duty::LicenseText => "license-text",
            Duty::NoticeFile => "notice-file",
            Duty::Acknowledgment => "acknowledgment",
            Duty::Advertising => "advertising",
            Duty::UserNotice => "user-notice",
            Duty::StateChanges => "state-changes",
            Duty::Rename => "rename",
            Duty::NoEndorsement => "no-endorsement",
            Duty::SourceOffer => "source-offer",
            Duty::SameLicense => "same-license",
            Duty::Relinking => "relinking",
            Duty::InstallationInformation => "installation-information",
            Duty::NoRestrictions => "no-restrictions",
            Duty::PatentGrant => "patent-grant",
            Duty::PatentTermination => "patent-termination",
            Duty::Indemnity => "indemnity",
            Duty::NotSoldAlone => "not-sold-alone",
            Duty::UseLimit => "use-limit",
        }
    }
}

/// What makes an obligation due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// The code goes to others as source.
    DistributionSource,
    /// The code goes to others compiled, or in a form that nobody edits.
    DistributionBinary,
    /// Others use the code over a network.
    NetworkUse,
    /// The code was changed.
    Modification,
    /// Other code is linked with it.
    Linking,
    /// The code is used at all, be it in the house.
    Use,
}

impl Trigger {
    pub const ALL: [Trigger; 6] = [
        Trigger::DistributionSource,
        Trigger::DistributionBinary,
        Trigger::NetworkUse,
        Trigger::Modification,
        Trigger::Linking,
        Trigger::Use,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Trigger::DistributionSource => "distribution-source",
            Trigger::DistributionBinary => "distribution-binary",
            Trigger::NetworkUse => "network-use",
            Trigger::Modification => "modification",
            Trigger::Linking => "linking",
            Trigger::Use => "use",
        }
    }
}

impl FromStr for Trigger {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        Trigger::ALL.into_iter().find(|t| t.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// How far the duties to keep the license and to provide source reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The files of the licensed software.
    File,
    /// The licensed software with what is added to it.
    Library,
    /// The whole work that it is a part of.
    Work,
}

impl Scope {
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::File => "file",
            Scope::Library => "library",
            Scope::Work => "work",
        }
    }
}

/// One thing that is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Owed {
    pub duty: Duty,
    /// It is owed when one of these happens.
    pub on: Vec<Trigger>,
    /// ... and only if this is so, too: the code was changed, or is linked with.
    pub only_if: Option<Trigger>,
    /// Of the duties to keep the license and to provide source, where the license has them.
    pub scope: Option<Scope>,
    /// What it comes to, in a sentence for people.
    pub says: &'static str,
}

impl Owed {
    /// Whether it is owed when all this happens. Some use always does.
    pub fn due(&self, happens: &[Trigger]) -> bool {
        let so = |t: &Trigger| *t == Trigger::Use || happens.contains(t);
        self.on.iter().any(so) && self.only_if.as_ref().is_none_or(so)
    }
}

/// What is said of a license's obligations, and on what that rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligations {
    pub basis: Basis,
    /// In the order of [`Duty`]; empty if nothing is owed, or nothing known.
    pub owed: Vec<Owed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The database speaks of the license itself.
    License,
    /// It does not, and this is what its category lets expect.
    Category(Category),
    /// Nothing is known, not even the category.
    Nothing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    says: BTreeMap<Duty, Sentence>,
    licenses: Vec<Group>,
    categories: BTreeMap<Category, Group>,
    exceptions: BTreeMap<String, Lift>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Sentence {
    One(String),
    ByScope(BTreeMap<Scope, String>),
}

/// What several licenses, or a category, have in common.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    #[serde(default)]
    ids: Vec<String>,
    scope: Option<Scope>,
    #[serde(default)]
    owed: BTreeMap<Duty, Owes>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Owes {
    On(Vec<Event>),
    Full(Terms),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Terms {
    on: Vec<Event>,
    #[serde(rename = "if")]
    only_if: Option<Circumstance>,
    says: Option<String>,
}

/// A word for triggers in the file.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Event {
    Distribution,
    DistributionSource,
    DistributionBinary,
    NetworkUse,
    Use,
}

impl Event {
    fn triggers(self) -> &'static [Trigger] {
        match self {
            Event::Distribution => &[Trigger::DistributionSource, Trigger::DistributionBinary],
            Event::DistributionSource => &[Trigger::DistributionSource],
            Event::DistributionBinary => &[Trigger::DistributionBinary],
            Event::NetworkUse => &[Trigger::NetworkUse],
            Event::Use => &[Trigger::Use],
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Circumstance {
    Modification,
    Linking,
}

/// What an exception takes away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lift {
    lifts: Vec<Duty>,
    /// Only for these; for all if there are none.
    #[serde(default)]
    on: Vec<Event>,
}

fn triggers(events: &[Event]) -> Vec<Trigger> {
    events.iter().flat_map(|e| e.triggers()).copied().collect()
}

/// The compiled-in table; a test reads the file, so that this cannot fail in the field.
fn table() -> &'static File {
    static TABLE: LazyLock<File> = LazyLock::new(|| {
        toml::from_str(OBLIGATIONS).expect("the compiled-in license-db/obligations.toml is valid")
    });
    &TABLE
}

impl File {
    fn sentence(&'static self, duty: Duty, scope: Option<Scope>) -> &'static str {
        match (self.says.get(&duty), scope) {
            (Some(Sentence::One(says)), _) => says,
            (Some(Sentence::ByScope(says)), Some(scope)) => says.get(&scope).map_or("", |s| s),
            _ => "",
        }
    }

    fn owed(&'static self, group: &'static Group) -> Vec<Owed> {
        let owed = group.owed.iter().map(|(duty, owes)| {
            let (on, only_if, says) = match owes {
                Owes::On(on) => (on, None, None),
                Owes::Full(terms) => (&terms.on, terms.only_if, terms.says.as_deref()),
            };
            let scoped = matches!(duty, Duty::SameLicense | Duty::SourceOffer);
            let scope = group.scope.filter(|_| scoped);
            Owed {
                duty: *duty,
                on: triggers(on),
                only_if: only_if.map(|c| match c {
                    Circumstance::Modification => Trigger::Modification,
                    Circumstance::Linking => Trigger::Linking,
                }),
                scope,
                says: says.unwrap_or_else(|| self.sentence(*duty, scope)),
            }
        });
        owed.collect()
    }
}

impl Licenses {
    /// What is owed under a license with its exception.
    pub fn obligations(&self, term: &Term) -> Obligations {
        let table = table();
        let license = Term { license: term.license.clone(), addition: None };
        let own = self.category(&license);
        let known = table.licenses.iter().find(|g| g.ids.iter().any(|i| i == term.base_license()));
        let (basis, group) = match (known, own) {
            (Some(group), _) => (Basis::License, Some(group)),
            (None, Some(own)) => (Basis::Category(own), table.categories.get(&own)),
            (None, None) => (Basis::Nothing, None),
        };
        let mut owed = group.map(|g| table.owed(g)).unwrap_or_default();
        if own == Some(Category::StrongCopyleft) && self.category(term) != own {
            for o in owed.iter_mut().filter(|o| o.scope == Some(Scope::Work)) {
                o.scope = Some(Scope::Library);
                o.says = table.sentence(o.duty, o.scope);
            }
        }
        if let Some(lift) = term.addition.as_ref().and_then(|a| table.exceptions.get(a)) {
            let on = triggers(&lift.on);
            for o in owed.iter_mut().filter(|o| lift.lifts.contains(&o.duty)) {
                o.on.retain(|t| !on.is_empty() && !on.contains(t));
            }
            owed.retain(|o| !o.on.is_empty());
        }
        Obligations { basis, owed }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::licenses::expression::Expr;

    fn obligations(expression: &str) -> Obligations {
        let db = Licenses::builtin();
        match db.parse(expression).unwrap() {
            Expr::Term(term) => db.obligations(&term),
            other => panic!("{other} is no term"),
        }
    }

    fn duties(expression: &str, happens: &[Trigger]) -> Vec<&'static str> {
        let owed = obligations(expression).owed;
        owed.iter().filter(|o| o.due(happens)).map(|o| o.duty.as_str()).collect()
    }

    #[test]
    fn every_id_is_a_current_one_and_in_one_group() {
        let db = Licenses::builtin();
        let mut seen = BTreeSet::new();
        for group in &table().licenses {
            assert!(!group.ids.is_empty());
            for id in &group.ids {
                assert_eq!(db.license_id(id), Some(id.as_str()), "there is no {id}");
                assert!(!db.is_deprecated(id) && db.successor(id).is_none(), "{id} is deprecated");
                assert!(seen.insert(id), "{id} is in two groups");
            }
        }
        assert!(seen.len() > 250, "{}", seen.len());
        for id in table().exceptions.keys() {
            assert_eq!(db.exception_id(id), Some(id.as_str()), "there is no {id}");
        }
    }

    #[test]
    fn every_duty_has_its_words_and_every_category_its_duties() {
        let table = table();
        for duty in Duty::ALL {
            assert_eq!(serde_json::to_value(duty).unwrap(), duty.as_str());
            assert!(table.says.contains_key(&duty), "{} has no words", duty.as_str());
        }
        for category in Category::ALL {
            assert!(table.categories.contains_key(&category), "{}", category.as_str());
        }
        for group in table.licenses.iter().chain(table.categories.values()) {
            for owed in table.owed(group) {
                let what = format!("{} in {:?}", owed.duty.as_str(), group.ids);
                assert!(owed.says.ends_with('.') && !owed.on.is_empty(), "{what}");
                assert!(owed.on.iter().collect::<BTreeSet<_>>().len() == owed.on.len(), "{what}");
            }
        }
        assert!(table.categories.values().all(|g| g.ids.is_empty()));
    }

    #[test]
    fn copyleft_is_owed_where_the_category_says_so() {
        let db = Licenses::builtin();
        for group in &table().licenses {
            for id in &group.ids {
                let term = Term { license: id.clone(), addition: None };
                let owed = db.obligations(&term).owed;
                let source = |on: Trigger| {
                    let shares = |o: &&Owed| {
                        matches!(o.duty, Duty::SourceOffer | Duty::SameLicense)
                            && (o.on.contains(&on) || o.on.contains(&Trigger::Use))
                    };
                    owed.iter().any(|o| shares(&o))
                };
                match db.category(&term) {
                    Some(Category::NetworkCopyleft) => assert!(source(Trigger::NetworkUse), "{id}"),
                    Some(Category::StrongCopyleft | Category::WeakCopyleft) => {
                        assert!(source(Trigger::DistributionBinary), "{id}");
                        assert!(!source(Trigger::NetworkUse), "{id}");
                    }
                    Some(Category::PublicDomain) => assert_eq!(owed, [], "{id}"),
                    Some(
                        Category::SourceAvailable
                        | Category::NonCommercial
                        | Category::ProprietaryFree,
                    ) => {
                        let limit = |o: &Owed| matches!(o.duty, Duty::UseLimit | Duty::SourceOffer);
                        assert!(owed.iter().any(limit), "{id}");
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn what_is_owed_depends_on_what_happens() {
        use Trigger::{DistributionBinary, DistributionSource, Linking, Modification, NetworkUse};
        assert_eq!(duties("MIT", &[NetworkUse]), [""; 0]);
        assert_eq!(duties("MIT", &[DistributionBinary]), ["attribution", "license-text"]);
        assert_eq!(duties("BSL-1.0", &[DistributionBinary]), [""; 0]);
        assert_eq!(duties("0BSD", &[DistributionSource, DistributionBinary]), [""; 0]);
        assert_eq!(duties("Apache-2.0", &[]), ["patent-termination"]);
        assert!(duties("Apache-2.0", &[DistributionSource]).contains(&"notice-file"));
        let changed = [DistributionSource, Modification];
        assert!(duties("Apache-2.0", &changed).contains(&"state-changes"));
        assert!(!duties("Apache-2.0", &[DistributionSource]).contains(&"state-changes"));
        assert!(!duties("GPL-2.0-only", &[NetworkUse]).contains(&"source-offer"));
        assert!(duties("AGPL-3.0-only", &[NetworkUse]).contains(&"source-offer"));
        assert!(!duties("GPL-2.0-only", &[DistributionSource]).contains(&"source-offer"));
        let device = duties("GPL-3.0-or-later", &[DistributionBinary]);
        assert!(device.contains(&"installation-information") && device.contains(&"source-offer"));
        assert!(!duties("GPL-2.0+", &[DistributionBinary]).contains(&"installation-information"));
        assert!(!duties("LGPL-2.1-only", &[DistributionBinary]).contains(&"relinking"));
        assert!(duties("LGPL-2.1-only", &[DistributionBinary, Linking]).contains(&"relinking"));
        assert!(duties("BSD-4-Clause", &[DistributionBinary]).contains(&"advertising"));
        assert!(!duties("BSD-3-Clause", &[DistributionBinary]).contains(&"advertising"));
        assert_eq!(duties("MPL-1.1+", &[]), duties("MPL-1.1", &[]));
    }

    #[test]
    fn copyleft_reaches_as_far_as_the_exception_lets_it() {
        let scope = |expression: &str| {
            let owed = obligations(expression).owed;
            owed.iter().find(|o| o.duty == Duty::SameLicense).and_then(|o| o.scope)
        };
        assert_eq!(scope("MPL-2.0"), Some(Scope::File));
        assert_eq!(scope("LGPL-3.0-only"), Some(Scope::Library));
        assert_eq!(scope("GPL-2.0-only"), Some(Scope::Work));
        assert_eq!(scope("GPL-2.0-only WITH Classpath-exception-2.0"), Some(Scope::Library));
        assert_eq!(scope("GPL-2.0-only WITH GPL-CC-1.0"), Some(Scope::Work));
        assert_eq!(scope("AGPL-3.0-only WITH Classpath-exception-2.0"), Some(Scope::Work));
        assert_eq!(scope("MIT"), None);
        let compiled = [Trigger::DistributionBinary];
        assert_eq!(duties("Apache-2.0 WITH LLVM-exception", &compiled), ["patent-termination"]);
        let source = [Trigger::DistributionSource];
        assert!(duties("Apache-2.0 WITH LLVM-exception", &source).contains(&"notice-file"));
        let linked = [Trigger::DistributionBinary, Trigger::Linking];
        let freed = duties("LGPL-2.1-only WITH OCaml-LGPL-linking-exception", &linked);
        assert!(!freed.contains(&"relinking") && freed.contains(&"source-offer"));
    }

    #[test]
    fn what_was_not_looked_at_is_told_by_its_category() {
        assert_eq!(obligations("MIT").basis, Basis::License);
        assert_eq!(obligations("0BSD"), Obligations { basis: Basis::License, owed: Vec::new() });
        let other = obligations("Crossword");
        assert_eq!(other.basis, Basis::Category(Category::Permissive));
        assert_eq!(other.owed.len(), 2);
        let unknown = obligations("LicenseRef-ours");
        assert_eq!(unknown, Obligations { basis: Basis::Nothing, owed: Vec::new() });
    }
}
