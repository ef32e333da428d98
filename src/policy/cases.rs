// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The `[[test]]` cases of a policy: what must follow for a finding.

use std::sync::Arc;

use super::places::Places;
use super::{Policy, Surroundings};
use crate::licenses::Licenses;
use crate::licenses::expression::Expr;
use crate::model::{MatchKind, Outcome, Severity};

/// A finding, and what must follow.
#[derive(Debug, Clone)]
pub struct Case {
    /// Where it stands: the file's name, and the line.
    pub place: (String, usize),
    pub license: Option<Expr>,
    pub path: Option<String>,
    pub context: Option<String>,
    pub component: Option<String>,
    pub checkout: Option<String>,
    pub branch: Option<String>,
    pub declared: Option<Expr>,
    pub kind: Option<MatchKind>,
    pub score: Option<u8>,
    pub altered: bool,
    pub expect: Outcome,
    pub rule: Option<String>,
    pub choice: Option<String>,
    pub severity: Option<Severity>,
}

impl Case {
    /// What is not as it must be; empty if all is.
    pub fn run(&self, policy: &Policy, licenses: &Licenses) -> Vec<String> {
        let around = Surroundings {
            checkout: self.checkout.as_deref().unwrap_or("").as_bytes(),
            branch: self.branch.as_deref(),
        };
        let mut places = Places::new(policy, licenses, around);
        let path = self.path.as_deref().unwrap_or("").as_bytes();
        let component = self.component.as_deref().unwrap_or("").as_bytes();
        let declared: Option<Arc<str>> = self.declared.as_ref().map(|e| e.to_string().into());
        let context = match self.context.as_ref().map(|c| (c, policy.contexts.number(c))) {
            None => policy.contexts.of(path, &mut Vec::new()),
            Some((_, Some(known))) => known,
            Some((name, None)) => return vec![format!("there is no context `{name}`")],
        };
        let place = places.in_context(context, path, component, declared.as_ref());
        let kind = self.kind.unwrap_or(MatchKind::Tag).as_str();
        let altered = if self.altered { "altered" } else { "-" };
        let profile = match &self.license {
            Some(expr) => format!("{kind} {} {altered} {expr}\n", self.score.unwrap_or(100)),
            None => String::new(),
        };
        let place = places.get(place);
        let decision = policy.decide(licenses, self.license.as_ref(), &profile, place);
        let mut wrong = Vec::new();
        let rules: Vec<&str> = decision.breaches.iter().map(|b| b.rule.id.as_str()).collect();
        if decision.outcome != self.expect {
            let by =
                if rules.is_empty() { String::new() } else { format!(" by {}", rules.join(", ")) };
            wrong.push(format!(
                "the outcome is {}{by}, not {}",
                decision.outcome.as_str(),
                self.expect.as_str()
            ));
        }
        if let Some(rule) = &self.rule {
            let deciding: Vec<&str> = match decision.breaches.first() {
                Some(worst) => vec![&worst.rule.id],
                // All is allowed: by the rule of any license that was chosen.
                None => {
                    let chosen = |j: &&super::Judged| {
                        let choice = decision.choice.as_deref();
                        choice.is_none_or(|c| c.split(" AND ").any(|t| t == j.license))
                    };
                    decision.judged.iter().filter(chosen).map(|j| j.rule.id.as_str()).collect()
                }
            };
            if !deciding.contains(&rule.as_str()) {
                wrong.push(format!("{} decides, not {rule}", deciding.join(", ")));
            }
        }
        if let Some(choice) = &self.choice
            && decision.choice.as_ref() != Some(choice)
        {
            let made = decision.choice.as_deref().unwrap_or("nothing");
            wrong.push(format!("{made} is chosen, not {choice}"));
        }
        if let Some(severity) = self.severity
            && decision.severity() != severity
        {
            let is = decision.severity().as_str();
            wrong.push(format!("the severity is {is}, not {}", severity.as_str()));
        }
        wrong
    }
}
