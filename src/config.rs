// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! What the service is told to do: `lictor.toml`, which `docs/configuration.md` documents.
//!
//! Plain data comes out, with every path absolute and every default filled in. Nothing is read
//! but the file itself, and directories where a glob asks which there are now. Whether what it
//! names is there and right, `lictor config check` and `lictor doctor` say.

mod globs;
mod keys;
mod webhooks;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};
use toml::de::DeTable;

use crate::diag::{Failure, Mistakes};
use crate::scan::DEFAULT_MAX_SIZE;
use crate::shape::{self, Reader, flag, number, table, tables, text, texts};

pub use keys::CONFIG;
pub use webhooks::{
    DigestPlan, FirstScan, FormatKind, Rate, SecretSource, Url, Wants, Webhook, Zone, check_url,
};

/// Where the file is when nothing else is said.
pub const DEFAULT_PATH: &str = "/etc/lictor/lictor.toml";

/// What `token-file` begins with where systemd hands the file over.
const CREDENTIAL: &str = "credential:";

/// The configuration of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file, absolute.
    pub origin: PathBuf,
    /// The beginning of the SHA-256 of its text, in hex.
    pub digest: String,
    pub policy: Option<PathBuf>,
    pub license_db: Option<PathBuf>,
    pub store: PathBuf,
    /// At least one.
    pub checkouts: Vec<Entry>,
    pub watch: Watch,
    pub scan: Scan,
    pub control: Control,
    pub backup: Backup,
    pub retention: Retention,
    /// Who is told what happens.
    pub webhooks: Vec<Webhook>,
    /// Where people find a violation, with `{violation}` for its number.
    pub link: Option<String>,
    /// How many days before its end a waiver is told to be ending, the most first.
    pub waiver_leads: Vec<u32>,
}

/// Checkouts that are handled alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// An absolute path, or a glob of such. Always to be read as a glob.
    pub path: String,
    /// Branches and tags that are judged; if none, the work tree, or `HEAD` of a bare repository.
    pub revisions: Vec<String>,
    pub no_untracked: bool,
    pub include_ignored: bool,
}

/// How changes are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// By the kernel, or by polling where that cannot be.
    Auto,
    Poll,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    pub mode: Mode,
    /// How long nothing must have changed.
    pub settle: Duration,
    /// How long is waited at most; not less than `settle`.
    pub max_delay: Duration,
    pub reconcile: Duration,
    /// The interval of polling.
    pub poll: Duration,
}

impl Default for Watch {
    fn default() -> Watch {
        Watch {
            mode: Mode::Auto,
            settle: Duration::from_millis(100),
            max_delay: Duration::from_secs(5),
            reconcile: Duration::from_secs(6 * 60 * 60),
            poll: Duration::from_secs(60),
        }
    }
}

/// The class in which disks are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Io {
    Idle,
    BestEffort,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    pub threads: Option<u16>,
    pub max_file_size: u64,
    /// From 0 to 19.
    pub nice: u8,
    pub io: Io,
}

impl Default for Scan {
    fn default() -> Scan {
        Scan { threads: None, max_file_size: DEFAULT_MAX_SIZE, nice: 10, io: Io::Idle }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    pub socket: PathBuf,
    /// The permissions of the socket.
    pub mode: u32,
    /// Always a loopback address.
    pub listen: Option<SocketAddr>,
    /// Always there with `listen`.
    pub token_file: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// If none, [`Config::backups`] says where.
    pub directory: Option<PathBuf>,
    pub keep: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// After how long without any file a content is forgotten.
    pub contents: Duration,
    /// How long a message is kept that was delivered or given up.
    pub deliveries: Duration,
}

/// The directories that systemd gives a service, by the variables in which it names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    pub state: Option<PathBuf>,
    pub runtime: Option<PathBuf>,
    pub credentials: Option<PathBuf>,
}

impl Given {
    /// Those of this process.
    pub fn here() -> Given {
        Given::by(|name| std::env::var_os(name))
    }

    /// Those that these variables name; of several directories the first.
    fn by(variable: impl Fn(&str) -> Option<OsString>) -> Given {
        let first = |name: &str| {
            let list = variable(name)?;
            let first = list.as_bytes().split(|b| *b == b':').next()?;
            Some(PathBuf::from(std::ffi::OsStr::from_bytes(first))).filter(|p| p.is_absolute())
        };
        Given {
            state: first("STATE_DIRECTORY"),
            runtime: first("RUNTIME_DIRECTORY"),
            credentials: first("CREDENTIALS_DIRECTORY"),
        }
    }
}

/// Why a configuration could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Failure(#[from] Failure),
    #[error("mistakes in the configuration {}", .0.file)]
    Mistakes(Mistakes),
}

impl From<Mistakes> for LoadError {
    fn from(mistakes: Mistakes) -> LoadError {
        LoadError::Mistakes(mistakes)
    }
}

impl Config {
    /// Reads a configuration; directories that systemd gives are those of this process.
    ///
    /// # Errors
    /// The file cannot be read, or everything that is wrong in it.
    pub fn load(path: &Path) -> Result<Config, LoadError> {
        Config::load_with(path, &Given::here())
    }

    /// Reads a configuration for a service that is given these directories.
    ///
    /// # Errors
    /// The file cannot be read, or everything that is wrong in it.
    pub fn load_with(path: &Path, given: &Given) -> Result<Config, LoadError> {
        let help = "name a configuration with --config, or write one: docs/configuration.md says \
                    what stands in it";
        let (name, text) = shape::open(path, "the configuration", help)?;
        let origin = std::path::absolute(path).map_err(|e| {
            Failure::config(format!("cannot tell in which directory {name} is")).caused_by(e)
        })?;
        Ok(read(&name, &text, &origin, given)?)
    }

    /// Where backups are.
    pub fn backups(&self) -> PathBuf {
        let beside = || self.store.with_file_name("backup");
        self.backup.directory.clone().unwrap_or_else(beside)
    }

    /// The directories of checkouts that the entries name now, sorted, each once, with the first
    /// entry that names it. A path without wildcards is given though nothing be there.
    pub fn directories(&self) -> Vec<(PathBuf, &Entry)> {
        let mut all: Vec<(PathBuf, &Entry)> = Vec::new();
        let mut known = std::collections::BTreeSet::new();
        for entry in &self.checkouts {
            for path in globs::expand(&entry.path) {
                // A link beside what it leads to is the same checkout.
                if known.insert(std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone())) {
                    all.push((path, entry));
                }
            }
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }

    /// The directories in which a new one may be a checkout.
    pub fn parents(&self) -> std::collections::BTreeSet<PathBuf> {
        self.checkouts.iter().flat_map(|entry| globs::parents(&entry.path)).collect()
    }

    /// The configuration as it is in force, defaults filled in, in the format of the file.
    pub fn to_toml(&self) -> String {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let path = |path: &Path| quoted(&path.to_string_lossy());
        let span = |d: Duration| quoted(&shape::span(d));
        let mut out = String::from("version = 1\n");
        let mut line = |line: String| {
            // Writing to a string does not fail.
            let _ = writeln!(out, "{line}");
        };
        match &self.policy {
            Some(policy) => line(format!("policy = {}", path(policy))),
            None => line("# policy: the built-in default".into()),
        }
        if let Some(directory) = &self.license_db {
            line(format!("license-db = {}", path(directory)));
        }
        line(format!("store = {}", path(&self.store)));
        if let Some(link) = &self.link {
            line(format!("link = {}", quoted(link)));
        }
        let leads: Vec<i64> = self.waiver_leads.iter().map(|n| i64::from(*n)).collect();
        line(format!("waiver-leads = {}", toml::Value::from(leads)));
        let directories = self.directories();
        for entry in &self.checkouts {
            line("\n[[checkout]]".into());
            line(format!("path = {}", quoted(&entry.path)));
            if !entry.revisions.is_empty() {
                line(format!("revisions = {}", toml::Value::from(entry.revisions.clone())));
            }
            line(format!("no-untracked = {}", entry.no_untracked));
            line(format!("include-ignored = {}", entry.include_ignored));
            let mut now = directories.iter().filter(|(_, e)| std::ptr::eq(*e, entry)).peekable();
            if now.peek().is_none() {
                line("# now: no directory".into());
            }
            for (directory, _) in now {
                let there = if directory.is_dir() { "" } else { " (missing)" };
                line(format!(
                    "# now: {}{there}",
                    crate::diag::visible(directory.as_os_str().as_bytes())
                ));
            }
        }
        let Watch { mode, settle, max_delay, reconcile, poll } = self.watch;
        line("\n[watch]".into());
        line(format!("mode = {}", quoted(if mode == Mode::Poll { "poll" } else { "auto" })));
        line(format!("settle = {}", span(settle)));
        line(format!("max-delay = {}", span(max_delay)));
        line(format!("reconcile = {}", span(reconcile)));
        line(format!("poll = {}", span(poll)));
        let Scan { threads, max_file_size, nice, io } = self.scan;
        line("\n[scan]".into());
        match threads {
            Some(threads) => line(format!("threads = {threads}")),
            None => line("# threads: one for each processor".into()),
        }
        line(format!("max-file-size = {}", quoted(&shape::sized(max_file_size))));
        line(format!("nice = {nice}"));
        line(format!("io = {}", quoted(if io == Io::Idle { "idle" } else { "best-effort" })));
        let Control { socket, mode, listen, token_file } = &self.control;
        line("\n[control]".into());
        line(format!("socket = {}", path(socket)));
        line(format!("mode = {}", quoted(&format!("{mode:04o}"))));
        if let Some(listen) = listen {
            line(format!("listen = {}", quoted(&listen.to_string())));
        }
        if let Some(file) = token_file {
            line(format!("token-file = {}", path(file)));
        }
        line("\n[backup]".into());
        line(format!("directory = {}", path(&self.backups())));
        line(format!("keep = {}", self.backup.keep));
        line("\n[retention]".into());
        line(format!("contents = {}", span(self.retention.contents)));
        line(format!("deliveries = {}", span(self.retention.deliveries)));
        for webhook in &self.webhooks {
            webhook.write(&mut line);
        }
        out
    }
}

/// Reads the text of a configuration.
fn read(name: &str, text: &str, origin: &Path, given: &Given) -> Result<Config, Mistakes> {
    let mut reader = Reader::new(name, text);
    let document = shape::parse(&mut reader, text);
    reader.document(&document, CONFIG);
    let directory = origin.parent().unwrap_or(Path::new("/")).to_owned();
    let mut file = File { reader, directory, given };
    let config = file.config(&document, origin.to_owned(), text);
    file.reader.finish(config)
}

/// A file that is being read: the form was checked before, here is what it means.
struct File<'a> {
    reader: Reader,
    /// Where relative paths begin.
    directory: PathBuf,
    given: &'a Given,
}

impl File<'_> {
    fn wrong(&mut self, span: Range<usize>, message: impl Into<String>, help: &str) {
        self.reader.wrong(span, message, Some(help.into()));
    }

    fn config(&mut self, document: &DeTable<'_>, origin: PathBuf, text: &str) -> Config {
        let given = self.given;
        let state = given.state.clone().unwrap_or_else(|| "/var/lib/lictor".into());
        let checkouts = self.checkouts(document);
        let digest: String =
            Sha256::digest(text).iter().take(6).map(|b| format!("{b:02x}")).collect();
        let backup = table(document, "backup");
        let retention = table(document, "retention");
        let contents = retention.and_then(|t| span(t, "contents"));
        Config {
            origin,
            digest,
            policy: self.path(Some(document), "policy"),
            license_db: self.path(Some(document), "license-db"),
            store: self.path(Some(document), "store").unwrap_or_else(|| state.join("lictor.db")),
            checkouts,
            watch: self.watch(document),
            scan: scan(document),
            control: self.control(document),
            backup: Backup {
                directory: self.path(backup, "directory"),
                keep: backup.and_then(|t| whole(t, "keep")).unwrap_or(7),
            },
            retention: Retention {
                contents: contents.unwrap_or(Duration::from_secs(90 * 24 * 60 * 60)),
                deliveries: retention
                    .and_then(|t| span(t, "deliveries"))
                    .unwrap_or(Duration::from_secs(30 * 24 * 60 * 60)),
            },
            webhooks: self.webhooks(document),
            link: self.link(document),
            waiver_leads: webhooks::leads(document),
        }
    }

    /// A path of a table, absolute.
    fn path(&mut self, within: Option<&DeTable<'_>>, name: &str) -> Option<PathBuf> {
        let (written, at) = texts(within?.get(name)?).pop()?;
        self.plain(name, written, at);
        Some(clean(&self.directory.join(written)))
    }

    /// The file that systemd makes of a credential. `usual` is where it puts them, for those who
    /// only look at the configuration.
    fn credential(&mut self, written: &str, at: Range<usize>, usual: &str) -> PathBuf {
        let name = &written[CREDENTIAL.len()..];
        if name.is_empty() || name.contains(['/', '\0']) || name.starts_with('.') {
            let help = "write the name that stands in `LoadCredential=` of the unit";
            self.wrong(at, format!("`{name}` is no name of a credential"), help);
        }
        self.given.credentials.clone().unwrap_or_else(|| usual.into()).join(name)
    }

    fn link(&mut self, document: &DeTable<'_>) -> Option<String> {
        let (written, at) = texts(document.get("link")?).pop()?;
        let web = written.starts_with("https://") || written.starts_with("http://");
        if !web || !written.contains("{violation}") {
            let help = "write it as \"https://ospo.example.com/violations/{violation}\"";
            self.wrong(at, "this is no link to a violation", help);
        }
        Some(written.to_owned())
    }

    /// Notes what no path can be.
    fn plain(&mut self, name: &str, written: &str, at: Range<usize>) {
        if written.is_empty() {
            self.wrong(at, format!("`{name}` is empty"), "leave it out where it does not matter");
        } else if written.contains('\0') {
            self.wrong(at, format!("`{name}` holds a NUL"), "no path can");
        } else if written.starts_with('~') {
            self.wrong(at, "`~` is not made a home directory", "write the whole path");
        }
    }

    fn checkouts(&mut self, document: &DeTable<'_>) -> Vec<Entry> {
        let list = tables(document, "checkout");
        if list.is_empty() && document.get("checkout").is_none_or(|c| c.get_ref().is_array()) {
            let at = document.get("checkout").map_or(0..0, toml::Spanned::span);
            let help = "add one: `[[checkout]]`, and below it `path = \"/srv/git/monorepo\"`";
            self.wrong(at, "there is no checkout to watch", help);
        }
        let mut all: Vec<Entry> = Vec::new();
        for (entry, _) in list {
            let Some((written, at)) = entry.get("path").map(texts).and_then(|mut t| t.pop()) else {
                continue;
            };
            self.plain("path", written, at.clone());
            let path = self.pattern(written, at.clone());
            if let Err((message, help)) = globs::check(&path) {
                self.wrong(at.clone(), message, &help);
            }
            if all.iter().any(|other| other.path == path) {
                let help = "leave one of them out; the first holds";
                self.wrong(at, format!("`{written}` is named twice"), help);
            }
            let no_untracked = flag(entry, "no-untracked").unwrap_or(false);
            let include_ignored = flag(entry, "include-ignored").unwrap_or(false);
            if let Some(at) = entry.get("include-ignored").map(toml::Spanned::span)
                && no_untracked
                && include_ignored
            {
                let message = "`include-ignored` and `no-untracked` exclude each other";
                self.wrong(at, message, "what git ignores it does not track; leave one out");
            }
            let revisions = self.revisions(entry);
            all.push(Entry { path, revisions, no_untracked, include_ignored });
        }
        all
    }

    /// The pattern of a checkout, absolute. The directory of the file is no part of the glob.
    fn pattern(&mut self, written: &str, at: Range<usize>) -> String {
        if written.starts_with('/') {
            return clean(Path::new(written)).to_string_lossy().into_owned();
        }
        let Some(directory) = self.directory.to_str() else {
            let help = "write the whole path, from `/` on";
            self.wrong(at, "the name of this file's directory is not UTF-8", help);
            return written.to_owned();
        };
        let path = Path::new(&globset::escape(directory)).join(written);
        clean(&path).to_string_lossy().into_owned()
    }

    fn revisions(&mut self, entry: &DeTable<'_>) -> Vec<String> {
        let named = entry.get("revisions").map(texts).unwrap_or_default();
        for (name, at) in &named {
            if !is_ref_name(name) {
                let help = "name branches and tags, such as \"main\" or \"v1.0\"; each is one name, \
                            without wildcards";
                self.wrong(at.clone(), "this is no name of a branch or tag", help);
            }
        }
        if let Some((_, at)) = named.first() {
            for key in ["no-untracked", "include-ignored"] {
                if flag(entry, key) == Some(true) {
                    let message = format!("`{key}` has no meaning beside `revisions`");
                    self.wrong(at.clone(), message, "in a revision there is only what is tracked");
                }
            }
        }
        named.into_iter().map(|(name, _)| name.to_owned()).collect()
    }

    fn watch(&mut self, document: &DeTable<'_>) -> Watch {
        let usual = Watch::default();
        let Some(watch) = table(document, "watch") else { return usual };
        let settle = span(watch, "settle").unwrap_or(usual.settle);
        // Who only lets it settle for longer means no contradiction.
        let max_delay = span(watch, "max-delay").unwrap_or(usual.max_delay.max(settle));
        if max_delay < settle {
            let at = watch.get("max-delay").map_or(0..0, toml::Spanned::span);
            let message = format!("`max-delay` is less than `settle`, {}", shape::span(settle));
            self.wrong(at, message, "nothing could ever settle in that time");
        }
        Watch {
            mode: if text(watch, "mode") == Some("poll") { Mode::Poll } else { Mode::Auto },
            settle,
            max_delay,
            reconcile: span(watch, "reconcile").unwrap_or(usual.reconcile),
            poll: span(watch, "poll").unwrap_or(usual.poll),
        }
    }

    fn control(&mut self, document: &DeTable<'_>) -> Control {
        let control = table(document, "control");
        let string = |name: &str| texts(control?.get(name)?).pop();
        let mut mode = 0o660;
        if let Some((written, at)) = string("mode") {
            match u32::from_str_radix(written, 8) {
                Ok(bits) if bits <= 0o777 && bits & 0o600 == 0o600 => mode = bits,
                _ => {
                    let help = "write it in octal, such as \"0660\" for its user and its group; its \
                                user must be able to read and write";
                    self.wrong(at, format!("`{written}` is no mode of a socket"), help);
                }
            }
        }
        let mut listen = None;
        if let Some((written, at)) = string("listen") {
            match written.parse::<SocketAddr>() {
                Ok(address) if address.ip().is_loopback() => listen = Some(address),
                Ok(_) => {
                    let help = "write \"127.0.0.1:7280\" or \"[::1]:7280\"; for other hosts put a \
                                proxy with TLS before it";
                    self.wrong(
                        at,
                        format!("`{written}` is not an address of this host itself"),
                        help,
                    );
                }
                Err(_) => {
                    let help =
                        "write \"127.0.0.1:7280\" or \"[::1]:7280\"; names are not looked up";
                    self.wrong(at, format!("`{written}` is no address with a port"), help);
                }
            }
        }
        if let Some((_, at)) = string("listen")
            && string("token-file").is_none()
        {
            let help = "write `token-file = \"credential:control-token\"`, or name a file";
            self.wrong(
                at,
                "`listen` needs a `token-file`: every user of this host can connect",
                help,
            );
        }
        let token_file = match string("token-file") {
            Some((written, at)) if written.starts_with(CREDENTIAL) => {
                Some(self.credential(written, at, "/run/credentials/lictor.service"))
            }
            _ => self.path(control, "token-file"),
        };
        let runtime = self.given.runtime.clone().unwrap_or_else(|| "/run/lictor".into());
        let socket = self.path(control, "socket");
        // The kernel has no room for longer names.
        if let Some((_, at)) = string("socket")
            && socket.as_ref().is_some_and(|s| s.as_os_str().len() > 107)
        {
            self.wrong(
                at,
                "the path of the socket is longer than 107 bytes",
                "choose a shorter one",
            );
        }
        Control {
            socket: socket.unwrap_or_else(|| runtime.join("control.sock")),
            mode,
            listen,
            token_file,
        }
    }
}

fn scan(document: &DeTable<'_>) -> Scan {
    let usual = Scan::default();
    let Some(scan) = table(document, "scan") else { return usual };
    Scan {
        threads: whole(scan, "threads"),
        max_file_size: text(scan, "max-file-size")
            .and_then(|t| shape::size(t).ok())
            .unwrap_or(usual.max_file_size),
        nice: whole(scan, "nice").unwrap_or(usual.nice),
        io: if text(scan, "io") == Some("best-effort") { Io::BestEffort } else { Io::Idle },
    }
}

fn span(table: &DeTable<'_>, name: &str) -> Option<Duration> {
    shape::duration(text(table, name)?).ok()
}

fn whole<T: TryFrom<i64>>(table: &DeTable<'_>, name: &str) -> Option<T> {
    T::try_from(number(table, name)?).ok()
}

/// A path without `.`, doubled slashes and a slash at the end. `..` remains: what it leads to only
/// the file system knows.
fn clean(path: &Path) -> PathBuf {
    path.components().collect()
}

/// Whether git may call a branch or tag so; `git check-ref-format` tells the rules.
fn is_ref_name(name: &str) -> bool {
    let bad = |c: char| c.is_control() || " ~^:?*[\\".contains(c);
    !(name.is_empty()
        || name.contains(bad)
        || ["..", "@{", "//"].iter().any(|part| name.contains(part))
        || name.starts_with(['-', '/'])
        || name.ends_with(['/', '.'])
        || name == "@"
        || name.split('/').any(|part| part.starts_with('.') || part.ends_with(".lock")))
}

#[cfg(test)]
mod tests;
