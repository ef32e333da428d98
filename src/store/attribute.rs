// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Who brought a violation in, and who answers for its file: found out once, from git and
//! CODEOWNERS, after the violation was opened. A first scan of a big tree opens more than git
//! can be asked about; those are looked up when somebody asks.

use rusqlite::{Transaction, TransactionBehavior, params};
use serde_json::json;

use super::events::Ledger;
use super::{Interned, Store};
use crate::clock::Moment;
use crate::diag::{Failure, visible};
use crate::owners::{LOCATIONS, MAX_SIZE, Owners};
use crate::plan::content::Content;
use crate::plan::{Checkout, Place};

/// How many violations of one scan are looked up.
pub const MOST: usize = 64;

/// A violation that is to be looked up, with where its evidence is.
struct Wanted {
    id: i64,
    path: Vec<u8>,
    license: String,
    lines: (u32, u32),
}

impl Store {
    /// Looks up the violations of a checkout that were opened at a moment, unless they are too
    /// many; gives how many were.
    ///
    /// # Errors
    /// The store cannot be read or written. What git does not tell is no error.
    pub fn attribute(&mut self, checkout: &Checkout, opened: Moment) -> Result<usize, Failure> {
        let filter = "k.root = ?1 AND k.view = ?2 AND v.first_seen = ?3";
        let root = checkout.root.as_os_str().as_encoded_bytes();
        let view = checkout.view.name();
        let wanted =
            self.wanted(filter, params![root, view, opened.0]).map_err(|e| self.fail(&e))?;
        let some = !wanted.is_empty() && wanted.len() <= MOST;
        let found = if some { self.look_up_origin(checkout, &wanted, opened) } else { Ok(0) };
        // What is told of them need wait no longer, whatever came of it.
        let done = "UPDATE checkout SET attributed = ?3 WHERE root = ?1 AND view = ?2";
        let done = self.db.execute(done, params![root, view, opened.0]);
        found.and_then(|n| done.map(|_| n).map_err(|e| self.fail(&e)))
    }

    /// Looks up one violation, if it was not yet.
    ///
    /// # Errors
    /// As for [`Store::attribute`].
    pub fn attribute_one(
        &mut self,
        checkout: &Checkout,
        id: i64,
        now: Moment,
    ) -> Result<(), Failure> {
        let wanted = self.wanted("v.id = ?1", params![id]).map_err(|e| self.fail(&e))?;
        if !wanted.is_empty() {
            self.look_up_origin(checkout, &wanted, now)?;
        }
        Ok(())
    }

    fn wanted(
        &self,
        filter: &str,
        values: &[&dyn rusqlite::ToSql],
    ) -> rusqlite::Result<Vec<Wanted>> {
        let query = format!(
            "SELECT v.id, v.path, v.license, f.content
             FROM violation v JOIN checkout k ON k.id = v.checkout
             LEFT JOIN file f ON f.checkout = v.checkout AND f.path = v.path
             WHERE {filter} AND v.commit_id IS NULL AND v.last_seen IS NULL
             ORDER BY v.id LIMIT {}",
            MOST + 1
        );
        let mut select = self.db.prepare(&query)?;
        let rows = select.query_map(values, |r| {
            let (id, path, license) = (r.get(0)?, r.get(1)?, r.get::<_, String>(2)?);
            Ok((id, path, license, r.get::<_, Option<i64>>(3)?))
        })?;
        let mut wanted = Vec::new();
        for row in rows {
            let (id, path, license, content) = row?;
            let matches = match content {
                Some(key) => self.evidence(key).unwrap_or_default(),
                None => Vec::new(),
            };
            let first = license.split(' ').next().unwrap_or_default();
            let naming = |m: &&crate::model::Match| m.expression.contains(first);
            let told = matches.iter().find(naming).or(matches.first());
            let lines = told.map_or((1, 1), |m| (m.start_line, m.end_line));
            wanted.push(Wanted { id, path, license, lines });
        }
        Ok(wanted)
    }

    fn look_up_origin(
        &mut self,
        checkout: &Checkout,
        wanted: &[Wanted],
        now: Moment,
    ) -> Result<usize, Failure> {
        let places: Vec<Place<'_>> =
            wanted.iter().map(|w| Place { path: &w.path, lines: w.lines }).collect();
        let found = checkout.introduced(&places);
        let owners = owners(checkout);
        let write = || -> rusqlite::Result<()> {
            let tx = Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
            let mut ledger = Ledger::open(&tx, now.0)?;
            let mut words = Interned { ids: Default::default(), ..self.words };
            for (w, found) in wanted.iter().zip(found) {
                let owner = owners.as_ref().map(|o| o.of(&w.path).join(" "));
                let owner = owner.filter(|o| !o.is_empty());
                let mut detail = json!({ "license": w.license, "owner": owner });
                let (commit, author, time) = match found {
                    Ok(i) => {
                        detail["commit"] = i.commit.as_str().into();
                        detail["author"] = visible(i.author.as_bytes()).into();
                        detail["authored"] = i.time.rfc3339().into();
                        detail["summary"] = visible(i.summary.as_bytes()).into();
                        (i.commit, Some(i.author), Some(i.time.0))
                    }
                    Err(why) => {
                        detail["why"] = why.to_string().into();
                        // What is committed later may still be found.
                        (String::new(), None, None)
                    }
                };
                let commit = Some(commit).filter(|c| !c.is_empty());
                tx.execute(
                    "UPDATE violation SET commit_id = ?2, author = ?3, authored = ?4, owner = ?5
                     WHERE id = ?1",
                    params![w.id, commit, author, time, owner],
                )?;
                if commit.is_some() || owner.is_some() {
                    let detail = detail.to_string().into();
                    let (id, path) = (Some(w.id), Some(&w.path[..]));
                    ledger.add(&tx, &mut words, "violation.attributed", id, path, &detail)?;
                }
            }
            ledger.close(&tx)?;
            tx.commit()
        };
        let written = write();
        written.map_err(|e| self.fail(&e))?;
        Ok(wanted.len())
    }
}

/// The owners that the work tree names. A file that cannot be read names none.
fn owners(checkout: &Checkout) -> Option<Owners> {
    let reader = checkout.reader(MAX_SIZE as u64).ok()?;
    let mut bytes = Vec::new();
    let mut found = LOCATIONS.iter().filter_map(|location| {
        let blob = checkout.blob_at(location.as_bytes()).ok().flatten();
        match reader.read(location.as_bytes(), blob, &mut bytes).ok()? {
            Content::Read(_) => Some(Owners::parse(location, &String::from_utf8_lossy(&bytes)).0),
            _ => None,
        }
    });
    found.next()
}
