// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What is read as the name of a license, by example.

use super::*;

/// What is named in a text, joined as it was joined there.
fn named(text: &str) -> String {
    static REFERENCES: std::sync::LazyLock<References> =
        std::sync::LazyLock::new(|| References::new(Licenses::builtin()));
    let tokens = tokens::tokenize(text.as_bytes(), 0..text.len());
    let found = REFERENCES.find(text.as_bytes(), &tokens);
    let mut out = String::new();
    for r in found {
        if !out.is_empty() {
            out.push_str(if r.or { " | " } else { ", " });
        }
        out.push_str(&r.expression);
    }
    out
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(named(text), *expected, "{text}");
    }
}

#[test]
fn versions_stand_behind_a_name_or_before_it() {
    check(&[
        ("licensed under the GNU General Public License, version 2.", "GPL-2.0-only"),
        ("under the terms of version 2.1 of the LGPL", "LGPL-2.1-only"),
        ("GPLv3", "GPL-3.0-only"),
        ("LGPL-2.1", "LGPL-2.1-only"),
        ("under the GNU GPL v 2", "GPL-2.0-only"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("License: Apache 2", "Apache-2.0"),
        ("Mozilla Public License (MPL) version 1.1", "MPL-1.1"),
        (
            "General Public License as published by the Free Software Foundation; version 2",
            "GPL-2.0-only",
        ),
        ("the GNU General Public License", "GPL-1.0-or-later"),
        ("placed under the terms of the GNUv2 General Public License", "GPL-2.0-only"),
        // There is no such version of the GPL: "Lesser" is missing.
        ("GNU General Public License, version 2.1", "LGPL-2.1-only"),
        ("licensed under the MPL/GPL/LGPL", "MPL-1.1 | GPL-1.0-or-later | LGPL-2.0-or-later"),
        ("licensed under the MPL", "MPL-2.0"),
    ]);
}

#[test]
fn an_aside_may_stand_between_a_version_and_later_ones() {
    check(&[
        (
            "the GNU GPL, version 2 (local copy, original) or (at your option) any later version",
            "GPL-2.0-or-later",
        ),
        ("the GNU GPL, version 2 (local copy, original), and nothing later", "GPL-2.0-only"),
    ]);
}

#[test]
fn the_heading_of_a_notice_names_none() {
    check(&[
        ("GNU Public License Notice: You may use it", ""),
        ("keep the BSD license notice", "BSD-3-Clause"),
        ("GNU General Public License version 2 Notice: as below", "GPL-2.0-only"),
    ]);
}

#[test]
fn public_domain_is_said_by_a_sentence_or_a_line_of_a_comment() {
    const PD: &str = "LicenseRef-lictor-public-domain";
    check(&[
        ("/*\n * Public domain, 2008, by the author.\n */", PD),
        ("// Author: A. Writer\n// Public Domain\n\nint a;", PD),
        ("# By A. Writer. Public domain.\n", PD),
        ("Public domain.", PD),
        ("# In the public domain.\n", PD),
        ("; \"A. Writer, 2004. Public Domain.\"\n", PD),
        // Headings, lists, and the ends of sentences.
        ("Terms:\n  Freeware\n  Public Domain\n", ""),
        ("- Public Domain\n- Freeware\n", ""),
        ("## Public Domain\n", ""),
        ("# Works that entered the\n# Public Domain are listed\n", ""),
        ("// a sample from the\n// public domain.\n", ""),
        ("// the famous pdtar. Public domain tools came later.\n", ""),
        ("<option>Public Domain</option>", ""),
    ]);
}

#[test]
fn a_list_that_ends_in_or_is_a_choice() {
    check(&[
        ("under the LGPL, MPL or BSD license", "LGPL-2.0-or-later | MPL-1.1 | BSD-3-Clause"),
        ("under the LGPL, MPL and BSD license", "LGPL-2.0-or-later, MPL-2.0, BSD-3-Clause"),
        (
            "the terms of the Mozilla Public License (http://mozilla.org/MPL) or the GNU General \
             Public License",
            "MPL-1.1, MPL-1.1 | GPL-1.0-or-later",
        ),
    ]);
}

#[test]
fn regression_the_version_of_another_license_behind_or_is_not_taken() {
    check(&[(
        "of the LGPL version 2.1 or later (the \"LGPL\"), or the Apache License Version 2.0",
        "LGPL-2.1-or-later, LGPL-2.0-or-later | Apache-2.0",
    )]);
}

#[test]
fn regression_a_later_version_that_someone_must_accept_is_not_any() {
    check(&[(
        "the GNU General Public License as published by the Free Software Foundation; either \
         version 2 of the License, or (at your option) version 3 or any later version accepted \
         by the membership of KDE e.V.",
        "GPL-2.0-only OR GPL-3.0-only",
    )]);
}

#[test]
fn later_versions_are_granted_in_many_words_and_denied_in_some() {
    for later in [
        "GNU General Public License as published by the Free Software Foundation; either version 2 of the License, or (at your option) any later version",
        "GPLv2+",
        "GPL version 2 or later",
        "GPL (>= 2)",
        "GPL-2.0-or-later",
        "version 2 of the GNU GPL or any newer version",
        "version 2, or (at your option) any later version, of the General Public License",
        "GPL v2 and any later version",
        "GPL version 2 or above",
        "GPL version 2 or\n * higher",
        "GNU General Public License, wie von der Free Software Foundation veröffentlicht, weitergeben und/oder modifizieren, entweder gemäß Version 2 der Lizenz oder (nach Ihrer Option) jeder späteren Version",
        "GNU General Public License telle que publiée par la Free Software Foundation ; soit la version 2 de la licence, soit (à votre gré) toute version ultérieure",
        "Licencia Pública General GNU publicada por la Fundación para el Software Libre, ya sea la versión 2 de la Licencia, o (a su elección) cualquier versión posterior",
        "GNU General Public License come pubblicata dalla Free Software Foundation; o la versione 2 della licenza o (a propria scelta) una versione successiva",
        "Licença Pública Geral GNU como publicada pela Free Software Foundation; na versão 2 da Licença, ou (a seu critério) qualquer versão posterior",
    ] {
        assert_eq!(named(later), "GPL-2.0-or-later", "{later}");
    }
    for only in [
        "GPL-2.0-only",
        "GPL version 2 only",
        "General Public License version 2 and no later version",
        "version 2 of the GPL, not any later version",
        "GNU General Public License version 2. Later we met.",
    ] {
        assert_eq!(named(only), "GPL-2.0-only", "{only}");
    }
    check(&[
        ("under version 2 or version 3 of the GPL", "GPL-2.0-only OR GPL-3.0-only"),
        ("the EUPL, Version 1.1 or later", "EUPL-1.1+"),
        (
            "Academic Free License version 2.1, or the GNU General Public License version 2",
            "AFL-2.1 | GPL-2.0-only",
        ),
    ]);
}

#[test]
fn a_common_word_names_a_license_only_in_company() {
    check(&[
        ("License: MIT", "MIT"),
        ("License\n=======\n\nMIT, see the file", "MIT"),
        ("released under the MIT license", "MIT"),
        ("licensed under the terms of the BSD", "BSD-3-Clause"),
        ("Dual BSD/GPL license", "BSD-3-Clause | GPL-1.0-or-later"),
        ("the MIT (http://example.org/mit-license.php) license", "MIT"),
        ("EXPORT_SYMBOL_GPL(2); S3C2410_GPL(10); the license of this", ""),
        ("Same license as Ruby.", "Ruby"),
        ("He studied at MIT and wrote BSD sockets for Apache.", ""),
        ("the license of the driver; MIT built it", ""),
        ("runs on BSD and Linux", ""),
    ]);
}

#[test]
fn a_common_word_is_a_license_where_something_is_put_under_it() {
    check(&[
        ("This file falls under the MIT.", "MIT"),
        ("covered by the BSD", "BSD-3-Clause"),
        ("published by MIT, provided by Apache", ""),
        ("available under MIT terms", "MIT"),
        ("under MIT terms", "MIT"),
        ("You may use it under the terms of MIT.", "MIT"),
        ("Permission is granted under the BSD.", "BSD-3-Clause"),
        ("tested and used under BSD", ""),
        ("released under BSD 4.2", ""),
        ("Lizenz: GPL", "GPL-1.0-or-later"),
        ("steht unter der GPL", "GPL-1.0-or-later"),
        ("License & copyright\n\nMIT", "MIT"),
        ("License\n\n[MIT](LICENSE)", "MIT"),
        ("Copying-policy: GPL", "GPL-1.0-or-later"),
        ("Copyright (C) 2010 Jane Doe (GPL)", "GPL-1.0-or-later"),
        ("Copyright (C) 2010 MIT (Cambridge)", ""),
    ]);
}

#[test]
fn a_name_may_be_all_that_is_said_of_a_file_or_its_license() {
    check(&[
        ("(As all part of the kernel, this file is GPL)", "GPL-1.0-or-later"),
        ("All files are MIT.", "MIT"),
        ("this code is BSD specific", ""),
        ("the state is MIT.", ""),
        ("The license of the program is BSD.", "BSD-3-Clause"),
    ]);
}

#[test]
fn an_id_that_is_a_word_is_the_value_of_a_field() {
    check(&[
        ("License: Vim\n", "Vim"),
        ("license = \"curl\"\n", "curl"),
        ("License: Intel hardware\n", ""),
        ("the license, Intel says", ""),
        ("License: doc\n", ""),
        ("License: ANTLR-PD\n", "ANTLR-PD"),
        ("License: PHP-3.01\n", "PHP-3.01"),
    ]);
}

#[test]
fn every_id_of_the_list_is_read_in_a_field() {
    let ids = Licenses::builtin();
    let wrong: Vec<(&str, String)> = crate::licenses::license_ids()
        // The `spdx` crate has ids with "invariants" that the list has not; "license check" is prose.
        .filter(|id| !ids.is_deprecated(id) && !id.contains("invariants") && *id != "check-cvs")
        .map(|id| (id, named(&format!("License: {id}\n"))))
        .filter(|(id, found)| id != found)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn regression_the_version_of_a_program_is_not_that_of_a_license() {
    check(&[
        ("foo v1.0.0 | GPL License", "GPL-1.0-or-later"),
        ("foo 1.0 - BSD licensed", "BSD-3-Clause"),
        ("version 2 of the GPL", "GPL-2.0-only"),
    ]);
}

#[test]
fn regression_a_year_is_the_version_of_some() {
    check(&[
        ("License: BSD 3-Clause No Nuclear License 2014", "BSD-3-Clause-No-Nuclear-License-2014"),
        ("Norwegian License for Open Government Data (NLOD) 1.0", "NLOD-1.0"),
    ]);
}

#[test]
fn what_is_denied_or_compared_is_not_stated() {
    check(&[
        ("this license is compatible with the GPL", ""),
        ("a GPL-compatible license", ""),
        ("is not GPL", ""),
    ]);
}

#[test]
fn addresses_name_licenses() {
    check(&[
        ("see https://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
        ("<http://opensource.org/licenses/MIT>", "MIT"),
        ("http://creativecommons.org/licenses/by-sa/4.0/", "CC-BY-SA-4.0"),
        ("https://example.org/licenses/", ""),
        ("http://creativecommons.org/licenses/by/3.0/", "CC-BY-3.0"),
        ("http://creativecommons.org/licenses/by/3.0/us/", "CC-BY-3.0-US"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("http://www.gnu.org/copyleft/gpl.html", "GPL-1.0-or-later"),
        ("http://www.opensource.org/licenses/mozilla1.1.php", "MPL-1.1"),
        // The address of a license is also that of its variants.
        ("https://opensource.org/license/CAL-1.0", "CAL-1.0"),
        ("http://scripts.sil.org/cms/scripts/page.php?item_id=OFL_web", "OFL-1.1"),
    ]);
}

#[test]
fn regression_an_address_without_a_version_says_none() {
    let how = |text: &str| {
        let references = References::new(Licenses::builtin());
        let tokens = tokens::tokenize(text.as_bytes(), 0..text.len());
        references.find(text.as_bytes(), &tokens)[0].how
    };
    assert_eq!(how("http://oss.sgi.com/projects/FreeB/"), How::Address { vague: true });
    assert_eq!(how("http://www.apache.org/licenses/LICENSE-2.0"), How::Address { vague: false });
}

#[test]
fn a_catalogue_names_nothing() {
    let ids = Licenses::builtin();
    let list: Vec<String> = crate::licenses::license_ids()
        .filter(|id| !ids.is_deprecated(id))
        .take(200)
        .map(|id| format!("\"{id}\""))
        .collect();
    assert_eq!(named(&format!("let licenses = [{}];", list.join(", "))), "");
}

#[test]
fn an_exception_is_found_by_its_words_and_by_its_name() {
    check(&[
        ("GPL v2 with the Classpath exception", "GPL-2.0-only, Classpath-exception-2.0"),
        (
            "if you distribute this file as part of a program that contains a configuration script generated by Autoconf, you may include it under the same distribution terms that you use for the rest of that program",
            "Autoconf-exception-generic",
        ),
    ]);
}

#[test]
fn an_exception_is_read_by_its_id() {
    check(&[
        ("GPL-3.0-or-later WITH Bison-exception-1.24", "GPL-3.0-or-later, Bison-exception-1.24"),
        ("GPLv3 with GPL-3.0-linking-exception", "GPL-3.0-only, GPL-3.0-linking-exception"),
        ("under the GPLv2 with the Swift exception", "GPL-2.0-only, Swift-exception"),
    ]);
}
