// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Files that the words name as where the license stands: "see the file COPYING".
//!
//! Only what is named like a license file counts, and only near words that send the reader
//! there. Whether there is such a file, and what it says, is not known here.

use std::ops::Range;
use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::tokens::{self, Token};

/// First words of the names of license files, in lower case.
const LICENSE_FILES: [&[u8]; 5] = [b"license", b"licence", b"copying", b"copyright", b"unlicense"];

/// What may stand before that word: the name of a license (`MIT-LICENSE`).
const LICENSES: [&[u8]; 10] =
    [b"mit", b"apache", b"bsd", b"gpl", b"lgpl", b"agpl", b"mpl", b"isc", b"zlib", b"cc0"];

/// How far before a name the words stand that send the reader there, in words.
const REACH: usize = 8;

/// Most files that one file is taken to point to.
pub(super) const MAX: usize = 8;

/// Longest path, in bytes.
pub(super) const MAX_PATH: usize = 200;

/// Whether a file of this name is there to say the license of others: `LICENSE`,
/// `LICENSE.txt`, `COPYING.LESSER`, `LICENSE-MIT`, `MIT-LICENSE`; not `license_check.c`.
pub fn is_license_file(name: &[u8]) -> bool {
    ending(name).is_some_and(|ending| match ending {
        [] => true,
        [b'-' | b'_', rest @ ..] => !rest.contains(&b'.') || rest.ends_with(b".txt"),
        [b'.', b'A'..=b'Z', ..] => true,
        _ => is_text(ending),
    })
}

/// A name without that of a license before it.
fn unnamed(name: &[u8]) -> &[u8] {
    let dash = name.iter().take(7).position(|b| matches!(b, b'-' | b'_'));
    match dash.map(|n| (&name[..n], &name[n + 1..])) {
        Some((first, rest)) if LICENSES.iter().any(|l| l.eq_ignore_ascii_case(first)) => rest,
        _ => name,
    }
}

/// What stands behind the first word of a license file's name.
fn ending(name: &[u8]) -> Option<&[u8]> {
    let name = unnamed(name);
    // Nearly all names of a tree end here.
    matches!(name, [b'l' | b'L' | b'c' | b'C' | b'u' | b'U', ..]).then_some(())?;
    LICENSE_FILES.iter().find_map(|l| match name.split_at_checked(l.len()) {
        Some((start, rest)) if start.eq_ignore_ascii_case(l) => Some(rest),
        _ => None,
    })
}

fn is_text(ending: &[u8]) -> bool {
    matches!(ending, b".txt" | b".md" | b".rst" | b".html")
}

/// Words that send the reader to a file.
struct Words {
    names: FxHashSet<u64>,
    leads: FxHashSet<u64>,
    file: u64,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| Words {
    names: tokens::words("license copying copyright unlicense").into_iter().collect(),
    leads: tokens::words(
        "see in file found terms refer read consult under accompanying conditions governed covered",
    )
    .into_iter()
    .collect(),
    file: tokens::words("file")[0],
});

/// The files that the words of a region point to, with their places in bytes.
pub(super) fn find(text: &[u8], tokens: &[Token]) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    let mut until = 0;
    for (n, token) in tokens.iter().enumerate() {
        if !WORDS.names.contains(&token.hash) || (token.start as usize) < until {
            continue;
        }
        let word = token.start as usize..token.end as usize;
        let Some((path, place)) = path(text, &word) else { continue };
        if is_meant(text, tokens, n, &place) {
            until = place.end;
            found.push((path, place));
        }
    }
    found
}

/// The path that a word is part of, if it may be that of a license file.
fn path(text: &[u8], word: &Range<usize>) -> Option<(String, Range<usize>)> {
    let is_part = |b: &&u8| b.is_ascii_alphanumeric() || b"._-/".contains(b);
    let before = text[..word.start].iter().rev().take(MAX_PATH).take_while(is_part).count();
    let after = text[word.end..].iter().take(MAX_PATH).take_while(is_part).count();
    let mut start = word.start - before;
    let mut end = word.end + after;
    while matches!(text[end - 1], b'.' | b'-' | b'_' | b'/') {
        end -= 1;
    }
    // A variable stands for the root: "$(top_srcdir)/COPYING".
    let variable = start.checked_sub(1).is_some_and(|n| b")}>@".contains(&text[n]));
    if text[start] == b'/' && variable {
        start += 1;
    }
    let raw = std::str::from_utf8(&text[start..end]).ok()?;
    let (directory, name) = raw.rsplit_once('/').map_or(("", raw), |(d, n)| (d, n));
    let first = raw.split('/').next()?;
    // Absolute, or the address of another host.
    if first.is_empty() || first.contains('.') && !directory.is_empty() && !is_dots(first) {
        return None;
    }
    // The word must begin the name, but for that of a license, or a part of the path.
    let begins = word.start == end - unnamed(name.as_bytes()).len();
    if word.start > start && text[word.start - 1] != b'/' && !begins {
        return None;
    }
    let listed = directory
        .split('/')
        .any(|d| d.eq_ignore_ascii_case("licenses") || d.eq_ignore_ascii_case("licences"));
    let plain = name.rsplit_once('.').is_none_or(|(_, ending)| {
        matches!(ending, "txt" | "md" | "rst" | "html")
            || ending.starts_with(|c: char| c.is_ascii_digit())
    });
    let fits = is_license_file(name.as_bytes()) || listed && plain && !name.is_empty();
    (fits && raw.len() <= MAX_PATH).then(|| (raw.to_owned(), start..end))
}

fn is_dots(part: &str) -> bool {
    matches!(part, "." | "..")
}

/// Whether a name at a place is that of a file and the reader is sent there.
fn is_meant(text: &[u8], tokens: &[Token], n: usize, place: &Range<usize>) -> bool {
    let before = &text[..place.start];
    if before.ends_with(b"](") {
        return true;
    }
    let behind = tokens[n..].partition_point(|t| (t.start as usize) < place.end) + n;
    let first = tokens[..=n].partition_point(|t| (t.start as usize) < place.start);
    let is_file = |t: Option<&Token>| t.is_some_and(|t| t.hash == WORDS.file && is_word(text, t));
    let beside = is_file(tokens.get(behind)) || first > 0 && is_file(tokens.get(first - 1));
    let name = &text[place.clone()];
    let name = name.rsplit(|b| *b == b'/').next().unwrap_or(name);
    let capitals = |word: &[u8]| !word.iter().any(u8::is_ascii_lowercase);
    let own = tokens[n].bytes(text);
    if !beside {
        // "the License" is no file, and neither is a word among others in capitals.
        let written =
            capitals(own) || ending(name).is_some_and(is_text) || name.len() < place.len();
        let loud = |t: Option<&Token>| {
            t.is_some_and(|t| {
                t.end - t.start > 1 && capitals(t.bytes(text)) && is_letters(t.bytes(text))
            })
        };
        let shouted = own.len() == place.len()
            && loud(tokens.get(behind))
            && (first == 0 || loud(tokens.get(first - 1)));
        if !written || shouted {
            return false;
        }
    }
    if is_file(tokens.get(behind)) {
        return true;
    }
    let mut from = place.start;
    for t in tokens[..first].iter().rev().take(REACH) {
        let gap = &text[t.end as usize..from];
        if gap.windows(2).any(|w| w[0] == b'.' && w[1].is_ascii_whitespace() || w == b"\n\n") {
            return false;
        }
        if WORDS.leads.contains(&t.hash) && is_word(text, t) {
            return true;
        }
        from = t.start as usize;
    }
    false
}

fn is_letters(word: &[u8]) -> bool {
    word.iter().all(u8::is_ascii_alphabetic)
}

/// Whether a word is one by itself and no part of a name in a program.
fn is_word(text: &[u8], t: &Token) -> bool {
    let joins = |b: Option<&u8>| b.is_some_and(|b| b"_-$.".contains(b));
    !joins(text[..t.start as usize].last()) && text.get(t.end as usize) != Some(&b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(text: &str) -> Vec<String> {
        let tokens = tokens::tokenize(text.as_bytes(), 0..text.len());
        let mut paths: Vec<_> =
            find(text.as_bytes(), &tokens).into_iter().map(|(path, _)| path).collect();
        paths.dedup();
        paths
    }

    #[test]
    fn files_that_the_reader_is_sent_to() {
        for (text, path) in [
            ("For the terms see the file COPYING.", "COPYING"),
            (" * A license that can be found\n * in the LICENSE file.", "LICENSE"),
            ("See LICENSE.txt for details.", "LICENSE.txt"),
            ("under the terms in ../LICENSE", "../LICENSE"),
            ("with the library; see the file COPYING.LIB.  If not, write", "COPYING.LIB"),
            ("License: see LICENSE for details", "LICENSE"),
            ("# License\n\nSee [LICENSE](LICENSE).", "LICENSE"),
            ("[MIT](./doc/license.md)", "./doc/license.md"),
            ("the accompanying license file", "license"),
            ("refer to $(top_srcdir)/COPYING", "COPYING"),
            ("found in LICENSES/GPL-2.0.txt", "LICENSES/GPL-2.0.txt"),
            ("See the file 'Copyright' for this", "Copyright"),
            ("see MIT-LICENSE", "MIT-LICENSE"),
            (concat!("terms in doc/GP", "L-LICENSE.txt"), concat!("doc/GP", "L-LICENSE.txt")),
            ("the license is in LICENSE.MIT", "LICENSE.MIT"),
        ] {
            assert_eq!(points(text), [path], "{text}");
        }
        assert_eq!(points("see COPYING and COPYING.LESSER"), ["COPYING", "COPYING.LESSER"]);
    }

    #[test]
    fn words_and_places_that_are_no_file_of_the_checkout() {
        for text in [
            "See the License for the specific language governing permissions",
            "a copy of this license in the documentation",
            "as in /usr/share/common-licenses/GPL-2",
            "see https://www.apache.org/licenses/LICENSE-2.0 for it",
            "see example.org/LICENSE",
            "IN NO EVENT UNDER THIS LICENSE OR ANOTHER",
            "include LICENSE",
            "install(FILES LICENSE DESTINATION doc)",
            "set(CPACK_RESOURCE_FILE_LICENSE \"${DIR}/LICENSE\")",
            "see license.c in the tree",
            "combine reads by copying data in a file",
            "It is in there. LICENSE",
            "see DRIVER-LICENSE",
            "read the terms of the License.You may",
        ] {
            assert_eq!(points(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn license_files_are_told_from_code_about_licenses() {
        for yes in [
            "LICENSE",
            "COPYING.LESSER",
            "LICENSE-MIT",
            "license.md",
            "LICENCE.txt",
            "MIT-LICENSE",
            "APACHE_LICENSE.txt",
        ] {
            assert!(is_license_file(yes.as_bytes()), "{yes}");
        }
        for no in [
            "mit-license.c",
            "driver-LICENSE",
            "license.c",
            "licenses",
            "copying_files.py",
            "LICENSE_CHECK.py",
            "license.rs",
        ] {
            assert!(!is_license_file(no.as_bytes()), "{no}");
        }
    }
}
