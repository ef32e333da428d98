// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Places: what a policy asks of where a file is. Files for which the same rules hold share a
//! place, so that few places are judged however many files there are.

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::conditions::{Origin, Where};
use super::globs::Globs;
use super::{Layer, Policy, Rule, Surroundings};
use crate::licenses::Licenses;
use crate::licenses::expression::Expr;

/// Where a file is, as far as the policy asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// Bit n: the rule with this number may hold here.
    rules: Vec<u64>,
    /// Number of the context.
    pub context: usize,
    /// What the manifest of the component declares.
    pub declared: Option<Arc<Expr>>,
    /// Under which license it is given out.
    pub outbound: Option<Arc<Expr>>,
}

impl Place {
    pub(super) fn holds(&self, rule: usize) -> bool {
        self.rules[rule / 64] >> (rule % 64) & 1 == 1
    }
}

/// The places of a checkout, found out file by file.
pub struct Places<'p> {
    policy: &'p Policy,
    licenses: &'p Licenses,
    around: Surroundings<'p>,
    /// Rules that hold by all but paths, by context, component and origin.
    by_component: HashMap<(usize, Vec<u8>), Vec<u64>>,
    /// The rules that ask for paths, with their numbers and directories.
    by_path: Vec<(usize, &'p [u8], Option<&'p Globs>)>,
    asks_declared: bool,
    asks_components: bool,
    numbers: HashMap<Place, usize>,
    list: Vec<Place>,
    declared: FxHashMap<Arc<str>, Option<Arc<Expr>>>,
    fitting: Vec<usize>,
    /// The last context and component with their place: the next file is mostly of the same.
    last: Option<(usize, Vec<u8>, usize)>,
}

impl<'p> Places<'p> {
    pub fn new(policy: &'p Policy, licenses: &'p Licenses, around: Surroundings<'p>) -> Self {
        let asks = |(n, layer, rule): (usize, &'p Layer, &'p Rule)| {
            let paths = rule.when.paths.as_ref();
            let asks = paths.is_some() || !layer.directory.is_empty();
            asks.then_some((n, &*layer.directory, paths))
        };
        let by_path = numbered(policy).filter_map(asks).collect();
        let asks_declared = numbered(policy).any(|(_, _, rule)| rule.when.undeclared.is_some());
        let asks = |r: &Rule| r.when.components.is_some() || r.when.origin.is_some();
        let by_waiver = policy.waivers.list.iter().any(|w| w.components.is_some());
        let asks_components =
            asks_declared || by_waiver || numbered(policy).any(|(_, _, rule)| asks(rule));
        Places {
            policy,
            licenses,
            around,
            by_component: HashMap::new(),
            by_path,
            asks_declared,
            asks_components,
            numbers: HashMap::new(),
            list: Vec::new(),
            declared: FxHashMap::default(),
            fitting: Vec::new(),
            last: None,
        }
    }

    /// Whether anything depends on the components of files.
    pub fn asks_components(&self) -> bool {
        self.asks_components
    }

    /// Whether anything depends on what manifests declare.
    pub fn asks_declared(&self) -> bool {
        self.asks_declared
    }

    /// The number of a file's place. `declared` is the expression that the manifest of its
    /// component declares.
    pub fn of(&mut self, path: &[u8], component: &[u8], declared: Option<&Arc<str>>) -> usize {
        let context = self.policy.contexts.of(path, &mut self.fitting);
        self.in_context(context, path, component, declared)
    }

    /// As [`Places::of`], of a file whose context is known.
    pub fn in_context(
        &mut self,
        context: usize,
        path: &[u8],
        component: &[u8],
        declared: Option<&Arc<str>>,
    ) -> usize {
        let policy = self.policy;
        // Where nothing else is asked of a file, these two say the place.
        let asks_more =
            !self.by_path.is_empty() || !policy.outbound.is_empty() || self.asks_declared;
        if let Some((c, of, number)) = self.last.as_ref().filter(|_| !asks_more)
            && (*c, of.as_slice()) == (context, component)
        {
            return *number;
        }
        let here = Where {
            component,
            context: policy.contexts.name(context),
            origin: policy.origin_of(component),
        };
        let key = (context, component.to_vec());
        let around = self.around;
        let base = self.by_component.entry(key).or_insert_with(|| {
            let mut bits = Vec::new();
            for (n, layer, rule) in numbered(policy) {
                let in_layer =
                    layer.checkouts.as_ref().is_none_or(|globs| globs.fits(around.checkout));
                bits.resize(n / 64 + 1, 0);
                bits[n / 64] |=
                    u64::from(in_layer && rule.when.holds_around(&around, &here)) << (n % 64);
            }
            bits
        });
        let mut rules = base.clone();
        for (n, directory, paths) in &self.by_path {
            let fits = paths.is_none_or(|globs| globs.fits(path));
            if !(fits && path.starts_with(directory)) {
                rules[n / 64] &= !(1 << (n % 64));
            }
        }
        let licenses = self.licenses;
        let declared = declared.filter(|_| self.asks_declared).and_then(|text| {
            let parse = || licenses.parse(text).ok().map(Arc::new);
            self.declared.entry(Arc::clone(text)).or_insert_with(parse).clone()
        });
        let place = Place { rules, context, declared, outbound: policy.outbound_of(path) };
        let number = *self.numbers.entry(place).or_insert_with_key(|place| {
            self.list.push(place.clone());
            self.list.len() - 1
        });
        self.last = Some((context, component.to_vec(), number));
        number
    }

    pub fn get(&self, number: usize) -> &Place {
        &self.list[number]
    }
}

/// The rules of all layers with their numbers and layers.
fn numbered(policy: &Policy) -> impl Iterator<Item = (usize, &Layer, &Rule)> {
    let rules = policy.layers.iter().flat_map(|l| l.rules.iter().map(move |r| (l, &**r)));
    rules.enumerate().map(|(n, (layer, rule))| (n, layer, rule))
}

impl Policy {
    fn origin_of(&self, component: &[u8]) -> Origin {
        let own = self.first_party.as_ref().is_some_and(|globs| globs.fits(component));
        if component.is_empty() || own { Origin::FirstParty } else { Origin::Copied }
    }

    /// Under which license a path is given out, by the glob that names most.
    fn outbound_of(&self, path: &[u8]) -> Option<Arc<Expr>> {
        let mut fitting = self.outbound.iter().filter(|(globs, _)| globs.fits(path));
        // The reader has sorted them.
        fitting.next().map(|(_, expr)| Arc::clone(expr))
    }
}
