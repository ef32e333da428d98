// SPDX-FileCopyrightText: 2026 The lictor authors
// SPDX-License-Identifier: Apache-2.0

//! The arguments as they are typed. Nothing is opened or decided here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use lictor::config::DEFAULT_PATH;
use lictor::licenses::Category;
use lictor::licenses::obligations::Trigger;
use lictor::licenses::rules::RuleKind;
use lictor::model::{EventKind, Outcome};
use lictor::shape::size;
use lictor::store::State;

/// Find out under which licenses the contents of a checkout stand, and judge them by a policy.
///
/// `lictor scan` looks at a git checkout or a directory, remembers what it found, and says
/// what breaks the policy. A second scan reads only what has changed.
#[derive(Parser)]
#[command(name = "lictor", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 nothing at or above --fail-on; 1 violations; 2 the command failed or the\n\
                        scan is incomplete; 78 a configuration, a policy or the license database is wrong."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,

    /// Lay a directory of rules and licenses (`*.RULE`, `*.LICENSE`) over the built-in license
    /// database
    #[arg(long, global = true, value_name = "DIR", env = "LICTOR_LICENSE_DB")]
    pub license_db: Option<PathBuf>,

    /// Log more on standard error: -v what is done, -vv everything. LICTOR_LOG says it in
    /// detail, for example LICTOR_LOG=lictor::plan=debug
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// How log lines are written
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// When to use colors
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

#[derive(Subcommand)]
pub enum Command {
    /// Scan a checkout or directory and judge it by a policy
    Scan(Scan),
    /// Say which licenses are in files, without a policy and without remembering
    Detect(Detect),
    /// Show what earlier scans found
    Findings(Findings),
    /// Show why a file has its verdict: evidence, rule, history
    Explain(Explain),
    /// Check policies, run their tests, try them on all that is known
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Write a waiver for a violation
    Waive(Waive),
    /// Write a correction of what was detected in a file
    Curate(Curate),
    /// Say what a release owes for the licenses in it, and for which files
    Obligations(Obligations),
    /// Prove that the history of violations is what was written
    #[command(subcommand)]
    Audit(Audit),
    /// Say how the service is, and each checkout
    Status(Status),
    /// Let the service look at everything in one checkout, or in all
    Rescan(Rescan),
    /// Show what happened to violations, and follow it
    Events(Events),
    /// Let the service read its configuration and policies anew
    Reload(ServiceArg),
    /// Copy the store while it is in use, checked and with the time in its name
    Backup(Backup),
    /// Write a policy for a checkout
    Init(Init),
    /// Look at everything around the service and say what to do
    Doctor(Doctor),
    /// Check the configuration of the service, show what is in force
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Watch checkouts and judge whatever happens in them, until told to stop
    Serve(Serve),
    /// Tell webhooks what happens, and do nothing else, until told to stop
    Deliver(Deliver),
    /// Try webhooks, see what was delivered to them, and deliver it again
    #[command(subcommand)]
    Webhook(Webhook),
    /// Look into the license database, check it, and add rules to it
    #[command(subcommand)]
    LicenseDb(LicenseDb),
    /// Write a completion script for a shell to standard output
    Completions { shell: Shell },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes every stream of this process follow the choice.
    pub fn write_global(self) {
        match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

#[derive(Args)]
pub struct Scan {
    /// The checkout, or a directory in it
    #[arg(default_value = ".")]
    pub path: PathBuf,

    #[command(flatten)]
    pub policy: PolicyArg,

    #[command(flatten)]
    pub store: StoreArg,

    /// Remember nothing and use nothing that is remembered
    #[arg(long, conflicts_with = "store")]
    pub no_store: bool,

    #[command(flatten)]
    pub selection: Selection,

    /// Scan a commit, branch or tag from git's objects instead of the work tree
    #[arg(long, value_name = "REV", conflicts_with = "staged")]
    pub rev: Option<String>,

    /// Report only what changes from BASE to HEAD bring in, from git's objects. BASE..REV ends at
    /// another revision, BASE...REV begins at the merge base
    #[arg(long, value_name = "BASE[..REV]", conflicts_with_all = ["rev", "staged"])]
    pub diff: Option<String>,

    /// Report only what is staged for the next commit and brings in something
    #[arg(long)]
    pub staged: bool,

    #[command(flatten)]
    pub work: Work,

    /// How the report is written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: ScanFormat,

    /// Write the report to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Show everything in the human report, not only what fits on a screen
    #[arg(long)]
    pub all: bool,

    /// The outcome from which the exit code is 1
    #[arg(long, value_name = "OUTCOME", default_value = "deny")]
    pub fail_on: FailOn,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ScanFormat {
    Human,
    Json,
    Jsonl,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum FailOn {
    Deny,
    Review,
    Never,
}

#[derive(Args)]
pub struct PolicyArg {
    /// The policy file; without it the built-in default is used
    #[arg(long, value_name = "FILE", env = "LICTOR_POLICY")]
    pub policy: Option<PathBuf>,
}

#[derive(Args)]
pub struct StoreArg {
    /// Where findings are remembered [default: $XDG_STATE_HOME/lictor/lictor.db]
    #[arg(long, value_name = "FILE", env = "LICTOR_STORE")]
    pub store: Option<PathBuf>,
}

#[derive(Args)]
pub struct Selection {
    /// Leave out files that git does not track
    #[arg(long)]
    pub no_untracked: bool,

    /// Look also at what git's ignore rules leave out
    #[arg(long, conflicts_with = "no_untracked")]
    pub include_ignored: bool,
}

#[derive(Args)]
pub struct Work {
    /// Do not read files larger than this; k, M and G are powers of 1024
    #[arg(long, value_name = "SIZE", default_value = "32M", value_parser = size)]
    pub max_file_size: u64,

    /// How many threads work [default: one for each processor]
    #[arg(long, short = 'j', value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: Option<u16>,
}

#[derive(Args)]
pub struct Detect {
    /// Files and directories
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,

    #[command(flatten)]
    pub selection: Selection,

    #[command(flatten)]
    pub work: Work,

    /// How detections are written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: DetectFormat,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum DetectFormat {
    Human,
    Jsonl,
}

#[derive(Args)]
pub struct Findings {
    #[command(flatten)]
    pub store: StoreArg,

    /// Only checkouts at or below this directory
    #[arg(long, value_name = "DIR")]
    pub checkout: Option<PathBuf>,

    /// Only paths that match this glob, relative to their checkout: 'drivers/**/*.c'
    #[arg(long, value_name = "GLOB")]
    pub path: Option<String>,

    /// Only findings with this SPDX license or exception id
    #[arg(long, value_name = "ID")]
    pub license: Option<String>,

    /// Only findings with a license of this category
    #[arg(long, value_name = "CATEGORY",
        value_parser = PossibleValuesParser::new(Category::ALL.map(Category::as_str)).try_map(|s| s.parse::<Category>()))]
    pub category: Option<Category>,

    /// Only findings with this outcome
    #[arg(long, value_name = "OUTCOME",
        value_parser = PossibleValuesParser::new(Outcome::ALL.map(Outcome::as_str)).try_map(|s| s.parse::<Outcome>()))]
    pub outcome: Option<Outcome>,

    /// Only violations in this state
    #[arg(long, value_name = "STATE",
        value_parser = PossibleValuesParser::new(["open", "waived", "resolved"]).try_map(|s| s.parse::<State>()))]
    pub state: Option<State>,

    /// How findings are written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: FindingsFormat,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum FindingsFormat {
    Human,
    /// One JSON object a line
    Jsonl,
    /// One JSON document
    Json,
    Csv,
}

#[derive(Args)]
pub struct Explain {
    /// The file
    pub path: PathBuf,

    #[command(flatten)]
    pub policy: PolicyArg,

    #[command(flatten)]
    pub store: StoreArg,

    /// Show all lines of the evidence
    #[arg(long)]
    pub all: bool,

    /// How the explanation is written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: ExplainFormat,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ExplainFormat {
    Human,
    Json,
}

#[derive(Subcommand)]
pub enum PolicyCommand {
    /// Read policies and report every mistake in them
    Check(PolicyFile),
    /// Run the [[test]] cases of policies
    Test(PolicyFile),
    /// Say what a policy would change in all that is known, without reading a file
    Try(TryPolicy),
    /// Say when a rule holds and what goes before it, or which rule a violation breaks, and its
    /// history
    Explain {
        /// The name of a rule, or the number of a violation: `category:font`, `V17`
        id: String,

        #[command(flatten)]
        policy: PolicyArg,

        #[command(flatten)]
        store: StoreArg,
    },
    /// Show the rules, waivers and curations that are never met, and licenses that no rule names
    Coverage {
        #[command(flatten)]
        policy: PolicyArg,

        #[command(flatten)]
        known: Known,
    },
    /// Write the JSON Schema of a kind of file, for editors
    Schema {
        #[arg(default_value = "policy")]
        of: SchemaOf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum SchemaOf {
    Policy,
    Waivers,
    Curations,
}

#[derive(Args)]
pub struct PolicyFile {
    /// The policy files; without any that of --policy, or the built-in default
    pub files: Vec<PathBuf>,

    #[command(flatten)]
    pub policy: PolicyArg,
}

/// Which checkouts of the store.
#[derive(Args)]
pub struct Known {
    #[command(flatten)]
    pub store: StoreArg,

    /// Only checkouts at or below this directory
    #[arg(long, value_name = "DIR")]
    pub checkout: Option<PathBuf>,
}

#[derive(Args)]
pub struct TryPolicy {
    /// The policy that is tried
    #[arg(value_name = "NEW")]
    pub file: PathBuf,

    #[command(flatten)]
    pub known: Known,

    /// Show every file
    #[arg(long)]
    pub all: bool,

    /// How the differences are written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: TryFormat,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum TryFormat {
    Human,
    /// One JSON document
    Json,
}

#[derive(Args)]
pub struct Waive {
    /// The number of the violation, as `lictor findings` and `lictor explain` show it: `V17`
    pub violation: String,

    #[command(flatten)]
    pub store: StoreArg,

    /// Why it is granted
    #[arg(long, value_name = "TEXT")]
    pub reason: String,

    /// Where it was decided: a ticket, a contract
    #[arg(long, value_name = "TEXT")]
    pub ticket: String,

    /// Who grants it: a name and an address
    #[arg(long, value_name = "WHO")]
    pub granted_by: String,

    /// The last day on which it holds, as 2027-01-31
    #[arg(long, value_name = "DATE")]
    pub expires: jiff::civil::Date,

    /// The waiver's name [default: made from the license and the path]
    #[arg(long, value_name = "NAME")]
    pub id: Option<String>,

    /// Waive it in all of the file's component, for files with the same words
    #[arg(long)]
    pub component: bool,

    /// The file of waivers that it is added to; without it, it is written to standard output
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

#[derive(Args)]
pub struct Curate {
    /// The file
    pub path: PathBuf,

    /// The SPDX expression that holds, or NONE
    #[arg(long, value_name = "EXPR")]
    pub conclude: String,

    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,

    /// Who concludes it: a name and an address
    #[arg(long, value_name = "WHO")]
    pub by: String,

    /// Where it was decided: a ticket
    #[arg(long, value_name = "TEXT")]
    pub ticket: Option<String>,

    /// Let it hold whatever else changes in the file, as long as the same is detected
    #[arg(long)]
    pub any_content: bool,

    /// The file of curations that it is added to; without it, it is written to standard output
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

#[derive(Args)]
pub struct Obligations {
    #[command(flatten)]
    pub policy: PolicyArg,

    #[command(flatten)]
    pub known: Known,

    /// Only files in these contexts of the policy
    #[arg(long, value_name = "NAME")]
    pub context: Vec<String>,

    /// Only what is triggered by one of these
    #[arg(long, value_name = "TRIGGER", value_parser = PossibleValuesParser::new(Trigger::ALL.map(Trigger::as_str)).try_map(|s| s.parse::<Trigger>()))]
    pub trigger: Vec<Trigger>,

    /// Show every file
    #[arg(long)]
    pub all: bool,

    /// How obligations are written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: TryFormat,
}

#[derive(Subcommand)]
pub enum Audit {
    /// Compute the chain of events anew and find any edit
    Verify {
        #[command(flatten)]
        store: StoreArg,

        /// The head that was noted elsewhere, as `lictor audit export` or this command said it
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// Show a policy by which was judged, as it was then
    Policy {
        /// Its digest, or the beginning of it
        digest: String,

        #[command(flatten)]
        store: StoreArg,
    },
    /// Write all events as JSON lines
    Export {
        #[command(flatten)]
        store: StoreArg,

        /// Only events behind this number
        #[arg(long, value_name = "N", default_value_t = 0)]
        after: i64,
    },
}

/// Where the service answers.
#[derive(Args)]
pub struct ServiceArg {
    /// The socket of the service [default: that of the configuration, or
    /// /run/lictor/control.sock]
    #[arg(long, value_name = "FILE", env = "LICTOR_SOCKET")]
    pub socket: Option<PathBuf>,

    /// The configuration of the service, which names its socket
    #[arg(long, value_name = "FILE", env = "LICTOR_CONFIG")]
    pub config: Option<PathBuf>,
}

#[derive(Args)]
pub struct Status {
    #[command(flatten)]
    pub service: ServiceArg,

    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: StatusFormat,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum StatusFormat {
    Human,
    /// One JSON document
    Json,
}

#[derive(Args)]
pub struct Rescan {
    /// The checkout, or a path in it; without it all checkouts
    pub path: Option<PathBuf>,

    /// Wait until it is done, and say what came of it
    #[arg(long, short)]
    pub wait: bool,

    #[command(flatten)]
    pub service: ServiceArg,
}

#[derive(Args)]
pub struct Events {
    /// Go on with what happens from now on
    #[arg(long, short)]
    pub follow: bool,

    /// Only events behind this number [default: the last twenty]
    #[arg(long, value_name = "N")]
    pub after: Option<u64>,

    #[command(flatten)]
    pub service: ServiceArg,

    /// How events are written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: EventsFormat,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum EventsFormat {
    Human,
    /// One JSON object a line
    Jsonl,
}

#[derive(Args)]
pub struct Backup {
    /// The configuration of the service, which says all that is not said here; with --to it is
    /// not needed [default without --to: /etc/lictor/lictor.toml]
    #[arg(long, value_name = "FILE", env = "LICTOR_CONFIG")]
    pub config: Option<PathBuf>,

    #[command(flatten)]
    pub store: StoreArg,

    /// The directory for backups
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,

    /// Remove all but the newest N backups there
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep: Option<u32>,
}

#[derive(Args)]
pub struct Init {
    /// The checkout
    #[arg(default_value = ".")]
    pub path: PathBuf,

    /// The ready-made policy to begin with; without it, it is asked for
    #[arg(long, value_name = "NAME")]
    pub from: Option<String>,

    /// The license under which the checkout is given out, as an SPDX expression
    #[arg(long, value_name = "EXPR")]
    pub outbound: Option<String>,

    /// Stop commits that bring in what is denied: install a git pre-commit hook
    #[arg(long)]
    pub hook: bool,

    /// Ask nothing
    #[arg(long, short)]
    pub yes: bool,
}

#[derive(Subcommand)]
pub enum ConfigCommand {
    /// Read a configuration, the policy and the license database that it names, and report every
    /// mistake in them
    Check(ConfigArg),
    /// Show the configuration that is in force, defaults included, and which directories of
    /// checkouts it names now
    Show(ConfigArg),
    /// Write the JSON Schema of configurations, for editors
    Schema,
}

/// Which configuration.
#[derive(Args)]
pub struct ConfigArg {
    /// The configuration file; without it that of --config
    file: Option<PathBuf>,

    #[command(flatten)]
    of_service: ConfigFile,
}

impl ConfigArg {
    pub fn path(&self) -> &Path {
        self.file.as_deref().unwrap_or(&self.of_service.config)
    }
}

/// The configuration of the service.
#[derive(Args)]
pub struct ConfigFile {
    /// The configuration of the service
    #[arg(long, value_name = "FILE", env = "LICTOR_CONFIG", default_value = DEFAULT_PATH)]
    pub config: PathBuf,
}

/// Exit codes: 0 all is well; 1 warnings; 2 problems.
#[derive(Args)]
pub struct Doctor {
    #[command(flatten)]
    pub config: ConfigFile,

    /// How the findings are written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: ListFormat,
}

#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    pub config: ConfigFile,

    /// Leave webhooks to another process, `lictor deliver`
    #[arg(long)]
    pub no_deliver: bool,
}

#[derive(Args)]
pub struct Deliver {
    #[command(flatten)]
    pub config: ConfigFile,
}

#[derive(Subcommand)]
pub enum Webhook {
    /// Send a test, and show what the receiver answers
    Test(WebhookTest),
    /// List messages, and what became of them
    Deliveries(Deliveries),
    /// Deliver messages again that were given up, or delivered before, under the same ids
    Replay(Replay),
    /// Show an event with all that is told of it, and what became of that
    Show(ShowEvent),
    /// Let a webhook be told again that was suspended or that wanted nothing more
    Resume(Resume),
    /// Make secrets, and exchange one for another
    #[command(subcommand)]
    Secret(SecretCommand),
}

#[derive(Args)]
pub struct WebhookTest {
    /// The name of the webhook
    pub name: String,

    #[command(flatten)]
    pub config: ConfigFile,

    /// Send what stands for an event of this kind, instead of a test
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub kind: Option<EventKind>,

    /// Show what would be sent, and send nothing
    #[arg(long)]
    pub dry_run: bool,
}

fn kind(word: &str) -> Result<EventKind, String> {
    let known: Vec<&str> = EventKind::ALL.iter().map(|k| k.as_str()).collect();
    word.parse().map_err(|_| format!("known are: {}", known.join(", ")))
}

#[derive(Args)]
pub struct Deliveries {
    #[command(flatten)]
    pub store: ServiceStore,

    /// Only those to this webhook
    #[arg(long, value_name = "NAME")]
    pub webhook: Option<String>,

    /// Only those that were given up, or whose last attempt failed
    #[arg(long)]
    pub failed: bool,

    /// Only those that wait
    #[arg(long, conflicts_with = "failed")]
    pub pending: bool,

    /// Only those that were made in this time: 90m, 36h, 7d
    #[arg(long, value_name = "SPAN", value_parser = duration)]
    pub since: Option<Duration>,

    /// At most, the newest
    #[arg(long, value_name = "N", default_value = "100")]
    pub most: u32,

    /// As text for people, or JSON, a line each
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: DeliveriesFormat,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum DeliveriesFormat {
    Human,
    Jsonl,
}

#[derive(Args)]
#[group(id = "which", required = true, multiple = false, args = ["id", "since"])]
pub struct Replay {
    /// The id of a message: its `webhook-id`
    #[arg(value_name = "ID")]
    pub id: Option<String>,

    /// All that was made in this time: 90m, 36h, 7d
    #[arg(long, value_name = "SPAN", value_parser = duration)]
    pub since: Option<Duration>,

    /// Only to this webhook
    #[arg(long, value_name = "NAME")]
    pub webhook: Option<String>,

    /// Only what was given up
    #[arg(long)]
    pub dead: bool,

    #[command(flatten)]
    pub store: ServiceStore,
}

#[derive(Args)]
pub struct ShowEvent {
    /// The number of an event as `lictor events` shows it, or the id of an event or of a message
    #[arg(value_name = "EVENT")]
    pub event: String,

    #[command(flatten)]
    pub store: ServiceStore,
}

#[derive(Args)]
pub struct Resume {
    /// The name of the webhook
    pub name: String,

    #[command(flatten)]
    pub store: ServiceStore,
}

#[derive(Subcommand)]
pub enum SecretCommand {
    /// Write a new secret to standard output
    New {
        /// A pair of keys (ed25519) instead of a shared secret; the receiver is given the public
        /// one, which is written to standard error
        #[arg(long)]
        ed25519: bool,
    },
    /// Put a new secret before the one in the webhook's file: both sign from now on
    Rotate(RotateSecret),
    /// Take all but the newest secret out of the webhook's file
    Retire(RotateSecret),
}

#[derive(Args)]
pub struct RotateSecret {
    /// The name of the webhook
    pub name: String,

    #[command(flatten)]
    pub config: ConfigFile,
}

/// Where the service keeps what it knows.
#[derive(Args)]
pub struct ServiceStore {
    /// The configuration of the service, which names the store
    #[arg(long, value_name = "FILE", env = "LICTOR_CONFIG", default_value = DEFAULT_PATH)]
    pub config: PathBuf,

    /// The store itself; then no configuration is needed
    #[arg(long, value_name = "FILE", env = "LICTOR_STORE")]
    pub store: Option<PathBuf>,
}

fn duration(text: &str) -> Result<Duration, String> {
    lictor::shape::duration(text)
}

#[derive(Subcommand)]
pub enum LicenseDb {
    /// List licenses and rules
    List(ListDatabase),
    /// Show all that is known of a license or a rule
    Show(ShowEntry),
    /// Check rules, license files and their examples
    Check(CheckDatabase),
    /// Say what is found in a text, and which rules are met in it
    Test(TestText),
    /// Make a rule file from a text
    Add(AddRule),
}

/// What can be listed of the license database.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    License,
    Rule(RuleKind),
}

#[derive(Args)]
pub struct ListDatabase {
    /// Only licenses, or only rules of this kind
    #[arg(long, value_name = "KIND", value_parser = listed())]
    pub kind: Option<Listed>,

    /// Only this SPDX license or exception id, and the rules that report it
    #[arg(long, value_name = "ID")]
    pub license: Option<String>,

    /// How the list is written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: ListFormat,
}

fn listed() -> impl clap::builder::TypedValueParser<Value = Listed> {
    let kinds = RuleKind::ALL.map(RuleKind::as_str);
    PossibleValuesParser::new(["license"].into_iter().chain(kinds)).try_map(|s| match s.as_str() {
        "license" => Ok(Listed::License),
        kind => kind.parse().map(Listed::Rule),
    })
}

#[derive(Clone, Copy, ValueEnum)]
pub enum ListFormat {
    Human,
    /// One JSON document
    Json,
}

#[derive(Args)]
pub struct ShowEntry {
    /// An SPDX id, or the name of a rule: `MIT`, `mit_1.RULE`
    #[arg(value_name = "ID|RULE")]
    pub name: String,
}

#[derive(Args)]
pub struct CheckDatabase {
    /// A directory of rules and licenses; without it what --license-db names, or the built-in rules
    #[arg(value_name = "DIR")]
    pub directory: Option<PathBuf>,
}

#[derive(Args)]
pub struct TestText {
    /// The file with the text, or `-` for standard input
    pub file: PathBuf,
}

#[derive(Args)]
pub struct AddRule {
    /// The SPDX expression that the words say
    #[arg(long, value_name = "EXPR")]
    pub expression: Option<String>,

    /// What kind of words they are
    #[arg(long, value_name = "KIND", default_value = "notice",
        value_parser = PossibleValuesParser::new(RuleKind::ALL.map(RuleKind::as_str)).try_map(|s| s.parse::<RuleKind>()))]
    pub kind: RuleKind,

    /// The name of the rule's file [default: made from the expression]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// The directory of rules that the file is written to
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,

    /// The file with the words, or `-` for standard input; {{ }} marks what must be met
    pub file: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
