// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The tables `[[webhook]]`: who is told what, and when. What the files hold that they name
//! (secrets, templates, certificates) is read by whoever delivers.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use toml::de::DeTable;

use super::keys::FORMATS;
use super::{File, span, whole};
use crate::model::{EventKind, Severity};
use crate::policy::globs::Globs;
use crate::shape::{self, flag, tables, text, texts};

/// A unit that is given credentials of its own for deliveries.
const UNIT: &str = "/run/credentials/lictor-deliver.service";

/// An endpoint that is told what happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// By which it is remembered; letters, digits, `-`, `_` and `.`.
    pub name: String,
    pub url: Url,
    /// Whether `http:` will do.
    pub plain_http: bool,
    pub format: FormatKind,
    /// The file of the template, with `FormatKind::Template` and only then.
    pub template: Option<PathBuf>,
    /// Where the secrets are by which is signed. Mostly at least one; a chat takes none.
    pub secrets: Vec<SecretSource>,
    pub wants: Wants,
    /// Whether violations of one rule in one component, that a scan finds, are one message.
    pub group: bool,
    pub first_scan: FirstScan,
    pub digest: Option<DigestPlan>,
    /// From, and until, in the time zone.
    pub quiet: Option<(Time, Time)>,
    pub time_zone: Zone,
    pub rate: Option<Rate>,
    /// How long is waited before each further attempt.
    pub retry: Vec<Duration>,
    pub timeout: Duration,
    pub connect_timeout: Duration,
    /// After how long without success it is suspended.
    pub suspend_after: Duration,
    pub ca: Option<PathBuf>,
    /// The certificate by which lictor shows who it is, and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    pub proxy: Option<Url>,
    /// Networks that may be dialled though they are not public.
    pub allow: Vec<IpNet>,
}

/// An address, or the file that holds it because it is a secret itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Url {
    Plain(String),
    File(PathBuf),
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// One a line, the newest first.
    File(PathBuf),
    /// A variable of the environment.
    Variable(String),
}

/// How the body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatKind {
    Standard,
    CloudEvents,
    Slack,
    Mattermost,
    Teams,
    Template,
}

/// What an endpoint wants to hear of. What is `None` or empty does not narrow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wants {
    pub events: Vec<EventKind>,
    /// The least that a violation must be.
    pub severity: Severity,
    /// Globs of roots.
    pub checkouts: Vec<String>,
    pub contexts: Vec<String>,
    pub licenses: Vec<String>,
    pub owners: Vec<String>,
}

/// What is told of a checkout that was never scanned before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstScan {
    /// One message that counts.
    Summary,
    Everything,
    Nothing,
}

/// When everything is told in one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestPlan {
    Hourly,
    Daily(Time),
    Weekly(Weekday, Time),
}

/// How many messages there may be in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub messages: u32,
    pub per: Duration,
}

/// A time zone, compared by its name.
#[derive(Debug, Clone)]
pub struct Zone(pub TimeZone);

impl PartialEq for Zone {
    fn eq(&self, other: &Zone) -> bool {
        self.0.iana_name() == other.0.iana_name()
    }
}

impl Eq for Zone {}

/// The schedule that Standard Webhooks 1.0.0 recommends: about three days.
const RETRY: [u64; 9] =
    [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600];

impl File<'_> {
    pub(super) fn webhooks(&mut self, document: &DeTable<'_>) -> Vec<Webhook> {
        let mut all: Vec<Webhook> = Vec::new();
        for (table, at) in tables(document, "webhook") {
            let Some(webhook) = self.webhook(table, at) else { continue };
            if all.iter().any(|other| other.name == webhook.name) {
                let at = table.get("name").map_or(0..0, toml::Spanned::span);
                let help = "each has a name of its own, by which what it was told is remembered";
                self.wrong(at, format!("`{}` is the name of two webhooks", webhook.name), help);
            }
            all.push(webhook);
        }
        all
    }

    fn webhook(&mut self, table: &DeTable<'_>, whole_table: Range<usize>) -> Option<Webhook> {
        let at = |name: &str| table.get(name).map_or(0..0, toml::Spanned::span);
        let name = text(table, "name")?;
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            let help = "use letters, digits, `-`, `_` and `.`, at most 64 of them";
            self.wrong(at("name"), "this is no name of a webhook", help);
        }
        let plain_http = flag(table, "plain-http").unwrap_or(false);
        let url = self.url(table, "url", "url-file");
        match &url {
            None => {
                let help = "write `url = \"https://...\"`, or `url-file` where the address is a secret itself";
                self.wrong(whole_table.clone(), "`url` is missing", help);
            }
            Some(Url::Plain(url)) => {
                if let Err((message, help)) = check_url(url, plain_http) {
                    self.wrong(at("url"), message, help);
                }
            }
            Some(Url::File(_)) => {}
        }
        let format = match text(table, "format") {
            None => FormatKind::Standard,
            // Another word was told already.
            Some(word) => {
                FORMATS.iter().find(|(w, _)| *w == word).map_or(FormatKind::Standard, |(_, f)| *f)
            }
        };
        let template = self.path(Some(table), "template");
        if template.is_some() != (format == FormatKind::Template) {
            let at = if template.is_some() { at("template") } else { at("format") };
            let help = "write both `format = \"template\"` and `template = \"FILE\"`, or neither";
            self.wrong(at, "`template` and its format belong together", help);
        }
        let secrets = self.secrets(table);
        let signs = matches!(format, FormatKind::Standard | FormatKind::CloudEvents);
        if signs && !table.contains_key("secrets") {
            let help =
                "write `secrets = \"credential:NAME\"`; `lictor webhook secret new` makes one";
            self.wrong(whole_table, "`secrets` is missing: nobody could tell who sent it", help);
        }
        let pair = (self.path(Some(table), "certificate"), self.path(Some(table), "key"));
        let identity = match pair {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                let at = if table.contains_key("key") { at("key") } else { at("certificate") };
                let help = "name both, in PEM";
                self.wrong(at, "`certificate` and `key` belong together", help);
                None
            }
        };
        let proxy = self.url(table, "proxy", "proxy-file");
        if let Some(Url::Plain(proxy)) = &proxy
            && !["http://", "https://", "socks5://", "socks5h://"]
                .iter()
                .any(|s| proxy.starts_with(s))
        {
            let help =
                "write \"http://proxy.example:3128\"; `https` and `socks5` are known as well";
            self.wrong(at("proxy"), "this is no address of a proxy", help);
        }
        let digest = self.clocked(table, "digest", AS_DIGEST, digest);
        let quiet = self.clocked(table, "quiet", AS_QUIET, quiet);
        let rate = self.clocked(table, "rate", AS_RATE, rate);
        let zone = self.clocked(table, "time-zone", AS_ZONE, |name| TimeZone::get(name).ok());
        let timeout = span(table, "timeout").unwrap_or(Duration::from_secs(20));
        let connect = span(table, "connect-timeout").unwrap_or(Duration::from_secs(5));
        let retry = table.get("retry").map(texts).unwrap_or_default();
        let retry: Vec<Duration> =
            retry.iter().filter_map(|(written, _)| shape::duration(written).ok()).collect();
        let usual = RETRY.map(Duration::from_secs);
        Some(Webhook {
            name: name.to_owned(),
            url: url?,
            plain_http,
            format,
            template,
            secrets,
            wants: self.wants(table),
            group: flag(table, "group").unwrap_or(true),
            first_scan: match text(table, "first-scan") {
                Some("everything") => FirstScan::Everything,
                Some("nothing") => FirstScan::Nothing,
                _ => FirstScan::Summary,
            },
            digest,
            quiet,
            time_zone: Zone(zone.unwrap_or(TimeZone::UTC)),
            rate,
            retry: if retry.is_empty() { usual.to_vec() } else { retry },
            timeout: timeout.max(connect),
            connect_timeout: connect,
            suspend_after: span(table, "suspend-after").unwrap_or(Duration::from_secs(24 * 3600)),
            ca: self.path(Some(table), "ca"),
            identity,
            proxy,
            allow: self.networks(table),
        })
    }

    /// An address that stands in the file, or in another one that the file names.
    fn url(&mut self, table: &DeTable<'_>, plain: &str, file: &str) -> Option<Url> {
        let named = table.get(file).map(texts).and_then(|mut t| t.pop());
        match (text(table, plain), named) {
            (Some(url), Some((_, at))) => {
                self.wrong(at, format!("`{plain}` and `{file}` exclude each other"), "keep one");
                Some(Url::Plain(url.to_owned()))
            }
            (Some(url), None) => Some(Url::Plain(url.to_owned())),
            (None, Some((written, at))) => self.secret_path(file, written, at).map(Url::File),
            (None, None) => None,
        }
    }

    /// A path, or a credential.
    fn secret_path(&mut self, key: &str, written: &str, at: Range<usize>) -> Option<PathBuf> {
        if written.starts_with(super::CREDENTIAL) {
            return Some(self.credential(written, at, UNIT));
        }
        self.plain(key, written, at);
        Some(super::clean(&self.directory.join(written)))
    }

    fn secrets(&mut self, table: &DeTable<'_>) -> Vec<SecretSource> {
        let mut all = Vec::new();
        for (written, at) in table.get("secrets").map(texts).unwrap_or_default() {
            if written.starts_with("whsec_") || written.starts_with("whsk_") {
                let help = "put it into a file that only the service can read, and name that";
                // What is wrong is shown with its line, which must not hold the secret.
                self.wrong(0..0, "a secret stands in the configuration itself", help);
            } else if let Some(name) = written.strip_prefix("env:") {
                if name.is_empty() || name.contains(['=', '\0']) {
                    let help = "write for example \"env:LICTOR_SECRET\"";
                    self.wrong(at, "this is no name of a variable", help);
                }
                all.push(SecretSource::Variable(name.to_owned()));
            } else if let Some(path) = self.secret_path("secrets", written, at) {
                all.push(SecretSource::File(path));
            }
        }
        all
    }

    fn wants(&mut self, table: &DeTable<'_>) -> Wants {
        let list = |name: &str| -> Vec<String> {
            let all = table.get(name).map(texts).unwrap_or_default();
            all.into_iter().map(|(text, _)| text.to_owned()).collect()
        };
        let named = table.get("events").map(texts).unwrap_or_default();
        let events = EventKind::ALL.into_iter().filter(|kind| {
            let all = |word: &str| {
                word.strip_suffix(".*").is_some_and(|group| {
                    kind.as_str().strip_prefix(group).is_some_and(|rest| rest.starts_with('.'))
                })
            };
            // What changes without breaking anything is told to those who ask for it.
            (named.is_empty() && *kind != EventKind::LicenseChanged)
                || named.iter().any(|(word, _)| *word == kind.as_str() || all(word))
        });
        let events = events.collect();
        let checkouts = list("checkouts");
        if let Err((n, why)) = Globs::new(checkouts.clone()) {
            let at = table.get("checkouts").map(texts).unwrap_or_default();
            let at = at.get(n).map_or(0..0, |(_, at)| at.clone());
            let help = "write for example \"/srv/git/*\" or \"/srv/**\"";
            self.wrong(at, format!("this is no glob: {why}"), help);
        }
        Wants {
            events,
            severity: text(table, "severity")
                .and_then(|s| s.parse().ok())
                .unwrap_or(Severity::Info),
            checkouts,
            contexts: list("contexts"),
            licenses: list("licenses"),
            owners: list("owners"),
        }
    }

    fn networks(&mut self, table: &DeTable<'_>) -> Vec<IpNet> {
        let mut all = Vec::new();
        for (written, at) in table.get("allow").map(texts).unwrap_or_default() {
            match written.parse::<IpNet>() {
                Ok(net) => all.push(net.trunc()),
                Err(_) => {
                    let help =
                        "write it as \"10.1.0.0/16\" or \"fd00::/8\", one host as \"10.1.2.3/32\"";
                    self.wrong(at, format!("`{written}` is no network"), help);
                }
            }
        }
        all
    }

    /// A value that is about time.
    fn clocked<T>(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        help: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let (written, at) = texts(table.get(name)?).pop()?;
        let value = read(written);
        if value.is_none() {
            self.wrong(at, format!("`{written}` is not what `{name}` can be"), help);
        }
        value
    }
}

/// Whether something may be posted to.
///
/// # Errors
/// Why not, and what to do.
pub fn check_url(url: &str, plain_http: bool) -> Result<(), (&'static str, &'static str)> {
    let rest = match url.split_once("://") {
        Some(("https", rest)) => rest,
        Some(("http", rest)) if plain_http => rest,
        Some(("http", _)) => {
            return Err((
                "what is sent would be read by everybody on the way",
                "write `https`; for a receiver on a network of your own, say `plain-http = true`",
            ));
        }
        _ => return Err(("this is no address", "write \"https://hooks.example.com/lictor\"")),
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') {
        return Err((
            "the address holds a name or a password",
            "leave them out: the receiver knows the sender by the signature",
        ));
    }
    if host.is_empty() || url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(("this is no address", "write \"https://hooks.example.com/lictor\""));
    }
    Ok(())
}

const AS_DIGEST: &str =
    "write \"hourly\", \"daily 09:00\" or \"weekly monday 09:00\", in the webhook's time zone";
const AS_QUIET: &str = "write when it begins and when it ends: \"22:00-07:00\"";
const AS_RATE: &str = "write how many, and in what time: \"60/1h\"";
const AS_ZONE: &str = "write a name of the IANA Time Zone Database, such as \"Europe/Berlin\"";

fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| {
        (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<i8>())
    };
    Time::new(two(hour)?.ok()?, two(minute)?.ok()?, 0, 0).ok()
}

fn digest(text: &str) -> Option<DigestPlan> {
    let parts: Vec<&str> = text.split(' ').collect();
    match parts[..] {
        ["hourly"] => Some(DigestPlan::Hourly),
        ["daily", at] => Some(DigestPlan::Daily(time(at)?)),
        ["weekly", day, at] => {
            const DAYS: [&str; 7] =
                ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
            let day = DAYS.iter().position(|d| *d == day)?;
            let day = Weekday::from_monday_zero_offset(i8::try_from(day).ok()?).ok()?;
            Some(DigestPlan::Weekly(day, time(at)?))
        }
        _ => None,
    }
}

fn quiet(text: &str) -> Option<(Time, Time)> {
    let (from, to) = text.split_once('-')?;
    let both = (time(from.trim())?, time(to.trim())?);
    (both.0 != both.1).then_some(both)
}

fn rate(text: &str) -> Option<Rate> {
    let (messages, per) = text.split_once('/')?;
    let messages = messages.parse().ok().filter(|n| (1..=100_000).contains(n))?;
    let per = shape::duration(per).ok()?;
    let day = Duration::from_secs(24 * 3600);
    (Duration::from_secs(1)..=day).contains(&per).then_some(Rate { messages, per })
}

impl DigestPlan {
    /// As it stands in a file.
    pub fn written(&self) -> String {
        let clock = |t: &Time| format!("{:02}:{:02}", t.hour(), t.minute());
        match self {
            DigestPlan::Hourly => "hourly".into(),
            DigestPlan::Daily(at) => format!("daily {}", clock(at)),
            DigestPlan::Weekly(day, at) => {
                format!("weekly {} {}", format!("{day:?}").to_lowercase(), clock(at))
            }
        }
    }
}

impl Webhook {
    /// The files that it names.
    pub fn files(&self) -> Vec<PathBuf> {
        let of = |url: &Url| match url {
            Url::File(path) => Some(path.clone()),
            Url::Plain(_) => None,
        };
        let secrets = self.secrets.iter().filter_map(|s| match s {
            SecretSource::File(path) => Some(path.clone()),
            SecretSource::Variable(_) => None,
        });
        let identity = self.identity.iter().flat_map(|(a, b)| [a.clone(), b.clone()]);
        let urls = [of(&self.url), self.proxy.as_ref().and_then(of)];
        let plain = [self.template.clone(), self.ca.clone()];
        secrets.chain(identity).chain(urls.into_iter().chain(plain).flatten()).collect()
    }

    /// The lines of its table, defaults filled in.
    pub(super) fn write(&self, line: &mut dyn FnMut(String)) {
        let quoted = |text: &str| toml::Value::from(text).to_string();
        let path = |path: &PathBuf| quoted(&path.to_string_lossy());
        let list = |name: &str, all: &[String], line: &mut dyn FnMut(String)| {
            if !all.is_empty() {
                line(format!("{name} = {}", toml::Value::from(all.to_vec())));
            }
        };
        line("\n[[webhook]]".into());
        line(format!("name = {}", quoted(&self.name)));
        let url = |key: &str, url: &Url| match url {
            Url::Plain(url) => format!("{key} = {}", quoted(url)),
            Url::File(file) => format!("{key}-file = {}", path(file)),
        };
        line(url("url", &self.url));
        if self.plain_http {
            line("plain-http = true".into());
        }
        let format = FORMATS.iter().find(|(_, f)| *f == self.format);
        line(format!("format = {}", quoted(format.map_or("standard", |(word, _)| word))));
        if let Some(template) = &self.template {
            line(format!("template = {}", path(template)));
        }
        let secrets: Vec<String> = self
            .secrets
            .iter()
            .map(|s| match s {
                SecretSource::File(file) => file.to_string_lossy().into_owned(),
                SecretSource::Variable(name) => format!("env:{name}"),
            })
            .collect();
        list("secrets", &secrets, line);
        let events: Vec<String> = self.wants.events.iter().map(|e| e.as_str().to_owned()).collect();
        list("events", &events, line);
        line(format!("severity = {}", quoted(self.wants.severity.as_str())));
        list("checkouts", &self.wants.checkouts, line);
        list("contexts", &self.wants.contexts, line);
        list("licenses", &self.wants.licenses, line);
        list("owners", &self.wants.owners, line);
        line(format!("group = {}", self.group));
        let first = match self.first_scan {
            FirstScan::Summary => "summary",
            FirstScan::Everything => "everything",
            FirstScan::Nothing => "nothing",
        };
        line(format!("first-scan = {}", quoted(first)));
        if let Some(digest) = &self.digest {
            line(format!("digest = {}", quoted(&digest.written())));
        }
        if let Some((from, to)) = self.quiet {
            let clock = |t: Time| format!("{:02}:{:02}", t.hour(), t.minute());
            line(format!("quiet = {}", quoted(&format!("{}-{}", clock(from), clock(to)))));
        }
        line(format!("time-zone = {}", quoted(self.time_zone.0.iana_name().unwrap_or("UTC"))));
        if let Some(rate) = self.rate {
            let rate = format!("{}/{}", rate.messages, shape::span(rate.per));
            line(format!("rate = {}", quoted(&rate)));
        }
        let retry: Vec<String> = self.retry.iter().map(|d| shape::span(*d)).collect();
        list("retry", &retry, line);
        line(format!("timeout = {}", quoted(&shape::span(self.timeout))));
        line(format!("connect-timeout = {}", quoted(&shape::span(self.connect_timeout))));
        line(format!("suspend-after = {}", quoted(&shape::span(self.suspend_after))));
        if let Some(ca) = &self.ca {
            line(format!("ca = {}", path(ca)));
        }
        if let Some((certificate, key)) = &self.identity {
            line(format!("certificate = {}", path(certificate)));
            line(format!("key = {}", path(key)));
        }
        if let Some(proxy) = &self.proxy {
            line(url("proxy", proxy));
        }
        let allow: Vec<String> = self.allow.iter().map(ToString::to_string).collect();
        list("allow", &allow, line);
    }
}

/// The days before its end on which a waiver is told to be ending, the most first.
pub(super) fn leads(document: &DeTable<'_>) -> Vec<u32> {
    let one = |value: &toml::Spanned<toml::de::DeValue<'_>>| -> Option<u32> {
        value.get_ref().as_integer()?.as_str().parse().ok()
    };
    let mut all: Vec<u32> = match document.get("waiver-leads") {
        None => vec![30, 7, 1],
        Some(value) => match value.get_ref().as_array() {
            Some(list) => list.iter().filter_map(one).collect(),
            None => whole(document, "waiver-leads").into_iter().collect(),
        },
    };
    all.sort_unstable_by(|a, b| b.cmp(a));
    all.dedup();
    all
}
