// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! Plain data that every room speaks: content ids, matches, detections, outcomes.
//!
//! Nothing here reads, decides or prints.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The identity of a content: its git blob id (SHA-1 over `blob <size>\0` and the bytes),
/// so that `git hash-object` checks any evidence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub [u8; 20]);

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a file is by its name alone; more than its content, this decides how it is read.
///
/// Detections are kept by it, and it follows from the path: a change to what
/// [`FileKind::of`] says of a name asks for a new `detect::VERSION`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum FileKind {
    /// No name that says anything.
    #[default]
    Plain,
    AppStream,
    Bower,
    BundleManifest,
    Cabal,
    Cargo,
    Citation,
    CodeMeta,
    Composer,
    Conda,
    CpanJson,
    CpanMake,
    CpanYaml,
    DebianCopyright,
    Deno,
    DubJson,
    DubSdl,
    Elm,
    Gemspec,
    Gradle,
    Haxelib,
    Hpack,
    Maven,
    Mix,
    MsBuild,
    Npm,
    NuGet,
    Opam,
    Podspec,
    PodspecJson,
    Pyproject,
    PythonMetadata,
    RDescription,
    Rockspec,
    RpmSpec,
    SetupCfg,
    SetupPy,
    Vcpkg,
    WordPressReadme,
    WordPressStyle,
}

impl FileKind {
    pub const ALL: [FileKind; 40] = [
        FileKind::Plain,
        FileKind::AppStream,
        FileKind::Bower,
        FileKind::BundleManifest,
        FileKind::Cabal,
        FileKind::Cargo,
        FileKind::Citation,
        FileKind::CodeMeta,
        FileKind::Composer,
        FileKind::Conda,
        FileKind::CpanJson,
        FileKind::CpanMake,
        FileKind::CpanYaml,
        FileKind::DebianCopyright,
        FileKind::Deno,
        FileKind::DubJson,
        FileKind::DubSdl,
        FileKind::Elm,
        FileKind::Gemspec,
        FileKind::Gradle,
        FileKind::Haxelib,
        FileKind::Hpack,
        FileKind::Maven,
        FileKind::Mix,
        FileKind::MsBuild,
        FileKind::Npm,
        FileKind::NuGet,
        FileKind::Opam,
        FileKind::Podspec,
        FileKind::PodspecJson,
        FileKind::Pyproject,
        FileKind::PythonMetadata,
        FileKind::RDescription,
        FileKind::Rockspec,
        FileKind::RpmSpec,
        FileKind::SetupCfg,
        FileKind::SetupPy,
        FileKind::Vcpkg,
        FileKind::WordPressReadme,
        FileKind::WordPressStyle,
    ];

    /// The kind of the file with this path, of which the last name counts, rarely one more.
    pub fn of(path: &[u8]) -> FileKind {
        let (parents, name) = match path.iter().rposition(|b| *b == b'/') {
            Some(n) => (&path[..n], &path[n + 1..]),
            None => (&path[..0], path),
        };
        let parent = parents.rsplit(|b| *b == b'/').next().unwrap_or_default();
        match name {
            b"Cargo.toml" => return FileKind::Cargo,
            b"package.json" => return FileKind::Npm,
            b"bower.json" | b".bower.json" => return FileKind::Bower,
            b"composer.json" => return FileKind::Composer,
            b"pyproject.toml" => return FileKind::Pyproject,
            b"setup.cfg" => return FileKind::SetupCfg,
            b"setup.py" => return FileKind::SetupPy,
            b"METADATA" | b"PKG-INFO" => return FileKind::PythonMetadata,
            b"pom.xml" => return FileKind::Maven,
            b"build.gradle" | b"build.gradle.kts" => return FileKind::Gradle,
            b"Directory.Build.props" => return FileKind::MsBuild,
            b"META.json" | b"MYMETA.json" => return FileKind::CpanJson,
            b"META.yml" | b"MYMETA.yml" => return FileKind::CpanYaml,
            b"Makefile.PL" | b"Build.PL" => return FileKind::CpanMake,
            b"DESCRIPTION" => return FileKind::RDescription,
            b"package.yaml" => return FileKind::Hpack,
            b"meta.yaml" | b"recipe.yaml" => return FileKind::Conda,
            b"opam" => return FileKind::Opam,
            b"MANIFEST.MF" => return FileKind::BundleManifest,
            b"mix.exs" => return FileKind::Mix,
            b"dub.json" => return FileKind::DubJson,
            b"dub.sdl" => return FileKind::DubSdl,
            b"haxelib.json" => return FileKind::Haxelib,
            b"elm.json" | b"elm-package.json" => return FileKind::Elm,
            b"vcpkg.json" => return FileKind::Vcpkg,
            b"deno.json" | b"deno.jsonc" | b"jsr.json" => return FileKind::Deno,
            b"style.css" => return FileKind::WordPressStyle,
            b"copyright" => return FileKind::DebianCopyright,
            b"CITATION.cff" => return FileKind::Citation,
            b"codemeta.json" => return FileKind::CodeMeta,
            _ => {}
        }
        if name.eq_ignore_ascii_case(b"readme.txt") {
            return FileKind::WordPressReadme;
        }
        let Some(dot) = name.iter().rposition(|b| *b == b'.') else { return FileKind::Plain };
        match &name[dot + 1..] {
            b"nuspec" => FileKind::NuGet,
            b"csproj" | b"fsproj" | b"vbproj" => FileKind::MsBuild,
            b"gemspec" => FileKind::Gemspec,
            b"pom" => FileKind::Maven,
            b"cabal" => FileKind::Cabal,
            b"podspec" => FileKind::Podspec,
            b"spec" => FileKind::RpmSpec,
            b"opam" => FileKind::Opam,
            b"rockspec" => FileKind::Rockspec,
            b"json" if name.ends_with(b".podspec.json") => FileKind::PodspecJson,
            b"xml" if name.ends_with(b".metainfo.xml") || name.ends_with(b".appdata.xml") => {
                FileKind::AppStream
            }
            // One for each of several binary packages.
            b"copyright" if parent == b"debian" => FileKind::DebianCopyright,
            _ => FileKind::Plain,
        }
    }

    /// The word for this kind in the store; that of [`FileKind::Plain`] is empty.
    pub fn as_str(self) -> &'static str {
        match self {
            FileKind::Plain => "",
            FileKind::AppStream => "appstream",
            FileKind::Bower => "bower",
            FileKind::BundleManifest => "bundle-manifest",
            FileKind::Cabal => "cabal",
            FileKind::Cargo => "cargo",
            FileKind::Citation => "citation",
            FileKind::CodeMeta => "codemeta",
            FileKind::Composer => "composer",
            FileKind::Conda => "conda",
            FileKind::CpanJson => "cpan-json",
            FileKind::CpanMake => "cpan-make",
            FileKind::CpanYaml => "cpan-yaml",
            FileKind::DebianCopyright => "debian-copyright",
            FileKind::Deno => "deno",
            FileKind::DubJson => "dub-json",
            FileKind::DubSdl => "dub-sdl",
            FileKind::Elm => "elm",
            FileKind::Gemspec => "gemspec",
            FileKind::Gradle => "gradle",
            FileKind::Haxelib => "haxelib",
            FileKind::Hpack => "hpack",
            FileKind::Maven => "maven",
            FileKind::Mix => "mix",
            FileKind::MsBuild => "msbuild",
            FileKind::Npm => "npm",
            FileKind::NuGet => "nuget",
            FileKind::Opam => "opam",
            FileKind::Podspec => "podspec",
            FileKind::PodspecJson => "podspec-json",
            FileKind::Pyproject => "pyproject",
            FileKind::PythonMetadata => "python-metadata",
            FileKind::RDescription => "r-description",
            FileKind::Rockspec => "rockspec",
            FileKind::RpmSpec => "rpm-spec",
            FileKind::SetupCfg => "setup-cfg",
            FileKind::SetupPy => "setup-py",
            FileKind::Vcpkg => "vcpkg",
            FileKind::WordPressReadme => "wordpress-readme",
            FileKind::WordPressStyle => "wordpress-style",
        }
    }
}

impl FromStr for FileKind {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        FileKind::ALL.into_iter().find(|k| k.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// How a match was made. The words are those of the output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchKind {
    /// An `SPDX-License-Identifier` tag.
    Tag,
    /// The license field of a package manifest.
    Manifest,
    /// Words that grant, or that say under which license something stands.
    Notice,
    /// The mere name or address of a license.
    Reference,
    /// The text of a license.
    Text,
    /// A standard header that a license asks to be put into files.
    Header,
    /// Language of licenses that nothing explains.
    Unknown,
}

impl MatchKind {
    pub const ALL: [MatchKind; 7] = [
        MatchKind::Tag,
        MatchKind::Manifest,
        MatchKind::Notice,
        MatchKind::Reference,
        MatchKind::Text,
        MatchKind::Header,
        MatchKind::Unknown,
    ];

    /// The word for this kind in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            MatchKind::Tag => "tag",
            MatchKind::Manifest => "manifest",
            MatchKind::Notice => "notice",
            MatchKind::Reference => "reference",
            MatchKind::Text => "text",
            MatchKind::Header => "header",
            MatchKind::Unknown => "unknown",
        }
    }
}

impl FromStr for MatchKind {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        let found = MatchKind::ALL.into_iter().find(|k| k.as_str() == s);
        found.ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// What a match rests on, which decides how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// A tag for machines.
    Tag,
    /// A license field of a manifest.
    Field,
    /// The words of a rule.
    Rule,
    /// The words of a rule that are a weak sign by themselves.
    Clue,
    /// A name that leaves nothing open.
    Name,
    /// A name with a version, and no word on later ones although there may be some.
    NameLaterUnsaid,
    /// A name without a version, although the license has versions.
    NameVersionUnsaid,
    /// The address of a license.
    Address,
    /// The text of a license or exception.
    Text,
    /// The standard header of a license.
    Header,
    /// Phrases of license texts that are no known text.
    Phrases,
}

impl Basis {
    pub const ALL: [Basis; 11] = [
        Basis::Tag,
        Basis::Field,
        Basis::Rule,
        Basis::Clue,
        Basis::Name,
        Basis::NameLaterUnsaid,
        Basis::NameVersionUnsaid,
        Basis::Address,
        Basis::Text,
        Basis::Header,
        Basis::Phrases,
    ];

    /// The word for this basis in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Basis::Tag => "tag",
            Basis::Field => "field",
            Basis::Rule => "rule",
            Basis::Clue => "clue",
            Basis::Name => "name",
            Basis::NameLaterUnsaid => "name-later-unsaid",
            Basis::NameVersionUnsaid => "name-version-unsaid",
            Basis::Address => "address",
            Basis::Text => "text",
            Basis::Header => "header",
            Basis::Phrases => "phrases",
        }
    }

    /// How sure a match with this score is, in words for people.
    pub fn sure(self, score: f32) -> Cow<'static, str> {
        match self {
            Basis::Tag => "declared in a tag for machines".into(),
            Basis::Field => "declared in the license field of a package manifest".into(),
            Basis::Rule => "the words of a known notice".into(),
            Basis::Clue => "words that point to the license, no statement of their own".into(),
            Basis::Name => "the license is named".into(),
            Basis::NameLaterUnsaid => {
                "the license is named with its version, whether later ones may be chosen is not said"
                    .into()
            }
            Basis::NameVersionUnsaid => "a name only, the version is not said".into(),
            Basis::Address => "the address of the license".into(),
            Basis::Phrases => "words that licenses are made of, and no license is known by them".into(),
            Basis::Text if score >= 1.0 => "the whole text, word for word".into(),
            Basis::Header if score >= 1.0 => "the standard header, word for word".into(),
            Basis::Text if score >= ALIKE => {
                format!("the text with some words changed ({}% alike)", percent(score)).into()
            }
            Basis::Text => format!(
                "a part of the text, or the text among other words ({}% alike)",
                percent(score)
            )
            .into(),
            Basis::Header => {
                format!("the standard header with some words changed ({}% alike)", percent(score))
                    .into()
            }
        }
    }
}

impl FromStr for Basis {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        Basis::ALL.into_iter().find(|b| b.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// Score from which a text is all there, but for some words.
const ALIKE: f32 = 0.85;

/// A score below 1 in percent, rounded down: what was changed is never all alike.
fn percent(score: f32) -> u32 {
    (score * 100.0).floor().clamp(0.0, 99.0) as u32
}

/// A word that names no value of its enumeration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown word `{0}`")]
pub struct UnknownWord(pub String);

/// One piece of evidence: these lines say this license.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// Canonical SPDX expression of this match alone.
    pub expression: Arc<str>,
    pub kind: MatchKind,
    pub basis: Basis,
    /// What of the license database matched, for people who check it: the file name of a rule,
    /// `text of MIT`, `header of Apache-2.0`, `name ...`, `address ...`; `tag` or `license field
    /// (...)` where the file speaks for itself.
    pub matched: Arc<str>,
    /// 0 to 1; askalono's score for texts and headers whose words are not all as they should
    /// be, otherwise 1.
    pub score: f32,
    /// First and last line, counted from 1.
    pub start_line: u32,
    pub end_line: u32,
    /// The words that matched as the file has them, shortened. Untrusted: see `diag::visible`.
    pub words: Arc<str>,
    /// The first half of the SHA-256 of all words that matched, in lower case, with a space
    /// behind each: the same wherever they stand and however they are wrapped and commented.
    pub hash: [u8; 16],
}

impl Match {
    /// The lines of a match as people read them: `12` or `12-20`.
    pub fn lines(&self) -> String {
        if self.start_line == self.end_line {
            self.start_line.to_string()
        } else {
            format!("{}-{}", self.start_line, self.end_line)
        }
    }

    /// How sure it is, in words for people.
    pub fn sure(&self) -> Cow<'static, str> {
        self.basis.sure(self.score)
    }

    /// Whether it is of a text or header that does not say what it should.
    pub fn is_altered(&self) -> bool {
        matches!(self.basis, Basis::Text | Basis::Header) && self.score < 1.0
    }
}

/// A file that the words of another name as where its license stands. Untrusted: see
/// `diag::visible`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pointer {
    /// As it is written, relative to a directory that the words leave open.
    pub path: Arc<str>,
    pub line: u32,
}

/// What the detector found in one content.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Detection {
    /// Canonical SPDX expression over all matches; `None` when nothing was found.
    pub expression: Option<Arc<str>>,
    pub matches: Vec<Match>,
    /// Where else the license is said to stand; `None` if nowhere, or if the content says its
    /// license precisely itself.
    pub points: Option<Arc<[Pointer]>>,
    /// Set when the content was opened but not searched.
    pub skipped: Option<Skipped>,
}

/// Why something in the tree was not searched for licenses. Ordered as reports show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skipped {
    /// Bytes that are no text in a known encoding.
    Binary,
    /// Larger than the limit of the scan.
    TooLarge,
    /// A symbolic link: never followed, what it names is looked at where it is.
    Symlink,
    /// A FIFO, socket or device.
    Special,
    /// A submodule that is not checked out.
    Submodule,
    /// Could not be read; makes the scan incomplete.
    Unreadable,
    /// The detector failed on it; makes the scan incomplete.
    Failed,
}

impl Skipped {
    pub const ALL: [Skipped; 7] = [
        Skipped::Binary,
        Skipped::TooLarge,
        Skipped::Symlink,
        Skipped::Special,
        Skipped::Submodule,
        Skipped::Unreadable,
        Skipped::Failed,
    ];

    /// The word for this reason in the store and in machine formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Skipped::Binary => "binary",
            Skipped::TooLarge => "too-large",
            Skipped::Symlink => "symlink",
            Skipped::Special => "special",
            Skipped::Submodule => "submodule",
            Skipped::Unreadable => "unreadable",
            Skipped::Failed => "failed",
        }
    }

    /// Whether the scan must be called incomplete because of it.
    pub fn is_failure(self) -> bool {
        matches!(self, Skipped::Unreadable | Skipped::Failed)
    }
}

impl FromStr for Skipped {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        Skipped::ALL.into_iter().find(|k| k.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// What a policy says of a license. Ordered from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Allow,
    Review,
    Deny,
}

impl Outcome {
    pub const ALL: [Outcome; 3] = [Outcome::Allow, Outcome::Review, Outcome::Deny];

    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Allow => "allow",
            Outcome::Review => "review",
            Outcome::Deny => "deny",
        }
    }
}

impl FromStr for Outcome {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        Outcome::ALL.into_iter().find(|k| k.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// How bad a violation is. Ordered from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub const ALL: [Severity; 5] =
        [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

impl FromStr for Severity {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        Severity::ALL.into_iter().find(|k| k.as_str() == s).ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

/// What happens that others are told of: the `type` of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum EventKind {
    Opened,
    Changed,
    Reopened,
    Waived,
    Resolved,
    WaiverExpiring,
    WaiverLapsed,
    LicenseChanged,
    ScanFailed,
    Unreachable,
    Recovered,
    PolicyChanged,
    Suspended,
    Resumed,
    Digest,
    Test,
}

impl EventKind {
    pub const ALL: [EventKind; 16] = [
        EventKind::Opened,
        EventKind::Changed,
        EventKind::Reopened,
        EventKind::Waived,
        EventKind::Resolved,
        EventKind::WaiverExpiring,
        EventKind::WaiverLapsed,
        EventKind::LicenseChanged,
        EventKind::ScanFailed,
        EventKind::Unreachable,
        EventKind::Recovered,
        EventKind::PolicyChanged,
        EventKind::Suspended,
        EventKind::Resumed,
        EventKind::Digest,
        EventKind::Test,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::Opened => "violation.opened",
            EventKind::Changed => "violation.changed",
            EventKind::Reopened => "violation.reopened",
            EventKind::Waived => "violation.waived",
            EventKind::Resolved => "violation.resolved",
            EventKind::WaiverExpiring => "waiver.expiring",
            EventKind::WaiverLapsed => "waiver.lapsed",
            EventKind::LicenseChanged => "license.changed",
            EventKind::ScanFailed => "scan.failed",
            EventKind::Unreachable => "checkout.unreachable",
            EventKind::Recovered => "checkout.recovered",
            EventKind::PolicyChanged => "policy.changed",
            EventKind::Suspended => "webhook.suspended",
            EventKind::Resumed => "webhook.resumed",
            EventKind::Digest => "digest",
            EventKind::Test => "test",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventKind {
    type Err = UnknownWord;

    fn from_str(s: &str) -> Result<Self, UnknownWord> {
        EventKind::ALL
            .into_iter()
            .find(|k| k.as_str() == s)
            .ok_or_else(|| UnknownWord(s.to_owned()))
    }
}

impl From<EventKind> for &'static str {
    fn from(kind: EventKind) -> &'static str {
        kind.as_str()
    }
}

impl TryFrom<String> for EventKind {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        word.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back_as_what_it_was() {
        for s in Skipped::ALL {
            assert_eq!(s.as_str().parse(), Ok(s));
        }
        for o in Outcome::ALL {
            assert_eq!(o.as_str().parse(), Ok(o));
        }
        for s in Severity::ALL {
            assert_eq!(s.as_str().parse(), Ok(s));
        }
        for m in MatchKind::ALL {
            assert_eq!(m.as_str().parse(), Ok(m));
        }
        for k in FileKind::ALL {
            assert_eq!(k.as_str().parse(), Ok(k));
        }
        for b in Basis::ALL {
            assert_eq!(b.as_str().parse(), Ok(b));
        }
        assert_eq!("maybe".parse::<Outcome>(), Err(UnknownWord("maybe".into())));
    }

    #[test]
    fn a_name_says_what_a_file_is() {
        for (path, kind) in [
            ("Cargo.toml", FileKind::Cargo),
            ("a/b/package.json", FileKind::Npm),
            ("a/package.json/x", FileKind::Plain),
            ("package.json5", FileKind::Plain),
            ("x.podspec.json", FileKind::PodspecJson),
            ("x.json", FileKind::Plain),
            ("org.x.metainfo.xml", FileKind::AppStream),
            ("debian/copyright", FileKind::DebianCopyright),
            ("debian/libx.copyright", FileKind::DebianCopyright),
            ("src/libx.copyright", FileKind::Plain),
            ("plugin/README.TXT", FileKind::WordPressReadme),
            ("conf.opam", FileKind::Opam),
            (".spec", FileKind::RpmSpec),
            ("LICENSE", FileKind::Plain),
            ("", FileKind::Plain),
            ("/", FileKind::Plain),
        ] {
            assert_eq!(FileKind::of(path.as_bytes()), kind, "{path}");
        }
    }

    #[test]
    fn every_basis_has_its_own_words_and_no_change_is_rounded_away() {
        let said: std::collections::BTreeSet<_> = Basis::ALL.map(|b| b.sure(1.0)).into();
        assert_eq!(said.len(), Basis::ALL.len());
        assert!(!said.iter().any(|s| s.contains('%')), "{said:?}");
        assert!(Basis::Text.sure(0.9999).contains("changed (99% alike)"));
        assert!(Basis::Text.sure(0.7).contains("a part of the text"));
        assert!(Basis::Header.sure(0.86).contains("changed (86% alike)"));
    }

    #[test]
    fn outcomes_are_ordered_from_best_to_worst() {
        assert!(Outcome::Allow < Outcome::Review && Outcome::Review < Outcome::Deny);
    }
}
