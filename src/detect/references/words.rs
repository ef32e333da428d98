// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The words that the grammar of names knows, in sets.

use rustc_hash::FxHashSet;

use crate::detect::tokens;

/// Sets of words that the grammar knows.
pub(super) struct Words {
    pub version: FxHashSet<u64>,
    pub numbers: Vec<(u64, &'static str)>,
    /// Between a name and its version.
    pub filler: FxHashSet<u64>,
    /// Between a version and "or later".
    pub between: FxHashSet<u64>,
    pub later: FxHashSet<u64>,
    /// Behind "any later version": whose consent it takes.
    pub accepted: FxHashSet<u64>,
    pub choice: FxHashSet<u64>,
    pub only: FxHashSet<u64>,
    pub negation: FxHashSet<u64>,
    /// Between a version and the name it belongs to.
    pub of: FxHashSet<u64>,
    pub gnu: FxHashSet<u64>,
    /// Words about licenses.
    pub license: FxHashSet<u64>,
    /// What may stand between such a word and a name.
    pub approach: FxHashSet<u64>,
    pub grant: FxHashSet<u64>,
    pub under: FxHashSet<u64>,
    /// What is done *by* a license, and by nobody who has the name of one.
    pub bound: FxHashSet<u64>,
    pub by: FxHashSet<u64>,
    /// What is done under *the* license, or under its terms.
    pub use_: FxHashSet<u64>,
    pub article: FxHashSet<u64>,
    /// Behind a name: "under MIT terms".
    pub terms: FxHashSet<u64>,
    /// What goes with a word about licenses in a heading.
    pub heading: FxHashSet<u64>,
    /// Fields that say a license: "Copying-policy: GPL".
    pub label: FxHashSet<u64>,
    pub copyright: FxHashSet<u64>,
    pub is: FxHashSet<u64>,
    /// What is said to be under a license by the mere name: "this code is GPL".
    pub work: FxHashSet<u64>,
    pub style: FxHashSet<u64>,
    pub joint: FxHashSet<u64>,
    pub or: FxHashSet<u64>,
    pub either: FxHashSet<u64>,
    /// Behind a GNU license: who published it.
    pub published: FxHashSet<u64>,
    pub not_a_statement: FxHashSet<u64>,
    /// Behind a name, in the heading of a notice.
    pub notice: FxHashSet<u64>,
    pub ends_open: FxHashSet<u64>,
}

fn set(words: &str) -> FxHashSet<u64> {
    words.split_whitespace().flat_map(tokens::words).collect()
}

impl Words {
    pub fn new() -> Words {
        let numbers =
            [("one", "1"), ("two", "2"), ("three", "3")].map(|(w, n)| (tokens::words(w)[0], n));
        Words {
            version: set("version versions ver vers versi versione v rev revision release gnuv"),
            numbers: numbers.to_vec(),
            filler: set(
                "as published by the free software foundation inc either under terms of license \
                 licenses a an its is open source agreement this that apache org gnu gpl lgpl agpl \
                 fdl gfdl general public osi approved number no standard and conditions to said mpl \
                 fsf only wie von der veröffentlicht weitergeben und oder modifizieren entweder gemäß \
                 telle que publiée par la soit publicada publica por fundación para el libre ya sea tal \
                 como la come pubblicata dalla pela na o",
            ),
            between: set(
                "as published by the free software foundation inc either or and of this that \
                 license licenses at your option any a an its all choice discretion you may use if \
                 wish prefer like gnu general public gpl in our their user s users to be \
                 also can its opinion every version versions software preferably from then date \
                 dated june february march july 1991 1999 2007 2 1 3 der lizenz oder nach ihrer \
                 option wahl jeder jede de la license soit à votre gré toute licencia su elección \
                 opción cualquier cualquiera della licenza propria scelta una da licença seu \
                 critério qualquer o ou sp ult versi vers versione n",
            ),
            // The last three are what is ASCII in "spätere", "späteren" and "ultérieure".
            later: set(
                "later newer higher greater above subsequent future superior up latter upwards \
                 upward onwards onward following more recent beyond after better over posterior \
                 successiva tere teren rieure",
            ),
            accepted: set("accepted approved endorsed"),
            choice: set("or and any all at oder ou o jede jeder toute cualquier qualquer una"),
            only: set("only solely exclusively"),
            negation: set("no not neither without nor"),
            of: set("of the a gnu that your this our or either under terms"),
            gnu: set("gnu gpl general public"),
            license: set(
                "license licensed licensing licensable sublicense relicensed lizenz lizenziert \
                 licencia licenza",
            ),
            approach: set(
                "the a an either both of terms and conditions under gnu new standard dual its \
                 this same open source free software any one all by is are as with s your \
                 usual permissive following mode version or simplified public osi approved \
                 available distributed released in to type file info text code project name \
                 modified revised double only agreement style you very via der presumed presumably",
            ),
            grant: set(
                "licensed released distributed available published provided covered dual release \
                 distribute redistribute redistributed relicensed offered placed made license \
                 modify copied modified governed license it protected open opensource software \
                 sourced source code is are copyrighted falls comes contributed granted \
                 bound put steht",
            ),
            under: set("under terms conditions subject per unter"),
            bound: set("covered governed bound protected"),
            by: set("by"),
            use_: set("use used"),
            article: set("the terms conditions of gnu"),
            terms: set("terms conditions"),
            heading: set("and copyright copyrights info information"),
            label: set("copying policy terms rights legal"),
            copyright: set("copyright c"),
            is: set("is are"),
            work: set(
                "file files code program programs software library libraries module driver package \
                 script plugin project work source sources itself everything else",
            ),
            style: set("style like type open source public software free s ed compatible x"),
            joint: set(
                "or and the gnu either both a an also under with plus as well of dual new terms",
            ),
            or: set("or either"),
            either: set("either dual dually choice alternatively alternative choose double"),
            published: set("as published by the free software foundation inc"),
            not_a_statement: set(
                "compatible incompatible violation violations compat compatibility zealot faq",
            ),
            notice: set("notice"),
            ends_open: set("with the to as like than under unlike a by of and or not from non"),
        }
    }
}
