// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Where each format has its license. Where a format leaves open what several licenses in a
//! list mean, all of them are taken to hold.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::code::{self, Code, Style};
use super::fields::{self, Field};
use super::json::{self, Json, Text};
use super::{Declared, Form, Link, xml};
use crate::model::FileKind;

pub(super) fn read(kind: FileKind, text: &[u8]) -> Vec<Declared> {
    match kind {
        FileKind::Plain => Vec::new(),
        FileKind::AppStream => app_stream(text),
        FileKind::Bower | FileKind::Npm => npm(text),
        FileKind::BundleManifest => bundle_manifest(text),
        FileKind::Cabal => cabal(text),
        FileKind::Cargo => cargo(text),
        FileKind::Citation => citation(text),
        FileKind::CodeMeta => code_meta(text),
        FileKind::Composer => composer(text),
        FileKind::Conda => in_yaml(text, &["about", "license"], Form::Name, Link::And),
        FileKind::CpanJson => cpan_json(text),
        FileKind::CpanMake => cpan_make(text),
        FileKind::CpanYaml => in_yaml(text, &["license"], Form::Name, Link::And),
        FileKind::DebianCopyright => debian_copyright(text),
        FileKind::Deno | FileKind::DubJson | FileKind::Elm | FileKind::Vcpkg => {
            in_json(text, Form::Expression, Link::And)
        }
        FileKind::Haxelib => in_json(text, Form::Name, Link::And),
        FileKind::DubSdl => dub_sdl(text),
        FileKind::Gemspec => gemspec(text),
        FileKind::Gradle => gradle(text),
        FileKind::Hpack => in_yaml(text, &["license"], Form::Name, Link::And),
        FileKind::Maven => maven(text),
        FileKind::Mix => mix(text),
        FileKind::MsBuild => ms_build(text),
        FileKind::NuGet => nuget(text),
        FileKind::Opam => opam(text),
        FileKind::Podspec => podspec(text),
        FileKind::PodspecJson => podspec_json(text),
        FileKind::Pyproject => pyproject(text),
        FileKind::PythonMetadata => python_metadata(text),
        FileKind::RDescription => r_description(text),
        FileKind::Rockspec => rockspec(text),
        FileKind::RpmSpec => rpm_spec(text),
        FileKind::SetupCfg => setup_cfg(text),
        FileKind::SetupPy => setup_py(text),
        FileKind::WordPressReadme => wordpress_readme(text),
        FileKind::WordPressStyle => wordpress_style(text),
    }
}

fn new(value: impl Into<String>, form: Form, range: Range<usize>, link: Link) -> Declared {
    Declared { value: value.into(), form, start: range.start, end: range.end, link }
}

fn part(text: &[u8], form: Form, range: Range<usize>, link: Link) -> Declared {
    new(fields::words(text, range.clone()), form, range, link)
}

/// Values of one list: the first is a statement, the others go with it by `link`.
fn listed(values: impl IntoIterator<Item = Declared>, link: Link) -> Vec<Declared> {
    let mut values: Vec<Declared> = values.into_iter().collect();
    for (n, d) in values.iter_mut().enumerate() {
        d.link = if n == 0 { Link::And } else { link };
    }
    values
}

fn parts(text: &[u8], ranges: Vec<Range<usize>>, form: Form, link: Link) -> Vec<Declared> {
    listed(ranges.into_iter().map(|r| part(text, form, r, Link::And)), link)
}

/// A free text that may be a whole license: of that, the texts are looked for elsewhere.
fn short(text: &[u8], range: &Range<usize>) -> bool {
    range.len() <= 200 && memchr::memchr(b'\n', &text[range.clone()]).is_none()
}

fn is_url(value: &str) -> bool {
    value.starts_with("http://") || value.starts_with("https://")
}

// JSON.

fn of_json(t: &Text, form: Form, link: Link) -> Declared {
    new(t.value.clone(), form, t.range.clone(), link)
}

fn in_json(text: &[u8], form: Form, link: Link) -> Vec<Declared> {
    let Some(json) = json::parse(text) else { return Vec::new() };
    let Some(value) = json.get("license") else { return Vec::new() };
    listed(value.each().iter().filter_map(Json::text).map(|t| of_json(t, form, link)), link)
}

/// A string of npm's, which may also say that the license is elsewhere or that there is none.
fn npm_text(t: &Text) -> Declared {
    let value = t.value.trim();
    let lower = value.to_ascii_lowercase();
    let (value, form) = match lower.strip_prefix("see license in ") {
        Some(_) => (value["see license in ".len()..].trim(), Form::File),
        None if value == "UNLICENSED" => (value, Form::Unlicensed),
        None if is_url(value) => (value, Form::Url),
        None => (value, Form::Expression),
    };
    new(value, form, t.range.clone(), Link::And)
}

/// `"MIT"`, and `{"type": "MIT", "url": "..."}` as it was before there were expressions.
fn npm_value(value: &Json) -> Vec<Declared> {
    match value {
        Json::Text(t) => vec![npm_text(t)],
        Json::Object(_) => {
            let name = value.get("type").or(value.get("name")).and_then(Json::text).map(npm_text);
            let url = value.get("url").and_then(Json::text);
            name.into_iter().chain(url.map(|t| of_json(t, Form::Url, Link::And))).collect()
        }
        _ => Vec::new(),
    }
}

fn npm(text: &[u8]) -> Vec<Declared> {
    let Some(json) = json::parse(text) else { return Vec::new() };
    let Some(value) = json.get("license").or(json.get("licenses")) else { return Vec::new() };
    let mut declared = Vec::new();
    for value in value.each() {
        // The list is older than expressions; it meant a choice.
        let first = if declared.is_empty() { Link::And } else { Link::Or };
        let mut values = listed(npm_value(value), Link::Else);
        if let Some(d) = values.first_mut() {
            d.link = first;
        }
        declared.extend(values);
    }
    declared
}

fn composer(text: &[u8]) -> Vec<Declared> {
    let mut declared = in_json(text, Form::Expression, Link::Or);
    for d in declared.iter_mut().filter(|d| d.value == "proprietary") {
        d.form = Form::Unlicensed;
    }
    declared
}

fn cpan_json(text: &[u8]) -> Vec<Declared> {
    // Version 2 of the format has a list and leaves open what it means.
    in_json(text, Form::Name, Link::And)
}

fn podspec_json(text: &[u8]) -> Vec<Declared> {
    let Some(json) = json::parse(text) else { return Vec::new() };
    match json.get("license") {
        Some(Json::Text(t)) => vec![of_json(t, Form::Name, Link::And)],
        Some(object) => {
            let field = |key: &str, form, link| {
                object.get(key).and_then(Json::text).map(|t| of_json(t, form, link))
            };
            let name = field("type", Form::Name, Link::And);
            let file = field("file", Form::File, Link::Else);
            listed(name.into_iter().chain(file), Link::Else)
        }
        None => Vec::new(),
    }
}

fn code_meta(text: &[u8]) -> Vec<Declared> {
    let Some(json) = json::parse(text) else { return Vec::new() };
    let Some(value) = json.get("license") else { return Vec::new() };
    let mut declared = Vec::new();
    for value in value.each() {
        let keys = ["@id", "url", "name"];
        let texts = value
            .text()
            .into_iter()
            .chain(keys.iter().filter_map(|k| value.get(k)).filter_map(Json::text));
        let values = texts.map(|t| {
            let form = if is_url(&t.value) { Form::Url } else { Form::Name };
            of_json(t, form, Link::And)
        });
        declared.extend(listed(values, Link::Else));
    }
    declared
}

// TOML.

fn toml_parse(text: &[u8]) -> Option<(&str, Spanned<DeTable<'_>>)> {
    let text = std::str::from_utf8(text).ok()?;
    Some((text, DeTable::parse(text).ok()?))
}

fn toml_get<'a, 'i>(table: &'a DeTable<'i>, path: &[&str]) -> Option<&'a Spanned<DeValue<'i>>> {
    let (last, tables) = path.split_last()?;
    let mut table = table;
    for name in tables {
        table = match table.get(*name)?.get_ref() {
            DeValue::Table(t) => t,
            _ => return None,
        };
    }
    table.get(*last)
}

/// A string, placed without its quotes.
fn of_toml(text: &str, value: &Spanned<DeValue<'_>>, form: Form) -> Option<Declared> {
    let words = value.get_ref().as_str()?;
    let span = value.span();
    let raw = text.get(span.clone())?;
    let quotes = raw.bytes().take_while(|b| matches!(b, b'"' | b'\'')).count().min(raw.len() / 2);
    Some(new(words, form, span.start + quotes..span.end - quotes, Link::And))
}

fn toml_field(text: &str, table: &DeTable<'_>, path: &[&str], form: Form) -> Option<Declared> {
    of_toml(text, toml_get(table, path)?, form)
}

fn cargo(text: &[u8]) -> Vec<Declared> {
    let Some((text, table)) = toml_parse(text) else { return Vec::new() };
    let field = |path: &[&str], form| toml_field(text, table.get_ref(), path, form);
    // `license.workspace = true` is no string: what the workspace says is not said here.
    let tables = [["package"].as_slice(), &["project"], &["workspace", "package"]];
    let fields = tables.iter().flat_map(|t| {
        let expression = field(&[*t, &["license"]].concat(), Form::Expression);
        expression.or_else(|| field(&[*t, &["license-file"]].concat(), Form::File))
    });
    fields.collect()
}

fn pyproject(text: &[u8]) -> Vec<Declared> {
    let Some((text, table)) = toml_parse(text) else { return Vec::new() };
    let table = table.get_ref();
    let field = |path: &[&str], form| toml_field(text, table, path, form);
    let free = |path: &[&str]| {
        field(path, Form::Name).filter(|d| short(text.as_bytes(), &(d.start..d.end)))
    };
    let mut declared: Vec<Declared> = [
        field(&["project", "license"], Form::Expression),
        free(&["project", "license", "text"]),
        field(&["project", "license", "file"], Form::File),
        free(&["tool", "poetry", "license"]),
        free(&["tool", "flit", "metadata", "license"]),
    ]
    .into_iter()
    .flatten()
    .collect();
    let lists = [
        ["project", "classifiers"].as_slice(),
        &["tool", "poetry", "classifiers"],
        &["tool", "flit", "metadata", "classifiers"],
    ];
    for list in lists.iter().filter_map(|path| toml_get(table, path)) {
        let values = list.get_ref().as_array().into_iter().flatten();
        declared.extend(
            values
                .filter_map(|v| of_toml(text, v, Form::Classifier))
                .filter(|d| d.value.starts_with("License ::")),
        );
    }
    declared
}

// YAML and fields.

fn in_yaml(text: &[u8], path: &[&str], form: Form, link: Link) -> Vec<Declared> {
    parts(text, fields::yaml(text, path), form, link)
}

fn citation(text: &[u8]) -> Vec<Declared> {
    let declared = in_yaml(text, &["license"], Form::Expression, Link::Or);
    if declared.is_empty() {
        return in_yaml(text, &["license-url"], Form::Url, Link::And);
    }
    declared
}

fn classifiers(text: &[u8], range: Range<usize>) -> Vec<Declared> {
    let lines = fields::lines(&text[range.clone()]);
    let lines = lines.map(|l| fields::trimmed(text, l.start + range.start..l.end + range.start));
    lines
        .filter(|l| text[l.clone()].starts_with(b"License ::"))
        .map(|l| part(text, Form::Classifier, l, Link::And))
        .collect()
}

fn setup_cfg(text: &[u8]) -> Vec<Declared> {
    let get = |key| fields::ini(text, "metadata", key);
    let mut declared = Vec::new();
    let one = |ranges: Vec<Range<usize>>, form, declared: &mut Vec<Declared>| {
        let fit = ranges.into_iter().filter(|r| short(text, r));
        declared.extend(fit.take(1).map(|r| part(text, form, r, Link::And)));
    };
    one(get("license_expression"), Form::Expression, &mut declared);
    // An old spelling of `license_files`, and a habit: `license = file: LICENSE`.
    one(get("license"), Form::Name, &mut declared);
    for d in &mut declared {
        if let Some(file) = d.value.strip_prefix("file:").map(|f| f.trim().to_owned()) {
            (d.value, d.form) = (file, Form::File);
        }
    }
    one(get("license_file"), Form::File, &mut declared);
    for key in ["classifiers", "classifier"] {
        declared.extend(get(key).into_iter().flat_map(|r| classifiers(text, r)));
    }
    declared
}

fn python_metadata(text: &[u8]) -> Vec<Declared> {
    let all = fields::fields(text);
    // Other things are named METADATA as well.
    if !all.first().is_some_and(|f| f.is("Metadata-Version")) {
        return Vec::new();
    }
    // The description that follows a blank line may hold anything.
    let head = || all.iter().filter(|f| f.stanza == all[0].stanza);
    let named = |name, form| {
        let fields = head().filter(move |f| f.is(name));
        let fields = fields.filter(|f| short(text, &f.whole) && f.first.len() == f.whole.len());
        fields.map(move |f| part(text, form, f.first.clone(), Link::And)).collect::<Vec<_>>()
    };
    let mut declared = named("License-Expression", Form::Expression);
    declared.extend(named("License", Form::Name));
    declared.extend(named("License-File", Form::File));
    let classifiers = named("Classifier", Form::Classifier).into_iter();
    declared.extend(classifiers.filter(|d| d.value.starts_with("License ::")));
    declared
}

fn r_description(text: &[u8]) -> Vec<Declared> {
    let all = fields::fields(text);
    if !all.iter().any(|f| f.is("Package")) {
        return Vec::new();
    }
    let Some(field) = all.iter().find(|f| f.is("License")) else { return Vec::new() };
    let mut declared = Vec::new();
    let mut start = field.whole.start;
    let ends = memchr::memchr_iter(b'|', &text[field.whole.clone()]);
    let ends: Vec<usize> = ends.map(|n| field.whole.start + n).chain([field.whole.end]).collect();
    for (n, end) in ends.into_iter().enumerate() {
        let link = if n == 0 { Link::And } else { Link::Or };
        let range = fields::trimmed(text, start..end);
        start = end + 1;
        let value = fields::words(text, range.clone());
        // `MIT + file LICENSE`: the file has the names and years for the license.
        let (name, file) = match value.split_once("file ") {
            Some((name, file)) => (name.trim_end().trim_end_matches('+').trim_end(), Some(file)),
            None => (value.as_str(), None),
        };
        if !name.is_empty() {
            declared.push(new(name, Form::Name, range.clone(), link));
        }
        if let Some(file) = file {
            let link = if name.is_empty() { link } else { Link::Else };
            declared.push(new(file, Form::File, range, link));
        }
    }
    declared
}

fn cabal(text: &[u8]) -> Vec<Declared> {
    let all = fields::fields(text);
    let get = |name, form| {
        all.iter().find(|f| f.is(name)).map(|f| part(text, form, f.whole.clone(), Link::And))
    };
    get("license", Form::Name).or_else(|| get("license-file", Form::File)).into_iter().collect()
}

/// Sections of a spec file in which no tags stand.
const RPM_SECTIONS: [&str; 22] = [
    "%description",
    "%prep",
    "%generate_buildrequires",
    "%conf",
    "%build",
    "%install",
    "%check",
    "%clean",
    "%pre",
    "%post",
    "%preun",
    "%postun",
    "%pretrans",
    "%posttrans",
    "%triggerin",
    "%triggerun",
    "%triggerpostun",
    "%verifyscript",
    "%files",
    "%changelog",
    "%sourcelist",
    "%patchlist",
];

fn rpm_spec(text: &[u8]) -> Vec<Declared> {
    let mut declared = Vec::new();
    let (mut named, mut tags) = (false, true);
    for line in fields::lines(text) {
        let bytes = &text[line.clone()];
        let word = bytes.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        if word == b"%package" {
            tags = true;
        } else if RPM_SECTIONS.iter().any(|s| s.as_bytes() == word) {
            tags = false;
        }
        let Some(colon) = memchr::memchr(b':', bytes).filter(|_| tags) else { continue };
        let tag = bytes[..colon].trim_ascii();
        // Much else is called .spec.
        named |= tag.eq_ignore_ascii_case(b"name");
        if tag.eq_ignore_ascii_case(b"license") && named {
            let value = fields::trimmed(text, line.start + colon + 1..line.end);
            declared.push(part(text, Form::Name, value, Link::And));
        }
    }
    declared
}

fn debian_copyright(text: &[u8]) -> Vec<Declared> {
    let all = fields::fields(text);
    // Older ones are prose.
    if !all.first().is_some_and(|f| f.is("Format") || f.is("Format-Specification")) {
        return Vec::new();
    }
    let mut declared: Vec<Declared> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for stanza in all.chunk_by(|a, b| a.stanza == b.stanza) {
        // Stanzas without files give the words of a license that others name.
        if !stanza.iter().any(|f| f.is("Files")) {
            continue;
        }
        // The first line is the name, what follows are the words.
        let Some(license) = stanza.iter().find(|f| f.is("License")) else { continue };
        let d = part(text, Form::Name, license.first.clone(), Link::And);
        if seen.insert(d.value.clone()) {
            declared.push(d);
        }
    }
    declared
}

fn bundle_manifest(text: &[u8]) -> Vec<Declared> {
    let all = fields::fields(text);
    let Some(field) = all.iter().find(|f| f.is("Bundle-License")) else { return Vec::new() };
    // A line that begins with a space goes on where the one before it was cut.
    let mut value: Vec<(u8, usize)> = Vec::new();
    for (n, line) in fields::lines(&text[field.whole.clone()]).enumerate() {
        let start = field.whole.start + line.start + usize::from(n > 0);
        let end = field.whole.start + line.end;
        value.extend((start..end).map(|at| (text[at], at)));
    }
    // `name;link="...";description="...", name`, of which any part may be in quotes.
    let mut declared = Vec::new();
    for clause in split_quoted(&value, b',') {
        let mut values = Vec::new();
        for (n, piece) in split_quoted(clause, b';').into_iter().enumerate() {
            let equals = piece.iter().position(|(b, _)| *b == b'=');
            let (key, piece) = match equals {
                Some(at) if n > 0 => (unfolded(&piece[..at]).0, &piece[at + 1..]),
                _ => (String::new(), piece),
            };
            let (value, range) = unfolded(piece);
            let form = if is_url(&value) { Form::Url } else { Form::Name };
            if n == 0 || matches!(key.as_str(), "link" | "description") {
                values.push(new(value, form, range, Link::And));
            }
        }
        declared.extend(listed(values.into_iter().filter(|d| !d.value.is_empty()), Link::Else));
    }
    declared
}

/// Splits at a byte that is not in quotes.
fn split_quoted(value: &[(u8, usize)], at: u8) -> Vec<&[(u8, usize)]> {
    let mut quoted = false;
    value
        .split(|(b, _)| {
            quoted ^= *b == b'"';
            *b == at && !quoted
        })
        .collect()
}

fn unfolded(piece: &[(u8, usize)]) -> (String, Range<usize>) {
    let outside = |(b, _): &(u8, usize)| b.is_ascii_whitespace() || *b == b'"';
    let start = piece.iter().position(|p| !outside(p)).unwrap_or(piece.len());
    let end = piece.iter().rposition(|p| !outside(p)).map_or(start, |n| n + 1);
    let inner = &piece[start..end];
    let bytes: Vec<u8> = inner.iter().map(|(b, _)| *b).collect();
    let range = match (inner.first(), inner.last()) {
        (Some((_, first)), Some((_, last))) => *first..*last + 1,
        _ => 0..0,
    };
    (String::from_utf8_lossy(&bytes).into_owned(), range)
}

/// The license and its address in a header of WordPress's.
fn wordpress(text: &[u8], head: &[Field<'_>]) -> Vec<Declared> {
    let get = |name, form| {
        let found = head.iter().find(|f| f.is(name));
        found.map(|f| part(text, form, f.first.clone(), Link::And))
    };
    let name = get("License", Form::Name);
    listed(name.into_iter().chain(get("License-URI", Form::Url)), Link::Else)
}

/// The header's fields, whose names may hold a space.
fn header(text: &[u8], range: Range<usize>) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    for line in fields::lines(&text[range.clone()]) {
        let line = line.start + range.start..line.end + range.start;
        let bytes = &text[line.clone()];
        let Some(colon) = memchr::memchr(b':', bytes) else { continue };
        let first = fields::trimmed(text, line.start + colon + 1..line.end);
        let name = match bytes[..colon].trim_ascii().trim_ascii_start() {
            name if name.eq_ignore_ascii_case(b"License URI") => b"License-URI".as_slice(),
            name => name.strip_prefix(b"* ").unwrap_or(name),
        };
        fields.push(Field { name, whole: first.clone(), first, stanza: 0 });
    }
    fields
}

fn wordpress_readme(text: &[u8]) -> Vec<Declared> {
    let mut lines = fields::lines(text).filter(|l| !text[l.clone()].trim_ascii().is_empty());
    let title = lines.next().map(|l| fields::trimmed(text, l));
    let bom = b"\xef\xbb\xbf".as_slice();
    let Some(title) = title.filter(|t| {
        let title = &text[t.clone()];
        title.strip_prefix(bom).unwrap_or(title).starts_with(b"===") && title.ends_with(b"===")
    }) else {
        return Vec::new();
    };
    let end = lines.find(|l| text[l.clone()].starts_with(b"==")).map_or(text.len(), |l| l.start);
    let head = header(text, title.end..end);
    // What every such header has.
    let evident = ["Contributors", "Stable tag", "Requires at least", "Tested up to"];
    if !head.iter().any(|f| evident.iter().any(|e| f.is(e))) {
        return Vec::new();
    }
    wordpress(text, &head)
}

fn wordpress_style(text: &[u8]) -> Vec<Declared> {
    let Some(start) = memchr::memmem::find(text, b"/*") else { return Vec::new() };
    let len = memchr::memmem::find(&text[start..], b"*/").unwrap_or(text.len() - start);
    let head = header(text, start + 2..(start + len).max(start + 2));
    if !head.iter().any(|f| f.is("Theme Name")) {
        return Vec::new();
    }
    wordpress(text, &head)
}

// XML.

/// The text of every leaf at a path that ends like one of these.
fn xml_values(text: &[u8], wanted: &[(&[&str], Form)]) -> Vec<Declared> {
    let mut declared = Vec::new();
    xml::leaves(text, |open, range| {
        for (path, form) in wanted {
            let fits = open.len() == path.len()
                && open.iter().zip(*path).all(|(o, name)| o.name == name.as_bytes());
            if fits {
                let value = xml::decode(&text[range.clone()]);
                declared.push(new(value, *form, range.clone(), Link::And));
            }
        }
    });
    declared
}

fn app_stream(text: &[u8]) -> Vec<Declared> {
    let mut declared = Vec::new();
    // `application` is what the format's first version had.
    for root in ["component", "application"] {
        let fields: [(&[&str], Form); 2] = [
            (&[root, "metadata_license"], Form::Expression),
            (&[root, "project_license"], Form::Expression),
        ];
        declared.extend(xml_values(text, &fields));
    }
    declared
}

fn maven(text: &[u8]) -> Vec<Declared> {
    let mut declared: Vec<Declared> = Vec::new();
    let mut last = None;
    let path: [&[u8]; 3] = [b"project", b"licenses", b"license"];
    xml::leaves(text, |open, range| {
        let [.., license, leaf] = open else { return };
        if open.len() != 4 || !open.iter().zip(path).all(|(o, name)| o.name == name) {
            return;
        }
        let form = match leaf.name {
            b"name" => Form::Name,
            b"url" => Form::Url,
            _ => return,
        };
        // Of several licenses, any may be chosen.
        let link = match last {
            Some(number) if number == license.number => Link::Else,
            Some(_) => Link::Or,
            None => Link::And,
        };
        last = Some(license.number);
        declared.push(new(xml::decode(&text[range.clone()]), form, range, link));
    });
    declared
}

fn nuget(text: &[u8]) -> Vec<Declared> {
    let mut declared = Vec::new();
    xml::leaves(text, |open, range| {
        let [package, metadata, leaf] = open else { return };
        if package.name != b"package" || metadata.name != b"metadata" {
            return;
        }
        let form = match (leaf.name, leaf.attribute("type").as_deref()) {
            (b"license", Some("expression")) => Form::Expression,
            (b"license", Some("file")) => Form::File,
            (b"licenseUrl", _) => Form::Url,
            _ => return,
        };
        declared.push(new(xml::decode(&text[range.clone()]), form, range, Link::And));
    });
    // The address is for clients that are too old for the other.
    declared.sort_by_key(|d| d.form == Form::Url);
    listed(declared, Link::Else)
}

fn ms_build(text: &[u8]) -> Vec<Declared> {
    let group = |leaf| ["Project", "PropertyGroup", leaf];
    let names = [
        group("PackageLicenseExpression"),
        group("PackageLicenseFile"),
        group("PackageLicenseUrl"),
    ];
    xml_values(
        text,
        &[(&names[0], Form::Expression), (&names[1], Form::File), (&names[2], Form::Url)],
    )
}

// Programs.

/// The values behind `key`, wherever a word or string is that and a value can follow.
fn keyed(
    text: &[u8],
    code: &Code<'_>,
    fits: impl Fn(&Code<'_>, usize) -> bool,
    form: Form,
) -> Vec<Declared> {
    let mut declared = Vec::new();
    let mut n = 0;
    while n < code.len() {
        if fits(code, n) {
            let strings = code.strings(code.value(n));
            declared.extend(parts(text, strings, form, Link::And));
        }
        n += 1;
    }
    declared
}

fn read_code(text: &[u8], style: Style) -> Code<'_> {
    Code::read(text, style)
}

fn gemspec(text: &[u8]) -> Vec<Declared> {
    let fits = |c: &Code<'_>, n: usize| {
        (c.is_word(n, "license") || c.is_word(n, "licenses"))
            && n > 0
            && c.is_mark(n - 1, b'.')
            && c.is_mark(n + 1, b'=')
    };
    keyed(text, &read_code(text, code::RUBY), fits, Form::Name)
}

fn podspec(text: &[u8]) -> Vec<Declared> {
    let code = read_code(text, code::RUBY);
    let mut declared = Vec::new();
    let mut n = 1;
    while n < code.len() {
        let key = code.is_word(n, "license") && code.is_mark(n - 1, b'.');
        if !(key && code.is_mark(n + 1, b'=')) {
            n += 1;
            continue;
        }
        n += 2;
        if let Some(range) = code.string(n) {
            declared.push(part(text, Form::Name, range, Link::And));
        } else if code.is_mark(n, b'{') {
            let end = code.closed(n);
            let mut found = Vec::new();
            for at in n + 1..end {
                let form = match () {
                    () if code.is_key(at, "type") => Form::Name,
                    () if code.is_key(at, "file") => Form::File,
                    () => continue,
                };
                let value = code.string(code.value(at)).filter(|_| code.value(at) > at + 1);
                found.extend(value.map(|r| part(text, form, r, Link::And)));
            }
            found.sort_by_key(|d| d.form == Form::File);
            declared.extend(listed(found, Link::Else));
            n = end;
        }
    }
    declared
}

fn setup_py(text: &[u8]) -> Vec<Declared> {
    let code = read_code(text, code::PYTHON);
    let mut declared = Vec::new();
    let mut classifiers = Vec::new();
    let call = (0..code.len()).find(|n| code.is_word(*n, "setup") && code.is_mark(n + 1, b'('));
    let Some(call) = call else { return Vec::new() };
    let end = code.closed(call + 1);
    let mut n = call + 2;
    while n < end {
        let key = code.is_mark(n + 1, b'=') && !code.is_mark(n + 2, b'=');
        if key && (code.is_word(n, "license") || code.is_word(n, "license_expression")) {
            // Only what is nothing but a string: no sums, no calls.
            let alone = code.is_mark(n + 3, b',') || code.is_mark(n + 3, b')');
            let value = code.string(n + 2).filter(|r| alone && short(text, r));
            declared.extend(value.map(|r| part(text, Form::Name, r, Link::And)));
        } else if key && code.is_word(n, "classifiers") {
            classifiers = code.strings(n + 2);
        }
        // Keywords of calls inside are not those of this one.
        let opens = [b'(', b'[', b'{'].iter().any(|b| code.is_mark(n, *b));
        n = if opens { code.closed(n) } else { n + 1 };
    }
    let classifiers =
        classifiers.into_iter().filter(|r| text[r.clone()].starts_with(b"License ::"));
    declared.extend(parts(text, classifiers.collect(), Form::Classifier, Link::And));
    declared
}

fn cpan_make(text: &[u8]) -> Vec<Declared> {
    let code = read_code(text, code::PERL);
    let hash = |c: &Code<'_>, n: usize| {
        (c.is_key(n, "LICENSE") || c.is_key(n, "license"))
            && c.is_mark(n + 1, b'=')
            && c.is_mark(n + 2, b'>')
    };
    let mut declared = keyed(text, &code, hash, Form::Name);
    // Module::Install says it as a word with a string behind it.
    for n in 0..code.len() {
        let begins = n == 0 || code.is_mark(n - 1, b';');
        if begins && code.is_word(n, "license") && code.is_mark(n + 2, b';') {
            let value = code.string(n + 1).map(|r| part(text, Form::Name, r, Link::And));
            declared.extend(value);
        }
    }
    for d in declared.iter_mut().filter(|d| is_url(&d.value)) {
        d.form = Form::Url;
    }
    declared
}

fn mix(text: &[u8]) -> Vec<Declared> {
    let fits = |c: &Code<'_>, n: usize| {
        c.is_word(n, "licenses") && (c.is_mark(n + 1, b':') || c.is_mark(n + 1, b'='))
    };
    keyed(text, &read_code(text, code::ELIXIR), fits, Form::Name)
}

fn rockspec(text: &[u8]) -> Vec<Declared> {
    let fits = |c: &Code<'_>, n: usize| c.is_word(n, "license") && c.is_mark(n + 1, b'=');
    keyed(text, &read_code(text, code::LUA), fits, Form::Name)
}

fn opam(text: &[u8]) -> Vec<Declared> {
    let fits = |c: &Code<'_>, n: usize| c.is_word(n, "license") && c.is_mark(n + 1, b':');
    keyed(text, &read_code(text, code::OPAM), fits, Form::Expression)
}

fn dub_sdl(text: &[u8]) -> Vec<Declared> {
    let code = read_code(text, code::SDL);
    let value = (0..code.len()).find_map(|n| {
        let begins = code.is_word(n, "license");
        code.string(n + 1).filter(|_| begins)
    });
    value.map(|r| part(text, Form::Expression, r, Link::And)).into_iter().collect()
}

/// `licenses { license { name = "..."; url = "..." } }` of a publication's pom.
fn gradle(text: &[u8]) -> Vec<Declared> {
    let code = read_code(text, code::GRADLE);
    let mut declared = Vec::new();
    let mut n = 0;
    while n < code.len() {
        if !(code.is_word(n, "licenses") && code.is_mark(n + 1, b'{')) {
            n += 1;
            continue;
        }
        let end = code.closed(n + 1);
        let mut first = true;
        let mut at = n + 2;
        while at < end {
            if code.is_word(at, "license") && code.is_mark(at + 1, b'{') {
                let close = code.closed(at + 1);
                let mut found = Vec::new();
                for key in at + 2..close {
                    let form = match () {
                        () if code.is_word(key, "name") => Form::Name,
                        () if code.is_word(key, "url") => Form::Url,
                        () => continue,
                    };
                    // `name = "x"`, `name "x"`, `name("x")`, `name.set("x")`
                    let mut value = key + 1;
                    if code.is_mark(value, b'.') && code.is_word(value + 1, "set") {
                        value += 2;
                    }
                    let sign = code.is_mark(value, b'=') || code.is_mark(value, b'(');
                    let range = code.string(value + usize::from(sign));
                    found.extend(range.map(|r| part(text, form, r, Link::And)));
                }
                found.sort_by_key(|d| d.form == Form::Url);
                let mut found = listed(found, Link::Else);
                if let Some(d) = found.first_mut() {
                    // As in Maven, whose file is made of this.
                    d.link = if first { Link::And } else { Link::Or };
                    first = false;
                }
                declared.extend(found);
                at = close;
            } else {
                at += 1;
            }
        }
        n = end.max(n + 2);
    }
    declared
}
